/** An RPC server with methods of its own, and calls of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { z } from 'zod';
import { basicAuth, type HttpListener, listenHttp } from '../../service/http.ts';
import { createLogger, type Logger } from '../../service/log.ts';
import {
  createRpcServer,
  RpcError,
  type RpcMethods,
  type RpcServer,
  type RpcServerOptions,
  rpcMethod,
} from '../../service/rpc-server.ts';
import { basic, type RawAnswer, send } from './raw-http.ts';

export const AUTH = basic('alice', 'open:sesame');
/** What servers have logged, a line each. */
export const logged: string[] = [];
/** Who waits for a call of `wait`, by the name it is given. */
const arrivals = new Map<string, (signal: AbortSignal) => void>();

/** Resolves with its signal as soon as a call of `wait` with this name runs. */
export function arrival(name: string): Promise<AbortSignal> {
  return new Promise((resolve) => arrivals.set(name, resolve));
}

class StockError extends Error {}

export const METHODS: RpcMethods = {
  echo: rpcMethod({
    group: 'test',
    help: 'Answers what it was given.',
    params: [{ name: 'value', schema: z.unknown(), optional: true }],
    run: ({ value }) => value,
  }),
  add: rpcMethod({
    group: 'test',
    help: 'Adds two numbers.',
    params: [
      { name: 'left', schema: z.int().min(0).max(100), help: 'from 0 to 100' },
      { name: 'right', schema: z.int(), optional: true, aliases: ['second'] },
    ],
    run: ({ left, right }) => left + (right ?? 1),
  }),
  nested: rpcMethod({
    group: 'test',
    help: 'Takes an object.',
    params: [{ name: 'request', schema: z.object({ rules: z.array(z.string()) }) }],
    run: ({ request }) => request.rules.length,
  }),
  refuse: rpcMethod({
    group: 'test',
    help: 'Fails as asked.',
    params: [],
    run: () => {
      throw new RpcError(-5, 'no such thing', { tried: 1 });
    },
  }),
  breakRule: rpcMethod({
    group: 'other',
    help: 'Throws an error of the application.',
    params: [],
    run: () => Promise.reject(new StockError('out of stock')),
  }),
  crash: rpcMethod({
    group: 'other',
    help: 'Has a bug.',
    params: [],
    run: () => {
      throw new Error('secret internals');
    },
  }),
  long: rpcMethod({
    group: 'other',
    help: 'Answers a megabyte.',
    params: [],
    run: () => 'x'.repeat(1_000_000),
  }),
  bigint: rpcMethod({ group: 'other', help: 'Answers what JSON cannot carry.', params: [], run: () => 1n }),
  wait: rpcMethod({
    group: 'other',
    help: 'Waits until the caller has gone.',
    params: [{ name: 'name', schema: z.string() }],
    run: async ({ name }, { signal }) => {
      arrivals.get(name)?.(signal);
      await once(signal, 'abort');
      return `woken: ${(signal.reason as Error).message}`;
    },
  }),
  upload: rpcMethod({
    group: 'other',
    help: 'Counts the characters of a long text.',
    params: [{ name: 'data', schema: z.string() }],
    bigBody: true,
    run: ({ data }) => data.length,
  }),
};

export function newServer(options: Partial<RpcServerOptions> = {}): RpcServer {
  return createRpcServer({
    methods: METHODS,
    authorize: basicAuth([{ user: 'alice', password: 'open:sesame' }]),
    log: logTo('info', (line) => logged.push(line)),
    health: () => ({ height: 7 }),
    describeError: (error) => (error instanceof StockError ? new RpcError(-26, error.message) : undefined),
    allowedOrigins: ['https://friend.example'],
    unauthorizedDelayMs: 20,
    ...options,
  });
}

/** A log that hands over its lines. */
export function logTo(level: 'debug' | 'info', write: (line: string) => void): Logger {
  return createLogger({ name: 'rpc', level, pretty: false, destination: { write } });
}

/** Has a server listen. */
export async function listen(server: RpcServer): Promise<HttpListener> {
  return listenHttp({ host: '127.0.0.1', port: 0, handler: server.handler, onStop: server.stop });
}

/** Calls of a server that listens. */
export class RpcCalls {
  readonly #listener: HttpListener;

  constructor(listener: HttpListener) {
    this.#listener = listener;
  }

  post(body: unknown, headers: Readonly<Record<string, string>> = AUTH): Promise<RawAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return send({ url: this.#listener.url, headers, body: text });
  }

  /** Status and parsed body; the shape of every answer is checked on the way. */
  async ask(body: unknown): Promise<[number, unknown]> {
    const answer = await this.post(body);
    if (answer.status === 204) {
      assert.equal(answer.body, '');
      return [204, undefined];
    }
    assert.match(answer.body, /^[^\n]+\n$/, 'one line');
    assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.body));
    assert.equal(answer.headers['content-type'], 'application/json');
    return [answer.status, JSON.parse(answer.body)];
  }

  async errorOf(method: string, params: unknown): Promise<{ code: number; message: string }> {
    const [, body] = await this.ask({ method, params, id: 1 });
    return (body as { error: { code: number; message: string } }).error;
  }
}
