/**
 * The loop of one mining thread, without the thread: it hashes in short slices, so that
 * whoever runs it can look for new work in between. Pure but for its hasher and the
 * clock it is given; a browser's worker runs the same code.
 */
import { equalBytes } from '../../protocol/bytes.ts';
import { type Hasher, HITS_PER_SEARCH, NONCE_COUNT } from '../kernel/hasher.ts';
import { extranonce2Bytes, type Lane, type LaneUnit, laneOf, unitAt } from './nonce-lane.ts';
import { type Hit, headerOfWork, type Work } from './work.ts';

/** Length that slices are steered to: new work waits for one slice at most. */
export const SLICE_MS = 5;

/** Nonces of the first slice, before the speed is known. */
const FIRST_SLICE_NONCES = 2_000;

/** A slice grows by this factor at most, so that one that seemed quick does not make the next one long. */
const SLICE_GROWTH_MAX = 4;

/**
 * Hits of a thread that the client has not yet settled, at most. At a share target so easy
 * that the pool cannot keep up, the thread waits for it instead of flooding it.
 */
export const UNSETTLED_HITS_MAX = 32;

/**
 * What one slice came to: `searched`, or why nothing could be: no work (`idle`), too many
 * hits not settled (`blocked`), or every header up to the present time used (`exhausted`).
 */
export type SliceOutcome = 'searched' | 'idle' | 'blocked' | 'exhausted';

export interface HashLoopOptions {
  readonly hasher: Hasher;
  readonly thread: number;
  readonly threadCount: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Called once for every hit, within {@link HashLoop.slice}. */
  readonly onHit: (hit: Hit) => void;
}

/** Everything about the work in hand. */
interface Assignment {
  readonly work: Work;
  readonly lane: Lane;
  /** Units of the lane that earlier work has used; see {@link unitAt}. */
  readonly offset: number;
  readonly sinceMs: number;
  unitIndex: number;
  unit: LaneUnit;
  extranonce2: Uint8Array;
  ntime: number;
  nextNonce: number;
}

/** Walks through the lane of one thread, slice by slice. */
export class HashLoop {
  readonly #options: HashLoopOptions;
  #assignment: Assignment | undefined;
  #sliceNonces = FIRST_SLICE_NONCES;
  #unsettled = 0;
  #unitsUsed = 0;
  #hashCount = 0;

  constructor(options: HashLoopOptions) {
    this.#options = options;
  }

  /** Hashes computed since the loop was made. */
  get hashCount(): number {
    return this.#hashCount;
  }

  /** Takes up new work at once, or stops with `undefined`. The same headers anew are gone on with. */
  setWork(work: Work | undefined): void {
    const before = this.#assignment;
    if (before !== undefined && work !== undefined && makeSameHeaders(before.work, work)) {
      this.#assignment = { ...before, work };
      this.#setHeader(this.#assignment);
      return;
    }
    if (before !== undefined) this.#unitsUsed += before.unitIndex + 1;
    this.#assignment = undefined;
    if (work === undefined) return;
    const lane = laneOf(this.#options.thread, this.#options.threadCount, work.extranonce2Size);
    const offset = this.#unitsUsed % lane.valueCount;
    const assignment: Assignment = {
      work,
      lane,
      offset,
      sinceMs: this.#options.nowMs(),
      unitIndex: 0,
      unit: unitAt(lane, 0, offset),
      extranonce2: new Uint8Array(0),
      ntime: 0,
      nextNonce: 0,
    };
    this.#assignment = assignment;
    this.#beginUnit(assignment);
  }

  /** Tells the loop that the client has dealt with a number of its hits. */
  settle(count: number): void {
    this.#unsettled = Math.max(0, this.#unsettled - count);
  }

  /** Searches for about {@link SLICE_MS}. */
  slice(): SliceOutcome {
    const assignment = this.#assignment;
    if (assignment === undefined) return 'idle';
    // A search may return a full list of hits: there has to be room for it.
    if (this.#unsettled + HITS_PER_SEARCH > UNSETTLED_HITS_MAX) return 'blocked';
    const { lane, work } = assignment;
    const endNonce = lane.startNonce + lane.nonceCount;
    if (assignment.nextNonce === endNonce && !this.#nextUnit(assignment)) return 'exhausted';

    const count = Math.min(this.#sliceNonces, endNonce - assignment.nextNonce);
    const startMs = this.#options.nowMs();
    const { hits, scanned } = this.#options.hasher.search(assignment.nextNonce, count);
    if (scanned === this.#sliceNonces) this.#steer(scanned, this.#options.nowMs() - startMs);
    assignment.nextNonce += scanned;
    this.#hashCount += scanned;
    this.#unsettled += hits.length;
    for (const nonce of hits) {
      this.#options.onHit({
        serial: work.serial,
        thread: this.#options.thread,
        extranonce2: assignment.extranonce2,
        ntime: assignment.ntime,
        nonce,
        versionBits: 0,
      });
    }
    return 'searched';
  }

  /** Moves on to the next header of the lane; false if its time has not come yet. */
  #nextUnit(assignment: Assignment): boolean {
    const next = unitAt(assignment.lane, assignment.unitIndex + 1, assignment.offset);
    // A pool accepts times up to its own clock: the job's time may grow as fast as time passes, not faster.
    const elapsedSeconds = Math.floor((this.#options.nowMs() - assignment.sinceMs) / 1000);
    if (next.timeRoll > elapsedSeconds) return false;
    assignment.unitIndex += 1;
    assignment.unit = next;
    this.#beginUnit(assignment);
    return true;
  }

  #beginUnit(assignment: Assignment): void {
    const { work, unit, lane } = assignment;
    assignment.extranonce2 = extranonce2Bytes(unit.extranonce2, work.extranonce2Size);
    assignment.ntime = (work.job.time + unit.timeRoll) % NONCE_COUNT;
    assignment.nextNonce = lane.startNonce;
    this.#setHeader(assignment);
  }

  #setHeader({ work, extranonce2, ntime }: Assignment): void {
    this.#options.hasher.setWork(
      headerOfWork(work, { extranonce2, ntime, nonce: 0, versionBits: 0 }),
      work.target,
    );
  }

  /** Chooses the size of the next slice from how long a whole one took. */
  #steer(nonces: number, elapsedMs: number): void {
    const fitting = elapsedMs > 0 ? (nonces * SLICE_MS) / elapsedMs : Number.POSITIVE_INFINITY;
    this.#sliceNonces = Math.max(1, Math.floor(Math.min(fitting, nonces * SLICE_GROWTH_MAX)));
  }
}

/**
 * Whether two works are the same search, whatever they are called and ask for: pools repeat a job to go with
 * another difficulty, and a header that was hashed under the one must not come again under the other.
 */
function makeSameHeaders(a: Work, b: Work): boolean {
  if (a.extranonce2Size !== b.extranonce2Size) return false;
  const extranonce2 = new Uint8Array(a.extranonce2Size);
  const headerOfJob = (work: Work) =>
    headerOfWork(work, { extranonce2, ntime: work.job.time, nonce: 0, versionBits: 0 });
  return equalBytes(headerOfJob(a), headerOfJob(b));
}
