/** Hears the events of a relay (`protocol/relay-events.ts`) over WebSocket, and connects again for as long as it runs. */
import { WebSocket } from 'ws';
import { RelayEvent } from '../../protocol/relay-events.ts';
import type { Logger } from '../../service/log.ts';
import type { ReaderTiming } from '../../service/notification-reader.ts';

export interface RelayEventsOptions {
  /** Of the relay. */
  readonly url: string;
  /** From now on everything is heard. What happened before must be asked for. */
  readonly onOpen: () => void;
  readonly onEvent: (event: RelayEvent) => void;
  /** Nothing is heard any more. */
  readonly onLost: () => void;
  readonly log: Logger;
  /** From 0 to below 1: pauses differ, so that many readers do not come back at once. */
  readonly random: () => number;
  readonly timing?: Partial<ReaderTiming>;
}

const TIMING: ReaderTiming = {
  firstPauseMs: 500,
  longestPauseMs: 15_000,
  answerMs: 10_000,
  // A relay says something every 15 seconds at least.
  silenceMs: 40_000,
};
const MAX_MESSAGE_BYTES = 1024 * 1024;

export class RelayEventsReader {
  readonly #options: RelayEventsOptions;
  readonly #timing: ReaderTiming;
  readonly #url: URL;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #sequence: number | undefined;
  #isStopped = false;

  /** @throws TypeError when the URL is none */
  constructor(options: RelayEventsOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#pauseMs = this.#timing.firstPauseMs;
    this.#url = new URL(`${options.url.replace(/\/+$/, '')}/events`);
    this.#url.protocol = this.#url.protocol === 'https:' ? 'wss:' : 'ws:';
    // A relay asks for no password, and must not be told that of a node.
    this.#url.username = '';
    this.#url.password = '';
  }

  start(): void {
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: this.#timing.answerMs,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.#sequence = undefined;
    socket.on('error', (error) =>
      this.#options.log.debug({ reason: error.message }, 'no events of the relay'),
    );
    socket.on('open', () => this.#expectSigns(socket));
    socket.on('message', (data, isBinary) => {
      const event = isBinary ? undefined : eventOf(String(data));
      if (event === undefined || !this.#isNext(event)) socket.terminate();
      else {
        this.#expectSigns(socket);
        this.#pauseMs = this.#timing.firstPauseMs;
        if (event.type === 'hello') this.#options.onOpen();
        else this.#options.onEvent(event);
      }
    });
    socket.once('close', () => this.#lost());
  }

  /** Hears nothing any more; nobody is told. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#socket?.terminate();
  }

  /** The first frame is a hello; each other one has the number after that of the frame before. */
  #isNext({ type, sequence }: RelayEvent): boolean {
    const isNext = this.#sequence === undefined ? type === 'hello' : sequence === this.#sequence + 1;
    this.#sequence = sequence;
    return isNext;
  }

  #expectSigns(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => socket.terminate(), this.#timing.silenceMs);
  }

  #lost(): void {
    clearTimeout(this.#silence);
    if (this.#isStopped) return;
    this.#options.onLost();
    const pauseMs = this.#pauseMs * (0.5 + this.#options.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#timing.longestPauseMs);
    this.#retry = setTimeout(() => this.start(), pauseMs);
  }
}

/** Undefined for what is no event that is known. */
function eventOf(text: string): RelayEvent | undefined {
  try {
    return RelayEvent.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
