import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ConnectionLimiter, type ConnectionLimits } from '../limits.ts';
import type { Logger } from '../log.ts';
import { refuseUpgrade } from '../upgrade.ts';
import type { ClientAddress } from './client-address.ts';

/** Somebody who listens. */
export interface Listener {
  readonly socket: WebSocket;
}

export interface AudienceOptions {
  /** Open connections of all clients, and of each. */
  readonly limits: ConnectionLimits;
  readonly clientAddress: ClientAddress;
  readonly log: Logger;
  /** Somebody begins to listen: the first text may be sent. */
  readonly onJoin: (listener: Listener) => void;
  readonly timing?: Partial<AudienceTiming> | undefined;
}

export interface AudienceTiming {
  /** How often listeners are asked whether they are there. */
  readonly pingMs: number;
}

/** What is counted of listeners, since the start. */
export interface AudienceCounters {
  opened: number;
  refused: number;
  /** Closed because they did not read. */
  slow: number;
  /** Closed because they said what nobody asked for. */
  misused: number;
}

const PING_MS = 30_000;
/** A listener this far behind is closed rather than kept in memory. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
const MAX_MESSAGE_BYTES = 1_024;
/** Messages that are passed over between two pings. */
const MAX_MESSAGES = 10;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

interface Seat extends Listener {
  isAlive: boolean;
  messages: number;
}

/**
 * Everybody who listens at one WebSocket path and has nothing to say. Each costs a bounded amount: slow ones and
 * those that talk are dropped.
 */
export class Audience {
  readonly counters: AudienceCounters = { opened: 0, refused: 0, slow: 0, misused: 0 };
  readonly #options: AudienceOptions;
  readonly #limiter: ConnectionLimiter;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  readonly #seats = new Set<Seat>();
  readonly #pinger: NodeJS.Timeout;

  constructor(options: AudienceOptions) {
    this.#options = options;
    this.#limiter = new ConnectionLimiter(options.limits);
    this.#pinger = setInterval(() => this.#ping(), options.timing?.pingMs ?? PING_MS).unref();
  }

  /** How many listen. */
  get size(): number {
    return this.#seats.size;
  }

  /** Takes over a connection that asks for the path. */
  readonly upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const release = this.#limiter.admit(this.#options.clientAddress(request));
    if (release === undefined) {
      this.counters.refused += 1;
      refuseUpgrade(socket, '429 Too Many Requests', 'too many listeners are connected', 'Retry-After: 30');
      return;
    }
    socket.once('close', release);
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a listener broke off'));
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  };

  /** Sends everybody a text. */
  tell(text: string): void {
    for (const seat of this.#seats) this.send(seat, text);
  }

  /** Sends one of them a text. */
  send({ socket }: Listener, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount <= MAX_BACKLOG_BYTES) return;
    this.counters.slow += 1;
    socket.terminate();
  }

  /** Closes all connections. */
  stop(reason: string): void {
    clearInterval(this.#pinger);
    for (const { socket } of this.#seats) socket.close(GOING_AWAY, reason);
    this.#server.close();
  }

  #accept(socket: WebSocket): void {
    this.counters.opened += 1;
    const seat: Seat = { socket, isAlive: true, messages: 0 };
    this.#seats.add(seat);
    socket.on('pong', () => {
      seat.isAlive = true;
    });
    socket.on('message', () => {
      if (socket.readyState !== socket.OPEN) return;
      seat.messages += 1;
      if (seat.messages <= MAX_MESSAGES) return;
      this.counters.misused += 1;
      socket.close(POLICY_VIOLATION, 'nothing is expected here');
    });
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a listener broke off'));
    socket.once('close', () => this.#seats.delete(seat));
    this.#options.onJoin(seat);
  }

  #ping(): void {
    for (const seat of this.#seats) {
      if (!seat.isAlive) {
        seat.socket.terminate();
        continue;
      }
      seat.isAlive = false;
      seat.messages = 0;
      seat.socket.ping();
    }
  }
}
