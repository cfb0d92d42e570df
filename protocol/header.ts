import { CodecError } from './bytes.ts';
import { fixedBytes, i32, struct, u32 } from './codec.ts';
import { sha256d } from './hash.ts';
import type { Bits, Hash } from './units.ts';

/** Bytes of an encoded header. */
export const HEADER_SIZE = 80;

/** A block header. Never changed once made: its hash is remembered per object. */
export interface Header {
  readonly version: number;
  readonly previous: Hash;
  readonly merkleRoot: Hash;
  /** Seconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly bits: Bits;
  readonly nonce: number;
}

/** The declaration of the format; encodeHeader and decodeHeader do the same faster. */
export const headerCodec = struct<Header>(
  {
    version: i32,
    previous: fixedBytes(32),
    merkleRoot: fixedBytes(32),
    time: u32,
    bits: u32,
    nonce: u32,
  },
  'header',
);

/** The 80 bytes of `header`. Written by hand: a header is encoded for every share. @throws CodecError */
export function encodeHeader(header: Header): Uint8Array {
  if (header.previous.length !== 32 || header.merkleRoot.length !== 32) {
    throw new CodecError('a hash in a header has 32 bytes');
  }
  const bytes = new Uint8Array(HEADER_SIZE);
  putWord(bytes, 0, header.version, -0x8000_0000);
  bytes.set(header.previous, 4);
  bytes.set(header.merkleRoot, 36);
  putWord(bytes, 68, header.time, 0);
  putWord(bytes, 72, header.bits, 0);
  putWord(bytes, 76, header.nonce, 0);
  return bytes;
}

/** Writes 32 bits of which `least` is the smallest value, so it tells signed from unsigned. */
function putWord(bytes: Uint8Array, at: number, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least || value > least + 0xffff_ffff) {
    throw new CodecError(`${value} does not fit a header field`);
  }
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** The header that `bytes`, exactly 80, hold. @throws CodecError */
export function decodeHeader(bytes: Uint8Array): Header {
  const header = headerCodec.decode(bytes);
  hashes.set(header, hashHeaderBytes(bytes));
  return header;
}

/** The same where the hash is known already, and need not be computed; `hash` is kept. */
export function decodeKnownHeader(bytes: Uint8Array, hash: Hash): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const header = {
    version: view.getInt32(0, true),
    previous: bytes.slice(4, 36),
    merkleRoot: bytes.slice(36, 68),
    time: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  };
  hashes.set(header, hash);
  return header;
}

const hashes = new WeakMap<Header, Hash>();

/** The block's hash, which is that of its header. The array is shared: do not change it. */
export function blockHash(header: Header): Hash {
  let hash = hashes.get(header);
  if (hash === undefined) {
    hash = hashHeaderBytes(encodeHeader(header));
    hashes.set(header, hash);
  }
  return hash;
}

/** The hash of an encoded header. @throws CodecError unless there are 80 bytes */
export function hashHeaderBytes(bytes: Uint8Array): Hash {
  if (bytes.length !== HEADER_SIZE) throw new CodecError(`a header has 80 bytes, not ${bytes.length}`);
  return sha256d(bytes);
}
