/**
 * What is mined on and what becomes of it, whatever the node is: which template the threads work on, which hits are
 * handed in, and when there is a rest.
 */
import { displayHash, equalBytes, hashKey } from '../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import { isSameWork, type Template } from '../../protocol/template.ts';
import type { Hash } from '../../protocol/units.ts';
import { difficultyOfHash, meetsTarget } from '../../protocol/work.ts';
import type { Hit } from '../hashing/work.ts';
import { shownText } from '../problem.ts';
import { type BackOffLimits, backOffDelayMs } from '../source/back-off.ts';
import type { SourceListener, SourceTools } from '../source/work-source.ts';
import type { BlockVerdict, HandedBlock } from './block-delivery.ts';
import { nodeTimeProblem } from './node-problem.ts';
import { blockOf, makeSoloJob, type SoloJob } from './solo-job.ts';

export interface SoloDeskOptions {
  readonly tools: SourceTools;
  readonly listener: SourceListener;
  /** Hands a block in; rejects with the signal's reason when it fires before anything is known. */
  readonly deliver: (block: HandedBlock, signal: AbortSignal) => Promise<BlockVerdict>;
  /** Asks for a template that is newer than everything asked for before. */
  readonly hurry: () => void;
}

/** Whom the blocks pay, and how often there may be one. */
export interface SoloTerms {
  readonly user: string;
  /** Output script that is paid. */
  readonly script: Uint8Array;
  /** Least time from one block to the work on the next. */
  readonly paceMs: number;
}

/** Jobs on one tip whose hits are still good: threads change over within milliseconds, so few are needed. */
const JOBS_KEPT = 8;
/** The same work is given anew when its time is so old, that blocks carry about the time they were found at. */
const RENEW_SECONDS = 5;
/** A block dated further ahead is refused by others (MAX_FUTURE_BLOCK_TIME of Bitcoin Core). */
const FAR_SECONDS = 7_200;
/** Blocks that the node has not judged yet, each of which may have 4 MB. */
const DELIVERIES_MAX = 8;
/** A block of which nothing can be found out for so long is given up. */
const DELIVERY_MS = 600_000;
/** How long stopping waits for what the node says of the last block. */
const STOP_MS = 1_000;
/** A rest after blocks that came too late, and after refused ones: a broken node is not flooded with more of them. */
const REST_AFTER_STALE: BackOffLimits = { firstDelayMs: 50, maxDelayMs: 10_000 };
const REST_AFTER_REFUSAL: BackOffLimits = { firstDelayMs: 1_000, maxDelayMs: 60_000 };

/** A block that was handed in and not judged yet. */
interface Delivery {
  readonly hit: Hit;
  readonly job: SoloJob;
  readonly sentMs: number;
  readonly ending: AbortController;
  readonly finished: Promise<void>;
}

/** Turns templates into work and hits into blocks. */
export class SoloDesk {
  readonly #options: SoloDeskOptions;
  #terms: SoloTerms | undefined;
  #isAnnounced = false;
  /** Jobs on the present tip by serial, oldest first. */
  readonly #jobs = new Map<number, SoloJob>();
  #tip: Hash | undefined;
  /** What the threads work on. */
  #current: SoloJob | undefined;
  #isResting = false;
  /** By the block before, oldest first: on one tip there is one block at a time, so that nobody mines beside himself. */
  readonly #deliveries = new Map<string, Delivery>();
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** Blocks in a row that did not count. */
  #failures = 0;

  constructor(options: SoloDeskOptions) {
    this.#options = options;
  }

  /** A node answers: from here on its templates are taken. */
  open(terms: SoloTerms): void {
    this.#terms = terms;
    this.#isAnnounced = false;
  }

  /** The node is away. Blocks in flight are still brought to it. */
  close(): void {
    this.#terms = undefined;
    this.#setCurrent(undefined);
  }

  /** Takes a template, and puts the threads on it unless what they have is as good. */
  take(template: Template): void {
    const terms = this.#terms;
    if (terms === undefined) return;
    if (!this.#isAnnounced) this.#announce(terms, template);
    const isClean = this.#tip === undefined || !equalBytes(this.#tip, template.previous);
    if (isClean) this.#jobs.clear();
    this.#tip = template.previous;
    if (this.#isHeld(template, terms)) {
      if (this.#current !== undefined) this.#pause(0);
      return;
    }
    if (this.#current !== undefined && !isClean && isAsGood(this.#current.template, template)) return;
    this.#begin(template, terms, isClean);
  }

  /** Checks a hit by other code than the kernel's, and hands its block in if its tip still stands. */
  submit(hit: Hit): void {
    const { thread, serial } = hit;
    const job = this.#jobs.get(serial);
    if (job === undefined) {
      this.#report({ type: 'share-discarded' });
      this.#options.listener.onSettled(thread);
      return;
    }
    const block = blockOf(job, hit);
    const hash = hashHeaderBytes(block.header);
    if (!meetsTarget(hash, job.work.target)) {
      const text = `thread ${thread} reported a hash above the target: its kernel or this computer miscounts`;
      this.#report({ type: 'problem', problem: { code: 'wrong-hit', text } });
      this.#options.listener.onSettled(thread);
      return;
    }
    const shareDifficulty = difficultyOfHash(hash);
    this.#report({ type: 'share-found', shareDifficulty, hash: displayHash(hash), isBlock: true });
    // Threads may have found more on this tip: another block on it would stand beside this one.
    this.#jobs.clear();
    this.#pause(0);
    const { height, workId } = job.template;
    this.#deliver(hit, job, { hash, height, raw: block.raw(), workId });
  }

  /** Gives no more work and waits briefly for what the node says of blocks in flight. */
  async stop(): Promise<void> {
    this.close();
    clearTimeout(this.#rest);
    const timer = setTimeout(() => this.#giveUp(...this.#deliveries.values()), STOP_MS);
    await Promise.all([...this.#deliveries.values()].map(({ finished }) => finished));
    clearTimeout(timer);
    clearTimeout(this.#rest);
  }

  /** Whether nothing may be found now: one block at a time on a tip, and where a pace is kept, anywhere. */
  #isHeld({ previous }: Template, { paceMs }: SoloTerms): boolean {
    if (this.#rest !== undefined || this.#deliveries.has(hashKey(previous))) return true;
    // News of our own block may be here before the answer to it, from which on the pace counts.
    return paceMs > 0 && this.#deliveries.size > 0;
  }

  #announce({ user }: SoloTerms, { time }: Template): void {
    this.#isAnnounced = true;
    this.#report({ type: 'authorized', user: shownText(user) });
    const aheadSeconds = time - this.#options.tools.unixMs() / 1000;
    if (Math.abs(aheadSeconds) <= FAR_SECONDS) return;
    this.#report({ type: 'problem', problem: nodeTimeProblem(aheadSeconds) });
  }

  #begin(template: Template, { script }: SoloTerms, isClean: boolean): void {
    const { nextSerial, random } = this.#options.tools;
    const extranonce1 = Math.floor(random() * 2 ** 32);
    const job = makeSoloJob({ template, script, serial: nextSerial(), extranonce1, isClean });
    const { work } = job;
    this.#jobs.set(work.serial, job);
    for (const serial of this.#jobs.keys()) {
      if (this.#jobs.size > JOBS_KEPT) this.#jobs.delete(serial);
    }
    this.#setCurrent(job);
    const { difficulty } = work;
    const { jobId } = work.job;
    this.#report({ type: 'job', jobId, clean: isClean, difficulty, networkDifficulty: difficulty });
  }

  #deliver(hit: Hit, job: SoloJob, block: HandedBlock): void {
    const key = hashKey(job.template.previous);
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(DELIVERY_MS)]);
    const sentMs = this.#options.tools.nowMs();
    const finished = this.#options.deliver(block, signal).then(
      (verdict) => this.#judge(key, verdict),
      (error: unknown) => {
        if (!signal.aborted) throw error;
        this.#judge(key, undefined);
      },
    );
    this.#deliveries.set(key, { hit, job, sentMs, ending, finished });
    const [oldest] = this.#deliveries.values();
    if (this.#deliveries.size > DELIVERIES_MAX && oldest !== undefined) this.#giveUp(oldest);
  }

  #giveUp(...deliveries: readonly Delivery[]): void {
    for (const { ending } of deliveries) ending.abort();
  }

  /** @param verdict undefined when nothing could be found out */
  #judge(key: string, verdict: BlockVerdict | undefined): void {
    const delivery = this.#deliveries.get(key);
    if (delivery === undefined) return;
    this.#deliveries.delete(key);
    const { hit, job, sentMs } = delivery;
    this.#options.listener.onSettled(hit.thread);
    switch (verdict?.kind) {
      case undefined:
        this.#report({ type: 'share-unanswered', isBlock: true });
        this.#resumeIn(0);
        return;
      case 'accepted': {
        const latencyMs = this.#options.tools.nowMs() - sentMs;
        const { difficulty } = job.work;
        const restMs = this.#terms?.paceMs ?? 0;
        this.#failures = 0;
        this.#report({ type: 'share-accepted', difficulty, isBlock: true, latencyMs });
        if (restMs > 0) this.#pause(restMs);
        this.#resumeIn(restMs);
        return;
      }
      case 'stale': {
        const restMs = this.#refuse('stale', `stale: ${shownText(verdict.reason)}`, REST_AFTER_STALE);
        this.#pause(restMs);
        this.#resumeIn(restMs);
        return;
      }
      case 'rejected':
        // Nothing good is to be expected of the node: whoever has another one mines there.
        this.#setCurrent(undefined);
        this.#resumeIn(
          this.#refuse('other', `refused by the node: ${shownText(verdict.reason)}`, REST_AFTER_REFUSAL),
        );
        return;
    }
  }

  /** @returns how long to rest after it */
  #refuse(refusal: 'stale' | 'other', text: string, rest: BackOffLimits): number {
    this.#failures += 1;
    this.#report({ type: 'share-refused', refusal, text, isBlock: true });
    return backOffDelayMs(this.#failures, this.#options.tools.random(), rest);
  }

  /** Until then templates are noted but not worked on. */
  #resumeIn(ms: number): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    if (ms <= 0) {
      this.#options.hurry();
      return;
    }
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.#options.hurry();
    }, ms);
  }

  #setCurrent(job: SoloJob | undefined): void {
    if (job === this.#current && !this.#isResting) return;
    this.#isResting = false;
    this.#current = job;
    this.#options.listener.onWork(job?.work);
  }

  /** Has the threads rest, unless the node is away anyway. @param withinMs when there should be work again */
  #pause(withinMs: number): void {
    if (this.#terms === undefined) return;
    this.#isResting = true;
    this.#current = undefined;
    this.#options.listener.onRest(withinMs);
  }

  #report(event: Parameters<SourceListener['onEvent']>[0]): void {
    this.#options.listener.onEvent(event);
  }
}

/** Whether work on the one need not be given up for the other. */
function isAsGood(present: Template, next: Template): boolean {
  return isSameWork(present, next) && next.time - present.time < RENEW_SECONDS;
}
