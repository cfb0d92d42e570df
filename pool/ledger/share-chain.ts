/**
 * The hash chain over the share log. Shares are written in batches; each batch has a digest of its shares, and a
 * head that covers the head before it, the batch's own facts and the digest. Whoever notes a head can later be
 * shown that nothing before it was removed, changed or put in another order.
 *
 *     digest = SHA-256d(record of the first share ‖ … ‖ record of the last share)
 *     head   = SHA-256d(head of the batch before ‖ batch header ‖ digest)
 *
 * The head before the first batch is 32 zero bytes. All integers are little-endian.
 *
 *     record, 113 bytes and four texts:             batch header, 36 bytes:
 *        0   8  sequence                               0   8  number of the batch, from 1
 *        8   8  time, ms since 1970                    8   8  sequence of its first share
 *       16   8  difficulty, IEEE 754 double           16   8  sequence of its last share
 *       24  16  weight                                24   4  count of its shares
 *       40   4  bits                                  28   8  time it was written, ms since 1970
 *       44   4  height of the tip
 *       48  32  hash of the tip
 *       80  32  hash of the header
 *      112   1  1 when it came late, else 0
 *      113      address, worker, job, edge: each 2 bytes of length, then UTF-8
 *               (edge: empty when the pool took the share itself)
 *               sequence given by the edge, 8 bytes; 0 without an edge
 */
import { sha256d } from '#sha256';
import type { Hash } from '../../protocol/units.ts';
import type { LedgerShare } from './share-log-schema.ts';

/** What the chain says of a batch beside the digest of its shares. */
export interface BatchHeader {
  readonly batch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly count: number;
  readonly timeMs: number;
}

/** The head before the first batch. */
export const FIRST_HEAD: Hash = new Uint8Array(32);

const FIXED_BYTES = 113;
const TEXTS = 4;
const HEADER_BYTES = 36;
const TWO_32 = 2 ** 32;
const WORD = (1n << 64n) - 1n;
/** Room for a share with texts of the usual length. */
const USUAL_BYTES = 256;

/** Reused: most batches fit. */
let scratch = Buffer.alloc(64 * 1024);

/** The digest of a batch. @throws RangeError when a value does not fit its field */
export function batchDigest(shares: Iterable<LedgerShare>): Hash {
  let end = 0;
  for (const share of shares) {
    const needed = end + recordRoom(share);
    if (needed > scratch.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * scratch.length));
      scratch.copy(larger, 0, 0, end);
      scratch = larger;
    }
    end = writeRecord(scratch, end, share);
  }
  return sha256d(scratch.subarray(0, end));
}

/** The head of the chain after a batch. */
export function nextHead(head: Hash, header: BatchHeader, digest: Hash): Hash {
  const bytes = Buffer.alloc(32 + HEADER_BYTES + 32);
  bytes.set(head);
  writeUint64(bytes, 32, header.batch);
  writeUint64(bytes, 40, header.firstSequence);
  writeUint64(bytes, 48, header.lastSequence);
  bytes.writeUInt32LE(header.count, 56);
  writeUint64(bytes, 60, header.timeMs);
  bytes.set(digest, 32 + HEADER_BYTES);
  return sha256d(bytes);
}

/** The canonical form of one share. */
export function shareRecord(share: LedgerShare): Uint8Array {
  const bytes = Buffer.alloc(recordRoom(share));
  return new Uint8Array(bytes.subarray(0, writeRecord(bytes, 0, share)));
}

/** At least as many bytes as the record takes: a character is at most three. */
function recordRoom({ worker, jobId, origin }: LedgerShare): number {
  const characters = worker.address.length + worker.name.length + jobId.length + (origin?.edge.length ?? 0);
  return Math.max(USUAL_BYTES, FIXED_BYTES + TEXTS * 2 + 3 * characters + 8);
}

/** @returns the position after the record */
function writeRecord(bytes: Buffer, start: number, share: LedgerShare): number {
  const { origin } = share;
  writeUint64(bytes, start, share.sequence);
  writeUint64(bytes, start + 8, share.timeMs);
  bytes.writeDoubleLE(share.difficulty, start + 16);
  writeUint128(bytes, start + 24, share.weight);
  bytes.writeUInt32LE(share.bits, start + 40);
  bytes.writeUInt32LE(share.tipHeight, start + 44);
  bytes.set(share.tip, start + 48);
  bytes.set(share.hash, start + 80);
  bytes[start + 112] = share.late ? 1 : 0;
  let at = writeText(bytes, start + FIXED_BYTES, share.worker.address);
  at = writeText(bytes, at, share.worker.name);
  at = writeText(bytes, at, share.jobId);
  at = writeText(bytes, at, origin?.edge ?? '');
  return writeUint64(bytes, at, origin?.sequence ?? 0);
}

/** Short texts of ASCII, as nearly all are, are written faster by hand. */
function writeText(bytes: Buffer, at: number, text: string): number {
  const start = at + 2;
  let length = 0;
  for (; length < text.length; length++) {
    const code = text.charCodeAt(length);
    if (code > 127) break;
    bytes[start + length] = code;
  }
  if (length < text.length) length = bytes.write(text, start, 'utf8');
  bytes.writeUInt16LE(length, at);
  return start + length;
}

/** Without a bigint: this runs for every share. */
function writeUint64(bytes: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${value} is no sequence, count or time`);
  bytes.writeUInt32LE(value % TWO_32, at);
  return bytes.writeUInt32LE(Math.floor(value / TWO_32), at + 4);
}

function writeUint128(bytes: Buffer, at: number, value: bigint): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) {
    // Nearly always.
    writeUint64(bytes, at, number);
    bytes.fill(0, at + 8, at + 16);
    return;
  }
  bytes.writeBigUInt64LE(value & WORD, at);
  bytes.writeBigUInt64LE(value >> 64n, at + 8);
}
