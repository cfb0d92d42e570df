/** A real `nilz up` in a process of its own, on free ports, and real `nilz` commands beside it. */
import assert from 'node:assert/strict';
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { childEnvironment } from './surroundings.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));

/** The line that says that all is ready. */
const Ready = z.object({
  event: z.literal('ready'),
  network: z.string(),
  height: z.int(),
  tip: z.string(),
  dataDirectory: z.string(),
  rpc: z.object({
    url: z.string(),
    user: z.string(),
    password: z.string(),
    cookieFile: z.string().nullable(),
  }),
  pool: z.object({ stratumUrl: z.string(), lanUrls: z.array(z.string()), httpUrl: z.string() }),
  relay: z.object({ url: z.string(), explorerUrl: z.string() }),
  faucet: z.object({ url: z.string(), depositAddress: z.string() }),
  homeUrl: z.string(),
  walletUrl: z.string(),
  mining: z.boolean(),
  mnemonic: z.string(),
  accounts: z.array(
    z.object({ name: z.string(), address: z.string(), path: z.string(), balanceNits: z.string() }),
  ),
});
export type Ready = z.infer<typeof Ready>;

/** A line per block. */
const NewBlock = z.object({ event: z.literal('block'), height: z.int(), hash: z.string() });
export type NewBlock = z.infer<typeof NewBlock>;

/** Every flag of `nilz up` that takes a port. */
export const PORT_FLAGS = [
  '--rpc-port',
  '--p2p-port',
  '--stratum-port',
  '--http-port',
  '--relay-port',
  '--faucet-port',
  '--wallet-port',
  '--home-port',
] as const;

function spawnUp(directory: string, flags: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const ports = PORT_FLAGS.flatMap((flag) => [flag, '0']);
  return spawn(NILZ, ['up', '--json', '--datadir', directory, ...ports, ...flags], {
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export class Devnet {
  readonly ready: Ready;
  readonly rpc: RpcClient;
  /** Blocks announced since the start, in order. */
  readonly blocks: NewBlock[] = [];
  readonly #child: ChildProcess;
  readonly #news = new EventEmitter<{ block: [NewBlock] }>();
  readonly #stderr: () => string;

  private constructor(child: ChildProcess, ready: Ready, stderr: () => string) {
    this.#child = child;
    this.ready = ready;
    this.#stderr = stderr;
    this.rpc = createRpcClient({ url: ready.rpc.url, credentials: ready.rpc });
  }

  /** Starts it and waits for the ready line. */
  static async start(directory: string, flags: readonly string[] = []): Promise<Devnet> {
    const child = spawnUp(directory, flags);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`nilz up ended with ${String(code)}: ${stderr}`);
    });
    const [first] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    ended.catch(() => undefined);
    const devnet = new Devnet(child, Ready.parse(JSON.parse(first)), () => stderr);
    lines.on('line', (line) => {
      const block = NewBlock.parse(JSON.parse(line));
      devnet.blocks.push(block);
      devnet.#news.emit('block', block);
    });
    return devnet;
  }

  /** What it wrote to standard error. */
  get stderr(): string {
    return this.#stderr();
  }

  nextBlock(): Promise<NewBlock> {
    return once(this.#news, 'block').then(([block]) => block as NewBlock);
  }

  /** Address of a funded account. */
  address(name: string): string {
    const account = this.ready.accounts.find((candidate) => candidate.name === name);
    assert.ok(account, `account ${name}`);
    return account.address;
  }

  /** Ctrl-C. Resolves to the exit code and how long it took. */
  async interrupt(): Promise<{ code: number | null; milliseconds: number }> {
    const start = performance.now();
    const code = await this.#end('SIGINT');
    return { code, milliseconds: performance.now() - start };
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    this.rpc.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

export interface Finished {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one `nilz` command to its end. */
export async function nilz(
  words: readonly string[],
  { env = {}, input = '' }: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<Finished> {
  const child = spawn(NILZ, [...words], { env: childEnvironment(env) });
  child.stdin.end(input);
  return finished(child);
}

/** Starts `nilz up` and ends it with `kill -9` that long after, whether it was ready by then or not. */
export async function shortLife(
  directory: string,
  flags: readonly string[],
  lifeMs: number,
): Promise<Finished> {
  const child = spawnUp(directory, flags);
  const death = setTimeout(() => child.kill('SIGKILL'), lifeMs);
  try {
    return await finished(child);
  } finally {
    clearTimeout(death);
  }
}

async function finished(child: ChildProcess & { stdout: Readable; stderr: Readable }): Promise<Finished> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
