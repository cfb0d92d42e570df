/** The windows that listen at `/live`: each shows its session first, and is told of everything from then on. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { HttpError } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import { refuseUpgrade } from '../../service/upgrade.ts';
import { type LiveEvent, LiveGreeting } from './api.ts';

export interface LiveFeedOptions {
  /** @throws HttpError for a request that a page of another site may have made */
  readonly guard: (request: IncomingMessage) => void;
  /** The session of a secret; undefined when there is none. */
  readonly sessionOf: (secret: string) => string | undefined;
  /** What a window hears first. */
  readonly first: () => Promise<LiveEvent>;
  /** Unix seconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly timing?: Partial<LiveTiming>;
}

export interface LiveTiming {
  /** How long a window may take to show its session. */
  readonly greetingMs: number;
  /** How often windows are told that the server is there. */
  readonly aliveMs: number;
}

const TIMING: LiveTiming = { greetingMs: 5_000, aliveMs: 8_000 };
const MAX_LISTENERS = 40;
/** A greeting is short, and nothing else is expected. */
const MAX_MESSAGE_BYTES = 1_024;
/** A window this far behind is closed rather than kept in memory. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #timing: LiveTiming;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  /** Open sockets; the session is undefined until it was shown. */
  readonly #sockets = new Map<WebSocket, string | undefined>();
  readonly #ticker: NodeJS.Timeout;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    const tick = (): void => this.tell({ event: 'alive', time: options.now() });
    this.#ticker = setInterval(tick, this.#timing.aliveMs).unref();
  }

  /** Takes over a connection that asks for the path. */
  readonly upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    try {
      this.#options.guard(request);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      refuseUpgrade(socket, '403 Forbidden', error.message);
      return;
    }
    if (this.#sockets.size >= MAX_LISTENERS) {
      refuseUpgrade(socket, '429 Too Many Requests', 'too many windows listen', 'Retry-After: 30');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  };

  /** Tells every window that has shown its session. */
  tell(event: LiveEvent): void {
    const text = JSON.stringify(event);
    for (const [socket, session] of this.#sockets) if (session !== undefined) this.#send(socket, text);
  }

  /** Ends the connections of a session. */
  drop(session: string): void {
    for (const [socket, owner] of this.#sockets) {
      if (owner === session) socket.close(POLICY_VIOLATION, 'the session has ended');
    }
  }

  stop(): void {
    clearInterval(this.#ticker);
    for (const socket of this.#sockets.keys()) socket.close(GOING_AWAY, 'the wallet is being closed');
    this.#server.close();
  }

  #accept(socket: WebSocket): void {
    const { log } = this.#options;
    this.#sockets.set(socket, undefined);
    const patience = setTimeout(
      () => socket.close(POLICY_VIOLATION, 'no session was shown'),
      this.#timing.greetingMs,
    );
    socket.once('message', (data, isBinary) => {
      clearTimeout(patience);
      const session = isBinary ? undefined : this.#sessionIn(String(data));
      if (session === undefined) {
        socket.close(POLICY_VIOLATION, 'there is no such session');
        return;
      }
      socket.on('message', () => socket.close(POLICY_VIOLATION, 'nothing more is expected here'));
      void this.#begin(socket, session);
    });
    socket.on('error', (error) => log.debug({ reason: error.message }, 'a window broke off'));
    socket.once('close', () => {
      clearTimeout(patience);
      this.#sockets.delete(socket);
    });
  }

  #sessionIn(text: string): string | undefined {
    const greeting = LiveGreeting.safeParse(jsonOrNothing(text));
    return greeting.success ? this.#options.sessionOf(greeting.data.session) : undefined;
  }

  /** Hears the state first, then what changes: what happens in between is in the state. */
  async #begin(socket: WebSocket, session: string): Promise<void> {
    try {
      const first = await this.#options.first();
      if (!this.#sockets.has(socket)) return;
      this.#sockets.set(socket, session);
      this.#send(socket, JSON.stringify(first));
    } catch (error) {
      this.#options.log.error({ err: error }, 'the state could not be told');
      socket.terminate();
    }
  }

  #send(socket: WebSocket, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
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
