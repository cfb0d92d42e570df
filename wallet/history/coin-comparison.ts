/**
 * Whether the coins reckoned from the kept book are those that the chain lists: looked at in the background soon after
 * a wallet was opened, and now and then while it is. The chain is right: a book that says otherwise is read anew.
 */
import { displayHash } from '../../protocol/bytes.ts';
import type { Look } from '../wallet-context.ts';
import { differenceOf } from './book-look.ts';
import type { Reading } from './wallet-history.ts';

/** How an owner of a wallet wants its coins reckoned from the book. */
export interface CoinReckoning {
  /** They were not those that the chain lists: whatever was told of them is to be asked for again. */
  readonly onCorrection: (difference: string) => void;
  /** The chain could not be asked, or the wallet was locked meanwhile: the next reading comes to it again. */
  readonly onFailure: (error: unknown) => void;
  /** So long after a reading the chain is asked, when the owner has seen their page. Default: a second. */
  readonly compareAfterMs?: number;
}

export interface CoinComparisonOptions extends CoinReckoning {
  /** As reckoned from the book. */
  readonly reckoned: () => Promise<Reading>;
  /** As the chain lists them. */
  readonly asked: () => Promise<Look>;
  /** Forgets the book and reads it again from the chain. */
  readonly readAnew: () => Promise<void>;
  /** Unix seconds. */
  readonly now: () => number;
}

const COMPARE_AFTER_MS = 1_000;
const COMPARE_EVERY_SECONDS = 3_600;
/** Both sides are read one after the other; when something happens in between they are read again. */
const MAX_ATTEMPTS = 6;
/** So often the same moment has to look different from both sides. */
const PROOFS = 2;

/** `moving`: too much happens for anything to be told; the next reading comes to it again. */
type Verdict = 'same' | 'moving' | { readonly difference: string };

export class CoinComparison {
  readonly #options: CoinComparisonOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When they were last compared, Unix seconds. */
  #settledAt: number | undefined;
  #isRefuted = false;
  #isClosed = false;

  constructor(options: CoinComparisonOptions) {
    this.#options = options;
  }

  /** Whether even a book that was read anew said something else than the chain: then the chain alone is asked. */
  get isRefuted(): boolean {
    return this.#isRefuted;
  }

  /** A reading was made from the book. */
  schedule(): void {
    const { now, compareAfterMs = COMPARE_AFTER_MS } = this.#options;
    if (this.#isClosed || this.#isRefuted || this.#timer !== undefined || this.#running !== undefined) return;
    if (this.#settledAt !== undefined && now() - this.#settledAt < COMPARE_EVERY_SECONDS) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
      });
    }, compareAfterMs).unref();
  }

  /** Nothing begins any more; waits for what has begun. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Somebody else has compared them. */
  settle(isSame: boolean): void {
    this.#isRefuted = !isSame;
    this.#settledAt = this.#options.now();
  }

  async #run(): Promise<void> {
    const { readAnew, onCorrection, onFailure } = this.#options;
    try {
      const first = await this.#verdict();
      if (first === 'same') this.settle(true);
      if (first === 'same' || first === 'moving') return;
      await readAnew();
      const second = await this.#verdict();
      if (second !== 'moving') this.settle(second === 'same');
      onCorrection(first.difference);
    } catch (error) {
      onFailure(error);
    }
  }

  async #verdict(): Promise<Verdict> {
    const { reckoned, asked } = this.#options;
    let proofs = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS && !this.#isClosed; attempt += 1) {
      const before = await reckoned();
      const { view } = await asked();
      const after = await reckoned();
      const tips = [before.view, view, after.view].map(({ chain }) => displayHash(chain.tip));
      const isOneMoment = before.effects === after.effects && new Set(tips).size === 1;
      if (!isOneMoment) continue;
      const difference = differenceOf(after.view.coins, view.coins);
      if (difference === undefined) return 'same';
      proofs += 1;
      if (proofs === PROOFS) return { difference };
    }
    return 'moving';
  }
}
