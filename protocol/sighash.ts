import { CodecError } from './bytes.ts';
import { fixedBytes, struct, u32, u64, varBytes, Writer } from './codec.ts';
import { sha256d } from './hash.ts';
import { OP_CHECKSIG, OP_DUP, OP_EQUALVERIFY, OP_HASH160 } from './opcodes.ts';
import { type OutPoint, outPointCodec, outputCodec, type Transaction, type TxOutput } from './transaction.ts';
import type { Hash, Nits } from './units.ts';

export const SIGHASH_ALL = 0x01;
export const SIGHASH_NONE = 0x02;
export const SIGHASH_SINGLE = 0x03;
export const SIGHASH_ANYONECANPAY = 0x80;

/** Whether `type` is one of the six hash types that have a meaning (BIP 143). */
export function isDefinedSighash(type: number): boolean {
  const base = type & ~SIGHASH_ANYONECANPAY;
  return base >= SIGHASH_ALL && base <= SIGHASH_SINGLE;
}

/** The three hashes of BIP 143 that all inputs of a transaction share. */
export interface SighashMidstate {
  readonly previousHash: Hash;
  readonly sequenceHash: Hash;
  readonly outputsHash: Hash;
}

/**
 * hashPrevouts, hashSequence and hashOutputs of BIP 143. Computed once per transaction: computed per input,
 * the work would grow with the square of the number of inputs.
 */
export function sighashMidstate(transaction: Transaction): SighashMidstate {
  const previous = new Writer(36 * transaction.inputs.length);
  const sequences = new Writer(4 * transaction.inputs.length);
  const outputs = new Writer();
  for (const input of transaction.inputs) {
    outPointCodec.write(previous, input.previous);
    sequences.u32(input.sequence);
  }
  for (const output of transaction.outputs) outputCodec.write(outputs, output);
  return {
    previousHash: sha256d(previous.finish()),
    sequenceHash: sha256d(sequences.finish()),
    outputsHash: sha256d(outputs.finish()),
  };
}

/** P2PKH's script. */
const MAX_SCRIPT_CODE_SIZE = 25;
const NO_HASH: Hash = new Uint8Array(32);

/** Length of the preimage: all its fields are fixed for P2WPKH. */
const PREIMAGE_SIZE = 182;

/** What the digest of a P2WPKH input is the hash of (BIP 143). */
export interface SighashPreimage {
  readonly version: number;
  /** Of the outpoints of all inputs; zeros with ANYONECANPAY. */
  readonly previousHash: Hash;
  /** Of the sequences of all inputs; zeros with ANYONECANPAY, NONE and SINGLE. */
  readonly sequenceHash: Hash;
  readonly previous: OutPoint;
  readonly scriptCode: Uint8Array;
  readonly value: Nits;
  readonly sequence: number;
  /** Of all outputs; with SINGLE of the one beside the input; zeros with NONE and where there is none beside it. */
  readonly outputsHash: Hash;
  readonly lockTime: number;
  readonly type: number;
}

/** The declaration of the preimage; sighashPreimage writes the same by hand. */
export const preimageCodec = struct<SighashPreimage>(
  {
    version: u32,
    previousHash: fixedBytes(32),
    sequenceHash: fixedBytes(32),
    previous: outPointCodec,
    scriptCode: varBytes(MAX_SCRIPT_CODE_SIZE),
    value: u64,
    sequence: u32,
    outputsHash: fixedBytes(32),
    lockTime: u32,
    type: u32,
  },
  'preimage',
);

/** The digest that a P2WPKH input signs (BIP 143): SHA-256d of the preimage, with the same parameters. */
export function sighash(...parameters: Parameters<typeof sighashPreimage>): Hash {
  return sha256d(sighashPreimage(...parameters));
}

/**
 * The bytes whose hash a P2WPKH input signs (BIP 143).
 * @param keyHash the 20-byte program of the coin being spent
 * @param value of the coin being spent
 * @param type one of the six defined hash types
 * @param midstate sighashMidstate(transaction), given when several inputs are hashed
 * @throws CodecError when there is no such input
 */
export function sighashPreimage(
  transaction: Transaction,
  inputIndex: number,
  keyHash: Uint8Array,
  value: Nits,
  type: number,
  midstate: SighashMidstate = sighashMidstate(transaction),
): Uint8Array {
  const input = transaction.inputs[inputIndex];
  if (input === undefined) throw new CodecError(`transaction has no input ${inputIndex}`);
  const anyoneCanPay = (type & SIGHASH_ANYONECANPAY) !== 0;
  const base = type & 0x1f;
  const allSequences = !anyoneCanPay && base !== SIGHASH_NONE && base !== SIGHASH_SINGLE;
  const preimage = new Writer(PREIMAGE_SIZE);
  preimage.u32(transaction.version);
  preimage.bytes(anyoneCanPay ? NO_HASH : midstate.previousHash);
  preimage.bytes(allSequences ? midstate.sequenceHash : NO_HASH);
  outPointCodec.write(preimage, input.previous);
  writeScriptCode(preimage, keyHash);
  preimage.u64(value);
  preimage.u32(input.sequence);
  preimage.bytes(outputsHash(base, transaction.outputs[inputIndex], midstate));
  preimage.u32(transaction.lockTime);
  preimage.u32(type);
  return preimage.finish();
}

/** The outputs a signature covers: all, the one beside the input, or none (also where there is none beside it). */
function outputsHash(base: number, beside: TxOutput | undefined, midstate: SighashMidstate): Hash {
  if (base === SIGHASH_SINGLE && beside !== undefined) return sha256d(outputCodec.encode(beside));
  return base === SIGHASH_SINGLE || base === SIGHASH_NONE ? NO_HASH : midstate.outputsHash;
}

/** The script a P2WPKH program stands for (BIP 143): that of P2PKH, with its length before it. */
function writeScriptCode(writer: Writer, keyHash: Uint8Array): void {
  if (keyHash.length !== 20) throw new CodecError(`a key hash has 20 bytes, not ${keyHash.length}`);
  writer.bytes(SCRIPT_CODE_START);
  writer.bytes(keyHash);
  writer.bytes(SCRIPT_CODE_END);
}

const SCRIPT_CODE_START = Uint8Array.of(25, OP_DUP, OP_HASH160, 20);
const SCRIPT_CODE_END = Uint8Array.of(OP_EQUALVERIFY, OP_CHECKSIG);
