import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import { isSameWork, type Template } from '../../protocol/template.ts';
import type { Hash } from '../../protocol/units.ts';
import { type Job, jobOf, makeRound, type Round, type RoundSettings } from './job.ts';
import { SoloJobs, type SoloSettings } from './solo.ts';
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
/** Bounds memory while one tip stands for hours; the oldest rounds go first. */
const MAX_ROUNDS = 4_096;
/** A template holds up to 4 MB of transactions, most of them shared with the one before. */
const MAX_TEMPLATES = 128;
/** Solo miners whose difficulty changes at about the same time share a round. */
const SHARED_FRESH_MS = 25;

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

/** Whom coinbases pay: one script with everything, or in solo each miner's own address. */
export type Payout = { readonly payoutScript: Uint8Array } | { readonly solo: SoloSettings };

export type JobsSettings = RoundSettings & Payout;

/** A round with its only job where all miners work for one script. */
interface Entry {
  readonly round: Round;
  readonly common: Job | undefined;
}

/** News for all miners. */
export interface NewWork {
  readonly round: Round;
  /** The round's job, where it has only one. */
  readonly job: Job | undefined;
  /** Everything before is stale. */
  readonly clean: boolean;
}

/** The jobs that are known, back to those whose tip was replaced `ttlMs` ago. Times are the steady clock's. */
export class Jobs {
  readonly #settings: JobsSettings;
  readonly #times: JobTimes;
  readonly #solo: SoloJobs | undefined;
  /** By job id, in the order they were made. */
  readonly #rounds = new Map<string, Entry>();
  readonly #tips = new Map<string, Tip>();
  #sequence: number;
  /** The last round that went to everyone. */
  #current: Entry | undefined;
  /** The last one made, whoever got it. */
  #last: Entry | undefined;
  /** The last template seen, of which the next round is made. */
  #latest: Template | undefined;

  /**
   * @param firstSequence where job ids begin; random, so that a restart does not repeat ids
   * @param knownTip the tip of before a restart with what was credited on it
   */
  constructor(settings: JobsSettings, times: JobTimes, firstSequence: number, knownTip?: Tip) {
    this.#settings = settings;
    this.#times = times;
    this.#solo = 'solo' in settings ? new SoloJobs(settings.solo) : undefined;
    this.#sequence = firstSequence;
    if (knownTip !== undefined) this.#tips.set(hashKey(knownTip.hash), knownTip);
  }

  /**
   * Takes in rounds of before a restart, whose work still counts. Ids that they have are not given again. Whether
   * their tips still stand is told by the first template. Called before it, and only where all work is for one
   * script.
   */
  restore(entries: readonly { readonly round: Round; readonly job: Job }[]): void {
    for (const { round, job } of entries) {
      this.#tips.set(hashKey(round.tip.hash), round.tip);
      this.#rounds.set(round.jobId, { round, common: job });
      this.#sequence = Math.max(this.#sequence, round.sequence + 1);
    }
  }

  /** A tip that is remembered: jobs on the same block share its record. */
  tipOf(hash: Hash): Tip | undefined {
    return this.#tips.get(hashKey(hash));
  }

  /** Whether each address has jobs of its own. */
  get perAddress(): boolean {
    return this.#solo !== undefined;
  }

  /** The last round that went to everyone. */
  get current(): Round | undefined {
    return this.#current?.round;
  }

  /** The last template seen. */
  get latest(): Template | undefined {
    return this.#latest;
  }

  /** The job of the current round; in solo that of an address, and none without one. */
  currentJob(address?: string): Job | undefined {
    return this.#current && this.#jobIn(this.#current, address);
  }

  /** A job that is still known; in solo that of an address. */
  find(jobId: string, address?: string): Job | undefined {
    const entry = this.#rounds.get(jobId);
    return entry && this.#jobIn(entry, address);
  }

  /** What a job was made of; undefined once it is forgotten. */
  templateOf(job: Pick<Job, 'jobId'>): Template | undefined {
    return this.#rounds.get(job.jobId)?.round.template;
  }

  /**
   * Takes a template in and makes a round for everyone where one is called for.
   * @param always a new round even without news: miners may have been left without work
   * @throws TemplateError when no job can be made of it
   */
  offer(template: Template, nowMs: number, always = false): NewWork | undefined {
    this.#sweep(nowMs);
    const current = this.#current?.round;
    const decision = decide(
      current && { template: current.template, ageMs: nowMs - current.createdMs },
      template,
      this.#times,
    );
    if (decision === 'keep' && !always) {
      this.#latest = template;
      return undefined;
    }
    const entry = this.#make(template, nowMs);
    this.#current = entry;
    this.#latest = template;
    if (decision === 'clean') this.#moveTo(template.previous, nowMs);
    return { round: entry.round, job: entry.common, clean: decision === 'clean' };
  }

  /** Whether the round that is out should be replaced even without news. */
  isRefreshDue(nowMs: number): boolean {
    const { current } = this;
    return current !== undefined && nowMs - current.createdMs >= this.#times.refreshMs;
  }

  /** One more job on the latest template, for miners whose difficulty has changed. */
  fresh(nowMs: number, address?: string): Job | undefined {
    if (this.#latest === undefined) return undefined;
    const last = this.#last;
    const isYoung =
      this.perAddress &&
      last !== undefined &&
      last !== this.#current &&
      last.round.template === this.#latest &&
      nowMs - last.round.createdMs < SHARED_FRESH_MS;
    return this.#jobIn(isYoung ? last : this.#make(this.#latest, nowMs), address);
  }

  #jobIn({ round, common }: Entry, address: string | undefined): Job | undefined {
    return address === undefined ? common : (common ?? this.#solo?.of(round, address));
  }

  #make(template: Template, nowMs: number): Entry {
    const key = hashKey(template.previous);
    const tip = this.#tips.get(key) ?? newTip(template.previous, template.height - 1);
    const round = makeRound(template, tip, this.#sequence, this.#settings, nowMs);
    this.#sequence += 1;
    this.#tips.set(key, tip);
    const entry = { round, common: this.#commonJob(round) };
    this.#last = entry;
    this.#rounds.set(round.jobId, entry);
    this.#bound();
    return entry;
  }

  #commonJob(round: Round): Job | undefined {
    if (!('payoutScript' in this.#settings)) return undefined;
    return jobOf(round, [{ value: round.template.reward, script: this.#settings.payoutScript }]);
  }

  /** Forgets the oldest rounds, and those of the oldest templates. */
  #bound(): void {
    const templates = new Set<Template>();
    for (const { round } of this.#rounds.values()) templates.add(round.template);
    const [stalest] = templates;
    for (const [id, { round }] of this.#rounds) {
      const isOver =
        this.#rounds.size > MAX_ROUNDS || (templates.size > MAX_TEMPLATES && round.template === stalest);
      if (!isOver) return;
      this.#rounds.delete(id);
    }
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
    const known = this.#rounds.size;
    for (const [id, { round }] of this.#rounds) if (isOver(round.tip)) this.#rounds.delete(id);
    if (this.#rounds.size !== known) this.#solo?.sweep((jobId) => this.#rounds.has(jobId));
  }
}
