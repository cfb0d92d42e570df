/** The miner's side of Stratum for tests: says what it is told to, and finds real shares. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { hexToBytes } from '../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import {
  headerFromRoot,
  jobMerkleRoot,
  type NotifyParams,
  parseNotify,
  rolledVersion,
  submitParams,
} from '../../protocol/stratum.ts';
import type { Hash, Target } from '../../protocol/units.ts';
import { meetsTarget, targetOfDifficulty } from '../../protocol/work.ts';
import { connectWebSocket } from './websocket-lines.ts';

/** Whatever line came, read as JSON. */
export interface Line {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
}

/** One connection to a pool that plays a script. */
export class StratumMiner {
  readonly socket: Duplex;
  /** Resolves when the pool has closed the connection. */
  readonly closed: Promise<void>;
  readonly #lines: Line[] = [];
  readonly #waiting: { readonly matches: (line: Line) => boolean; readonly accept: (line: Line) => void }[] =
    [];
  #lastId = 100;

  private constructor(socket: Duplex) {
    this.socket = socket;
    this.closed = new Promise((accept) => socket.once('close', () => accept()));
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined);
    lines.on('line', (text) => {
      const line = JSON.parse(text) as Line;
      const index = this.#waiting.findIndex(({ matches }) => matches(line));
      const [waiter] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (waiter === undefined) this.#lines.push(line);
      else waiter.accept(line);
    });
  }

  /** @param url `stratum+tcp://host:port`, `stratum+ssl://host:port` or `ws://host:port/stratum` */
  static async connect(url: string): Promise<StratumMiner> {
    const { protocol, hostname, port } = new URL(url.replace('stratum+', 'stratum-'));
    if (protocol === 'ws:') return new StratumMiner(await connectWebSocket(url));
    const socket =
      protocol === 'stratum-ssl:'
        ? connectTls({ port: Number(port), host: hostname, rejectUnauthorized: false })
        : connect(Number(port), hostname);
    await once(socket, protocol === 'stratum-ssl:' ? 'secureConnect' : 'connect');
    socket.setNoDelay(true);
    return new StratumMiner(socket);
  }

  /** Sends all messages in one packet. */
  send(...messages: readonly (object | string)[]): void {
    const lines = messages.map((message) =>
      typeof message === 'string' ? message : JSON.stringify(message),
    );
    this.socket.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** The next line of the pool. */
  next(): Promise<Line> {
    return this.#take(() => true);
  }

  /** The next line with this method; others stay unread. */
  nextCall(method: string): Promise<Line> {
    return this.#take((line) => line.method === method);
  }

  /** The answer to one request; other lines stay unread. */
  request(method: string, params: readonly unknown[]): Promise<Line> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.send({ id, method, params });
    return this.#take((line) => line.id === id && line.method === undefined);
  }

  #take(matches: (line: Line) => boolean): Promise<Line> {
    const index = this.#lines.findIndex(matches);
    const [line] = index < 0 ? [] : this.#lines.splice(index, 1);
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((accept) => this.#waiting.push({ matches, accept }));
  }

  /** Lines that have come and were not taken yet. */
  get unread(): readonly Line[] {
    return this.#lines;
  }

  /** What came unasked and was not taken yet: the last job, and the texts for its owner. */
  takeNews(): { readonly job: NotifyParams | undefined; readonly notices: readonly string[] } {
    const news = this.#lines.filter(({ method }) => method !== undefined);
    for (const line of news) this.#lines.splice(this.#lines.indexOf(line), 1);
    const job = news.findLast(({ method }) => method === 'mining.notify');
    const shown = news.filter(({ method }) => method === 'client.show_message');
    return {
      job: job && parseNotify(job.params ?? []),
      notices: shown.map(({ params }) => String(params?.[0])),
    };
  }

  /** Subscribes and authorises. Resolves when the first job is there. */
  async login(user: string, password = 'x'): Promise<Work> {
    const { result } = await this.request('mining.subscribe', ['test/1.0']);
    const extranonce1 = hexToBytes((result as [unknown, string])[1]);
    await this.request('mining.authorize', [user, password]);
    const [difficulty] = (await this.nextCall('mining.set_difficulty')).params as [number];
    return { user, extranonce1, difficulty, job: await this.nextJob() };
  }

  async nextJob(): Promise<NotifyParams> {
    return parseNotify((await this.nextCall('mining.notify')).params ?? []);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** What a miner knows when it works. */
export interface Work {
  readonly user: string;
  readonly extranonce1: Uint8Array;
  readonly difficulty: number;
  readonly job: NotifyParams;
}

export interface SearchOptions {
  /** Finds hashes in this range only; default: at most the target of the work's difficulty. */
  readonly accepts?: (hash: Hash) => boolean;
  readonly extranonce2?: string;
  readonly time?: number;
  readonly firstNonce?: number;
  readonly versionBits?: number;
  readonly versionMask?: number;
}

export interface Found {
  /** Of `mining.submit`. */
  readonly params: string[];
  readonly hash: Hash;
  readonly nonce: number;
}

/** Searches one share. */
export function findShare(work: Work, options: SearchOptions = {}): Found {
  const { user, extranonce1, difficulty, job } = work;
  const target: Target = targetOfDifficulty(difficulty);
  const accepts = options.accepts ?? ((hash) => meetsTarget(hash, target));
  const extranonce2 = hexToBytes(options.extranonce2 ?? '00000000');
  const root = jobMerkleRoot(job, extranonce1, extranonce2);
  const { versionBits, versionMask = 0x1fffe000, time = job.time } = options;
  const version = rolledVersion(job.version, versionBits === undefined ? 0 : versionMask, versionBits ?? 0);
  for (let nonce = options.firstNonce ?? 0; ; nonce++) {
    const hash = hashHeaderBytes(headerFromRoot(job, root, time, nonce, version));
    if (!accepts(hash)) continue;
    const params = submitParams({ user, jobId: job.jobId, extranonce2, time, nonce, versionBits });
    return { params, hash, nonce };
  }
}
