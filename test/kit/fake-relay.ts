/** A relay that answers what a test wants it to, with the explorer's real page in front of it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { WebSocketServer } from 'ws';
import { EXPLORER } from '../../node/relay/explorer.ts';
import { servePage } from '../../service/pages.ts';

export interface FakeAnswer {
  readonly status?: number;
  readonly body: unknown;
}

/** What a path answers; one that is not here answers 404 as the relay does. */
export type FakeAnswers = Readonly<Record<string, (query: URLSearchParams) => FakeAnswer>>;

const NOT_FOUND: FakeAnswer = {
  status: 404,
  body: { error: { code: 'not-found', message: 'nothing is known under this name' } },
};

export class FakeRelay {
  answers: FakeAnswers = {};
  /** Bodies that were posted, by path. */
  readonly posted: { path: string; body: string }[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  #hello: object = { type: 'hello' };
  #sequence = 0;

  private constructor() {
    const app = new Koa();
    app.use(servePage(EXPLORER));
    app.use(async (ctx) => {
      if (ctx.method === 'POST') {
        const chunks: Buffer[] = [];
        for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
        this.posted.push({ path: ctx.path, body: Buffer.concat(chunks).toString() });
      }
      const { status = 200, body } = this.answers[ctx.path]?.(ctx.URL.searchParams) ?? NOT_FOUND;
      ctx.status = status;
      ctx.body = body;
    });
    this.#server = createServer(app.callback());
    this.#sockets = new WebSocketServer({ server: this.#server, path: '/events' });
    this.#sockets.on('connection', (socket) => socket.send(this.#frame(this.#hello)));
  }

  /** @param port 0 for a free one */
  static async start(port = 0): Promise<FakeRelay> {
    const relay = new FakeRelay();
    relay.#server.listen(port, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What each new listener is told first. */
  greet(hello: object): void {
    this.#hello = { type: 'hello', ...hello };
  }

  /** Tells all listeners. */
  emit(frame: object): void {
    this.#sequence += 1;
    for (const socket of this.#sockets.clients) socket.send(this.#frame(frame));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #frame(frame: object): string {
    return JSON.stringify({ sequence: this.#sequence, time: Date.now() / 1000, ...frame });
  }
}
