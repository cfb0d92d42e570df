/** Crowds of silent miners, and the bare server beside which the pool is measured: programs of `swarm.c`. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MINER_ADDRESS } from '../kit/pool-kit.ts';
import { pin } from './pool-process.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** When the first, the 99th in a hundred and the last miner had the job; nanoseconds of the monotonic clock. */
export interface Arrival {
  readonly firstNs: bigint;
  readonly p99Ns: bigint;
  readonly lastNs: bigint;
}

const directory = mkdtempSync(join(tmpdir(), 'nilz-swarm-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

/** How the programs are run, and in what they are written. */
export const NATIVE = compile();

function compile(): { readonly command: readonly string[]; readonly language: 'C' | 'Node' } {
  const source = fileURLToPath(new URL('./swarm.c', import.meta.url));
  const binary = join(directory, 'swarm');
  const { status } = spawnSync('cc', ['-O2', '-o', binary, source], { stdio: 'ignore' });
  if (status === 0) return { command: [binary], language: 'C' };
  const script = fileURLToPath(new URL('./swarm.ts', import.meta.url));
  return { command: [process.execPath, '--import', 'tsx', script], language: 'Node' };
}

const CALLS = [
  '{"id":1,"method":"mining.subscribe","params":["bench/1"]}',
  `{"id":2,"method":"mining.authorize","params":["${MINER_ADDRESS}.bench","x"]}`,
];

/** What a miner says to get its first job. */
export function loginOver(transport: 'tcp' | 'websocket'): Buffer {
  if (transport === 'tcp') return Buffer.from(`${CALLS.join('\n')}\n`);
  const handshake = [
    'GET /stratum HTTP/1.1',
    'Host: bench',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  // Masked with zeros: the payload stands as it is (RFC 6455, 5.3).
  const frames = CALLS.map((call) =>
    Buffer.concat([
      Buffer.from([0x81, 0x80 | 126, call.length >> 8, call.length & 255, 0, 0, 0, 0]),
      Buffer.from(call),
    ]),
  );
  return Buffer.concat([Buffer.from(`${handshake.join('\r\n')}\r\n\r\n`), ...frames]);
}

let files = 0;

abstract class Program {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  protected constructor(args: readonly string[], text: Buffer, core: 'pool' | 'load') {
    const file = join(directory, `text-${files++}`);
    writeFileSync(file, text);
    const [program = '', ...before] = NATIVE.command;
    this.#child = spawn(program, [...before, ...args, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    pin(this.#child.pid, core);
    const lines: Interface = createInterface({ input: this.#child.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  protected say(command: string): void {
    this.#child.stdin.write(`${command}\n`);
  }

  /** The rest of the next line, which has to begin with a word. */
  protected async hear(word: string): Promise<string[]> {
    const { value, done } = await this.#lines.next();
    const [said, ...rest] = done === true ? ['the end'] : value.split(' ');
    if (said !== word) throw new Error(`the swarm says "${said}", not "${word}"`);
    return rest;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    this.#child.kill();
    await gone;
  }
}

/** Miners that have logged in and say nothing more. */
export class Crowd extends Program {
  /** Resolves when all have their first job. @param login what each sends: see `loginOver` */
  static async open(port: number, count: number, login: Buffer): Promise<Crowd> {
    const crowd = new Crowd([String(port), String(count)], login, 'load');
    await crowd.hear('ready');
    return crowd;
  }

  /** Has `trigger` cause a new job, and tells when it arrived. */
  async timeJob(trigger: () => void): Promise<Arrival> {
    this.say('arm');
    await this.hear('armed');
    trigger();
    const [first = '0', p99 = '0', last = '0'] = await this.hear('done');
    return { firstNs: BigInt(first), p99Ns: BigInt(p99), lastNs: BigInt(last) };
  }
}

/** The least a server can do: write the same bytes to every connection, one after the other. */
export class BareServer extends Program {
  port = 0;

  /** @param count it waits for so many connections. @param notify what it writes */
  static async start(count: number, notify: Buffer): Promise<BareServer> {
    const server = new BareServer(['serve', String(count)], notify, 'pool');
    const [port] = await server.hear('port');
    server.port = Number(port);
    return server;
  }

  writeToAll(): void {
    this.say('go');
  }
}
