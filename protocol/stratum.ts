import { bytesToHex, CodecError, concatBytes, hexToBytes } from './bytes.ts';
import { sha256d } from './hash.ts';
import { rootFromBranch } from './merkle.ts';
import { readId, type StratumId, writeId } from './stratum-id.ts';
import type { Bits, Hash } from './units.ts';

export type { StratumId } from './stratum-id.ts';

/**
 * Stratum V1 on the wire: one JSON object per line. The text made and read here is the object alone; over
 * TCP the transport ends it with a line feed, over WebSocket one object is one text frame.
 */

/** Longest line that is read, in bytes. */
export const MAX_LINE_BYTES = 16 * 1024;
/** Longest line that a miner reads of its pool: a job carries the coinbase, and some pools pay hundreds by it. */
export const MAX_POOL_LINE_BYTES = 256 * 1024;
/** Deepest nesting that is read. Messages have 4; writing out again what is much deeper exhausts the stack. */
const MAX_DEPTH = 16;

/** Wants an answer. */
export interface StratumRequest {
  readonly kind: 'request';
  readonly id: StratumId;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A request whose id is null or absent: never answered. */
export interface StratumNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Answer to a request; `error` is null on success. */
export interface StratumResponse {
  readonly kind: 'response';
  readonly id: StratumId | null;
  readonly result: unknown;
  readonly error: StratumFailure | null;
}

/** A line that is none of these, and why; with the id of what was meant as a request, so that it can be refused. */
export interface StratumGarbage {
  readonly kind: 'garbage';
  readonly id: StratumId | null;
  readonly reason: string;
}

export type StratumMessage = StratumRequest | StratumNotification | StratumResponse | StratumGarbage;

/** The error of an answer, `[code, message, null]` on the wire. */
export interface StratumFailure {
  readonly code: number;
  readonly message: string;
}

/** Error codes of answers, as pools and miners have always used them. */
export const STRATUM_ERRORS = {
  other: 20,
  jobNotFound: 21,
  stale: 21,
  duplicate: 22,
  lowDifficulty: 23,
  unauthorized: 24,
  notSubscribed: 25,
} as const;

/** Refusal of a request. `message` says what a firmware author needs to know. */
export class StratumError extends Error implements StratumFailure {
  override readonly name = 'StratumError';
  readonly code: number;

  constructor(reason: keyof typeof STRATUM_ERRORS, message: string) {
    super(message);
    this.code = STRATUM_ERRORS[reason];
  }
}

/** Reads one line (without its line feed; a carriage return is tolerated). Never throws. */
export function parseLine(line: string, maxBytes = MAX_LINE_BYTES): StratumMessage {
  if (line.length > maxBytes) return garbage(`line is longer than ${maxBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return garbage('line is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return garbage('line is not an object');
  const { id: rawId = null, method, params, result, error } = value as Record<string, unknown>;
  const id = readId(rawId, line);
  if (id === undefined) return garbage('id is not a string, a number or null');
  if (isDeeper(value, MAX_DEPTH)) return garbage(`nested deeper than ${MAX_DEPTH} levels`, id);
  if (method === undefined || method === null) {
    if (result === undefined && error === undefined) return garbage('neither method nor result', id);
    return { kind: 'response', id, result: result ?? null, error: failureOf(error) };
  }
  if (typeof method !== 'string') return garbage('method is not a string', id);
  const list = params ?? [];
  if (!Array.isArray(list)) return garbage('params is not an array', id);
  return id === null
    ? { kind: 'notification', method, params: list }
    : { kind: 'request', id, method, params: list };
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeper(part, depth - 1));
}

function garbage(reason: string, id: StratumId | null = null): StratumGarbage {
  return { kind: 'garbage', id, reason };
}

/** Reads `[code, message, …]`; some pools send an object or bare text instead. */
function failureOf(error: unknown): StratumFailure | null {
  if (error === undefined || error === null || error === false) return null;
  if (typeof error === 'string') return { code: STRATUM_ERRORS.other, message: error };
  const named = error as { code?: unknown; message?: unknown };
  const [code, message] = Array.isArray(error) ? error : [named.code, named.message];
  return {
    code: typeof code === 'number' ? code : STRATUM_ERRORS.other,
    message: typeof message === 'string' ? message : JSON.stringify(error),
  };
}

/** A request of ours. */
export function encodeRequest(id: StratumId, method: string, params: readonly unknown[]): string {
  return withId(id, { method, params });
}

/** A message that wants no answer. */
export function encodeNotification(method: string, params: readonly unknown[]): string {
  return JSON.stringify({ id: null, method, params });
}

/** The answer to a request that went well. */
export function encodeResult(id: StratumId, result: unknown): string {
  return withId(id, { result, error: null });
}

/** The answer to a request that is refused; `mining.authorize` is refused with the result false. */
export function encodeError(id: StratumId, failure: StratumFailure, result: null | false = null): string {
  return withId(id, { result, error: [failure.code, failure.message, null] });
}

function withId(id: StratumId, rest: object): string {
  return `{"id":${writeId(id)},${JSON.stringify(rest).slice(1)}`;
}

/** Difficulty of the shares of the next jobs. */
export function encodeSetDifficulty(difficulty: number): string {
  return encodeNotification('mining.set_difficulty', [difficulty]);
}

/** Bits of the version the miner may roll from now on (BIP 310). */
export function encodeSetVersionMask(mask: number): string {
  return encodeNotification('mining.set_version_mask', [hexWord(mask)]);
}

/** A 32-bit word as the eight big-endian hex digits Stratum writes version, bits, time, nonce and masks in. */
export function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/**
 * Reads a word of exactly eight hex digits.
 * @throws StratumError naming the field
 */
export function parseHexWord(value: unknown, field: string): number {
  if (typeof value !== 'string' || !/^[0-9a-fA-F]{8}$/.test(value)) {
    throw new StratumError('other', `${field} is not 8 hex digits`);
  }
  return Number.parseInt(value, 16);
}

/** A unit of work as `mining.notify` sends it. The coinbase is coinbase1, extranonce1, extranonce2, coinbase2. */
export interface NotifyParams {
  readonly jobId: string;
  /** Hash of the parent, internal order. */
  readonly previousHash: Hash;
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
  /** The hashes beside the coinbase's path up the merkle tree, internal order, at most 32. */
  readonly merkleBranch: readonly Hash[];
  /** i32 as in a header, no bit set inside the rolling mask. */
  readonly version: number;
  readonly bits: Bits;
  readonly time: number;
  /** True: everything before is stale. */
  readonly cleanJobs: boolean;
}

/** A submission's fields, strictly read. */
export interface SubmitParams {
  readonly user: string;
  readonly jobId: string;
  readonly extranonce2: Uint8Array;
  readonly time: number;
  readonly nonce: number;
  /** Sixth parameter (BIP 310): the rolled bits of the version; absent from miners that roll none. */
  readonly versionBits: number | undefined;
}

/** Bits of the header's version that are free for rolling (BIP 320). */
export const VERSION_ROLLING_MASK = 0x1fffe000;
/** Branches of a job: some firmware reserves room for no more. */
export const MAX_MERKLE_BRANCHES = 32;

/**
 * Reverses the bytes of every 4-byte word, as `mining.notify` writes the previous hash. Its own inverse.
 * @param bytes a multiple of 4 long
 */
export function swapWords(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i ^ 3] ?? 0;
  return swapped;
}

/** A job as the text of `mining.notify`. */
export function encodeNotify(job: NotifyParams): string {
  return encodeNotification('mining.notify', notifyParams(job));
}

/** The parameters of `mining.notify`. */
export function notifyParams(job: NotifyParams): unknown[] {
  return [
    job.jobId,
    bytesToHex(swapWords(job.previousHash)),
    bytesToHex(job.coinbase1),
    bytesToHex(job.coinbase2),
    job.merkleBranch.map(bytesToHex),
    hexWord(job.version),
    hexWord(job.bits),
    hexWord(job.time),
    job.cleanJobs,
  ];
}

/**
 * Reads the parameters of `mining.notify`.
 * @throws StratumError naming the field that is wrong
 */
export function parseNotify(params: readonly unknown[]): NotifyParams {
  const [jobId, previousHash, coinbase1, coinbase2, merkleBranch, version, bits, time, cleanJobs] = params;
  if (typeof jobId !== 'string') throw new StratumError('other', 'job id is not a string');
  if (!Array.isArray(merkleBranch) || merkleBranch.length > MAX_MERKLE_BRANCHES) {
    throw new StratumError('other', `merkle branch is not an array of at most ${MAX_MERKLE_BRANCHES} hashes`);
  }
  if (typeof cleanJobs !== 'boolean') throw new StratumError('other', 'clean_jobs is not a boolean');
  return {
    jobId,
    previousHash: swapWords(parseHexBytes(previousHash, 'previous hash', 32)),
    coinbase1: parseHexBytes(coinbase1, 'coinbase1'),
    coinbase2: parseHexBytes(coinbase2, 'coinbase2'),
    merkleBranch: merkleBranch.map((hash) => parseHexBytes(hash, 'merkle branch', 32)),
    version: parseHexWord(version, 'version') | 0,
    bits: parseHexWord(bits, 'bits'),
    time: parseHexWord(time, 'time'),
    cleanJobs,
  };
}

/**
 * Reads the parameters of `mining.submit`: strings of exact length, strict hex.
 * @param extranonce2Size bytes the pool gave in its answer to subscribe
 * @throws StratumError naming the field that is wrong
 */
export function parseSubmit(params: readonly unknown[], extranonce2Size: number): SubmitParams {
  if (params.length < 5 || params.length > 6) {
    throw new StratumError('other', `submit has ${params.length} parameters, not 5 or 6`);
  }
  const [user, jobId, extranonce2, time, nonce, versionBits] = params;
  if (typeof user !== 'string') throw new StratumError('other', 'user is not a string');
  if (typeof jobId !== 'string') throw new StratumError('other', 'job id is not a string');
  return {
    user,
    jobId,
    extranonce2: parseHexBytes(extranonce2, 'extranonce2', extranonce2Size),
    time: parseHexWord(time, 'ntime'),
    nonce: parseHexWord(nonce, 'nonce'),
    versionBits: versionBits === undefined ? undefined : parseHexWord(versionBits, 'version bits'),
  };
}

/** The parameters of `mining.submit` for a solved job. */
export function submitParams(share: SubmitParams): string[] {
  const params = [
    share.user,
    share.jobId,
    bytesToHex(share.extranonce2),
    hexWord(share.time),
    hexWord(share.nonce),
  ];
  if (share.versionBits !== undefined) params.push(hexWord(share.versionBits));
  return params;
}

/**
 * Reads hex of exactly `size` bytes, or of any size.
 * @throws StratumError naming the field
 */
export function parseHexBytes(value: unknown, field: string, size?: number): Uint8Array {
  const expected = size === undefined ? 'hex' : `${2 * size} hex digits`;
  if (typeof value !== 'string' || (size !== undefined && value.length !== 2 * size)) {
    throw new StratumError('other', `${field} is not ${expected}`);
  }
  try {
    return hexToBytes(value);
  } catch (error) {
    if (error instanceof CodecError) throw new StratumError('other', `${field} is not ${expected}`);
    throw error;
  }
}

/** Merkle root of a job with these extranonces. Unchanged while a miner rolls only nonce, time and version. */
export function jobMerkleRoot(
  job: Pick<NotifyParams, 'coinbase1' | 'coinbase2' | 'merkleBranch'>,
  extranonce1: Uint8Array,
  extranonce2: Uint8Array,
): Hash {
  const coinbaseTxid = sha256d(concatBytes(job.coinbase1, extranonce1, extranonce2, job.coinbase2));
  return rootFromBranch(coinbaseTxid, job.merkleBranch);
}

/**
 * The 80 bytes a miner hashes, from a merkle root it has.
 * @param version i32, already rolled: see `rolledVersion`
 */
export function headerFromRoot(
  job: Pick<NotifyParams, 'previousHash' | 'bits'>,
  merkleRoot: Hash,
  time: number,
  nonce: number,
  version: number,
): Uint8Array {
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, version, true);
  bytes.set(job.previousHash, 4);
  bytes.set(merkleRoot, 36);
  view.setUint32(68, time, true);
  view.setUint32(72, job.bits, true);
  view.setUint32(76, nonce, true);
  return bytes;
}

/** The 80 bytes a miner hashes: `jobMerkleRoot`, then `headerFromRoot`. */
export function headerOf(
  job: NotifyParams,
  extranonce1: Uint8Array,
  extranonce2: Uint8Array,
  time: number,
  nonce: number,
  version: number,
): Uint8Array {
  return headerFromRoot(job, jobMerkleRoot(job, extranonce1, extranonce2), time, nonce, version);
}

/** Version of the header: the job's outside the mask, the miner's inside (BIP 310). i32. */
export function rolledVersion(jobVersion: number, mask: number, versionBits: number): number {
  return (jobVersion & ~mask) | (versionBits & mask);
}

/** True if a miner rolled only bits that were agreed (BIP 310: anything else is an invalid share). */
export function isInsideMask(versionBits: number, mask: number): boolean {
  return (versionBits & ~mask) === 0;
}
