/** What a miner has done so far, gathered from its events and its threads' counts. */
import type { MinerEvent } from '../event.ts';
import type { Problem, ShareRefusal } from '../problem.ts';
import { HashRateMeter } from './hash-rate.ts';

const MINUTE_SECONDS = 60;
const QUARTER_HOUR_SECONDS = 900;
const NOW_SECONDS = 10;

/** Hashes that a share of difficulty 1 takes on average. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Hashes per second over windows; null until a window has been measured whole. */
export interface HashRates {
  /** Over the last ten seconds, or the few that there have been. */
  readonly now: number | null;
  readonly seconds10: number | null;
  readonly minute1: number | null;
  readonly minutes15: number | null;
}

/** Counts of shares since the start. Every share found ends as one of them. */
export interface ShareCounts {
  readonly accepted: number;
  /** Refused because the job's tip had passed. */
  readonly stale: number;
  /** Refused for any other reason; `reasons` says which. */
  readonly rejected: number;
  readonly reasons: Readonly<Partial<Record<ShareRefusal, number>>>;
  /** Found for a job that had passed, not sent. */
  readonly discarded: number;
  /** Sent, never answered. */
  readonly unanswered: number;
  readonly inFlight: number;
  /** Sum of the difficulties of the accepted shares. */
  readonly acceptedDifficulty: number;
}

/** A snapshot; what is not known is null. */
export interface MinerStats {
  readonly uptimeSeconds: number;
  readonly kernel: string;
  readonly threads: number;
  readonly pool: string;
  readonly user: string;
  readonly state: 'connecting' | 'connected' | 'mining' | 'waiting' | 'stopped';
  /** What keeps the miner from mining, while it does. */
  readonly problem: Problem | null;
  /** Difficulty of a share of the present job. */
  readonly difficulty: number | null;
  readonly networkDifficulty: number | null;
  readonly hashes: number;
  readonly hashRate: HashRates;
  /** Per thread, over the last ten seconds, or the few that there have been. */
  readonly threadHashRates: readonly (number | null)[];
  readonly shares: ShareCounts;
  /** Shares that met the network's target and were accepted. */
  readonly blocks: number;
  readonly bestShareDifficulty: number | null;
  readonly secondsSinceAcceptedShare: number | null;
  /** How long it took at the last change of jobs until every thread was known to search the new one. */
  readonly jobSwitchMs: number | null;
  readonly expectedSecondsPerShare: number | null;
  readonly expectedSecondsPerBlock: number | null;
}

export interface StatisticsOptions {
  /** The kernel that is hashed with now. */
  readonly kernel: () => string;
  readonly threads: number;
  readonly pool: string;
  readonly user: string;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** Gathers what {@link MinerStats} shows. */
export class Statistics {
  readonly #options: StatisticsOptions;
  readonly #startedMs: number;
  readonly #meter = new HashRateMeter();
  readonly #threadMeters: readonly HashRateMeter[];
  #pool: string;
  #user: string;
  #hashes = 0;
  #state: MinerStats['state'] = 'connecting';
  #problem: Problem | null = null;
  #difficulty: number | null = null;
  #networkDifficulty: number | null = null;
  #found = 0;
  #accepted = 0;
  #acceptedDifficulty = 0;
  #discarded = 0;
  #unanswered = 0;
  readonly #reasons = new Map<ShareRefusal, number>();
  #blocks = 0;
  #bestShareDifficulty: number | null = null;
  #lastAcceptedMs: number | undefined;
  #jobSwitchMs: number | null = null;

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#startedMs = options.nowMs();
    this.#pool = options.pool;
    this.#user = options.user;
    this.#threadMeters = Array.from({ length: options.threads }, () => new HashRateMeter());
  }

  /** Adds hashes that a thread has done since it was last heard of. */
  addHashes(thread: number, hashes: number): void {
    const nowMs = this.#options.nowMs();
    this.#hashes += hashes;
    this.#meter.add(hashes, nowMs);
    this.#threadMeters[thread]?.add(hashes, nowMs);
  }

  /** Takes note of how long the threads took to change over to a new job. */
  setJobSwitch(elapsedMs: number): void {
    this.#jobSwitchMs = elapsedMs;
  }

  /** Takes note of an event. */
  observe(event: MinerEvent): void {
    switch (event.type) {
      case 'connecting':
        this.#state = 'connecting';
        return;
      case 'connected':
        this.#state = 'connected';
        return;
      case 'authorized':
        this.#state = 'mining';
        this.#problem = null;
        return;
      case 'disconnected':
        this.#state = 'waiting';
        this.#problem = event.problem;
        this.#difficulty = null;
        this.#networkDifficulty = null;
        return;
      case 'stopped':
        this.#state = 'stopped';
        return;
      case 'job':
        this.#difficulty = event.difficulty;
        this.#networkDifficulty = event.networkDifficulty;
        return;
      case 'share-found':
        this.#found += 1;
        this.#bestShareDifficulty = Math.max(this.#bestShareDifficulty ?? 0, event.shareDifficulty);
        return;
      case 'share-accepted':
        this.#accepted += 1;
        this.#acceptedDifficulty += event.difficulty;
        this.#lastAcceptedMs = this.#options.nowMs();
        if (event.isBlock) this.#blocks += 1;
        return;
      case 'share-refused':
        this.#reasons.set(event.refusal, (this.#reasons.get(event.refusal) ?? 0) + 1);
        return;
      case 'share-unanswered':
        this.#unanswered += 1;
        return;
      case 'share-discarded':
        this.#discarded += 1;
        return;
      case 'pool':
        this.#pool = event.pool;
        this.#user = event.user;
        this.#state = 'mining';
        this.#problem = null;
        return;
      case 'pool-away':
      case 'elsewhere':
      case 'difficulty':
      case 'message':
      case 'problem':
      case 'kernel':
        return;
    }
  }

  /** The figures as they are now. */
  snapshot(): MinerStats {
    const nowMs = this.#options.nowMs();
    const hashRate: HashRates = {
      now: this.#meter.rateSoFar(NOW_SECONDS, nowMs),
      seconds10: this.#meter.rate(NOW_SECONDS, nowMs),
      minute1: this.#meter.rate(MINUTE_SECONDS, nowMs),
      minutes15: this.#meter.rate(QUARTER_HOUR_SECONDS, nowMs),
    };
    const steadiest = hashRate.minute1 ?? hashRate.now;
    return {
      uptimeSeconds: secondsBetween(this.#startedMs, nowMs),
      kernel: this.#options.kernel(),
      threads: this.#options.threads,
      pool: this.#pool,
      user: this.#user,
      state: this.#state,
      problem: this.#problem,
      difficulty: this.#difficulty,
      networkDifficulty: this.#networkDifficulty,
      hashes: this.#hashes,
      hashRate,
      threadHashRates: this.#threadMeters.map((meter) => meter.rateSoFar(NOW_SECONDS, nowMs)),
      shares: this.#shareCounts(),
      blocks: this.#blocks,
      bestShareDifficulty: this.#bestShareDifficulty,
      secondsSinceAcceptedShare:
        this.#lastAcceptedMs === undefined ? null : secondsBetween(this.#lastAcceptedMs, nowMs),
      jobSwitchMs: this.#jobSwitchMs,
      expectedSecondsPerShare: expectedSeconds(this.#difficulty, steadiest),
      expectedSecondsPerBlock: expectedSeconds(this.#networkDifficulty, steadiest),
    };
  }

  #shareCounts(): ShareCounts {
    const stale = this.#reasons.get('stale') ?? 0;
    const refused = [...this.#reasons.values()].reduce((sum, count) => sum + count, 0);
    return {
      accepted: this.#accepted,
      stale,
      rejected: refused - stale,
      reasons: Object.fromEntries(this.#reasons),
      discarded: this.#discarded,
      unanswered: this.#unanswered,
      inFlight: this.#found - this.#accepted - refused - this.#unanswered,
      acceptedDifficulty: this.#acceptedDifficulty,
    };
  }
}

/** Mean time between hashes of a difficulty at a hash rate; null if either is unknown or nothing is hashed. */
function expectedSeconds(difficulty: number | null, hashRate: number | null): number | null {
  if (difficulty === null || hashRate === null || hashRate <= 0) return null;
  return (difficulty * HASHES_PER_DIFFICULTY) / hashRate;
}

function secondsBetween(fromMs: number, toMs: number): number {
  return Math.round(toMs - fromMs) / 1000;
}
