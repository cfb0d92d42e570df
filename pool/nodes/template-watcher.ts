import { setTimeout as sleep } from 'node:timers/promises';
import { displayHash, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { TEMPLATE_REQUEST, type Template, TemplateError } from '../../protocol/template.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobListener, JobSource } from '../jobs/job-source.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ChainFacts, PoolNode } from './node.ts';
import { type NodeFollower, type NodeGroup, type NodeLimits, type NodeState, POLL_MS } from './node-group.ts';
import type { TemplateFetcher } from './template-fetcher.ts';

export interface TemplateWatcherOptions {
  readonly nodes: NodeGroup;
  readonly fetcher: TemplateFetcher;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often the nodes are asked for their tip (default 1,000). */
  readonly pollMs?: number | undefined;
  /** How long the last job is handed to new miners while no node answers. */
  readonly jobTtlMs: number;
}

/** A whole template is asked for at least this often: bits may change while the tip stands. */
const TEMPLATE_MS = 5_000;
/** A template takes longer than a tip: it may have 4 MB. */
const TEMPLATE_PATIENCE = 2;
const LONG_POLL_MS = 600_000;

/**
 * Makes work of what the chosen node says: a long poll brings news at once (BIP 22), the look at its tip every
 * second stands in where there is none. Jobs come from here.
 */
export class TemplateWatcher implements JobSource, NodeFollower {
  readonly #options: TemplateWatcherOptions;
  readonly #pollMs: number;
  readonly #listeners: JobListener[] = [];
  /** Rises with every template: an answer that was asked for before the last one is old news. */
  #templates = 0;
  #templateMs = Number.NEGATIVE_INFINITY;
  #longPollId: string | undefined;
  #lastTipMs: number | undefined;
  /** Ends the long poll when another node is chosen. */
  #switching = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: TemplateWatcherOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? POLL_MS;
  }

  get perAddress(): boolean {
    return this.#options.jobs.perAddress;
  }

  /** Whether work comes from a node. */
  get state(): NodeState {
    return this.#options.nodes.state;
  }

  /**
   * How long the last new tip took from the node's answer until the job was written to the last miner's connection;
   * undefined before the first.
   */
  get lastTipMs(): number | undefined {
    return this.#lastTipMs;
  }

  listen(listener: JobListener): void {
    this.#listeners.push(listener);
  }

  current(address?: string): Job | undefined {
    return this.#hasWork() ? this.#options.jobs.currentJob(address) : undefined;
  }

  find(jobId: string, address?: string): Job | undefined {
    return this.#options.jobs.find(jobId, address);
  }

  fresh(address?: string): Job | undefined {
    const { jobs, clock } = this.#options;
    return this.#hasWork() ? jobs.fresh(clock.steadyMs(), address) : undefined;
  }

  transactionsOf(job: Job): readonly Hash[] | undefined {
    const template = this.#options.jobs.templateOf(job);
    return template && [...template.transactions.keys()].map(hexToBytes);
  }

  /** Starts to follow the nodes. Resolves after the first attempt, whether or not it brought work. */
  async start(): Promise<void> {
    await this.#options.nodes.start(this);
    this.#loop = this.#longPollLoop();
  }

  /** Asks at once: there is reason to think that the tip has changed. */
  hurry(): void {
    this.#options.nodes.hurry();
  }

  async stop(): Promise<void> {
    await this.#options.nodes.stop();
    this.#switching.abort();
    await this.#loop;
    await this.#options.fetcher.stop();
  }

  /** Asks for a template where the tip or the time calls for one. */
  async follow(node: PoolNode, facts: ChainFacts, { signal, timeoutMs }: NodeLimits): Promise<void> {
    if (this.#needsTemplate(facts)) {
      const limits = { signal, timeoutMs: TEMPLATE_PATIENCE * timeoutMs };
      await this.#take(node, TEMPLATE_REQUEST, limits);
    }
    this.#checkHeight(facts);
  }

  /** The next template comes from another node: news are asked of it from now on. */
  onSwitch(): void {
    this.#switching.abort();
    this.#switching = new AbortController();
    this.#longPollId = undefined;
    this.#templateMs = Number.NEGATIVE_INFINITY;
  }

  onAway(): void {
    const text = 'The node of this pool is away. Work goes on as soon as it answers again.';
    for (const listener of this.#listeners) listener.onNotice(text);
  }

  /** While no node answers the last job is still good, for a while. */
  #hasWork(): boolean {
    const { jobs, clock, jobTtlMs } = this.#options;
    const { current } = jobs;
    if (current === undefined) return false;
    return this.state.name !== 'away' || clock.steadyMs() - current.createdMs <= jobTtlMs;
  }

  #needsTemplate({ tip }: ChainFacts): boolean {
    const { jobs, clock } = this.#options;
    const { latest } = jobs;
    if (latest === undefined || displayHash(latest.previous) !== tip || this.state.name === 'away')
      return true;
    const nowMs = clock.steadyMs();
    return nowMs - this.#templateMs + this.#pollMs > TEMPLATE_MS || jobs.isRefreshDue(nowMs);
  }

  /** A wrong height in the coinbase makes every block invalid (BIP 34). @throws TemplateError */
  #checkHeight({ tip, height }: ChainFacts): void {
    const { latest } = this.#options.jobs;
    if (latest === undefined || displayHash(latest.previous) !== tip || latest.height === height + 1) return;
    throw new TemplateError(
      `the template is for height ${latest.height}, but the node's tip is at ${height}`,
    );
  }

  async #longPollLoop(): Promise<void> {
    const { nodes } = this.#options;
    while (!nodes.signal.aborted) {
      const node = nodes.active;
      const isReady = node !== undefined && node.fault === undefined && this.#longPollId !== undefined;
      const hasNews = isReady && (await this.#longPoll(node, this.#longPollId));
      // A node that answers without news, or not at all, is not asked in a tight circle.
      if (!hasNews) await sleep(this.#pollMs / 4, undefined, { signal: nodes.signal }).catch(() => undefined);
    }
  }

  /** @returns whether there was news. Never rejects */
  async #longPoll(node: PoolNode, longpollid: string | undefined): Promise<boolean> {
    const { log, nodes } = this.#options;
    const { signal } = this.#switching;
    try {
      const request = { ...TEMPLATE_REQUEST, longpollid };
      const hasNews = await this.#take(node, request, { timeoutMs: LONG_POLL_MS, signal });
      nodes.served(node);
      return hasNews;
    } catch (error) {
      if (signal.aborted) return false;
      // Whether the node is away is for the looks to find out; they have shorter time-outs.
      if (error instanceof TemplateError) nodes.failed(node, error);
      else node.doubt();
      log.debug({ node: node.url, reason: String(error) }, 'long poll failed');
      return false;
    }
  }

  /**
   * Asks for a template and takes it in when it comes, unless it is old news by then.
   * @returns whether it made new work
   * @throws what the fetcher does; TemplateError when it cannot be turned into work
   */
  async #take(node: PoolNode, request: object, limits: NodeLimits): Promise<boolean> {
    const { fetcher, jobs, clock, log, nodes } = this.#options;
    const before = this.#templates;
    // What was asked before the node failed may be answered by another one in its place.
    const isOldNews = () => this.#templates !== before || nodes.active !== node || node.isStranger;
    let arrivedMs = 0;
    const onArrival = () => {
      arrivedMs = clock.steadyMs();
    };
    const template = await fetcher.fetch(node.client, request, jobs.latest, { ...limits, onArrival });
    if (isOldNews()) return false;
    if (this.#goesBack(template)) await this.#confirm(node, template);
    if (isOldNews()) return false;
    const nowMs = clock.steadyMs();
    const news = jobs.offer(template, nowMs, this.state.name === 'away');
    this.#templates += 1;
    this.#templateMs = nowMs;
    this.#longPollId = template.longPollId;
    if (news === undefined) return false;
    const { round, job, clean } = news;
    for (const listener of this.#listeners) listener.onJob(job, clean);
    const tookMs = clock.steadyMs() - arrivedMs;
    if (clean) this.#lastTipMs = tookMs;
    log.debug(
      { job: round.jobId, height: round.height, clean, transactions: template.transactions.size, tookMs },
      'new job',
    );
    return true;
  }

  /** Whether it builds on another block than the last one, and no higher: a reorganisation, or a lie. */
  #goesBack(template: Template): boolean {
    const { latest } = this.#options.jobs;
    return (
      latest !== undefined &&
      template.height <= latest.height &&
      !equalBytes(template.previous, latest.previous)
    );
  }

  /** A template that goes back is believed when the node's tip does too. @throws TemplateError when not */
  async #confirm(node: PoolNode, template: Template): Promise<void> {
    const { signal } = this.#options.nodes;
    const tip = await node.client.call('getbestblockhash', [], { signal });
    const previous = displayHash(template.previous);
    if (tip === previous) return;
    throw new TemplateError(`the template builds on ${previous}, but the node's tip is ${String(tip)}`);
  }
}
