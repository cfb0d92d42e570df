import type { IncomingMessage } from 'node:http';
import { JSONRPCErrorCode, JSONRPCErrorException } from 'json-rpc-2.0';
import { WebSocket } from 'ws';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { Carrier } from './remote-shares.ts';
import { RpcSocket, type RpcTiming, rpcMethod, WireError } from './rpc-socket.ts';
import {
  BlockAnswer,
  EDGE_PATH,
  HELLO_ERRORS,
  type Hello,
  JobNews,
  MAX_MESSAGE_BYTES,
  Notice,
  type Outcome,
  SharesAnswer,
  type Status,
  Welcome,
  type WireBlock,
  type WireJob,
} from './wire.ts';

/** The pool will not work with this edge, now or later; the message says what to change. */
export class EdgeRefusedError extends Error {
  override readonly name = 'EdgeRefusedError';
}

/** What is known of the pool. Times are milliseconds since 1970. */
export type LinkState =
  /** Not reached yet. */
  | { readonly name: 'unknown'; readonly reason: string | null }
  | { readonly name: 'up'; readonly sinceMs: number }
  | { readonly name: 'away'; readonly sinceMs: number; readonly reason: string };

/** What an edge does with what the pool says. */
export interface PoolListener {
  /**
   * The pool has let the edge in.
   * @throws WireError when it is not the pool it was before
   */
  onUp(welcome: Welcome, job: WireJob | null): void;
  /** Shares can be delivered from now on. */
  onReady(): void;
  onJob(job: WireJob, clean: boolean): void;
  onNotice(text: string): void;
  onDown(): void;
}

export interface PoolLinkOptions {
  /** `http://host:port` of the pool. */
  readonly url: string;
  readonly token: string;
  readonly hello: () => Hello;
  readonly listener: PoolListener;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: RpcTiming | undefined;
  /** Pause after the first failure; each further one doubles it (default 250). */
  readonly firstPauseMs?: number | undefined;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const HANDSHAKE_MS = 10_000;
const UNAUTHORIZED = 401;
const MAX_REASON_CHARACTERS = 200;

/** A connection that the pool has answered `hello` on. */
interface Line {
  readonly rpc: RpcSocket;
  /** Work that came before the answer to `hello`: newer than what that says. */
  news: WireJob | undefined;
  isUp: boolean;
}

/** Keeps the edge connected to its pool: one connection at a time, with growing pauses between attempts. */
export class PoolLink implements Carrier {
  readonly #options: PoolLinkOptions;
  readonly #endpoint: string;
  #state: LinkState = { name: 'unknown', reason: null };
  #line: Line | undefined;
  /** Attempts that have failed in a row. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Why the last `hello` was refused for good. */
  #refusal: EdgeRefusedError | undefined;
  /** Of `start`, until it is settled. */
  #waiter: { readonly accept: () => void; readonly refuse: (error: Error) => void } | undefined;

  constructor(options: PoolLinkOptions) {
    this.#options = options;
    this.#endpoint = new URL(EDGE_PATH, options.url.replace(/^http/, 'ws')).href;
  }

  /** Where the pool is. */
  get url(): string {
    return this.#options.url;
  }

  get state(): LinkState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#line?.isUp === true && this.#line.rpc.isOpen;
  }

  /**
   * Connects, and stays connected until it is stopped.
   * @returns once the pool has let the edge in for the first time, however long that takes
   * @throws EdgeRefusedError when it never will
   */
  start(): Promise<void> {
    return new Promise((accept, refuse) => {
      this.#waiter = { accept, refuse };
      this.#connect();
    });
  }

  async deliver(shares: readonly WireBlock[], kind: 'shares' | 'block'): Promise<readonly Outcome[]> {
    const line = this.#line;
    if (line === undefined) throw new Error('the pool is away');
    try {
      if (kind === 'shares') {
        const { outcomes } = await line.rpc.call('shares', { shares }, SharesAnswer);
        if (outcomes.length === shares.length) return outcomes;
        throw new WireError(`outcomes: ${outcomes.length} for ${shares.length} shares`);
      }
      const { outcome } = await line.rpc.call('block', { block: shares[0] }, BlockAnswer);
      return [outcome];
    } catch (error) {
      const reason = whyNotUnderstood(error);
      if (reason !== undefined) {
        this.#options.log.error(
          { shares: shares.length, reason },
          'the pool does not understand these shares',
        );
        // It would refuse them again, for ever: the miners are told instead.
        return shares.map(() => ({
          reason: 'not-recorded',
          message: `the pool takes no such share: ${reason}`,
        }));
      }
      // Whatever it was: what is not answered is delivered again, on another connection.
      line.rpc.drop(textOf(error));
      throw error;
    }
  }

  /** Tells the pool who is connected. */
  tellStatus(status: Status): void {
    if (this.isUp) this.#line?.rpc.notify('status', status);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#line?.rpc.close(1000, 'the edge is stopping');
    this.#waiter?.refuse(new Error('the edge is stopping'));
    this.#waiter = undefined;
  }

  #connect(): void {
    const socket = new WebSocket(this.#endpoint, {
      headers: { Authorization: `Bearer ${this.#options.token}` },
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    let failed = false;
    const fail = (reason: string, refusal?: EdgeRefusedError) => {
      if (failed) return;
      failed = true;
      this.#onFailure(reason, refusal);
    };
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      const { statusCode = 0 } = response;
      const refusal =
        statusCode === UNAUTHORIZED
          ? new EdgeRefusedError(
              `the pool at ${this.#options.url} does not know this token: copy pool-edge.token, which stands ` +
                "beside the pool's ledger, and name it with --edge-token",
            )
          : undefined;
      fail(refusal?.message ?? `the pool answers with HTTP status ${statusCode}`, refusal);
      socket.terminate();
    });
    socket.on('error', (error) => fail(error.message));
    socket.once('open', () => {
      socket.removeAllListeners('error');
      void this.#greet(socket);
    });
  }

  async #greet(socket: WebSocket): Promise<void> {
    const { listener, log, timing, hello } = this.#options;
    const rpc = new RpcSocket(socket, {
      methods: {
        job: rpcMethod(JobNews, ({ job, clean }) => this.#onJob(job, clean)),
        notice: rpcMethod(Notice, ({ text }) => listener.onNotice(text)),
      },
      onClose: (reason) => this.#onClose(line, reason),
      log,
      timing,
    });
    const line: Line = { rpc, news: undefined, isUp: false };
    this.#line = line;
    if (this.#stopped) rpc.drop('the edge is stopping');
    try {
      const welcome = await rpc.call('hello', hello(), Welcome);
      listener.onUp(welcome, line.news ?? welcome.job);
      line.isUp = true;
      this.#onUp();
      listener.onReady();
    } catch (error) {
      this.#refusal = refusalIn(error);
      rpc.drop(textOf(error));
    }
  }

  #onUp(): void {
    const { clock, log, url } = this.#options;
    this.#failures = 0;
    this.#state = { name: 'up', sinceMs: clock.wallMs() };
    log.info({ pool: url }, 'connected to the pool');
    this.#waiter?.accept();
    this.#waiter = undefined;
  }

  #onJob(job: WireJob, clean: boolean): void {
    const line = this.#line;
    if (line === undefined) return;
    if (line.isUp) this.#options.listener.onJob(job, clean);
    else line.news = job;
  }

  #onClose(line: Line, reason: string): void {
    if (this.#line === line) this.#line = undefined;
    if (line.isUp) this.#options.listener.onDown();
    const refusal = this.#refusal;
    this.#refusal = undefined;
    this.#onFailure(reason, refusal);
  }

  /** @param refusal why trying again is of no use, as long as nobody has changed anything */
  #onFailure(reason: string, refusal: EdgeRefusedError | undefined): void {
    if (this.#stopped) return;
    const { clock, log, url, random, firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    if (refusal !== undefined && this.#waiter !== undefined) {
      this.#stopped = true;
      this.#waiter.refuse(refusal);
      this.#waiter = undefined;
      return;
    }
    const before = this.#state;
    const told = before.name === 'up' ? undefined : before.reason;
    if (told !== reason) log.warn({ pool: url, reason }, 'the pool is away');
    this.#state =
      before.name === 'unknown'
        ? { name: 'unknown', reason }
        : { name: 'away', sinceMs: before.sinceMs, reason };
    if (before.name === 'up') this.#state = { name: 'away', sinceMs: clock.wallMs(), reason };
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(this.#failures, 16), LONGEST_PAUSE_MS);
    this.#failures += 1;
    // All edges of a pool come back at different moments.
    this.#timer = setTimeout(() => this.#connect(), pauseMs * (0.5 + random() / 2));
  }
}

const FINAL: ReadonlySet<number> = new Set([HELLO_ERRORS.protocol, HELLO_ERRORS.solo]);

function refusalIn(error: unknown): EdgeRefusedError | undefined {
  if (!(error instanceof JSONRPCErrorException) || !FINAL.has(error.code)) return undefined;
  return new EdgeRefusedError(error.message);
}

/** Set where the other side has answered that a message breaks the protocol, and not where it failed otherwise. */
function whyNotUnderstood(error: unknown): string | undefined {
  const isRefused = error instanceof JSONRPCErrorException && error.code === JSONRPCErrorCode.InvalidParams;
  return isRefused ? error.message.slice(0, MAX_REASON_CHARACTERS) : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
