/** The client's side of a pool's HTTP port for tests. */
import { connect } from 'node:net';
import { WebSocket } from 'ws';

export interface JsonAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Asks and reads the JSON of the answer. */
export async function askJson<T = Record<string, unknown>>(
  url: string,
  init?: RequestInit,
): Promise<JsonAnswer<T>> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

/** Sends bytes as they are and gives what comes back until the server closes. */
export function askRaw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.write(request);
  return new Promise((accept) => socket.once('close', () => accept(answer)));
}

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A listener to `/live`. */
export class LiveListener {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #frames: Frame[] = [];
  readonly #waiting: { readonly type: string; readonly accept: (frame: Frame) => void }[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((accept) =>
      socket.once('close', (code, reason) => accept({ code, reason: String(reason) })),
    );
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      const index = this.#waiting.findIndex(({ type }) => type === frame.type);
      const [waiter] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (waiter === undefined) this.#frames.push(frame);
      else waiter.accept(frame);
    });
  }

  /** @throws Error with the status when the upgrade is refused */
  static connect(httpUrl: string): Promise<LiveListener> {
    const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/live`);
    const listener = new LiveListener(socket);
    return new Promise((accept, reject) => {
      socket.once('open', () => accept(listener));
      socket.once('error', reject);
    });
  }

  /** The next frame of a kind; others are kept. */
  next(type: string): Promise<Frame> {
    const index = this.#frames.findIndex((frame) => frame.type === type);
    const [frame] = index < 0 ? [] : this.#frames.splice(index, 1);
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((accept) => this.#waiting.push({ type, accept }));
  }

  /** Frames of a kind that have come and were not asked for. */
  seen(type: string): readonly Frame[] {
    return this.#frames.filter((frame) => frame.type === type);
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  close(): void {
    this.socket.terminate();
  }
}
