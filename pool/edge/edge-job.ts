import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { sha256d } from '../../protocol/hash.ts';
import { encodeNotify, type NotifyParams } from '../../protocol/stratum.ts';
import type { Difficulty } from '../../protocol/units.ts';
import { targetBytes } from '../../protocol/work.ts';
import { type Job, type NotifyLines, UNIQUE_SIZE } from '../jobs/job.ts';
import type { Tip } from '../jobs/tip.ts';
import type { WireJob } from './wire.ts';

/**
 * The jobs of an edge. Of each job the pool sends, an edge makes as many as it needs: one for each difficulty its
 * miners work at, and new ones when a difficulty has changed. They differ in the unique value at the end of
 * coinbase1, which is
 *
 *     first 8 bytes of SHA-256d(the pool's unique value ‖ variant, u64 ‖ difficulty, IEEE 754), big-endian
 *
 * so that a header commits to the difficulty it was worked at. The pool computes the same from what the edge says.
 * Whoever could choose a share's difficulty after its hash is known would earn a multiple of the work; here a
 * header at another difficulty is another header.
 */
export function committedCoinbase1(
  coinbase1: Uint8Array,
  variant: number,
  difficulty: Difficulty,
): Uint8Array {
  const at = coinbase1.length - UNIQUE_SIZE;
  const message = new Uint8Array(UNIQUE_SIZE + 16);
  message.set(coinbase1.subarray(at));
  const view = new DataView(message.buffer);
  view.setBigUint64(UNIQUE_SIZE, BigInt(variant));
  view.setFloat64(UNIQUE_SIZE + 8, difficulty);
  return concatBytes(coinbase1.subarray(0, at), sha256d(message).subarray(0, UNIQUE_SIZE));
}

/** The pool's side: its own job as a miner of an edge had it. Everything but coinbase1 is the same. */
export function jobOfEdge(job: Job, variant: number, difficulty: Difficulty): Job {
  return { ...job, coinbase1: committedCoinbase1(job.coinbase1, variant, difficulty) };
}

/** A job as an edge is sent it. */
export function wireJobOf(job: Job, nowMs: number): WireJob {
  return {
    id: job.jobId,
    previous: bytesToHex(job.previousHash),
    coinbase1: bytesToHex(job.coinbase1),
    coinbase2: bytesToHex(job.coinbase2),
    branch: job.merkleBranch.map(bytesToHex),
    version: job.version,
    bits: job.bits,
    time: job.time,
    height: job.height,
    age_ms: Math.max(Math.round(nowMs - job.createdMs), 0),
  };
}

/**
 * The edge's side: a job for its miners, of one that the pool sent.
 * @param sequence counted by the edge; its hex form is the id miners see, and it is the variant
 * @param createdMs when the pool made it, by the edge's steady clock
 * @throws RangeError when the bits stand for no target
 */
export function makeEdgeJob(
  wire: WireJob,
  tip: Tip,
  sequence: number,
  committed: CommittedJobs,
  createdMs: number,
): Job {
  const parts: NotifyParams = {
    jobId: sequence.toString(16),
    previousHash: hexToBytes(wire.previous),
    coinbase1: hexToBytes(wire.coinbase1),
    coinbase2: hexToBytes(wire.coinbase2),
    merkleBranch: wire.branch.map(hexToBytes),
    version: wire.version,
    bits: wire.bits,
    time: wire.time,
    cleanJobs: false,
  };
  const job: Job = {
    ...parts,
    sequence,
    tip,
    height: wire.height,
    networkTarget: targetBytes(compactToTarget(wire.bits)),
    createdMs,
    at: (difficulty) => committed.of(job, difficulty),
    lines: new EdgeLines(parts),
  };
  return job;
}

/** So many jobs of all difficulties are remembered; any other is made again when it is asked for. */
const REMEMBERED = 4_096;

/** Jobs at the difficulties they were sent with: miners at one difficulty share one, and the bytes of its notify. */
export class CommittedJobs {
  readonly #jobs = new Map<string, Job>();
  readonly #difficulties = new WeakMap<Job, Difficulty>();

  /** The difficulty a job commits to; undefined for one that was not made here. */
  difficultyOf(job: Job): Difficulty | undefined {
    return this.#difficulties.get(job);
  }

  of(job: Job, difficulty: Difficulty): Job {
    const key = `${job.jobId} ${difficulty}`;
    const known = this.#jobs.get(key);
    if (known !== undefined) return known;
    const coinbase1 = committedCoinbase1(job.coinbase1, job.sequence, difficulty);
    const { at: _at, ...plain } = job;
    const made: Job = { ...plain, coinbase1, lines: new EdgeLines({ ...plain, coinbase1 }) };
    this.#jobs.set(key, made);
    this.#difficulties.set(made, difficulty);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > REMEMBERED && oldest !== undefined) this.#jobs.delete(oldest);
    return made;
  }
}

/** Most jobs are sent in one of the two forms only. */
class EdgeLines implements NotifyLines {
  readonly #parts: NotifyParams;
  #clean: Uint8Array | undefined;
  #further: Uint8Array | undefined;

  constructor(parts: NotifyParams) {
    this.#parts = parts;
  }

  get clean(): Uint8Array {
    this.#clean ??= lineOf(this.#parts, true);
    return this.#clean;
  }

  get further(): Uint8Array {
    this.#further ??= lineOf(this.#parts, false);
    return this.#further;
  }
}

function lineOf(parts: NotifyParams, cleanJobs: boolean): Uint8Array {
  return Buffer.from(`${encodeNotify({ ...parts, cleanJobs })}\n`, 'latin1');
}
