/** A real `nilz wallet gui` in a process of its own, and raw requests as strangers make them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CALLS, callPath } from '../../wallet/gui/api.ts';
import type { Devnet } from './devnet.ts';
import { childEnvironment } from './surroundings.ts';
import { GuiWindow, tokenOf } from './wallet-gui-kit.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
const Ready = z.object({ event: z.literal('ready'), url: z.string(), link: z.string() });

/** A window of a page that was reached by a link, wherever it runs. */
export async function windowBy(link: string): Promise<GuiWindow> {
  const { origin } = new URL(link);
  const { session } = await new GuiWindow(origin, '').ask('session/open', { token: tokenOf(link) });
  return new GuiWindow(origin, session);
}

/** A window by way of the landing page of `nilz up`, as its button does it. */
export async function windowFromHome({ ready }: Devnet): Promise<GuiWindow> {
  const headers = { Origin: new URL(ready.homeUrl).origin };
  const answer = await fetch(new URL('/wallet-link', ready.homeUrl), { method: 'POST', headers });
  assert.equal(answer.status, 200);
  return windowBy(((await answer.json()) as { url: string }).url);
}

export class WalletGuiProcess {
  readonly url: string;
  /** Opens one window. */
  readonly link: string;
  readonly #child: ChildProcess;
  readonly #stderr: () => string;

  private constructor(child: ChildProcess, { url, link }: z.infer<typeof Ready>, stderr: () => string) {
    this.#child = child;
    this.url = url;
    this.link = link;
    this.#stderr = stderr;
  }

  /** Starts it on a folder of wallets and a node; it ends with the test. */
  static async start(test: TestContext, datadir: string, nodeUrl: string): Promise<WalletGuiProcess> {
    const place = ['--network', 'dev', '--datadir', datadir, '--node-url', nodeUrl];
    const child = spawn(NILZ, ['wallet', 'gui', ...place, '--gui-port', '0', '--no-open', '--json'], {
      env: childEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`nilz wallet gui ended with ${String(code)}: ${stderr}`);
    });
    ended.catch(() => undefined);
    test.after(() => killed(child));
    const ready = (await firstObject(child.stdout)) ?? (await ended);
    return new WalletGuiProcess(child, Ready.parse(ready), () => stderr);
  }

  /** What it wrote to standard error. */
  get stderr(): string {
    return this.#stderr();
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return killed(this.#child);
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

/** The first JSON object of a stream: it has lines of its own. Undefined when the stream ends before. */
async function firstObject(stream: Readable): Promise<unknown> {
  let text = '';
  for await (const line of createInterface({ input: stream })) {
    text += line;
    if (line === '}' || line.startsWith('{"')) return JSON.parse(text);
  }
  return undefined;
}

/** Sends exactly these lines. @returns the first line of the answer and all of its text; empty when there was none */
export async function sendLines(
  url: string,
  lines: readonly string[],
  body = '',
): Promise<{ readonly status: number; readonly text: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(10_000, () => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  // Whoever refuses a request may close before all of it was read.
  socket.on('error', () => undefined);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await once(socket, 'close');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

/** What a stranger asks: a page, what it is made of, a question, the live feed. */
export function strangersRequests(): readonly {
  readonly name: string;
  readonly start: string;
  readonly headers: readonly string[];
  readonly body: string;
}[] {
  const json = JSON.stringify({});
  const length = [`Content-Length: ${json.length}`, 'Content-Type: application/json'];
  const upgrade = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return [
    { name: 'the page', start: 'GET / HTTP/1.1', headers: [], body: '' },
    { name: 'a question', start: `POST ${callPath('state')} HTTP/1.1`, headers: length, body: json },
    { name: 'a session', start: `POST ${callPath('session/open')} HTTP/1.1`, headers: length, body: json },
    { name: 'the live feed', start: 'GET /live HTTP/1.1', headers: upgrade, body: '' },
  ];
}

/** Every question there is. */
export function allCalls(): readonly (keyof typeof CALLS)[] {
  const names = Object.keys(CALLS) as (keyof typeof CALLS)[];
  assert.ok(names.length > 30);
  return names;
}
