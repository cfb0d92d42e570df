/**
 * The loop of one mining thread, without the thread: it hashes in short slices, so that
 * whoever runs it can look for new work in between. Pure but for its hasher and the
 * clock it is given; a browser's worker runs the same code.
 */
import { type Hasher, HITS_PER_SEARCH } from '../kernel/hasher.ts';
import { type HeaderUnit, HeaderWalk, type HeaderWalkOptions } from './header-walk.ts';
import { type Hit, headerOfWork, type Work } from './work.ts';

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

export interface HashLoopOptions extends HeaderWalkOptions {
  readonly hasher: Hasher;
  /** Length that slices are steered to: new work waits for one slice at most. */
  readonly sliceMs: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Called once for every hit, within {@link HashLoop.slice}. */
  readonly onHit: (hit: Hit) => void;
}

/** The work in hand and how far it is searched. */
interface Search {
  readonly work: Work;
  readonly sinceMs: number;
  /** Undefined before the first, and while the time of the next is yet to come. */
  unit: HeaderUnit | undefined;
  nextNonce: number;
  endNonce: number;
}

/** Walks through the lane of one thread, slice by slice. */
export class HashLoop {
  readonly #options: HashLoopOptions;
  readonly #walk: HeaderWalk;
  #search: Search | undefined;
  #sliceNonces = FIRST_SLICE_NONCES;
  #unsettled = 0;
  #hashCount = 0;

  constructor(options: HashLoopOptions) {
    this.#options = options;
    this.#walk = new HeaderWalk(options);
  }

  /** Hashes computed since the loop was made. */
  get hashCount(): number {
    return this.#hashCount;
  }

  /** Values of extranonce2 that this loop and its predecessors have used. */
  get usedValues(): number {
    return this.#walk.usedValues;
  }

  /** Takes up new work at once, or stops with `undefined`. The same headers anew are gone on with. */
  setWork(work: Work | undefined): void {
    const before = this.#search;
    if (work === undefined) {
      this.#walk.end();
      this.#search = undefined;
    } else if (this.#walk.begin(work) || before === undefined) {
      this.#search = { work, sinceMs: this.#options.nowMs(), unit: undefined, nextNonce: 0, endNonce: 0 };
    } else {
      this.#search = { ...before, work };
      if (before.unit !== undefined) this.#setHeader(work, before.unit);
    }
  }

  /** Tells the loop that the client has dealt with a number of its hits. */
  settle(count: number): void {
    this.#unsettled = Math.max(0, this.#unsettled - count);
  }

  /** Searches for about as long as slices should be. */
  slice(): SliceOutcome {
    const search = this.#search;
    if (search === undefined) return 'idle';
    // A search may return a full list of hits: there has to be room for it.
    if (this.#unsettled + HITS_PER_SEARCH > UNSETTLED_HITS_MAX) return 'blocked';
    if (search.nextNonce === search.endNonce) this.#beginUnit(search);
    const { unit, work } = search;
    if (unit === undefined) return 'exhausted';

    const count = Math.min(this.#sliceNonces, search.endNonce - search.nextNonce);
    const startMs = this.#options.nowMs();
    const { hits, scanned } = this.#options.hasher.search(search.nextNonce, count);
    if (scanned === this.#sliceNonces) this.#steer(scanned, this.#options.nowMs() - startMs);
    search.nextNonce += scanned;
    this.#hashCount += scanned;
    this.#unsettled += hits.length;
    const { serial } = work;
    const { thread, onHit } = this.#options;
    for (const nonce of hits) onHit({ serial, thread, ...unit, nonce });
    return 'searched';
  }

  /** Moves on to the next header of the lane, if its time has come. */
  #beginUnit(search: Search): void {
    const { work, sinceMs } = search;
    // A pool accepts times up to its own clock: the job's time may grow as fast as time passes, not faster.
    const elapsedSeconds = Math.floor((this.#options.nowMs() - sinceMs) / 1000);
    search.unit = this.#walk.next(work.job.time + elapsedSeconds);
    if (search.unit === undefined) return;
    const { startNonce, nonceCount } = this.#walk.nonces;
    search.nextNonce = startNonce;
    search.endNonce = startNonce + nonceCount;
    this.#setHeader(work, search.unit);
  }

  #setHeader(work: Work, unit: HeaderUnit): void {
    this.#options.hasher.setWork(headerOfWork(work, { ...unit, nonce: 0 }), work.target);
  }

  /** Chooses the size of the next slice from how long a whole one took. */
  #steer(nonces: number, elapsedMs: number): void {
    const fitting = elapsedMs > 0 ? (nonces * this.#options.sliceMs) / elapsedMs : Number.POSITIVE_INFINITY;
    this.#sliceNonces = Math.max(1, Math.floor(Math.min(fitting, nonces * SLICE_GROWTH_MAX)));
  }
}
