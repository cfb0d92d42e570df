import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { type Job, type JobSettings, makeJob } from './job.ts';
import { isSameWork, type Template } from './template.ts';
import { newTip, type Tip } from './tip.ts';

/** How long jobs live. */
export interface JobTimes {
  /** A new job at least this often: miners drop work older than 120 s. */
  readonly refreshMs: number;
  /** A job is known this long after its tip was replaced. */
  readonly ttlMs: number;
}

/** What a new template calls for. */
export type Decision =
  /** New tip: everything before is stale. */
  | 'clean'
  /** Another job on the same tip; work on the one before still counts. */
  | 'renew'
  /** The job that is out is as good. */
  | 'keep';

/** More payments alone interrupt miners at most this often; the first ones of a block go out at once. */
const FEE_PAUSE_MS = 5_000;
/** Bounds memory while one tip stands for hours; the oldest jobs go first. */
const MAX_JOBS = 4_096;

/**
 * Decides what a template calls for.
 * @param current what the last job for everyone was made of, and its age; undefined before the first
 */
export function decide(
  current: { readonly template: Template; readonly ageMs: number } | undefined,
  next: Template,
  { refreshMs }: JobTimes,
): Decision {
  if (current === undefined || !equalBytes(current.template.previous, next.previous)) return 'clean';
  // Bits and time belong together: work at the old bits may have become needlessly hard.
  if (current.template.bits !== next.bits || current.ageMs >= refreshMs) return 'renew';
  if (isSameWork(current.template, next)) return 'keep';
  return current.template.transactions.size === 0 || current.ageMs >= FEE_PAUSE_MS ? 'renew' : 'keep';
}

interface Entry {
  readonly job: Job;
  readonly template: Template;
}

/** The jobs that are known, back to those whose tip was replaced `ttlMs` ago. Times are the steady clock's. */
export class Jobs {
  readonly #settings: JobSettings;
  readonly #times: JobTimes;
  /** By id, in the order they were made. */
  readonly #jobs = new Map<string, Entry>();
  readonly #tips = new Map<string, Tip>();
  #sequence: number;
  /** The last job that went to everyone. */
  #current: Entry | undefined;
  /** The last template seen, of which the next job is made. */
  #latest: Template | undefined;

  /**
   * @param firstSequence where job ids begin; random, so that a restart does not repeat ids
   * @param knownTip the tip of before a restart with what was credited on it
   */
  constructor(settings: JobSettings, times: JobTimes, firstSequence: number, knownTip?: Tip) {
    this.#settings = settings;
    this.#times = times;
    this.#sequence = firstSequence;
    if (knownTip !== undefined) this.#tips.set(hashKey(knownTip.hash), knownTip);
  }

  /** The last job that went to everyone. */
  get current(): Job | undefined {
    return this.#current?.job;
  }

  /** The last template seen. */
  get latest(): Template | undefined {
    return this.#latest;
  }

  find(jobId: string): Job | undefined {
    return this.#jobs.get(jobId)?.job;
  }

  /** What a job was made of; undefined once it is forgotten. */
  templateOf(job: Job): Template | undefined {
    return this.#jobs.get(job.jobId)?.template;
  }

  /**
   * Takes a template in and makes a job for everyone where one is called for.
   * @returns the new job and whether it makes all others stale, or undefined
   * @throws TemplateError when no job can be made of it
   */
  offer(template: Template, nowMs: number): { readonly job: Job; readonly clean: boolean } | undefined {
    this.#sweep(nowMs);
    const current = this.#current;
    const decision = decide(
      current && { template: current.template, ageMs: nowMs - current.job.createdMs },
      template,
      this.#times,
    );
    if (decision !== 'keep') {
      this.#current = this.#make(template, nowMs);
      if (decision === 'clean') this.#moveTo(template.previous, nowMs);
    }
    this.#latest = template;
    return decision === 'keep' || this.#current === undefined
      ? undefined
      : { job: this.#current.job, clean: decision === 'clean' };
  }

  /** Whether the job that is out should be replaced even without news. */
  isRefreshDue(nowMs: number): boolean {
    const { current } = this;
    return current !== undefined && nowMs - current.createdMs >= this.#times.refreshMs;
  }

  /** One more job on the latest template, for miners whose difficulty has changed. */
  fresh(nowMs: number): Job | undefined {
    return this.#latest === undefined ? undefined : this.#make(this.#latest, nowMs).job;
  }

  #make(template: Template, nowMs: number): Entry {
    const key = hashKey(template.previous);
    const tip = this.#tips.get(key) ?? newTip(template.previous, template.height - 1);
    const job = makeJob(template, tip, this.#sequence, this.#settings, nowMs);
    this.#sequence += 1;
    this.#tips.set(key, tip);
    const entry = { job, template };
    this.#jobs.set(job.jobId, entry);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MAX_JOBS && oldest !== undefined) this.#jobs.delete(oldest);
    return entry;
  }

  /** A tip that a reorganisation brings back stands again, with what was seen on it before. */
  #moveTo(standing: Hash, nowMs: number): void {
    for (const tip of this.#tips.values()) {
      tip.retiredMs = equalBytes(tip.hash, standing) ? undefined : (tip.retiredMs ?? nowMs);
    }
  }

  #sweep(nowMs: number): void {
    const isOver = ({ retiredMs }: Tip) => retiredMs !== undefined && nowMs - retiredMs > this.#times.ttlMs;
    for (const [key, tip] of this.#tips) if (isOver(tip)) this.#tips.delete(key);
    for (const [id, { job }] of this.#jobs) if (isOver(job.tip)) this.#jobs.delete(id);
  }
}
