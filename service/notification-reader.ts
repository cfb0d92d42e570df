/**
 * The other end of a notification feed (notification-feed.ts): subscribes to topics over WebSocket, hands on what
 * it hears, notices gaps in the numbers, and connects again for as long as it runs.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import * as z from 'zod';
import type { Logger } from './log.ts';
import type { RpcLogin } from './rpc-login.ts';

/** What a feed says when one subscribes: which life of the server it is, and where the numbers are. */
export interface Subscription {
  readonly instance: string;
  readonly sequences: Readonly<Record<string, number>>;
}

export interface NotificationListener {
  /** From now on everything is heard. What happened before must be asked for. */
  onSubscribed(subscription: Subscription): void;
  onNotification(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Nothing is heard any more, or still nothing for another reason. */
  onLost(reason: string): void;
}

export interface NotificationReaderOptions {
  readonly login: RpcLogin;
  /** Path of the feed. */
  readonly path: string;
  readonly topics: readonly string[];
  /** Which topic a method belongs to: its numbers have no gap. */
  readonly topicOf: (method: string) => string | undefined;
  readonly listener: NotificationListener;
  readonly log: Logger;
  /** From 0 to below 1: pauses differ, so that many readers do not come back at once. */
  readonly random: () => number;
  readonly timing?: Partial<ReaderTiming>;
}

export interface ReaderTiming {
  /** Pause before the first new attempt; each further one waits twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** The answer to a subscription may take so long, and so may the handshake. */
  readonly answerMs: number;
  /** Silence after which the server is asked whether it is there, and as long again until it is given up. */
  readonly silenceMs: number;
}

const TIMING: ReaderTiming = {
  firstPauseMs: 250,
  longestPauseMs: 5_000,
  answerMs: 10_000,
  silenceMs: 20_000,
};
const MAX_MESSAGE_BYTES = 1024 * 1024;
const SUBSCRIBE_ID = 1;

const Message = z.union([
  z.object({ method: z.string(), params: z.looseObject({ sequence: z.int() }) }),
  z.object({
    id: z.literal(SUBSCRIBE_ID),
    result: z.object({ instance: z.string(), sequences: z.record(z.string(), z.int()) }),
  }),
]);

/** Hears what a server tells for as long as it is not stopped. */
export class NotificationReader {
  readonly #options: NotificationReaderOptions;
  readonly #timing: ReaderTiming;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #sequences: Record<string, number> = {};
  #isHeard = false;
  #isStopped = false;
  #toldReason: string | undefined;

  constructor(options: NotificationReaderOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#pauseMs = this.#timing.firstPauseMs;
  }

  start(): void {
    void this.#connect();
  }

  /** Hears nothing any more; the listener is told nothing of it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  async #connect(): Promise<void> {
    const { login, path } = this.#options;
    let authorization: string;
    try {
      authorization = await login.header();
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#isStopped) return;
    const url = new URL(path, login.endpoint);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      headers: { Authorization: authorization },
      handshakeTimeout: this.#timing.answerMs,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let reason = `${login.url} closed the connection`;
    socket.on('unexpected-response', (_, response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      const isLogin = status === 401 || status === 403;
      if (isLogin) login.forget();
      reason = isLogin
        ? login.refused(status).message
        : `${login.url}${path} answers with HTTP ${status} instead of notifications`;
      response.destroy();
      socket.terminate();
    });
    socket.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : '';
      if (code === 'ECONNREFUSED') reason = `cannot reach ${login.url}: nothing listens there`;
      else if (!this.#isHeard && !reason.includes('HTTP'))
        reason = `cannot reach ${login.url}: ${error.message}`;
    });
    socket.on('open', () => {
      const params = { topics: this.#options.topics };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: SUBSCRIBE_ID, method: 'subscribe', params }));
      this.#watch(socket, this.#timing.answerMs, () => {
        reason = `${login.url} does not answer`;
        socket.terminate();
      });
    });
    socket.on('message', (data, isBinary) => {
      const complaint = isBinary ? 'it sends binary' : this.#onMessage(String(data));
      if (complaint === undefined) this.#expectSigns(socket);
      else {
        reason = `${login.url}: ${complaint}`;
        socket.terminate();
      }
    });
    socket.on('ping', () => this.#expectSigns(socket));
    socket.on('pong', () => this.#expectSigns(socket));
    socket.once('close', () => this.#lost(reason));
  }

  /** @returns what is wrong with it, undefined when nothing is */
  #onMessage(text: string): string | undefined {
    const message = Message.safeParse(jsonOrNothing(text));
    if (!message.success) return `what it sends is no notification: ${text.slice(0, 100)}`;
    const { listener, topicOf } = this.#options;
    if ('result' in message.data) {
      const { instance, sequences } = message.data.result;
      this.#sequences = { ...sequences };
      this.#isHeard = true;
      this.#toldReason = undefined;
      this.#pauseMs = this.#timing.firstPauseMs;
      listener.onSubscribed({ instance, sequences });
      return undefined;
    }
    const { method, params } = message.data;
    const topic = topicOf(method);
    if (topic === undefined) return undefined;
    const expected = (this.#sequences[topic] ?? 0) + 1;
    if (params.sequence !== expected) {
      return `notification ${params.sequence} of ${topic} came where ${expected} was expected`;
    }
    this.#sequences[topic] = params.sequence;
    listener.onNotification(method, params);
    return undefined;
  }

  /** Silence is no loss, but whoever is there answers a ping. */
  #expectSigns(socket: WebSocket): void {
    if (!this.#isHeard) return;
    this.#watch(socket, this.#timing.silenceMs, () => {
      socket.ping();
      this.#watch(socket, this.#timing.silenceMs, () => socket.terminate());
    });
  }

  #watch(socket: WebSocket, ms: number, onSilence: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (socket.readyState === socket.OPEN) onSilence();
    }, ms);
  }

  #lost(reason: string): void {
    this.#isHeard = false;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    if (this.#toldReason !== reason) {
      this.#toldReason = reason;
      this.#options.listener.onLost(reason);
    }
    const pauseMs = this.#pauseMs * (0.5 + this.#options.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#timing.longestPauseMs);
    this.#options.log.debug({ reason, pauseMs }, 'no notifications; trying again');
    this.#timer = setTimeout(() => void this.#connect(), pauseMs);
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
