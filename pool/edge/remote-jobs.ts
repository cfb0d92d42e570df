import { equalBytes, hashKey, hexToBytes } from '../../protocol/bytes.ts';
import type { Difficulty } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobListener, JobSource } from '../jobs/job-source.ts';
import { newTip, type Tip } from '../jobs/tip.ts';
import { CommittedJobs, makeEdgeJob } from './edge-job.ts';
import type { WireJob } from './wire.ts';

export interface RemoteJobsOptions {
  readonly clock: Clock;
  /** Where counting of the edge's jobs begins; random, so that a restart does not repeat ids. */
  readonly firstSequence: number;
  /** How long miners work on while the pool is away. */
  readonly maxOfflineMs: number;
}

/** A job of the pool, as it came. */
interface Origin {
  readonly wire: WireJob;
  readonly tip: Tip;
  /** Steady clock of the edge. */
  readonly createdMs: number;
}

interface Entry {
  readonly job: Job;
  readonly origin: Origin;
}

/** Miners drop work older than 120 s: while the pool sends nothing new, the last job is made new. */
const REFRESH_MS = 30_000;
/** A connection that is back at once is not worth telling of. */
const PATIENCE_MS = 3_000;
/** Bounds memory while one block stands for hours; the oldest jobs go first. */
const MAX_JOBS = 1_024;

/** Whether the pool can be reached, and what miners were told of it. */
type Contact =
  | { readonly name: 'up' }
  | { readonly name: 'away'; readonly sinceMs: number; readonly told: 'nothing' | 'away' | 'paused' };

/**
 * The jobs of an edge: each is made of one the pool sent. While the pool is away miners work on at the last one,
 * but not for ever: what they find may be worth nothing any more.
 */
export class RemoteJobs implements JobSource {
  readonly perAddress = false;
  readonly #options: RemoteJobsOptions;
  readonly #committed = new CommittedJobs();
  readonly #listeners: JobListener[] = [];
  /** By id, in the order they were made. */
  readonly #jobs = new Map<string, Entry>();
  readonly #tips = new Map<string, Tip>();
  #sequence: number;
  #ttlMs = 0;
  #current: Entry | undefined;
  #contact: Contact = { name: 'up' };
  /** When all miners got a job last. */
  #toldMs = 0;

  constructor(options: RemoteJobsOptions) {
    this.#options = options;
    this.#sequence = options.firstSequence;
  }

  listen(listener: JobListener): void {
    this.#listeners.push(listener);
  }

  current(): Job | undefined {
    return this.isPaused ? undefined : this.#current?.job;
  }

  find(jobId: string): Job | undefined {
    return this.#jobs.get(jobId)?.job;
  }

  fresh(): Job | undefined {
    const current = this.#current;
    return current === undefined || this.isPaused ? undefined : this.#make(current.origin).job;
  }

  /** An edge has no transactions. */
  transactionsOf(): undefined {
    return undefined;
  }

  /** How a job is named to the pool. */
  originOf(jobId: string): { readonly job: string; readonly variant: number } | undefined {
    const entry = this.#jobs.get(jobId);
    return entry && { job: entry.origin.wire.id, variant: entry.job.sequence };
  }

  /** What a job was sent to miners with. */
  difficultyOf(job: Job): Difficulty | undefined {
    return this.#committed.difficultyOf(job);
  }

  /** Whether the pool has been away for too long to go on. */
  get isPaused(): boolean {
    return this.#contact.name === 'away' && this.#awayMs >= this.#options.maxOfflineMs;
  }

  get #awayMs(): number {
    return this.#contact.name === 'up' ? 0 : this.#options.clock.steadyMs() - this.#contact.sinceMs;
  }

  /**
   * The pool can be reached.
   * @param wire its work of now
   * @throws RangeError when no job can be made of it
   */
  onUp(wire: WireJob | null, ttlMs: number): void {
    const wasPaused = this.isPaused;
    const before = this.#contact;
    this.#contact = { name: 'up' };
    this.#ttlMs = ttlMs;
    // Many a connection breaks for a moment: whoever has this job already is left in peace.
    const isSame = wire !== null && wire.id === this.#current?.origin.wire.id && !wasPaused;
    if (wire !== null && !isSame) this.onJob(wire, false);
    if (before.name === 'away' && before.told !== 'nothing') this.#notice('The pool is back.');
  }

  onDown(): void {
    if (this.#contact.name === 'away') return;
    this.#contact = { name: 'away', sinceMs: this.#options.clock.steadyMs(), told: 'nothing' };
  }

  /**
   * New work of the pool.
   * @param isNewBlock the pool's word for it; a change of the parent says it too
   * @throws RangeError when no job can be made of it
   */
  onJob(wire: WireJob, isNewBlock: boolean): void {
    const nowMs = this.#options.clock.steadyMs();
    this.#sweep(nowMs);
    const previous = hexToBytes(wire.previous);
    const tip = this.#tips.get(hashKey(previous)) ?? newTip(previous, wire.height - 1);
    const clean = isNewBlock || this.#current?.origin.tip !== tip;
    const entry = this.#make({ wire, tip, createdMs: nowMs - wire.age_ms });
    this.#current = entry;
    this.#tips.set(hashKey(tip.hash), tip);
    for (const each of this.#tips.values()) {
      each.retiredMs = equalBytes(each.hash, tip.hash) ? undefined : (each.retiredMs ?? nowMs);
    }
    this.#tell(entry.job, clean);
  }

  onNotice(text: string): void {
    this.#notice(text);
  }

  /** Lets time work; to be called about every second. */
  tick(): void {
    this.#tellOfAbsence();
    const { clock } = this.#options;
    if (clock.steadyMs() - this.#toldMs < REFRESH_MS || this.#contact.name === 'up') return;
    const job = this.fresh();
    if (job !== undefined) this.#tell(job, false);
  }

  #tellOfAbsence(): void {
    if (this.#contact.name === 'up') return;
    const { maxOfflineMs } = this.#options;
    const { told } = this.#contact;
    if (this.isPaused && told !== 'paused') {
      this.#contact = { ...this.#contact, told: 'paused' };
      this.#notice('The pool behind this edge is still away: shares are not taken until it is back.');
    } else if (told === 'nothing' && this.#awayMs >= PATIENCE_MS) {
      this.#contact = { ...this.#contact, told: 'away' };
      const seconds = Math.round(maxOfflineMs / 1000);
      this.#notice(`The pool behind this edge is away. Work goes on for ${seconds} s; shares are held.`);
    }
  }

  #make(origin: Origin): Entry {
    const { createdMs, tip, wire } = origin;
    const job = makeEdgeJob(wire, tip, this.#sequence, this.#committed, createdMs);
    this.#sequence += 1;
    const entry = { job, origin };
    this.#jobs.set(job.jobId, entry);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MAX_JOBS && oldest !== undefined) this.#jobs.delete(oldest);
    return entry;
  }

  #tell(job: Job, clean: boolean): void {
    this.#toldMs = this.#options.clock.steadyMs();
    for (const listener of this.#listeners) listener.onJob(job, clean);
  }

  #notice(text: string): void {
    for (const listener of this.#listeners) listener.onNotice(text);
  }

  #sweep(nowMs: number): void {
    const isOver = ({ retiredMs }: Tip) => retiredMs !== undefined && nowMs - retiredMs > this.#ttlMs;
    for (const [key, tip] of this.#tips) if (isOver(tip)) this.#tips.delete(key);
    for (const [id, { origin }] of this.#jobs) if (isOver(origin.tip)) this.#jobs.delete(id);
  }
}
