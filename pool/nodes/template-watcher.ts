import { setTimeout as sleep } from 'node:timers/promises';
import { CodecError, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { BlockTemplate } from '../../protocol/rpc.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobListener, JobSource } from '../jobs/job-source.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { readTemplate, TEMPLATE_REQUEST, TemplateError } from '../jobs/template.ts';
import { NetworkError } from './node-network.ts';

/** What is known of the node. */
export type NodeState =
  | { readonly name: 'unknown' }
  | { readonly name: 'answers'; readonly sinceMs: number }
  | { readonly name: 'away'; readonly sinceMs: number; readonly reason: string };

export interface TemplateWatcherOptions {
  readonly client: RpcClient;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked when the node has failed to answer: whether it is still on our network. @throws NetworkError when not */
  readonly checkNetwork: (signal: AbortSignal) => Promise<void>;
  /** How often the node is asked for its tip (default 1,000). */
  readonly pollMs?: number;
  /** Without an answer for this long the node counts as away (default 3,000). */
  readonly patienceMs?: number;
  /** How long the last job is handed to new miners while the node is away. */
  readonly jobTtlMs: number;
}

const POLL_MS = 1_000;
const PATIENCE_MS = 3_000;
/** A whole template is asked for at least this often: bits may change while the tip stands. */
const TEMPLATE_MS = 5_000;
const ANSWER_MS = 10_000;
const LONG_POLL_MS = 600_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Follows one node: a long poll brings news at once (BIP 22), a poll of the tip every second stands in where
 * there is none, and says whether the node is there at all. Jobs come from here.
 */
export class TemplateWatcher implements JobSource {
  readonly perAddress = false;
  readonly #options: TemplateWatcherOptions;
  readonly #pollMs: number;
  readonly #stopping = new AbortController();
  #listener: JobListener | undefined;
  #state: NodeState = { name: 'unknown' };
  /** Whether it may be another node since its last answer: then it is asked for its network before any work. */
  #isStranger = false;
  /** Since when the node has failed to answer. */
  #failingSinceMs: number | undefined;
  #failures = 0;
  /** Rises with every template: an answer that was asked for before the last one is old news. */
  #templates = 0;
  #templateMs = Number.NEGATIVE_INFINITY;
  #longPollId: string | undefined;
  /** Ends the pause between two polls. */
  #wake = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: TemplateWatcherOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? POLL_MS;
  }

  get state(): NodeState {
    return this.#state;
  }

  listen(listener: JobListener): void {
    this.#listener = listener;
  }

  current(): Job | undefined {
    const { jobs, clock, jobTtlMs } = this.#options;
    const job = jobs.current;
    if (job === undefined || this.#state.name === 'answers') return job;
    return clock.steadyMs() - job.createdMs > jobTtlMs ? undefined : job;
  }

  find(jobId: string): Job | undefined {
    return this.#options.jobs.find(jobId);
  }

  fresh(): Job | undefined {
    return this.current() && this.#options.jobs.fresh(this.#options.clock.steadyMs());
  }

  transactionsOf(job: Job): readonly Hash[] | undefined {
    const template = this.#options.jobs.templateOf(job);
    return template && [...template.transactions.keys()].map(hexToBytes);
  }

  /** Starts to follow the node. Resolves after the first attempt, whether or not it brought work. */
  async start(): Promise<void> {
    await this.#poll();
    this.#loops = Promise.all([this.#pollLoop(), this.#longPollLoop()]);
  }

  /** Asks at once: there is reason to think that the tip has changed. */
  hurry(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loops;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #pollLoop(): Promise<void> {
    while (!this.#stopped) {
      const backOffMs = Math.min(this.#pollMs * 2 ** Math.min(this.#failures, 8), LONGEST_PAUSE_MS);
      // Until it counts as away it is asked as often as ever, so that this is not found out late.
      await this.#pause(this.#state.name === 'away' ? backOffMs : this.#pollMs);
      if (!this.#stopped) await this.#poll();
    }
  }

  /** Sleeps, unless there was reason to hurry meanwhile. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#wake;
    if (!signal.aborted) await sleep(ms, undefined, { signal }).catch(() => undefined);
    this.#wake = new AbortController();
  }

  /** Asks for the tip, and for a template where the tip or the time calls for one. Never rejects. */
  async #poll(): Promise<void> {
    try {
      if (this.#isStranger) await this.#options.checkNetwork(this.#stopping.signal);
      this.#isStranger = false;
      const before = this.#templates;
      const limits = { signal: this.#stopping.signal, timeoutMs: ANSWER_MS };
      const tip = await this.#options.client.call('getbestblockhash', [], limits);
      if (this.#needsTemplate(tip)) {
        const schema = BlockTemplate;
        const answer = await this.#options.client.call('getblocktemplate', [TEMPLATE_REQUEST], {
          ...limits,
          schema,
        });
        if (this.#templates === before) this.#take(answer);
      }
      this.#onAnswer();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #needsTemplate(tip: unknown): boolean {
    const { jobs, clock } = this.#options;
    const latest = jobs.latest;
    if (latest === undefined || displayHash(latest.previous) !== tip) return true;
    return (
      clock.steadyMs() - this.#templateMs + this.#pollMs > TEMPLATE_MS || jobs.isRefreshDue(clock.steadyMs())
    );
  }

  async #longPollLoop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#stopped) {
      const hasNews = this.#longPollId !== undefined && (await this.#longPoll(this.#longPollId));
      // A node that answers without news, or not at all, is not asked in a tight circle.
      if (!hasNews) await sleep(this.#pollMs / 4, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns whether there was news. Never rejects */
  async #longPoll(longpollid: string): Promise<boolean> {
    const { client, log } = this.#options;
    if (this.#isStranger) return false;
    try {
      const answer = await client.call('getblocktemplate', [{ ...TEMPLATE_REQUEST, longpollid }], {
        schema: BlockTemplate,
        timeoutMs: LONG_POLL_MS,
        signal: this.#stopping.signal,
      });
      return this.#take(answer);
    } catch (error) {
      // Whether the node is away is for the poll to find out; it has shorter time-outs.
      this.#isStranger = true;
      if (!this.#stopped) log.debug({ reason: textOf(error) }, 'long poll failed');
      return false;
    }
  }

  /**
   * Takes a template in.
   * @returns whether it made a new job
   * @throws TemplateError, CodecError when it cannot be turned into work
   */
  #take(answer: BlockTemplate): boolean {
    const { jobs, clock, log } = this.#options;
    const nowMs = clock.steadyMs();
    const template = readTemplate(answer, jobs.latest);
    this.#templates += 1;
    this.#templateMs = nowMs;
    this.#longPollId = answer.longpollid;
    const news = jobs.offer(template, nowMs);
    if (news === undefined) return false;
    this.#listener?.onJob(news.job, news.clean);
    log.debug(
      {
        job: news.job.jobId,
        height: news.job.height,
        clean: news.clean,
        transactions: template.transactions.size,
      },
      'new job',
    );
    return true;
  }

  #onAnswer(): void {
    this.#failures = 0;
    this.#failingSinceMs = undefined;
    if (this.#state.name === 'answers') return;
    if (this.#state.name === 'away') this.#options.log.info('the node answers again');
    this.#state = { name: 'answers', sinceMs: this.#options.clock.wallMs() };
  }

  #onFailure(error: unknown): void {
    if (this.#stopped) return;
    const { clock, log, patienceMs = PATIENCE_MS } = this.#options;
    if (!isNodesFault(error)) log.error({ err: error }, 'asking the node failed');
    this.#isStranger = true;
    this.#failures += 1;
    const nowMs = clock.steadyMs();
    this.#failingSinceMs ??= nowMs;
    if (nowMs - this.#failingSinceMs < patienceMs) return;
    const reason = textOf(error);
    const before = this.#state;
    this.#state = { name: 'away', sinceMs: before.name === 'away' ? before.sinceMs : clock.wallMs(), reason };
    if (before.name === 'away') return;
    log.warn({ reason }, 'the node is away; miners stay connected');
    this.#listener?.onNotice('The node of this pool is away. Work goes on as soon as it answers again.');
  }
}

/** Whether the error tells something of the node; anything else is a mistake of ours. */
function isNodesFault(error: unknown): boolean {
  return (
    error instanceof UnreachableError ||
    error instanceof RpcCallError ||
    error instanceof TemplateError ||
    error instanceof CodecError ||
    error instanceof NetworkError
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
