/**
 * A node as a source of work (BIP 22, getblocktemplate): each hit is a block, handed in with submitblock. No pool is
 * between; what is found is whole and one's own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from '../../service/http.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import type { Hit } from '../hashing/work.ts';
import { type BackOffLimits, backOffDelayMs } from '../source/back-off.ts';
import type { SourceListener, SourceTools, WorkSource } from '../source/work-source.ts';
import { type TlsTrust, tlsOptions } from '../transport/tls-trust.ts';
import { deliverBlock } from './block-delivery.ts';
import { nodeProblem } from './node-problem.ts';
import { askPayee, paceOf } from './payee.ts';
import { SoloDesk } from './solo-desk.ts';
import { type FollowerTimes, TemplateFollower } from './template-follower.ts';

/** Where the node is, and who asks. */
export interface NodePlace {
  /** `http://HOST:PORT` or `https://…`, without user and password. */
  readonly url: string;
  /** The node as logs and figures name it. */
  readonly shown: string;
  readonly credentials?: Credentials | undefined;
  /** A file with `user:password`, read anew when the node has a new one; only without credentials. */
  readonly cookieFile?: string | undefined;
  /** Whose certificates are believed, where the URL asks for TLS. */
  readonly tls?: TlsTrust | undefined;
}

export interface NodeSourceOptions {
  readonly place: NodePlace;
  /** `ADDRESS` or `ADDRESS.WORKER`: whom the blocks pay. */
  readonly user: string;
  readonly backOff?: BackOffLimits | undefined;
  /** Least time from one block to the work on the next; that of the node's network unless given. */
  readonly paceMs?: number | undefined;
  readonly times?: Partial<FollowerTimes>;
}

/** A node is most often close by: it is found again soon after a restart. */
const NODE_BACK_OFF: BackOffLimits = { firstDelayMs: 1_000, maxDelayMs: 15_000 };
/** For questions that cost a node nothing. */
const ASK_MS = 10_000;

/**
 * Mines for oneself on a node.
 * @throws SettingError when the URL is no http or https address; it does not repeat it. TlsTrustError when the
 * certificates of the trust cannot be read
 */
export function createNodeSource(
  options: NodeSourceOptions,
  tools: SourceTools,
  listener: SourceListener,
): WorkSource {
  return new NodeSource(options, tools, listener);
}

class NodeSource implements WorkSource {
  readonly #options: NodeSourceOptions;
  readonly #tools: SourceTools;
  readonly #listener: SourceListener;
  readonly #client: RpcClient;
  readonly #desk: SoloDesk;
  readonly #stopping = new AbortController();
  #follower: TemplateFollower | undefined;
  /** Attempts in a row that brought no template. */
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: NodeSourceOptions, tools: SourceTools, listener: SourceListener) {
    const { url, credentials, cookieFile, tls } = options.place;
    this.#options = options;
    this.#tools = tools;
    this.#listener = listener;
    this.#client = createRpcClient({
      url,
      urlSetting: '--url',
      ...(credentials && { credentials }),
      ...(cookieFile !== undefined && { cookieFile }),
      ...(tls && { tls: tlsOptions(tls) }),
    });
    this.#desk = new SoloDesk({
      tools,
      listener,
      deliver: (block, signal) => deliverBlock(this.#client, block, signal),
      hurry: () => this.#follower?.hurry(),
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  submit(hit: Hit): void {
    this.#desk.submit(hit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#desk.stop();
    await this.#running;
    this.#client.close();
    this.#listener.onEvent({ type: 'stopped' });
  }

  /** Goes on until stopped, however often the node comes and goes. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#mine(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#wait(error, signal);
      }
    }
  }

  /** Connects and mines until the node fails. */
  async #mine(signal: AbortSignal): Promise<never> {
    const { place, user, times, paceMs } = this.#options;
    this.#listener.onEvent({ type: 'connecting', pool: place.shown });
    const { script, network } = await askPayee(this.#client, user, { signal, timeoutMs: ASK_MS });
    this.#listener.onEvent({ type: 'connected', pool: place.shown });
    this.#desk.open({ user, script, paceMs: paceMs ?? paceOf(network) });
    this.#follower = new TemplateFollower({
      client: this.#client,
      nowMs: this.#tools.nowMs,
      onTemplate: (template) => {
        this.#failures = 0;
        this.#desk.take(template);
      },
      signal,
      ...(times && { times }),
    });
    return await this.#follower.run();
  }

  /** Says what is wrong and waits for the next attempt. @throws an error that is none of the node's: a bug */
  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    const problem = nodeProblem(error, this.#options.place.shown);
    this.#follower = undefined;
    this.#desk.close();
    this.#failures += 1;
    const limits = this.#options.backOff ?? NODE_BACK_OFF;
    const retryInMs = backOffDelayMs(this.#failures, this.#tools.random(), limits);
    this.#listener.onEvent({ type: 'disconnected', problem, retryInMs });
    // Only stopping ends it early.
    await sleep(retryInMs, undefined, { signal }).catch(() => undefined);
  }
}
