/** The wallet's page server over a chain in memory, and a window that asks it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { profileByName } from '../../protocol/network.ts';
import { systemClock } from '../../service/clock.ts';
import { createLogger } from '../../service/log.ts';
import {
  CALLS,
  type CallAnswer,
  type CallName,
  type CallRequest,
  callPath,
  LiveEvent,
  Refusal,
} from '../../wallet/gui/api.ts';
import { type RunningWalletGui, startWalletGui, type WalletGuiOptions } from '../../wallet/gui/gui-server.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';
import { FakeChain } from './fake-chain.ts';

export const DEV = profileByName('dev');
export const CHEAP = { N: 16, r: 8, p: 1 };
export const PASSPHRASE = 'correct horse battery staple';

/** What the log is given, line by line. */
export class LogLines {
  readonly lines: string[] = [];
  readonly logger = createLogger({
    name: 'test',
    level: 'trace',
    pretty: false,
    destination: { write: (line) => void this.lines.push(line) },
  });
}

export interface GuiBench {
  readonly gui: RunningWalletGui;
  readonly chain: FakeChain;
  readonly directory: string;
  readonly log: LogLines;
}

/** Starts it; it ends with the test. */
export async function startGui(
  context: TestContext,
  options: Partial<WalletGuiOptions> & { readonly chain?: FakeChain } = {},
): Promise<GuiBench> {
  const { chain = new FakeChain(DEV), ...rest } = options;
  const directory = rest.directory ?? (await temporaryDirectory(context));
  const log = new LogLines();
  const gui = await startWalletGui({
    profile: DEV,
    // Nobody listens there: the chain is the one in memory.
    place: { nodeUrl: 'http://user:secret@127.0.0.1:1' },
    backend: Object.assign(chain, { kind: async () => 'node' as const }),
    port: 0,
    portSetting: '--gui-port',
    clock: systemClock,
    log: log.logger,
    cost: CHEAP,
    ...rest,
    directory,
  });
  context.after(() => gui.stop());
  return { gui, chain, directory, log };
}

/** A refusal, as the page reads it. */
export type Refused = Refusal['error'] & { readonly status: number };

/** A window of the page. */
export class GuiWindow {
  readonly url: string;
  readonly session: string;

  constructor(url: string, session: string) {
    this.url = url;
    this.session = session;
  }

  /** Comes by a link. */
  static async open(gui: RunningWalletGui): Promise<GuiWindow> {
    const token = tokenOf(gui.freshLink());
    const { session } = await new GuiWindow(gui.url, '').ask('session/open', { token });
    return new GuiWindow(gui.url, session);
  }

  /** The answer, which is what the table says. */
  async ask<Name extends CallName>(name: Name, request: CallRequest<Name>): Promise<CallAnswer<Name>> {
    const response = await this.send(name, request);
    const body: unknown = await response.json();
    assert.equal(response.status, 200, `${name}: ${JSON.stringify(body)}`);
    return CALLS[name].answer.parse(body) as CallAnswer<Name>;
  }

  /** Asks what is to be refused. */
  async refusal<Name extends CallName>(name: Name, request: unknown): Promise<Refused> {
    const response = await this.send(name, request);
    const { error } = Refusal.parse(await response.json());
    return { ...error, status: response.status };
  }

  send(name: CallName, request: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.url + callPath(name), {
      method: 'POST',
      headers: {
        Origin: this.url,
        'Content-Type': 'application/json',
        ...(this.session !== '' && { Authorization: `Bearer ${this.session}` }),
        ...headers,
      },
      body: typeof request === 'string' ? request : JSON.stringify(request),
    });
  }

  /** A new wallet, open, with words of its own. @returns its id */
  async createWallet(name = 'default', words?: string): Promise<string> {
    const fresh = words ?? (await this.ask('wallets/words', {})).words;
    const { wallet } = await this.ask('wallets/create', {
      name,
      words: fresh,
      passphrase: PASSPHRASE,
      words_checked: true,
    });
    return wallet.id;
  }
}

export function tokenOf(link: string): string {
  return new URLSearchParams(new URL(link).hash.slice(1)).get('token') ?? '';
}

/** Everything that a window hears. */
export class GuiListener {
  readonly heard: LiveEvent[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, greeting: unknown, headers: Readonly<Record<string, string>> = { Origin: url }) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers });
    this.#socket.on('open', () => this.#socket.send(JSON.stringify(greeting)));
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((accept) => this.#socket.once('close', accept));
    this.#socket.on('message', (data) => {
      this.heard.push(LiveEvent.parse(JSON.parse(String(data))));
      for (const look of this.#waiting) look();
    });
  }

  /** The first that fits, of those that came and will come. */
  next<Kind extends LiveEvent['event']>(
    kind: Kind,
    fits: (event: Extract<LiveEvent, { event: Kind }>) => boolean = () => true,
  ): Promise<Extract<LiveEvent, { event: Kind }>> {
    const find = () =>
      this.heard.find(
        (event): event is Extract<LiveEvent, { event: Kind }> =>
          event.event === kind && fits(event as Extract<LiveEvent, { event: Kind }>),
      );
    return new Promise((accept) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(look);
        accept(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  say(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.terminate();
  }
}
