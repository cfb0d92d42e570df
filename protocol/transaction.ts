import { hashKey } from './bytes.ts';
import {
  array,
  type Codec,
  CodecError,
  codec,
  fixedBytes,
  type Reader,
  struct,
  u32,
  u64,
  varBytes,
  Writer,
} from './codec.ts';
import { sha256d } from './hash.ts';
import type { Hash, Nits } from './units.ts';

/** A place in the chain's outputs: which transaction, which of its outputs. */
export interface OutPoint {
  readonly txid: Hash;
  readonly index: number;
}

export interface TxInput {
  readonly previous: OutPoint;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  /** BIP 141 witness stack; empty where there is none. */
  readonly witness: readonly Uint8Array[];
}

export interface TxOutput {
  readonly value: Nits;
  readonly script: Uint8Array;
}

/** A transaction. Never changed once made: identifiers and sizes are remembered per object. */
export interface Transaction {
  /** Unsigned, as Bitcoin Core reads it since version 28. */
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
}

/** The previous txid of a coinbase input. */
export const NULL_TXID: Hash = new Uint8Array(32);

/** The previous index of a coinbase input. */
export const NULL_INDEX = 0xffff_ffff;

/** Nothing in a block is longer than its maximal weight (BIP 141). */
const MAX_BYTES = 4_000_000;

const outPointCodec = struct<OutPoint>({ txid: fixedBytes(32), index: u32 });

/** An input as both forms carry it; the witness form brings the witnesses after the outputs. */
export const inputCodec = struct<Omit<TxInput, 'witness'>>({
  previous: outPointCodec,
  scriptSig: varBytes(MAX_BYTES),
  sequence: u32,
});

export const outputCodec = struct<TxOutput>({ value: u64, script: varBytes(MAX_BYTES) });

export const witnessCodec = array(varBytes(MAX_BYTES), MAX_BYTES);

const inputsCodec = array(inputCodec, MAX_BYTES);
const outputsCodec = array(outputCodec, MAX_BYTES);

const WITNESS_MARKER = 0x00;
const WITNESS_FLAG = 0x01;
const NO_WITNESS: readonly Uint8Array[] = [];

/**
 * Both forms of a transaction: the original one, and that of BIP 144 with marker, flag and witnesses, which
 * is used exactly when an input has a witness.
 */
export const transactionCodec: Codec<Transaction> = {
  ...codec('transaction', 10, readTransaction, (writer, transaction) => {
    writeTransaction(writer, transaction, hasWitness(transaction));
  }),
  encode: encodeTransaction,
};

function readTransaction(reader: Reader): Transaction {
  const start = reader.offset;
  const version = u32.read(reader);
  if (reader.peek() === WITNESS_MARKER) return readMarked(reader, start, version);
  const inputs = inputsCodec.read(reader).map((input) => withWitness(input, NO_WITNESS));
  const outputs = outputsCodec.read(reader);
  const transaction = { version, inputs, outputs, lockTime: u32.read(reader) };
  const txid = sha256d(reader.bytes.subarray(start, reader.offset));
  const size = reader.offset - start;
  facts.set(transaction, { txid, wtxid: txid, baseSize: size, totalSize: size });
  return transaction;
}

/** What follows when the count of inputs is zero, which is how BIP 144 tells its form apart. */
function readMarked(reader: Reader, start: number, version: number): Transaction {
  reader.u8();
  const flag = reader.u8();
  // No inputs and no outputs: an encoding of the original form, for the rules to refuse.
  if (flag === 0) return { version, inputs: [], outputs: [], lockTime: u32.read(reader) };
  if (flag !== WITNESS_FLAG) throw reader.error(`unknown transaction flag ${flag}`);
  const bodyStart = reader.offset;
  const bare = inputsCodec.read(reader);
  const outputs = outputsCodec.read(reader);
  const bodyEnd = reader.offset;
  const inputs = bare.map((input) => withWitness(input, witnessCodec.read(reader)));
  const transaction = { version, inputs, outputs, lockTime: u32.read(reader) };
  // As Bitcoin Core: otherwise one transaction would have two encodings.
  if (!hasWitness(transaction)) throw reader.error('superfluous witness record');
  const baseBytes = new Uint8Array(bodyEnd - bodyStart + 8);
  baseBytes.set(reader.bytes.subarray(start, start + 4));
  baseBytes.set(reader.bytes.subarray(bodyStart, bodyEnd), 4);
  baseBytes.set(reader.bytes.subarray(reader.offset - 4, reader.offset), baseBytes.length - 4);
  facts.set(transaction, {
    txid: sha256d(baseBytes),
    wtxid: sha256d(reader.bytes.subarray(start, reader.offset)),
    baseSize: baseBytes.length,
    totalSize: reader.offset - start,
  });
  return transaction;
}

function withWitness(input: Omit<TxInput, 'witness'>, witness: readonly Uint8Array[]): TxInput {
  return { previous: input.previous, scriptSig: input.scriptSig, sequence: input.sequence, witness };
}

function writeTransaction(writer: Writer, transaction: Transaction, marked: boolean): void {
  u32.write(writer, transaction.version);
  if (marked) {
    writer.u8(WITNESS_MARKER);
    writer.u8(WITNESS_FLAG);
  } else if (transaction.inputs.length === 0 && transaction.outputs.length > 0) {
    throw new CodecError('a transaction with outputs and no inputs has no unambiguous encoding');
  }
  inputsCodec.write(writer, transaction.inputs);
  outputsCodec.write(writer, transaction.outputs);
  if (marked) for (const input of transaction.inputs) witnessCodec.write(writer, input.witness);
  u32.write(writer, transaction.lockTime);
}

/** The transaction as it goes over the wire, with its witnesses if it has any. @throws CodecError */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const writer = new Writer(totalSize(transaction));
  transactionCodec.write(writer, transaction);
  return writer.finish();
}

/** The original form, without witnesses: what the txid is the hash of. @throws CodecError */
export function encodeWithoutWitness(transaction: Transaction): Uint8Array {
  const writer = new Writer(baseSize(transaction));
  writeTransaction(writer, transaction, false);
  return writer.finish();
}

/**
 * A transaction from either form; its identifiers and sizes are known from then on.
 * @throws CodecError on anything but one canonical encoding
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  return transactionCodec.decode(bytes);
}

/** What follows from a transaction's bytes, remembered as soon as it is known. */
interface Facts {
  txid?: Hash;
  wtxid?: Hash;
  baseSize?: number;
  totalSize?: number;
}

const facts = new WeakMap<Transaction, Facts>();

function factsOf(transaction: Transaction): Facts {
  let known = facts.get(transaction);
  if (known === undefined) {
    known = {};
    facts.set(transaction, known);
  }
  return known;
}

/** Hash of the transaction without its witnesses. The array is shared: do not change it. */
export function txid(transaction: Transaction): Hash {
  const known = factsOf(transaction);
  known.txid ??= sha256d(encodeWithoutWitness(transaction));
  return known.txid;
}

/** Hash of the transaction with its witnesses (BIP 141). The array is shared: do not change it. */
export function wtxid(transaction: Transaction): Hash {
  const known = factsOf(transaction);
  known.wtxid ??= hasWitness(transaction) ? sha256d(encodeTransaction(transaction)) : txid(transaction);
  return known.wtxid;
}

/** Bytes of the original form, without witnesses. */
export function baseSize(transaction: Transaction): number {
  const known = factsOf(transaction);
  known.baseSize ??= sizeWithoutWitness(transaction);
  return known.baseSize;
}

/** Bytes on the wire, with witnesses. */
export function totalSize(transaction: Transaction): number {
  const known = factsOf(transaction);
  known.totalSize ??= baseSize(transaction) + (hasWitness(transaction) ? sizeOfWitnesses(transaction) : 0);
  return known.totalSize;
}

/** Weight units (BIP 141): 3 × base size + total size. */
export function transactionWeight(transaction: Transaction): number {
  return 3 * baseSize(transaction) + totalSize(transaction);
}

/** Virtual bytes (BIP 141): a quarter of the weight, rounded up. */
export function vsize(transaction: Transaction): number {
  return Math.ceil(transactionWeight(transaction) / 4);
}

function sizeWithoutWitness(transaction: Transaction): number {
  let size = 8 + sizeOfVarint(transaction.inputs.length) + sizeOfVarint(transaction.outputs.length);
  for (const input of transaction.inputs) size += 40 + sizeOfVarBytes(input.scriptSig);
  for (const output of transaction.outputs) size += 8 + sizeOfVarBytes(output.script);
  return size;
}

function sizeOfWitnesses(transaction: Transaction): number {
  let size = 2;
  for (const { witness } of transaction.inputs) {
    size += sizeOfVarint(witness.length);
    for (const item of witness) size += sizeOfVarBytes(item);
  }
  return size;
}

function sizeOfVarBytes(bytes: Uint8Array): number {
  return sizeOfVarint(bytes.length) + bytes.length;
}

function sizeOfVarint(value: number): number {
  return value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffff_ffff ? 5 : 9;
}

/** Whether any input carries a witness. */
export function hasWitness(transaction: Transaction): boolean {
  return transaction.inputs.some((input) => input.witness.length > 0);
}

/** Whether `outPoint` points at nothing, as a coinbase input does. */
export function isNullOutPoint(outPoint: OutPoint): boolean {
  return outPoint.index === NULL_INDEX && outPoint.txid.every((byte) => byte === 0);
}

/** Whether the transaction creates coins: one input, and that one null. */
export function isCoinbase(transaction: Transaction): boolean {
  const [first] = transaction.inputs;
  return first !== undefined && transaction.inputs.length === 1 && isNullOutPoint(first.previous);
}

/** A key for maps: "txid:index" with the txid in internal byte order. Not for display. */
export function outPointKey(outPoint: OutPoint): string {
  return `${hashKey(outPoint.txid)}:${outPoint.index}`;
}
