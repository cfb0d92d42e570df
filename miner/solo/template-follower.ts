/** Keeps up with a node's templates: what the next block may be made of, as soon as that changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { displayHash } from '../../protocol/bytes.ts';
import { readTemplate, TEMPLATE_REQUEST, type Template, TemplateError } from '../../protocol/template.ts';
import type { RpcClient } from '../../service/rpc-client.ts';

export interface TemplateFollowerOptions {
  readonly client: RpcClient;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** A template that is newer than all before it, whether or not anything in it has changed. */
  readonly onTemplate: (template: Template) => void;
  readonly signal: AbortSignal;
  readonly times?: Partial<FollowerTimes>;
}

/** How often and how long a node is asked. */
export interface FollowerTimes {
  /** The node is asked for its tip this often; a long poll only makes it quicker. */
  readonly lookMs: number;
  /** A whole template is asked for at least this often, as time and bits change while the tip stands. */
  readonly templateMs: number;
  /** Between two long polls: a node that answers at once, news or none, is not asked in a tight circle. */
  readonly longPollPauseMs: number;
  /** How long an answer may take that costs the node nothing. */
  readonly askMs: number;
}

const DEFAULT_TIMES: FollowerTimes = {
  lookMs: 1_000,
  templateMs: 5_000,
  longPollPauseMs: 50,
  askMs: 10_000,
};
/** A template takes longer than a tip: it may have 4 MB. */
const TEMPLATE_PATIENCE = 3;
/** Asking for templates may take up one part in so many of the time: large ones are asked for less often. */
const TEMPLATE_SHARE = 20;
const LONGEST_TEMPLATE_MS = 60_000;
const LONG_POLL_MS = 600_000;
/** After a long poll that failed; the looks find out whether the node is away. */
const LONG_POLL_RETRY_MS = 1_000;

/** Follows one node until it fails. */
export class TemplateFollower {
  readonly #options: TemplateFollowerOptions;
  readonly #times: FollowerTimes;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #latest: Template | undefined;
  #latestMs = Number.NEGATIVE_INFINITY;
  /** How long the last template took to come. */
  #tookMs = 0;
  /** Rises with every template taken and every {@link hurry}: what was asked before is old news. */
  #epoch = 0;
  /** Ends the pause between two looks. */
  #wake: () => void = () => {};
  #isHurried = false;

  constructor(options: TemplateFollowerOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
  }

  /**
   * Asks for the first template, and goes on until the node fails.
   * @throws UnreachableError, RpcCallError, TemplateError as soon as the node does not do what it should; the
   * signal's reason when it fires
   */
  async run(): Promise<never> {
    try {
      await this.#ask();
      return await Promise.race([this.#looks(), this.#longPolls()]);
    } finally {
      this.#ending.abort();
    }
  }

  /** Asks for a template at once; answers to what was asked before are not believed any more. */
  hurry(): void {
    this.#epoch += 1;
    this.#lookNow();
  }

  #lookNow(): void {
    this.#isHurried = true;
    this.#wake();
  }

  async #looks(): Promise<never> {
    for (;;) {
      await this.#pause();
      if (this.#isHurried || this.#isTemplateDue() || (await this.#hasTipMoved())) await this.#ask();
    }
  }

  #isTemplateDue(): boolean {
    const everyMs = Math.max(this.#times.templateMs, TEMPLATE_SHARE * this.#tookMs);
    return this.#options.nowMs() - this.#latestMs >= Math.min(everyMs, LONGEST_TEMPLATE_MS);
  }

  async #hasTipMoved(): Promise<boolean> {
    const limits = { timeoutMs: this.#times.askMs, signal: this.#signal };
    const tip = await this.#options.client.call('getbestblockhash', [], { ...limits, schema: z.string() });
    return this.#latest === undefined || tip !== displayHash(this.#latest.previous);
  }

  async #ask(): Promise<void> {
    this.#isHurried = false;
    const startMs = this.#options.nowMs();
    await this.#take({}, TEMPLATE_PATIENCE * this.#times.askMs);
    this.#tookMs = this.#options.nowMs() - startMs;
  }

  /** Never resolves. Rejects for a template that is no use. */
  async #longPolls(): Promise<never> {
    for (;;) {
      const pauseMs = await this.#longPoll();
      await sleep(pauseMs, undefined, { signal: this.#signal });
    }
  }

  /** @returns how long to wait before the next one */
  async #longPoll(): Promise<number> {
    // BIP 22: a node that offers no long poll gives no id.
    const longpollid = this.#latest?.longPollId;
    if (longpollid === undefined) return this.#times.lookMs;
    try {
      const isNew = await this.#take({ longpollid }, LONG_POLL_MS);
      // There was news, though another answer has come in between: the next look is due now.
      if (!isNew) this.#lookNow();
      return this.#times.longPollPauseMs;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof TemplateError) throw error;
      return LONG_POLL_RETRY_MS;
    }
  }

  /**
   * Asks, and hands on what comes unless it is old news by then.
   * @returns whether it was handed on
   * @throws TemplateError, and what the call throws
   */
  async #take(request: { readonly longpollid?: string }, timeoutMs: number): Promise<boolean> {
    const { client, nowMs, onTemplate } = this.#options;
    const epoch = this.#epoch;
    const limits = { timeoutMs, signal: this.#signal };
    const answer = await client.call('getblocktemplate', [{ ...TEMPLATE_REQUEST, ...request }], limits);
    this.#signal.throwIfAborted();
    if (this.#epoch !== epoch) return false;
    const template = readTemplate(answer, this.#latest);
    this.#epoch += 1;
    this.#latest = template;
    this.#latestMs = nowMs();
    onTemplate(template);
    return true;
  }

  /** Waits for the next look, or until there is hurry. */
  #pause(): Promise<void> {
    if (this.#isHurried) return Promise.resolve();
    return new Promise((accept, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', stop);
        accept();
      };
      const stop = (): void => {
        clearTimeout(timer);
        reject(this.#signal.reason);
      };
      const timer = setTimeout(done, this.#times.lookMs);
      this.#signal.addEventListener('abort', stop, { once: true });
      this.#wake = done;
    });
  }
}
