/** The order in which a thread goes through the headers of its lane, from job to job, so that none comes twice. */
import { bytesToHex, equalBytes } from '../../protocol/bytes.ts';
import { jobMerkleRoot } from '../../protocol/stratum.ts';
import { extranonce2Bytes, type Lane, laneOf, versionBitsAt, versionCount } from './nonce-lane.ts';
import type { ChosenFields, Work } from './work.ts';

/**
 * Coinbases whose rounds are remembered. Pools send the same one again when only the time or the difficulty changes,
 * or go back to one after a fork; none goes back far.
 */
export const ROUNDS_KEPT = 16;
const TIME_MAX = 0xffff_ffff;

/** One header but for its nonce; all nonces of the lane are searched before the next unit. */
export type HeaderUnit = Omit<ChosenFields, 'nonce'>;

export interface HeaderWalkOptions {
  readonly thread: number;
  readonly threadCount: number;
  /** Values of extranonce2 that others have used in this lane. */
  readonly usedValues: number;
}

/**
 * One way through all extranonce2 values of the lane for one coinbase. In a round no value comes twice; the times of
 * the next round are later than all of this one.
 */
interface Round {
  /** Count of used values at which it began. */
  since: number;
  /** Earliest time of its headers. */
  floorTime: number;
  /** Latest time of any header so far. */
  lastTime: number;
}

/** The work in hand. */
interface Way {
  readonly work: Work;
  readonly lane: Lane;
  readonly round: Round;
  /** The coinbase and what it stands on; see {@link coinbaseKey}. */
  readonly key: string;
  readonly versions: number;
  /** Of the present unit; as many as there are versions before the first and after the last of a value. */
  versionIndex: number;
  extranonce2: Uint8Array;
  ntime: number;
}

/**
 * Walks in the order nonce, version, extranonce2, time (nonces are the caller's): what is dear to change comes last.
 *
 * Every work begins with a value of extranonce2 that no work before it has used, so that a pool may repeat a job,
 * change its mask, its version or its time without making any header come twice. Once all values are used, headers
 * of a coinbase that was seen before get a later time.
 */
export class HeaderWalk {
  readonly #options: HeaderWalkOptions;
  /** The least recently used first. */
  readonly #rounds = new Map<string, Round>();
  #usedValues: number;
  #way: Way | undefined;

  constructor(options: HeaderWalkOptions) {
    this.#options = options;
    this.#usedValues = options.usedValues;
  }

  /** Values of extranonce2 that were begun with so far, counted over all works. */
  get usedValues(): number {
    return this.#usedValues;
  }

  /** Nonces of every unit of the work in hand. */
  get nonces(): Pick<Lane, 'startNonce' | 'nonceCount'> {
    return this.#way?.lane ?? { startNonce: 0, nonceCount: 0 };
  }

  /**
   * Takes up a work, before its first unit.
   * @returns false if its headers are those of the work before: it is gone on with where that one stands
   */
  begin(work: Work): boolean {
    const key = coinbaseKey(work);
    const before = this.#way;
    if (before !== undefined && before.key === key && isSameSearch(before.work, work)) {
      this.#way = { ...before, work };
      return false;
    }
    const { thread, threadCount } = this.#options;
    const versions = versionCount(work.versionMask);
    this.#way = {
      work,
      lane: laneOf(thread, threadCount, work.extranonce2Size),
      round: this.#roundOf(key, work),
      key,
      versions,
      versionIndex: versions,
      extranonce2: new Uint8Array(0),
      ntime: 0,
    };
    return true;
  }

  /** Forgets the work in hand, not what it has used. */
  end(): void {
    this.#way = undefined;
  }

  /**
   * The next unit of the work in hand.
   * @param latestTime block time that headers may have at present
   * @returns undefined while its time is yet to come, and without work
   */
  next(latestTime: number): HeaderUnit | undefined {
    const way = this.#way;
    if (way === undefined) return undefined;
    way.versionIndex += 1;
    if (way.versionIndex >= way.versions && !this.#nextValue(way, latestTime)) return undefined;
    const { extranonce2, ntime, versionIndex, work } = way;
    return { extranonce2, ntime, versionBits: versionBitsAt(work.versionMask, versionIndex) };
  }

  #nextValue(way: Way, latestTime: number): boolean {
    const { lane, round, work } = way;
    const isRoundOver = this.#usedValues - round.since >= lane.valueCount;
    const ntime = Math.max(work.job.time, isRoundOver ? round.lastTime + 1 : round.floorTime);
    if (ntime > Math.min(Math.max(latestTime, work.job.time), TIME_MAX)) {
      way.versionIndex = way.versions;
      return false;
    }
    if (isRoundOver) {
      round.since = this.#usedValues;
      round.floorTime = ntime;
    }
    round.lastTime = Math.max(round.lastTime, ntime);
    const value = lane.first + (this.#usedValues % lane.valueCount) * lane.step;
    way.extranonce2 = extranonce2Bytes(value, work.extranonce2Size);
    way.ntime = ntime;
    way.versionIndex = 0;
    this.#usedValues += 1;
    return true;
  }

  #roundOf(key: string, work: Work): Round {
    const round = this.#rounds.get(key) ?? {
      since: this.#usedValues,
      floorTime: 0,
      lastTime: work.job.time,
    };
    this.#rounds.delete(key);
    this.#rounds.set(key, round);
    for (const oldest of this.#rounds.keys()) {
      if (this.#rounds.size > ROUNDS_KEPT) this.#rounds.delete(oldest);
    }
    return round;
  }
}

/** What the headers of a work have in common, but for version and time: equal for works that could share a header. */
export function coinbaseKey({ job, extranonce1, extranonce2Size }: Work): string {
  const root = jobMerkleRoot(job, extranonce1, new Uint8Array(extranonce2Size));
  return `${bytesToHex(job.previousHash)} ${bytesToHex(root)} ${job.bits}`;
}

/**
 * Whether two works of one coinbase are the same search, whatever they are called and ask for: pools repeat a job to
 * go with another difficulty.
 */
function isSameSearch(a: Work, b: Work): boolean {
  return (
    a.extranonce2Size === b.extranonce2Size &&
    equalBytes(a.extranonce1, b.extranonce1) &&
    a.versionMask === b.versionMask &&
    (a.job.version & ~a.versionMask) === (b.job.version & ~b.versionMask) &&
    a.job.time === b.job.time
  );
}
