/**
 * Whether the coins reckoned from the kept book are those that the chain lists: looked at in the background soon after
 * a wallet was opened, and now and then while it is. The chain is right: a book that says otherwise is read anew.
 */
import { displayHash } from '../../protocol/bytes.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { Look } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';
import { differenceOf } from './book-look.ts';
import type { Reading } from './wallet-history.ts';

/** How an owner of a wallet wants its coins reckoned from the book. */
export interface CoinReckoning {
  /** They were not those that the chain lists: whatever was told of them is to be asked for again. */
  readonly onCorrection: (difference: string) => void;
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

export class CoinComparison {
  readonly #options: CoinComparisonOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When they were last the same, Unix seconds. */
  #agreedAt: number | undefined;
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
    if (this.#agreedAt !== undefined && now() - this.#agreedAt < COMPARE_EVERY_SECONDS) return;
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

  async #run(): Promise<void> {
    try {
      await this.#compare();
    } catch (error) {
      // The node went away or the wallet was locked: the next reading comes to it again.
      if (!(error instanceof UnreachableError || error instanceof WalletError)) throw error;
    }
  }

  async #compare(): Promise<void> {
    const { onCorrection, readAnew, now } = this.#options;
    const difference = await this.#difference();
    if (difference !== undefined) {
      await readAnew();
      this.#isRefuted = (await this.#difference()) !== undefined;
      onCorrection(difference);
    }
    this.#agreedAt = now();
  }

  /** Undefined when there is none, or when so much happens that none can be told. */
  async #difference(): Promise<string | undefined> {
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
      if (difference === undefined) return undefined;
      proofs += 1;
      if (proofs === PROOFS) return difference;
    }
    return undefined;
  }
}
