/** A real `nilz node` in a process of its own, one of several that are peers of each other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { childEnvironment } from './surroundings.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
const CREDENTIALS = { user: 'mesh', password: 'only for tests' };

/** The line that says that all is ready; the lines of the log have other keys. */
const Ready = z.object({ ready: z.literal(true), rpc_url: z.string(), p2p_port: z.int().nullable() });

export class MeshNode {
  readonly rpc: RpcClient;
  /** HOST:PORT where other nodes reach it; empty when it does not listen. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #stderr: () => string;

  private constructor(child: ChildProcess, ready: z.infer<typeof Ready>, stderr: () => string) {
    this.#child = child;
    this.#stderr = stderr;
    this.rpc = createRpcClient({ url: ready.rpc_url, credentials: CREDENTIALS });
    this.address = ready.p2p_port === null ? '' : `127.0.0.1:${ready.p2p_port}`;
  }

  /**
   * Starts a node on free ports and waits until it is ready.
   * @param directory where its data is or will be
   * @param flags `--network` and how it finds its peers
   */
  static async start(directory: string, flags: readonly string[]): Promise<MeshNode> {
    const own = ['--json', '--log-level', 'warn', '--datadir', directory];
    const access = ['--rpc-user', CREDENTIALS.user, '--rpc-password', CREDENTIALS.password];
    const ports = ['--rpc-port', '0', '--p2p-port', '0'];
    const child = spawn(NILZ, ['node', ...own, ...access, ...ports, ...flags], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ready = new Promise<z.infer<typeof Ready>>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const parsed = Ready.safeParse(JSON.parse(line));
        if (parsed.success) resolve(parsed.data);
      });
      child.once('close', (code) => reject(new Error(`nilz node ended with ${String(code)}: ${stderr}`)));
    });
    return new MeshNode(child, await ready, () => stderr);
  }

  /** What it wrote to standard error. */
  get stderr(): string {
    return this.#stderr();
  }

  /** The hash of its last block. */
  tip(): Promise<string> {
    return this.rpc.call('getbestblockhash') as Promise<string>;
  }

  height(): Promise<number> {
    return this.rpc.call('getblockcount') as Promise<number>;
  }

  /** Ends it with a signal and waits until it is gone; resolves to its exit code, null where the signal ended it. */
  async end(signal: 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    this.rpc.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

const POLL_MS = 5;

/** Asks until the answer is yes. @throws when that takes longer than `timeoutMs`, with `what` */
export async function until(what: string, isSo: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
