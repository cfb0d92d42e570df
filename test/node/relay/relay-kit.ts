/** A relay in front of a real node, on a free port, and the ways tests talk to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { type RelayOptions, type RunningRelay, startRelay } from '../../../node/relay/relay.ts';
import { PROFILES } from '../../../protocol/network.ts';
import type { RelayEvent } from '../../../protocol/relay-events.ts';
import { createLogger } from '../../../service/log.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';

export interface RelayAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers field by field
  readonly body: any;
}

/** Rates that no test comes near, unless it is about them. */
const UNLIMITED = { perSecond: 1e6, burst: 1e6 };

/** Starts a relay that ends with the test, in front of a node of its own or the one given; it has reached the node. */
export async function startTestRelay(
  context: TestContext,
  options: Partial<RelayOptions> & { readonly behind?: TestNode } = {},
): Promise<{ readonly relay: TestRelay; readonly node: TestNode }> {
  const { behind, ...rest } = options;
  const node = behind ?? (await startTestNode(context));
  const relay = await startLoneRelay(context, { node: loginOf(node), ...rest });
  await relay.running.ready;
  return { relay, node };
}

/** Starts a relay that ends with the test, whether or not there is a node. */
export async function startLoneRelay(
  context: TestContext,
  options: Partial<RelayOptions> & Pick<RelayOptions, 'node'>,
): Promise<TestRelay> {
  const running = await startRelay({
    host: '127.0.0.1',
    port: 0,
    id: 'tested',
    profile: PROFILES.regtest,
    log: createLogger({ name: 'test', level: 'silent' }),
    ...options,
    limits: { reading: UNLIMITED, writing: UNLIMITED, ...options.limits },
    timing: { feed: { mempoolMs: 20 }, reader: { firstPauseMs: 20, longestPauseMs: 50 }, ...options.timing },
  });
  context.after(() => running.stop());
  return new TestRelay(running);
}

export function loginOf({ node }: TestNode): RelayOptions['node'] {
  return { url: node.rpcUrl, credentials: node.credentials };
}

export class TestRelay {
  readonly running: RunningRelay;

  constructor(running: RunningRelay) {
    this.running = running;
  }

  get url(): string {
    return this.running.url;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<RelayAnswer> {
    return answerOf(await fetch(`${this.url}${path}`, { headers }));
  }

  async post(path: string, body: unknown, type = 'application/json'): Promise<RelayAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'Content-Type': type };
    return answerOf(await fetch(`${this.url}${path}`, { method: 'POST', body: text, headers }));
  }

  /** The answer of a request that must succeed. */
  async ask(path: string): Promise<RelayAnswer['body']> {
    const { status, text, body } = await this.get(path);
    assert.equal(status, 200, `${path}: ${text.slice(0, 300)}`);
    return body;
  }

  /** Asks until the answer is what is waited for: what the node tells takes a moment. */
  async askUntil(
    path: string,
    isThere: (body: RelayAnswer['body']) => boolean,
  ): Promise<RelayAnswer['body']> {
    for (;;) {
      const { status, body } = await this.get(path);
      if (status === 200 && isThere(body)) return body;
      await new Promise((resume) => setTimeout(resume, 10));
    }
  }

  /** A connection to `/events` that is being opened. */
  eventSocket(headers: Record<string, string> = {}): WebSocket {
    return new WebSocket(`${this.url.replace('http', 'ws')}/events`, { headers });
  }

  /** Listens at `/events`; the first frame has come. */
  async listen(context: TestContext, headers: Record<string, string> = {}): Promise<TestListener> {
    const socket = this.eventSocket(headers);
    context.after(() => socket.terminate());
    const listener = new TestListener(socket);
    await once(socket, 'open');
    await listener.until('hello');
    return listener;
  }
}

async function answerOf(response: Response): Promise<RelayAnswer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
}

export class TestListener {
  readonly socket: WebSocket;
  readonly heard: RelayEvent[] = [];
  #onHeard = (): void => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)));
      this.#onHeard();
    });
  }

  /** Resolves to the first frame of a type that fits, heard already or to come. */
  async until<Type extends RelayEvent['type']>(
    type: Type,
    fits: (frame: Extract<RelayEvent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<RelayEvent, { type: Type }>> {
    for (;;) {
      const frame = this.heard.find(
        (each): each is Extract<RelayEvent, { type: Type }> => each.type === type && fits(each as never),
      );
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#onHeard = resolve;
      });
    }
  }
}
