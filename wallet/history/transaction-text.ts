/**
 * The bytes of a transaction as text, one character for each byte (latin1): pieces of it are keys for maps at once,
 * and what tells whose a transaction is can be read without building the whole of it. A wallet has thousands of them
 * and reads all whenever it is opened. The formats are declared in `protocol/transaction.ts`; a test holds this reader
 * against them.
 */
import { decodeTransaction, encodeTransaction, type Transaction } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';

const VERSION_SIZE = 4;
const TXID_SIZE = 32;
const INDEX_SIZE = 4;
const VALUE_SIZE = 8;
const SEQUENCE_SIZE = 4;
/** OP_0 and a push of 20 bytes. */
const P2WPKH_HEAD = '\x00\x14';
const P2WPKH_SIZE = 22;
/** What the input of a reward names for an output: NULL_TXID and NULL_INDEX. */
const NOTHING = `${'\x00'.repeat(TXID_SIZE)}${'\xff'.repeat(INDEX_SIZE)}`;

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

/** Tells what the inputs spend. @param text of a transaction: of anything else what is told means nothing */
export function eachSpend(text: string, onSpend: (at: number, name: string, index: number) => void): void {
  let at = inputsAt(text);
  const count = countAt(text, at);
  at += countSize(text, at);
  for (let input = 0; input < count; input++) {
    const end = at + TXID_SIZE;
    onSpend(input, text.slice(at, end), u32(text, end));
    at = afterInput(text, at);
  }
}

/** Tells which outputs pay to a key hash. @param text as of {@link eachSpend} */
export function eachKeyHash(
  text: string,
  onKeyHash: (at: number, keyHash: string, valueAt: number) => void,
): void {
  let at = inputsAt(text);
  const inputs = countAt(text, at);
  at += countSize(text, at);
  for (let input = 0; input < inputs; input++) at = afterInput(text, at);
  const count = countAt(text, at);
  at += countSize(text, at);
  for (let output = 0; output < count; output++) {
    const scriptAt = at + VALUE_SIZE + countSize(text, at + VALUE_SIZE);
    const size = countAt(text, at + VALUE_SIZE);
    if (size === P2WPKH_SIZE && text.startsWith(P2WPKH_HEAD, scriptAt)) {
      onKeyHash(output, text.slice(scriptAt + P2WPKH_HEAD.length, scriptAt + size), at);
    }
    at = scriptAt + size;
  }
}

/** Whether it is how a block pays its reward: of one input, which spends nothing. */
export function isRewardText(text: string): boolean {
  const at = inputsAt(text);
  return countAt(text, at) === 1 && text.startsWith(NOTHING, at + 1);
}

/** Where the inputs begin: no inputs are the marker of BIP 144, which a flag follows. */
function inputsAt(text: string): number {
  return text.charCodeAt(VERSION_SIZE) === 0 ? VERSION_SIZE + 2 : VERSION_SIZE;
}

function afterInput(text: string, at: number): number {
  const scriptAt = at + TXID_SIZE + INDEX_SIZE;
  return scriptAt + countSize(text, scriptAt) + countAt(text, scriptAt) + SEQUENCE_SIZE;
}

/** Bitcoin's CompactSize, of counts that a transaction can have. */
function countAt(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first < 0xfd) return first;
  return first === 0xfd ? u16(text, at + 1) : u32(text, at + 1);
}

function countSize(text: string, at: number): number {
  const first = text.charCodeAt(at);
  return first < 0xfd ? 1 : first === 0xfd ? 3 : 5;
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
