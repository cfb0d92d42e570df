/** A stream of messages from the server, over a WebSocket that heals by itself. */

/** The part of a WebSocket that is used: a browser's, or that of a test. */
export type WebSocketLike = Pick<WebSocket, 'addEventListener' | 'send' | 'close'>;

export type LiveState = 'connecting' | 'open' | 'lost';

export interface LiveSocketOptions {
  readonly connect: () => WebSocketLike;
  /** Every message, read as JSON; what is none is left out. */
  readonly onMessage: (message: unknown) => void;
  readonly onState: (state: LiveState) => void;
  /** Said first on every connection. */
  readonly greeting?: () => unknown;
  /** A connection over which nothing has come for this long is as good as lost (default 20,000). */
  readonly silenceMs?: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  readonly random?: () => number;
}

const SILENCE_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export class LiveSocket {
  readonly #options: LiveSocketOptions;
  /** The one that counts; whatever an earlier one still says is not heard. */
  #socket: WebSocketLike | undefined;
  #isOpen = false;
  #pauseMs: number;
  /** Until the next attempt or, while there is a socket, until its silence has lasted too long. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.#pauseMs = options.firstPauseMs ?? FIRST_PAUSE_MS;
    this.#open();
  }

  /** Sends a message, if there is a connection; on the next one the greeting is said again. */
  send(message: unknown): void {
    if (this.#isOpen) this.#socket?.send(JSON.stringify(message));
  }

  /** Tries again at once: the machine has woken up, the network is back. */
  hurry(): void {
    if (this.#closed || this.#socket !== undefined) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open(): void {
    const { connect, onMessage, onState, greeting, firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    onState('connecting');
    const socket = connect();
    this.#socket = socket;
    this.#watch(socket);
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#isOpen = true;
      this.#pauseMs = firstPauseMs;
      onState('open');
      const words = greeting?.();
      if (words !== undefined) this.send(words);
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#watch(socket);
      const message = readJson(data);
      if (message !== undefined) onMessage(message);
    });
    socket.addEventListener('close', () => this.#lose(socket));
    socket.addEventListener('error', () => this.#lose(socket));
  }

  /** Counts the silence anew. A connection whose other end has vanished never says that it is closed. */
  #watch(socket: WebSocketLike): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(socket), this.#options.silenceMs ?? SILENCE_MS);
  }

  #lose(socket: WebSocketLike): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#socket = undefined;
    this.#isOpen = false;
    socket.close();
    if (this.#closed) return;
    const { onState, random = Math.random, longestPauseMs = LONGEST_PAUSE_MS } = this.#options;
    onState('lost');
    this.#timer = setTimeout(() => this.#open(), this.#pauseMs * (0.5 + random()));
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
  }
}

function readJson(data: unknown): unknown {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
