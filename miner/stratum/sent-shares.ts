/** The shares of a connection that the pool has not answered yet. */
import { STRATUM_ERRORS, type StratumResponse } from '../../protocol/stratum.ts';
import type { Work } from '../hashing/work.ts';
import { type ShareRefusal, shareRefusalOf, shareRefusalText } from '../problem.ts';
import type { EffectSink } from './effect.ts';
import { SHARE_TIMEOUT_MS } from './time-limits.ts';

/** A share that was sent and not yet answered. */
export interface SentShare {
  readonly thread: number;
  readonly work: Work;
  readonly isBlock: boolean;
  readonly sentMs: number;
}

/** Waits for the answers to shares, and says what became of each. There are no more than threads let wait. */
export class SentShares {
  /** By the id of their mining.submit, oldest first. */
  readonly #shares = new Map<string, SentShare>();
  readonly #effect: EffectSink;
  /** Whether the tip of a work has passed. */
  readonly #isPassed: (work: Work) => boolean;
  #acceptedCount = 0;

  constructor(effect: EffectSink, isPassed: (work: Work) => boolean) {
    this.#effect = effect;
    this.#isPassed = isPassed;
  }

  get size(): number {
    return this.#shares.size;
  }

  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** When the oldest share has waited too long; Infinity if there is none. */
  get deadlineMs(): number {
    const [oldest] = this.#shares.values();
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.sentMs + SHARE_TIMEOUT_MS;
  }

  add(requestId: number, share: SentShare): void {
    this.#shares.set(String(requestId), share);
  }

  /**
   * Takes the answer to a share. Answers are told apart by their ids, in whatever order they come.
   *
   * @returns `accepted`, why it was refused, or undefined if this answers no share
   */
  answer(
    { id: answered, result, error }: StratumResponse,
    nowMs: number,
  ): 'accepted' | ShareRefusal | undefined {
    const id = String(answered);
    const share = this.#shares.get(id);
    if (share === undefined) return undefined;
    this.#shares.delete(id);
    const { thread, work, isBlock, sentMs } = share;
    this.#effect({ type: 'settled', thread });
    // A pool that counts a share does so whatever else it writes: an empty list as its error, for one.
    if (result === true) {
      this.#acceptedCount += 1;
      const { difficulty } = work;
      this.#effect({
        type: 'report',
        event: { type: 'share-accepted', difficulty, isBlock, latencyMs: nowMs - sentMs },
      });
      return 'accepted';
    }
    const failure = error ?? { code: STRATUM_ERRORS.other, message: '' };
    const refusal = shareRefusalOf(failure, this.#isPassed(work));
    const text = shareRefusalText(refusal, failure);
    this.#effect({ type: 'report', event: { type: 'share-refused', refusal, text, isBlock } });
    return refusal;
  }

  /** Stops waiting for answers that are overdue. A share without one tells nothing about the next. */
  forgetOverdue(nowMs: number): void {
    for (const [id, share] of this.#shares) {
      if (nowMs >= share.sentMs + SHARE_TIMEOUT_MS) this.#forget(id, share);
    }
  }

  /** Stops waiting for all of them. */
  forgetAll(): void {
    for (const [id, share] of this.#shares) this.#forget(id, share);
  }

  #forget(id: string, { thread, isBlock }: SentShare): void {
    this.#shares.delete(id);
    this.#effect({ type: 'report', event: { type: 'share-unanswered', isBlock } });
    this.#effect({ type: 'settled', thread });
  }
}
