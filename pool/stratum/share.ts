import { equalBytes } from '../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import {
  headerFromRoot,
  isInsideMask,
  jobMerkleRoot,
  parseSubmit,
  rolledVersion,
  type STRATUM_ERRORS,
  StratumError,
  type SubmitParams,
} from '../../protocol/stratum.ts';
import type { Bits, Difficulty, Hash, Height } from '../../protocol/units.ts';
import { difficultyOfHash, isAtMost } from '../../protocol/work.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { Tip } from '../jobs/tip.ts';
import type { ShareLevel } from './difficulty.ts';
import type { Worker } from './worker-name.ts';

/** A piece of work that is credited: everything an accounting needs, and nothing that can be looked up. */
export interface Share {
  readonly worker: Worker;
  readonly jobId: string;
  /** Hash of the block it builds on, and that block's height. */
  readonly tip: Hash;
  readonly tipHeight: Height;
  /** The network's difficulty it was worked against. */
  readonly bits: Bits;
  /** What its job was sent with. */
  readonly difficulty: Difficulty;
  /** Hashes it stands for: ⌊difficulty × 2³²⌋. */
  readonly weight: bigint;
  /** Of the 80-byte header. */
  readonly hash: Hash;
  /** When it was checked, milliseconds since 1970. */
  readonly timeMs: number;
  /** Handed in within the grace after its tip was replaced. */
  readonly late: boolean;
}

/** What a share can be checked with once more, by whoever has its job. */
export interface ShareProof {
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly extranonce1: Uint8Array;
  readonly extranonce2: Uint8Array;
}

/** A header below the network's target, whatever else is said of the share. */
export interface BlockCandidate extends ShareProof {
  readonly job: Job;
  readonly worker: Worker;
  readonly hash: Hash;
  /** Whether its share is accepted too, and recorded right after the block was handed over. */
  readonly credited: boolean;
}

/** Why a submission is refused, with the kind of error it is answered with. */
export const REJECTIONS = {
  'not-subscribed': 'notSubscribed',
  unauthorized: 'unauthorized',
  malformed: 'other',
  'job-not-found': 'jobNotFound',
  stale: 'stale',
  'time-too-old': 'other',
  'time-too-new': 'other',
  'version-bits': 'other',
  duplicate: 'duplicate',
  'low-difficulty': 'lowDifficulty',
  'not-recorded': 'other',
} as const satisfies Record<string, keyof typeof STRATUM_ERRORS>;

export type RejectReason = keyof typeof REJECTIONS;

/** What became of a submission. A candidate goes to the node in either case. */
export type Verdict = { readonly candidate?: BlockCandidate } & (
  | {
      readonly outcome: 'accepted';
      readonly share: Share;
      readonly tip: Tip;
      readonly proof: ShareProof;
    }
  | { readonly outcome: 'rejected'; readonly reason: RejectReason; readonly error: StratumError }
);

/** A miner must be left with something to vary. */
export const LEAST_EXTRANONCE2_SIZE = 2;

/** The part of a job's search space that a connection works in. */
export interface Extranonce {
  readonly extranonce1: Uint8Array;
  /** Bytes that the miner itself may vary. */
  readonly extranonce2Size: number;
}

/** A job as one miner was sent it. */
export interface SentJob {
  readonly job: Job;
  readonly level: ShareLevel;
  readonly extranonce: Extranonce;
  /** Version bits the miner may roll (BIP 310). */
  readonly versionMask: number;
}

/** What was agreed with the miner who submits. */
export interface ShareTerms {
  /** What it works with now; undefined before `mining.subscribe`. */
  readonly extranonce: Extranonce | undefined;
  /** Authorised users as they were named. */
  readonly workers: ReadonlyMap<string, Worker>;
  readonly roots: MerkleRoots;
  /** A job this miner was sent, with what goes with it. */
  findJob(jobId: string): SentJob | undefined;
}

/** Work on a tip counts this long after the tip was replaced: the news takes time to arrive. */
export const STALE_GRACE_MS = 2_000;
/** How far a header's time may run ahead. */
const TIME_LEAD_SECONDS = 30;

/**
 * Checks one `mining.submit`. The order is fixed: who submits, is it well-formed, is the job known; then the
 * header is hashed once and everything else is decided from the hash. Nothing is changed but the cache of
 * merkle roots.
 */
export function checkShare(params: readonly unknown[], terms: ShareTerms, clock: Clock): Verdict {
  if (terms.extranonce === undefined) return reject('not-subscribed', 'subscribe before you submit');
  const worker = workerNamed(params[0], terms.workers);
  if (worker === undefined) {
    return reject('unauthorized', 'this user is not authorized on this connection');
  }
  const sent = typeof params[1] === 'string' ? terms.findJob(params[1]) : undefined;
  const { extranonce1, extranonce2Size } = sent?.extranonce ?? terms.extranonce;
  const submission = readSubmission(params, extranonce2Size);
  if (submission instanceof StratumError) {
    return { outcome: 'rejected', reason: 'malformed', error: submission };
  }
  if (sent === undefined) return reject('job-not-found', 'job not found: unknown here, or too old');
  const { job } = sent;
  if (job.payee !== undefined && job.payee !== worker.address) {
    return reject('unauthorized', 'this job pays another address');
  }

  const { extranonce2 } = submission;
  const root = terms.roots.of(job, extranonce1, extranonce2);
  const version = hashedVersion(sent, submission.versionBits ?? 0);
  const header = headerFromRoot(job, root, submission.time, submission.nonce, version);
  const hash = hashHeaderBytes(header);
  const proof = { header, extranonce1, extranonce2 };

  const verdict = classify(submission, hash, sent, worker, proof, clock);
  if (!isAtMost(hash, job.networkTarget) || job.tip.seen.has(hash)) return verdict;
  return {
    ...verdict,
    candidate: { ...proof, job, worker, hash, credited: verdict.outcome === 'accepted' },
  };
}

/**
 * The version in the header that the miner hashed (BIP 310). Bits that were not agreed are refused; a block that has
 * them is a block.
 */
export function hashedVersion({ job, versionMask }: SentJob, versionBits: number): number {
  return rolledVersion(job.version, versionMask | versionBits, versionBits);
}

/** The authorised worker that the first field of a submission names, whatever stands there. */
export function workerNamed(user: unknown, workers: ReadonlyMap<string, Worker>): Worker | undefined {
  return typeof user === 'string' ? workers.get(user) : undefined;
}

function readSubmission(params: readonly unknown[], extranonce2Size: number): SubmitParams | StratumError {
  try {
    return parseSubmit(params, extranonce2Size);
  } catch (error) {
    if (error instanceof StratumError) return error;
    throw error;
  }
}

/** Whether the miner is credited. A block that fails here is submitted all the same: it may be worth 50 coins. */
function classify(
  submission: SubmitParams,
  hash: Hash,
  { job, level, versionMask }: SentJob,
  worker: Worker,
  proof: ShareProof,
  clock: Clock,
): Verdict {
  const { retiredMs } = job.tip;
  const late = retiredMs !== undefined;
  const nowMs = clock.wallMs();
  const steadyMs = clock.steadyMs();
  if (late && steadyMs - retiredMs > STALE_GRACE_MS) {
    return reject('stale', `stale: a new block came ${seconds(steadyMs - retiredMs)} s ago`);
  }
  if (submission.time < job.time) {
    return reject('time-too-old', `ntime is ${job.time - submission.time} s before the job's`);
  }
  // The node's clock may run ahead of ours; the job's time is its word for it.
  const jobSeconds = job.time + (steadyMs - job.createdMs) / 1000;
  const latest = Math.floor(Math.max(nowMs / 1000, jobSeconds)) + TIME_LEAD_SECONDS;
  if (submission.time > latest) {
    return reject('time-too-new', `ntime is ${submission.time - latest} s too far ahead`);
  }
  if (!isInsideMask(submission.versionBits ?? 0, versionMask)) {
    return reject('version-bits', `version bits outside the agreed mask ${hex(versionMask)}`);
  }
  if (job.tip.seen.has(hash)) return reject('duplicate', 'duplicate share');
  if (!isAtMost(hash, level.target)) {
    return reject('low-difficulty', lowDifficulty(difficultyOfHash(hash), level.difficulty));
  }
  const share: Share = {
    worker,
    jobId: job.jobId,
    tip: job.tip.hash,
    tipHeight: job.tip.height,
    bits: job.bits,
    difficulty: level.difficulty,
    weight: level.weight,
    hash,
    timeMs: nowMs,
    late,
  };
  return { outcome: 'accepted', share, tip: job.tip, proof };
}

/** A refusal with the code that belongs to its reason. */
export function reject(reason: RejectReason, message: string): Extract<Verdict, { outcome: 'rejected' }> {
  return { outcome: 'rejected', reason, error: new StratumError(REJECTIONS[reason], message) };
}

/** Both difficulties with as many digits as it takes to tell them apart, and the one that was found from zero. */
function lowDifficulty(found: Difficulty, asked: Difficulty): string {
  let decimals = Math.min(Math.max(2 - Math.floor(Math.log10(asked)), 0), 100);
  while (found.toFixed(decimals) === asked.toFixed(decimals) && decimals < 100) decimals += 1;
  const shown = found.toFixed(decimals);
  return `difficulty ${Number(shown) === 0 ? found.toPrecision(3) : shown} under the job's ${asked.toFixed(decimals)}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function hex(mask: number): string {
  return mask.toString(16).padStart(8, '0');
}

const NONE: Uint8Array = new Uint8Array(0);

/** The last merkle root of one connection: most miners roll nonce, time and version many times over one root. */
export class MerkleRoots {
  #job: Job | undefined;
  #extranonce1: Uint8Array = NONE;
  #extranonce2: Uint8Array = NONE;
  #root: Hash = NONE;

  /** @param extranonce1 the connection's: one and the same array, unless it was given another */
  of(job: Job, extranonce1: Uint8Array, extranonce2: Uint8Array): Hash {
    if (
      this.#job !== job ||
      this.#extranonce1 !== extranonce1 ||
      !equalBytes(this.#extranonce2, extranonce2)
    ) {
      this.#root = jobMerkleRoot(job, extranonce1, extranonce2);
      this.#extranonce1 = extranonce1;
      this.#extranonce2 = extranonce2;
      this.#job = job;
    }
    return this.#root;
  }
}
