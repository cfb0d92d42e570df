import { Buffer } from 'node:buffer';

/**
 * Bytes at rest: a string with one character for each. A small `Uint8Array` takes up some 200 to 500 bytes
 * beside its content, a string 16, and a mempool keeps many.
 */
export type PackedBytes = string & { readonly __brand: 'PackedBytes' };

export function packBytes(bytes: Uint8Array): PackedBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') as PackedBytes;
}

/** The bytes again, in an array of their own. */
export function unpackBytes(packed: PackedBytes): Uint8Array {
  const bytes = new Uint8Array(packed.length);
  Buffer.from(bytes.buffer).write(packed, 'latin1');
  return bytes;
}

/**
 * The same text in one piece. A text put together from parts keeps them all for as long as it lives, which
 * makes a hash in hex three times as large.
 */
export function flatText(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1');
}
