import { amountFields } from '../../protocol/amount-fields.ts';
import { parseBits } from '../../protocol/compact.ts';
import type { TemplateSummary } from '../../protocol/relay.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { feeRateOf } from './transaction-reader.ts';
import { TemplateAnswer } from './upstream/node-answers.ts';
import type { NodeCalls } from './upstream/node-calls.ts';
import type { NodeListener } from './upstream/node-link.ts';

export interface TemplateWatchOptions {
  readonly calls: NodeCalls;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether somebody watches, so that changes are asked for unbidden. */
  readonly isWatched: () => boolean;
  /** Told of each template that differs from the one before. */
  readonly onTemplate: (template: TemplateSummary) => void;
}

/** A template may hold megabytes: it is asked for no more often, and takes no more of the time than a part. */
const PAUSE_MS = 1_000;
const REST = 20;

/** What the next block would be made of, asked for when something has changed and somebody wants to know. */
export class TemplateWatch implements NodeListener {
  readonly #options: TemplateWatchOptions;
  #current: TemplateSummary | undefined;
  #isOutdated = true;
  #nextMs = 0;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isThere = false;

  constructor(options: TemplateWatchOptions) {
    this.#options = options;
  }

  /** The last template, however old; undefined where there is none. */
  get last(): TemplateSummary | undefined {
    return this.#current;
  }

  /** The template now, or as of the last pause; undefined while the node gives none. */
  async current(): Promise<TemplateSummary | undefined> {
    if (this.#isOutdated && this.#options.clock.steadyMs() >= this.#nextMs) await this.#ask();
    return this.#current;
  }

  onUp(): void {
    this.#isThere = true;
    this.#renewNow();
  }

  onAway(): void {
    this.stop();
    this.#isThere = false;
    this.#current = undefined;
  }

  onBlock(): void {
    this.#renewNow();
  }

  onBlockGone(): void {
    this.#renewNow();
  }

  onTransaction(): void {
    this.#isOutdated = true;
    this.#askLater();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Somebody began to watch. */
  wake(): void {
    if (this.#isOutdated) this.#askLater();
  }

  /** On another tip the old template is worth nothing. */
  #renewNow(): void {
    this.#isOutdated = true;
    this.#nextMs = Math.min(this.#nextMs, this.#options.clock.steadyMs() + PAUSE_MS / 4);
    this.#askLater();
  }

  #askLater(): void {
    if (this.#timer !== undefined || !this.#isThere || !this.#options.isWatched()) return;
    const waitMs = Math.max(0, this.#nextMs - this.#options.clock.steadyMs());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, waitMs);
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = undefined;
      if (this.#isOutdated) this.#askLater();
    });
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    const { calls, clock, log } = this.#options;
    const beganMs = clock.steadyMs();
    this.#isOutdated = false;
    try {
      const summary = summaryOf(
        await calls.call('getblocktemplate', [{ rules: ['segwit'] }], TemplateAnswer),
      );
      const isNews = this.#isThere && !isSame(summary, this.#current);
      if (this.#isThere) this.#current = summary;
      if (isNews) this.#options.onTemplate(summary);
    } catch (error) {
      // Without blocks to build on there is none; a node that is away is told of elsewhere.
      this.#current = undefined;
      if (error instanceof RpcCallError) log.debug({ reason: error.message }, 'the node gives no template');
      else log.debug({ err: error }, 'no template could be had');
    }
    const nowMs = clock.steadyMs();
    this.#nextMs = nowMs + Math.max(PAUSE_MS, REST * (nowMs - beganMs));
  }
}

/** Whether two differ in nothing but when they were made. */
function isSame(template: TemplateSummary, other: TemplateSummary | undefined): boolean {
  return other !== undefined && JSON.stringify({ ...template, time: other.time }) === JSON.stringify(other);
}

function summaryOf(template: TemplateAnswer): TemplateSummary {
  const { transactions, coinbasevalue } = template;
  const rates = transactions
    .map(({ fee, weight }) => feeRateOf(fee, Math.ceil(weight / 4)))
    .sort((a, b) => a - b);
  const [min, median, max] = [rates[0], rates[rates.length >> 1], rates.at(-1)];
  return {
    height: template.height,
    previous: template.previousblockhash,
    time: template.curtime,
    transactions: transactions.length,
    weight: transactions.reduce((sum, { weight }) => sum + weight, 0),
    ...amountFields(
      'fees',
      transactions.reduce((sum, { fee }) => sum + fee, 0n),
    ),
    ...amountFields('reward', coinbasevalue),
    difficulty: difficultyOf(parseBits(template.bits)),
    bits: template.bits,
    fee_rates: min === undefined || median === undefined || max === undefined ? null : { min, median, max },
  };
}
