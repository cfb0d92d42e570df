/**
 * Several sources of work in order of preference, as a reducer: events in, effects out (failover-source.ts carries
 * them out). The threads always work for the most preferred source that has work, never for two at once.
 *
 * A source begins when all before it have failed; those before it go on trying. One that comes back takes over at
 * once. The one it replaces is kept for a while, so that coming and going costs no work, and then stopped.
 * One that rests between two blocks is not away: the threads rest with it.
 */
import type { MinerEvent } from '../event.ts';
import type { Hit, Work } from '../hashing/work.ts';
import type { Problem } from '../problem.ts';

/** How long a source may be without work until the next one is asked too. */
export const PATIENCE_MS = 10_000;
/** Attempts in a row that may fail until then. */
const ATTEMPTS_MAX = 2;
/** How long a source must have given work until those after it are let go. */
export const PROBATION_MS = 30_000;
/** Works whose source is remembered: threads change over within milliseconds, so few are needed. */
const WORKS_KEPT = 32;

export type FailoverEvent =
  | { readonly type: 'start' }
  /** A source has work, or has none any more. */
  | { readonly type: 'work'; readonly place: number; readonly work: Work | undefined }
  /** A source is well, and expects to have work again within so long. */
  | { readonly type: 'rest'; readonly place: number; readonly withinMs: number }
  | { readonly type: 'report'; readonly place: number; readonly event: MinerEvent }
  /** A thread found a header that should be a share. */
  | { readonly type: 'hit'; readonly hit: Hit }
  /** A source that was to stop has stopped. */
  | { readonly type: 'ended'; readonly place: number }
  /** The deadline has come. */
  | { readonly type: 'tick' }
  | { readonly type: 'stop' };

export type FailoverEffect =
  | { readonly type: 'start'; readonly place: number }
  | { readonly type: 'stop'; readonly place: number }
  /** What all threads work on from now on; undefined: nothing. */
  | { readonly type: 'work'; readonly work: Work | undefined }
  | { readonly type: 'submit'; readonly place: number; readonly hit: Hit }
  /** A hit of this thread needs no more attention. */
  | { readonly type: 'settled'; readonly thread: number }
  | { readonly type: 'report'; readonly event: MinerEvent }
  /** The last effect of all. */
  | { readonly type: 'stopped' };

/** A source by the names that people know it by. */
export interface PlaceName {
  /** Its address, without credentials. */
  readonly pool: string;
  readonly user: string;
}

type JobEvent = Extract<MinerEvent, { type: 'job' }>;

/** What is known of one source. */
interface Place extends PlaceName {
  /** `leaving`: told to stop, with shares in flight perhaps. */
  state: 'off' | 'on' | 'leaving';
  work: Work | undefined;
  /** What was told of the work; undefined until it is. */
  job: JobEvent | undefined;
  /** From then on nothing is hoped of it while it is without work. */
  giveUpMs: number;
  /** Until then it is without work of its own choice. */
  restUntilMs: number;
  isAttempting: boolean;
  /** Attempts that have failed since it was begun or lost its work. */
  failures: number;
  /** Whether it has given work since it was last said to be away. */
  isMissed: boolean;
  /** Shares that were sent there and not answered. */
  sharesInFlight: number;
}

/** Which of several sources is worked for. */
export class Failover {
  readonly #places: readonly Place[];
  /** Whose work the threads are on. */
  #inUse: number | undefined;
  #inUseSinceMs = 0;
  /** Places by the serials of their works, oldest first. */
  readonly #owners = new Map<number, number>();
  #isStopping = false;
  #effects: FailoverEffect[] = [];

  /** @param names the sources, most preferred first */
  constructor(names: readonly PlaceName[]) {
    this.#places = names.map((name) => ({
      ...name,
      state: 'off',
      work: undefined,
      job: undefined,
      giveUpMs: Number.POSITIVE_INFINITY,
      restUntilMs: Number.NEGATIVE_INFINITY,
      isAttempting: false,
      failures: 0,
      isMissed: false,
      sharesInFlight: 0,
    }));
  }

  /** When a `tick` is due, or undefined if nothing is being waited for. */
  get deadlineMs(): number | undefined {
    if (this.#isStopping) return undefined;
    if (this.#inUse === undefined) return this.#nextPlace === undefined ? undefined : this.#giveUpMs;
    const deadlines = this.#dispensable.length === 0 ? [] : [this.#inUseSinceMs + PROBATION_MS];
    const place = this.#places[this.#inUse];
    if (place !== undefined && place.work === undefined) deadlines.push(place.restUntilMs);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Takes one event and says what is to be done about it, in order. */
  handle(event: FailoverEvent, nowMs: number): readonly FailoverEffect[] {
    this.#effects = [];
    this.#step(event, nowMs);
    if (!this.#isStopping) this.#choose(nowMs);
    return this.#effects;
  }

  #step(event: FailoverEvent, nowMs: number): void {
    switch (event.type) {
      case 'start':
        if (!this.#isStopping) this.#begin(0, nowMs);
        return;
      case 'work':
        this.#take(event.place, event.work, nowMs);
        return;
      case 'rest':
        this.#rest(event.place, event.withinMs, nowMs);
        return;
      case 'report':
        this.#hear(event.place, event.event, nowMs);
        return;
      case 'hit':
        this.#submit(event.hit);
        return;
      case 'ended':
        this.#end(event.place);
        return;
      case 'stop':
        this.#stop();
        return;
      case 'tick':
        return;
    }
  }

  // The places

  /** The most preferred place that does not run; undefined while all do. */
  get #firstIdle(): number | undefined {
    const index = this.#places.findIndex(({ state }) => state !== 'on');
    return index === -1 ? undefined : index;
  }

  /** The place to begin next, if there is one and it is free. */
  get #nextPlace(): number | undefined {
    const next = this.#firstIdle;
    return next !== undefined && this.#places[next]?.state === 'off' ? next : undefined;
  }

  /** Until when those before the next place are waited for; undefined where none of them runs, or all do. */
  get #giveUpMs(): number | undefined {
    return this.#places[(this.#firstIdle ?? 0) - 1]?.giveUpMs;
  }

  /**
   * Those that run although one before them is in use, and owe no answer. A node that is away is still brought its
   * block, for minutes: it is not to be stopped meanwhile.
   */
  get #dispensable(): readonly number[] {
    const inUse = this.#inUse ?? this.#places.length;
    return this.#places.flatMap(({ state, sharesInFlight }, place) =>
      place > inUse && state === 'on' && sharesInFlight === 0 ? [place] : [],
    );
  }

  #begin(index: number, nowMs: number): void {
    const place = this.#places[index];
    if (place === undefined || place.state !== 'off') return;
    place.state = 'on';
    hopeAnew(place, nowMs);
    this.#effects.push({ type: 'start', place: index });
  }

  #leave(index: number): void {
    const place = this.#places[index];
    if (place?.state !== 'on') return;
    place.state = 'leaving';
    place.work = undefined;
    place.restUntilMs = Number.NEGATIVE_INFINITY;
    place.job = undefined;
    this.#effects.push({ type: 'stop', place: index });
  }

  #end(index: number): void {
    const place = this.#places[index];
    if (place !== undefined) place.state = 'off';
    if (this.#isStopping) this.#finish();
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#effects.push({ type: 'work', work: undefined });
    for (const index of this.#places.keys()) this.#leave(index);
    this.#finish();
  }

  #finish(): void {
    if (this.#places.some(({ state }) => state !== 'off')) return;
    this.#report({ type: 'stopped' });
    this.#effects.push({ type: 'stopped' });
  }

  // Work and hits

  #take(index: number, work: Work | undefined, nowMs: number): void {
    const place = this.#places[index];
    if (place?.state !== 'on') return;
    const isWell = place.work !== undefined || nowMs < place.restUntilMs;
    if (work === undefined && isWell) hopeAnew(place, nowMs);
    if (work !== undefined) place.isMissed = true;
    else place.job = undefined;
    place.work = work;
    place.restUntilMs = Number.NEGATIVE_INFINITY;
    // Whether another place is to take over is decided in #choose.
    if (index === this.#inUse && work !== undefined) this.#put(index, work);
  }

  #rest(index: number, withinMs: number, nowMs: number): void {
    const place = this.#places[index];
    if (place?.state !== 'on') return;
    hopeAnew(place, nowMs + withinMs);
    place.restUntilMs = place.giveUpMs;
    place.work = undefined;
    place.job = undefined;
    if (index === this.#inUse) this.#effects.push({ type: 'work', work: undefined });
  }

  #put(index: number, work: Work): void {
    this.#owners.set(work.serial, index);
    for (const serial of this.#owners.keys()) {
      if (this.#owners.size > WORKS_KEPT) this.#owners.delete(serial);
    }
    this.#effects.push({ type: 'work', work });
  }

  #submit(hit: Hit): void {
    const owner = this.#owners.get(hit.serial);
    if (owner !== undefined && this.#places[owner]?.state !== 'off') {
      this.#effects.push({ type: 'submit', place: owner, hit });
      return;
    }
    this.#report({ type: 'share-discarded' });
    this.#effects.push({ type: 'settled', thread: hit.thread });
  }

  /** Puts the threads on the best work there is; begins and ends sources as that demands. */
  #choose(nowMs: number): void {
    const next = this.#nextPlace;
    const best = this.#places.findIndex(
      ({ state, work, restUntilMs }, index) =>
        state === 'on' && (work !== undefined || (index === this.#inUse && nowMs < restUntilMs)),
    );
    const place = this.#places[best];
    if (place === undefined) {
      if (this.#inUse !== undefined) this.#effects.push({ type: 'work', work: undefined });
      this.#inUse = undefined;
      const giveUpMs = this.#giveUpMs;
      if (giveUpMs !== undefined && nowMs >= giveUpMs && next !== undefined) this.#begin(next, nowMs);
      return;
    }
    if (best !== this.#inUse && place.work !== undefined) {
      this.#inUse = best;
      this.#inUseSinceMs = nowMs;
      this.#put(best, place.work);
      this.#report({ type: 'pool', pool: place.pool, user: place.user });
      // Told when it came, as what happened elsewhere: from now on its difficulty is ours.
      if (place.job !== undefined) this.#report(place.job);
    }
    if (next !== undefined && next < best) this.#begin(next, nowMs);
    if (nowMs < this.#inUseSinceMs + PROBATION_MS) return;
    for (const index of this.#dispensable) this.#leave(index);
  }

  // Reports

  #hear(index: number, event: MinerEvent, nowMs: number): void {
    const place = this.#places[index];
    // That all has stopped is told once, in the end.
    if (place === undefined || event.type === 'stopped') return;
    if (event.type === 'connecting') place.isAttempting = true;
    if (event.type === 'job') place.job = event;
    place.sharesInFlight += inFlightChange(event);
    if (event.type === 'disconnected') this.#judge(place, event.retryInMs, nowMs);
    const isNews = this.#inUse === undefined || this.#inUse === index || concernsAll(event);
    if (event.type === 'disconnected' && !isNews) this.#miss(place, event.problem);
    if (event.type === 'disconnected') place.isMissed = false;
    this.#report(isNews ? event : { type: 'elsewhere', pool: place.pool, event });
  }

  /** An attempt has failed, or a connection has: is it worth while to wait for the next attempt? */
  #judge(place: Place, retryInMs: number, nowMs: number): void {
    if (place.isAttempting) place.failures += 1;
    place.isAttempting = false;
    const isHopeless = place.failures >= ATTEMPTS_MAX || nowMs + retryInMs > place.giveUpMs;
    if (isHopeless) place.giveUpMs = Math.min(place.giveUpMs, nowMs);
  }

  #miss({ isMissed, pool }: Place, problem: Problem): void {
    if (isMissed) this.#report({ type: 'pool-away', pool, problem });
  }

  #report(event: MinerEvent): void {
    this.#effects.push({ type: 'report', event });
  }
}

function hopeAnew(place: Place, nowMs: number): void {
  place.giveUpMs = nowMs + PATIENCE_MS;
  place.failures = 0;
  place.isAttempting = false;
}

function inFlightChange({ type }: MinerEvent): number {
  switch (type) {
    case 'share-found':
      return 1;
    case 'share-accepted':
    case 'share-refused':
    case 'share-unanswered':
      return -1;
    default:
      return 0;
  }
}

/** What has become of a share counts wherever it was sent, and a thread that miscounts does so everywhere. */
function concernsAll(event: MinerEvent): boolean {
  return event.type.startsWith('share-') || (event.type === 'problem' && event.problem.code === 'wrong-hit');
}
