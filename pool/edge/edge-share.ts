import { hexToBytes } from '../../protocol/bytes.ts';
import type { AddressReader } from '../../protocol/payout-address.ts';
import { VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';
import type { Clock } from '../clock.ts';
import { EXTRANONCE1_SIZE } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import { boundsOf, type DifficultyLimits, levelOf } from '../stratum/difficulty.ts';
import {
  checkShare,
  LEAST_EXTRANONCE2_SIZE,
  MerkleRoots,
  reject,
  type SentJob,
  type Verdict,
} from '../stratum/share.ts';
import { parseUser, type Worker } from '../stratum/worker-name.ts';
import { jobOfEdge } from './edge-job.ts';
import type { WireBlock } from './wire.ts';

/** What an edge is held to. */
export interface EdgeTerms {
  /** 15 bits. */
  readonly prefix: number;
  /** Bytes of it beside an extranonce1 of four. */
  readonly extranonce2Size: number;
  readonly difficulty: Pick<DifficultyLimits, 'minimum' | 'maximum' | 'shareTargetMultiplier'>;
  readonly jobs: Pick<JobSource, 'find'>;
  readonly users: EdgeUsers;
}

/** A share is judged by when the edge had it; no claim to have had it for longer than this counts. */
const LONGEST_AGE_MS = 600_000;

/**
 * Checks a share of an edge once more, from the job that the pool itself made: the edge is not believed. It is
 * the same check as for a miner of the pool's own. What the edge may say is who worked, at which difficulty, and
 * for how long it held the share:
 * - the difficulty stands in the header (see edge-job.ts), so that it was chosen before the work;
 * - a false age can make work on a replaced block count, which costs as many hashes as work on the new one.
 *
 * @returns a share carries the time of this check
 */
export function checkEdgeShare(share: WireBlock, terms: EdgeTerms, clock: Clock): Verdict {
  const worker = terms.users.workerOf(share.user);
  if (typeof worker === 'string') return reject('unauthorized', worker);
  const extranonce1 = hexToBytes(share.extranonce1);
  const extranonce2Size = EXTRANONCE1_SIZE + terms.extranonce2Size - extranonce1.length;
  if (prefixOf(extranonce1) !== 0x8000 + terms.prefix || extranonce2Size < LEAST_EXTRANONCE2_SIZE) {
    return reject('malformed', `extranonce1 ${share.extranonce1} is none of this edge's`);
  }
  const made = terms.jobs.find(share.job);
  const { minimum, maximum } = terms.difficulty;
  // The bound from the network wins over the operator's minimum, on an edge as on the pool.
  const least =
    made === undefined ? minimum : Math.min(minimum, boundsOf({}, terms.difficulty, made.bits).highest);
  if (share.difficulty < least || share.difficulty > maximum) {
    const range = `from ${least} to ${maximum}`;
    return reject(
      'low-difficulty',
      `the difficulty ${share.difficulty} is not ${range}, as this pool has it`,
    );
  }
  const params = [share.user, share.job, share.extranonce2, share.time, share.nonce];
  if (share.version_bits !== null) params.push(share.version_bits);
  const extranonce = { extranonce1, extranonce2Size };
  const findJob = (): SentJob | undefined => {
    if (made === undefined) return undefined;
    const job = jobOfEdge(made, share.variant, share.difficulty);
    return { job, level: levelOf(share.difficulty), extranonce, versionMask: VERSION_ROLLING_MASK };
  };
  const workers = new Map([[share.user, worker]]);
  // The edge's clock may run fast: nobody had a share before its job was made.
  const jobAgeMs = made === undefined ? 0 : clock.steadyMs() - made.createdMs;
  const when = earlier(clock, Math.min(share.age_ms, jobAgeMs, LONGEST_AGE_MS));
  const verdict = checkShare(params, { extranonce, workers, roots: new MerkleRoots(), findJob }, when);
  if (verdict.outcome === 'rejected') return verdict;
  return { ...verdict, share: { ...verdict.share, timeMs: clock.wallMs() } };
}

function prefixOf(extranonce1: Uint8Array): number {
  return ((extranonce1[0] ?? 0) << 8) | (extranonce1[1] ?? 0);
}

/** The clocks as they stood a while ago. */
function earlier(clock: Clock, ageMs: number): Clock {
  return { wallMs: () => clock.wallMs() - ageMs, steadyMs: () => clock.steadyMs() - ageMs };
}

const KNOWN_USERS = 10_000;

/** Who the users are that an edge speaks of: most shares come from those of the shares before. */
export class EdgeUsers {
  readonly #readAddress: AddressReader;
  readonly #known = new Map<string, Worker>();

  constructor(readAddress: AddressReader) {
    this.#readAddress = readAddress;
  }

  /** @returns the worker, or why there is none of this name */
  workerOf(user: string): Worker | string {
    const known = this.#known.get(user);
    if (known !== undefined) return known;
    const parts = parseUser(user);
    if (typeof parts === 'string') return parts;
    const read = this.#readAddress(parts.address);
    if ('refusal' in read) return read.refusal;
    if (this.#known.size >= KNOWN_USERS) this.#known.clear();
    const worker = { address: read.address, name: parts.name };
    this.#known.set(user, worker);
    return worker;
  }
}
