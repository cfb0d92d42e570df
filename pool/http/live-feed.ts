import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { difficultyOfHash } from '../../protocol/work.ts';
import type { ClientAddress } from '../../service/http-server/client-address.ts';
import { ConnectionLimiter, type ConnectionLimits } from '../../service/limits.ts';
import type { Logger } from '../../service/log.ts';
import { refuseUpgrade } from '../../service/upgrade.ts';
import type { Clock } from '../clock.ts';
import type { DurableShare } from '../statistics/statistics.ts';
import type { RejectReason } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { ListenerGroup } from './listener-group.ts';

/** A frame: one JSON object that says in `type` what it is. */
export type LiveFrame = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface LiveFeedOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Open feeds of all clients, and of one address. */
  readonly limits: ConnectionLimits;
  /** Who is counted for a connection. */
  readonly clientAddress: ClientAddress;
  /** The address in its one spelling. @throws AddressError naming what is wrong with it */
  readonly readAddress: (text: string) => string;
  /** The first frame. */
  readonly hello: () => LiveFrame;
  /** The frame of every five seconds: of an address, or of the pool. */
  readonly rates: (address: string | undefined) => LiveFrame;
  /** How often rates are sent (default 5,000). */
  readonly ratesMs?: number;
  /** How often readers are asked whether they are there (default 30,000). */
  readonly pingMs?: number;
}

/** What the feed counts of its own limits, since the start. */
export interface LiveCounters {
  opened: number;
  refused: number;
  /** Closed because they did not read. */
  slow: number;
  /** Closed because they said what nobody asked for, or too much. */
  misused: number;
}

const RATES_MS = 5_000;
const PING_MS = 30_000;
/** A reader this far behind is closed rather than kept in memory. */
const MAX_BACKLOG_BYTES = 64 * 1024;
const MAX_MESSAGE_BYTES = 1_024;
/** Messages that one client may send between two pings. */
const MAX_MESSAGES = 30;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

const Request = z.strictObject({ wallet: z.string().max(120).nullable() });

interface Listener {
  readonly socket: WebSocket;
  group: ListenerGroup;
  isAlive: boolean;
  messages: number;
}

/**
 * The WebSocket `/live`: shares, refusals, blocks, payouts and hash rates as they happen, for anybody. Costs
 * nothing per share while nobody listens, and a bounded amount per listener: shares beyond a rate are left
 * out and counted, slow readers are dropped.
 */
export class LiveFeed {
  readonly counters: LiveCounters = { opened: 0, refused: 0, slow: 0, misused: 0 };
  readonly #options: LiveFeedOptions;
  readonly #limiter: ConnectionLimiter;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  readonly #listeners = new Set<Listener>();
  /** Listeners to everything under '', those to one address under it. */
  readonly #groups = new Map<string, ListenerGroup>();
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#limiter = new ConnectionLimiter(options.limits);
    const { ratesMs = RATES_MS, pingMs = PING_MS } = options;
    this.#timers = [setInterval(() => this.#sendRates(), ratesMs), setInterval(() => this.#ping(), pingMs)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Feeds that are open. */
  get open(): number {
    return this.#listeners.size;
  }

  /** Takes over a connection that asks for `/live`. */
  readonly upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const release = this.#limiter.admit(this.#options.clientAddress(request));
    if (release === undefined) {
      this.counters.refused += 1;
      refuseUpgrade(socket, '429 Too Many Requests', 'too many feeds are open', 'Retry-After: 30');
      return;
    }
    socket.once('close', release);
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a feed broke off'));
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  };

  /** Tells of shares that are durable. */
  shares(batch: readonly DurableShare[]): void {
    if (this.#listeners.size === 0) return;
    for (const share of batch) {
      this.#tell(share.worker.address, () => ({
        type: 'share',
        address: share.worker.address,
        worker: share.worker.name,
        difficulty: share.difficulty,
        share_difficulty: difficultyOfHash(share.hash),
        late: share.late,
        time: share.timeMs / 1000,
        sequence: share.sequence,
      }));
    }
  }

  /** Tells of a refused submission. */
  readonly rejected = (worker: Worker | undefined, reason: RejectReason, message: string): void => {
    if (this.#listeners.size === 0) return;
    this.#tell(worker?.address, () => ({
      type: 'reject',
      address: worker?.address ?? null,
      worker: worker?.name ?? null,
      reason,
      message,
      time: this.#options.clock.wallMs() / 1000,
    }));
  };

  /** Sends everybody a frame that is rare: a block, a payout, the head of the share log. */
  announce(frame: LiveFrame): void {
    if (this.#listeners.size === 0) return;
    const text = JSON.stringify(frame);
    for (const listener of this.#listeners) this.#send(listener, text);
  }

  /** Closes all feeds. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { socket } of this.#listeners) socket.close(GOING_AWAY, 'the pool is stopping');
    this.#server.close();
  }

  #accept(socket: WebSocket): void {
    this.counters.opened += 1;
    const listener: Listener = { socket, group: this.#groupOf(''), isAlive: true, messages: 0 };
    this.#listeners.add(listener);
    listener.group.members.add(listener);
    socket.on('pong', () => {
      listener.isAlive = true;
    });
    socket.on('message', (data, isBinary) => this.#onMessage(listener, isBinary ? '' : String(data)));
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a feed broke off'));
    socket.once('close', () => {
      this.#listeners.delete(listener);
      this.#leave(listener);
    });
    this.#send(listener, JSON.stringify(this.#options.hello()));
  }

  /** `{"wallet": ADDRESS}` asks for one address, `{"wallet": null}` for everything again. */
  #onMessage(listener: Listener, text: string): void {
    // What was under way when it was told to go.
    if (listener.socket.readyState !== listener.socket.OPEN) return;
    listener.messages += 1;
    if (listener.messages > MAX_MESSAGES) {
      this.counters.misused += 1;
      listener.socket.close(POLICY_VIOLATION, 'too many messages');
      return;
    }
    const wallet = this.#readWallet(text);
    if (wallet.error !== undefined) {
      this.#send(listener, JSON.stringify({ type: 'error', message: wallet.error }));
      return;
    }
    this.#leave(listener);
    listener.group = this.#groupOf(wallet.address);
    listener.group.members.add(listener);
    this.#send(listener, JSON.stringify({ type: 'filter', wallet: wallet.address || null }));
    this.#send(listener, JSON.stringify(this.#options.rates(wallet.address || undefined)));
  }

  #readWallet(text: string): { readonly address: string; readonly error?: string } {
    try {
      const { wallet } = Request.parse(JSON.parse(text));
      return { address: wallet === null ? '' : this.#options.readAddress(wallet) };
    } catch (error) {
      const isForm = error instanceof SyntaxError || error instanceof z.ZodError;
      const reason = isForm
        ? 'the only message is {"wallet": ADDRESS} or {"wallet": null}'
        : `wallet: ${error instanceof Error ? error.message : String(error)}`;
      return { address: '', error: reason };
    }
  }

  #groupOf(address: string): ListenerGroup {
    const known = this.#groups.get(address);
    if (known !== undefined) return known;
    const group = new ListenerGroup(address);
    this.#groups.set(address, group);
    return group;
  }

  #leave(listener: Listener): void {
    const { group } = listener;
    group.members.delete(listener);
    if (group.members.size === 0) this.#groups.delete(group.address);
  }

  /** Sends a frame to those who listen to everything and to those who listen to the address. */
  #tell(address: string | undefined, frameOf: () => LiveFrame): void {
    const nowMs = this.#options.clock.steadyMs();
    let text: string | undefined;
    for (const key of address === undefined ? [''] : ['', address]) {
      const group = this.#groups.get(key);
      if (group === undefined || !group.mayTell(nowMs)) continue;
      text ??= JSON.stringify(frameOf());
      for (const listener of group.members) this.#send(listener, text);
    }
  }

  #send({ socket }: Pick<Listener, 'socket'>, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount <= MAX_BACKLOG_BYTES) return;
    this.counters.slow += 1;
    socket.terminate();
  }

  #sendRates(): void {
    for (const group of this.#groups.values()) {
      const rates = this.#options.rates(group.address || undefined);
      const text = JSON.stringify({ ...rates, left_out: group.takeLeftOut() });
      for (const listener of group.members) this.#send(listener, text);
    }
  }

  #ping(): void {
    for (const listener of this.#listeners) {
      if (!listener.isAlive) {
        listener.socket.terminate();
        continue;
      }
      listener.isAlive = false;
      listener.messages = 0;
      listener.socket.ping();
    }
  }
}
