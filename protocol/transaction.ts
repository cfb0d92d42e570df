import { hashKey } from './bytes.ts';
import {
  array,
  type Codec,
  CodecError,
  codec,
  type DeclaredCodec,
  exactly,
  fixedBytes,
  type Reader,
  repeated,
  struct,
  u8,
  u32,
  u64,
  varBytes,
  Writer,
} from './codec.ts';
import { sha256d } from './hash.ts';
import {
  isMarked,
  MAX_FIELD_BYTES,
  MAX_INPUTS,
  MAX_OUTPUTS,
  MAX_WITNESS_ITEMS,
  readTransaction as readByHand,
} from './transaction-reader.ts';
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

/** An input as both forms carry it; the witness form brings all witnesses after the outputs. */
export type BareInput = Omit<TxInput, 'witness'>;

export const outPointCodec = struct<OutPoint>({ txid: fixedBytes(32), index: u32 }, 'outpoint');

export const inputCodec = struct<BareInput>(
  {
    previous: outPointCodec,
    scriptSig: varBytes(MAX_FIELD_BYTES),
    sequence: u32,
  },
  'input',
);

export const outputCodec = struct<TxOutput>({ value: u64, script: varBytes(MAX_FIELD_BYTES) }, 'output');

export const witnessCodec = array(varBytes(MAX_FIELD_BYTES), MAX_WITNESS_ITEMS);

/** The original form: what a txid is the hash of, and how a transaction without witnesses travels. */
export interface OriginalForm {
  readonly version: number;
  readonly inputs: readonly BareInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
}

export const originalForm = struct<OriginalForm>(
  {
    version: u32,
    inputs: array(inputCodec, MAX_INPUTS),
    outputs: array(outputCodec, MAX_OUTPUTS),
    lockTime: u32,
  },
  'transaction',
);

/** The form of BIP 144, used exactly when an input has a witness. */
export interface WitnessForm extends OriginalForm {
  readonly marker: number;
  readonly flag: number;
  /** One stack for every input. */
  readonly witnesses: readonly (readonly Uint8Array[])[];
}

const MARKER = 0;
const FLAG = 1;
const MARKER_AND_FLAG_SIZE = 2;
const VERSION_SIZE = 4;

export const witnessForm = struct<WitnessForm>(
  {
    version: u32,
    marker: exactly(u8, MARKER),
    flag: exactly(u8, FLAG),
    inputs: array(inputCodec, MAX_INPUTS),
    outputs: array(outputCodec, MAX_OUTPUTS),
    witnesses: ({ inputs }) => repeated(witnessCodec, inputs.length),
    lockTime: u32,
  },
  'transaction',
);

/** Both forms of a transaction. */
export const transactionCodec: DeclaredCodec<Transaction> = {
  ...codec('transaction', originalForm.minSize, readTransaction, writeTransaction),
  encode: encodeTransaction,
  declaration: formOf,
};

function formOf(reader: Reader): Codec<OriginalForm> {
  return isMarked(reader, VERSION_SIZE) ? witnessForm : originalForm;
}

function readTransaction(reader: Reader): Transaction {
  const { transaction, raw } = readByHand(reader);
  remember(transaction, { raw });
  return transaction;
}

/** The original form of a transaction that was read from `raw`: the same bytes where it has no witness. */
function originalOf(transaction: Transaction, raw: Uint8Array): Uint8Array {
  if (!hasWitness(transaction)) return raw;
  const size = baseSize(transaction);
  const original = new Uint8Array(size);
  original.set(raw.subarray(0, 4));
  original.set(raw.subarray(4 + MARKER_AND_FLAG_SIZE, size - 4 + MARKER_AND_FLAG_SIZE), 4);
  original.set(raw.subarray(-4), size - 4);
  return original;
}

function writeTransaction(writer: Writer, transaction: Transaction): void {
  const { raw } = factsOf(transaction);
  if (raw !== undefined) {
    writer.bytes(raw);
  } else if (hasWitness(transaction)) {
    const witnesses = transaction.inputs.map(({ witness }) => witness);
    witnessForm.write(writer, { ...transaction, marker: MARKER, flag: FLAG, witnesses });
  } else {
    writeOriginalForm(writer, transaction);
  }
}

function writeOriginalForm(writer: Writer, transaction: Transaction): void {
  if (transaction.inputs.length === 0 && transaction.outputs.length > 0) {
    throw new CodecError('a transaction with outputs and no inputs has no unambiguous encoding');
  }
  originalForm.write(writer, transaction);
}

/** The transaction as it goes over the wire, with its witnesses if it has any. @throws CodecError */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const writer = new Writer(totalSize(transaction));
  writeTransaction(writer, transaction);
  return writer.finish();
}

/** The original form, without witnesses: what the txid is the hash of. @throws CodecError */
export function encodeWithoutWitness(transaction: Transaction): Uint8Array {
  const { raw } = factsOf(transaction);
  if (raw !== undefined) return originalOf(transaction, raw).slice();
  const writer = new Writer(baseSize(transaction));
  writeOriginalForm(writer, transaction);
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
  /** The bytes it was read from: its only encoding. */
  raw?: Uint8Array;
  txid?: Hash;
  wtxid?: Hash;
  baseSize?: number;
  totalSize?: number;
}

/**
 * Facts travel on the transaction itself, in a private field that nobody else sees, copies or compares. A
 * `WeakMap` beside it costs a microsecond more for each transaction, most of it in the garbage collector.
 */
class WithFacts extends class {
  constructor(transaction: Transaction) {
    // biome-ignore lint/correctness/noConstructorReturn: the field is put on the transaction that is given
    return transaction;
  }
} {
  readonly #facts: Facts;

  constructor(transaction: Transaction, facts: Facts) {
    super(transaction);
    this.#facts = facts;
  }

  static of(transaction: Transaction): Facts | undefined {
    return #facts in transaction ? transaction.#facts : undefined;
  }
}

function remember(transaction: Transaction, facts: Facts): Facts {
  new WithFacts(transaction, facts);
  return facts;
}

function factsOf(transaction: Transaction): Facts {
  return WithFacts.of(transaction) ?? remember(transaction, {});
}

/** Hash of the transaction without its witnesses. The array is shared: do not change it. */
export function txid(transaction: Transaction): Hash {
  const known = factsOf(transaction);
  known.txid ??= sha256d(
    known.raw === undefined ? encodeWithoutWitness(transaction) : originalOf(transaction, known.raw),
  );
  return known.txid;
}

/** Hash of the transaction with its witnesses (BIP 141). The array is shared: do not change it. */
export function wtxid(transaction: Transaction): Hash {
  const known = factsOf(transaction);
  known.wtxid ??= hasWitness(transaction)
    ? sha256d(known.raw ?? encodeTransaction(transaction))
    : txid(transaction);
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
  known.totalSize ??=
    known.raw?.length ?? baseSize(transaction) + (hasWitness(transaction) ? sizeOfWitnesses(transaction) : 0);
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
  let size = MARKER_AND_FLAG_SIZE;
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
