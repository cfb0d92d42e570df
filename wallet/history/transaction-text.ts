/**
 * The bytes of a transaction as text, one character for each byte (latin1): pieces of it are keys for maps at once,
 * and what tells whose a transaction is can be read without building the whole of it. A wallet has thousands of them
 * and reads all whenever it is opened. The formats are declared in `protocol/transaction.ts`; a test holds this reader
 * against them.
 */
import {
  decodeTransaction,
  encodeTransaction,
  NULL_INDEX,
  type Transaction,
} from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';

/** What says whose a transaction is. */
export interface TransactionOutline {
  /** Whether a block pays its reward by it. */
  readonly isReward: boolean;
  /** Of each input, which output it spends. */
  readonly spends: readonly SpentOutput[];
  readonly outputs: readonly OutputOutline[];
}

export interface OutputOutline {
  /** Name of the key hash that it pays to (P2WPKH, BIP 141); undefined for any other script. */
  readonly keyHash: string | undefined;
  /** Where its value stands: see {@link valueAt}. */
  readonly valueAt: number;
}

/** An output, by the text of its transaction's id in internal byte order. */
export interface SpentOutput {
  readonly name: string;
  readonly index: number;
}

const VERSION_SIZE = 4;
const TXID_SIZE = 32;
const INDEX_SIZE = 4;
const VALUE_SIZE = 8;
const SEQUENCE_SIZE = 4;
/** OP_0 and a push of 20 bytes. */
const P2WPKH_HEAD = '\x00\x14';
const P2WPKH_SIZE = 22;
const NULL_NAME = '\x00'.repeat(TXID_SIZE);

/** Bytes as text. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** What {@link textOf} was made of. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** A hash that {@link textOf} made a name of. */
export function hashOf(name: string): Hash {
  const hash = new Uint8Array(name.length);
  for (let at = 0; at < name.length; at++) hash[at] = name.charCodeAt(at);
  return hash;
}

export function transactionText(transaction: Transaction): string {
  return textOf(encodeTransaction(transaction));
}

/** @throws CodecError when it is the text of no transaction */
export function transactionOf(text: string): Transaction {
  return decodeTransaction(bytesOf(text));
}

/** @param text of a transaction; of anything else the outline means nothing */
export function outlineOf(text: string): TransactionOutline {
  let at = VERSION_SIZE;
  const count = (): number => {
    const first = text.charCodeAt(at);
    if (first < 0xfd) {
      at += 1;
      return first;
    }
    const size = first === 0xfd ? 2 : 4;
    const value = size === 2 ? u16(text, at + 1) : u32(text, at + 1);
    at += 1 + size;
    return value;
  };
  // No inputs are the marker of BIP 144, which a flag follows.
  if (text.charCodeAt(at) === 0) at += 2;
  const spends: SpentOutput[] = [];
  for (let left = count(); left > 0; left--) {
    const end = at + TXID_SIZE;
    spends.push({ name: text.slice(at, end), index: u32(text, end) });
    at = end + INDEX_SIZE;
    const scriptSize = count();
    at += scriptSize + SEQUENCE_SIZE;
  }
  const outputs: OutputOutline[] = [];
  for (let left = count(); left > 0; left--) {
    const valueAt = at;
    at += VALUE_SIZE;
    const size = count();
    const isKeyHash = size === P2WPKH_SIZE && text.startsWith(P2WPKH_HEAD, at);
    outputs.push({ keyHash: isKeyHash ? text.slice(at + 2, at + P2WPKH_SIZE) : undefined, valueAt });
    at += size;
  }
  const [first] = spends;
  const isReward = spends.length === 1 && first?.index === NULL_INDEX && first.name === NULL_NAME;
  return { isReward, spends, outputs };
}

/** The value of an output, in nits. */
export function valueAt(text: string, at: number): Nits {
  const [low, high] = [u32(text, at), u32(text, at + 4)];
  return high < 0x20_0000 ? BigInt(high * 0x1_0000_0000 + low) : (BigInt(high) << 32n) | BigInt(low);
}

function u16(text: string, at: number): number {
  return text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8);
}

function u32(text: string, at: number): number {
  return (u16(text, at) | (u16(text, at + 2) << 16)) >>> 0;
}
