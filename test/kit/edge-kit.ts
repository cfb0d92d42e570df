/** Edges for tests: a real one in front of a pool, one that says what it is told to, and a line that breaks. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { type EdgeOptions, type RunningEdge, startEdge } from '../../pool/edge/edge.ts';
import { CommittedJobs, makeEdgeJob } from '../../pool/edge/edge-job.ts';
import type { Hello, Outcome, Welcome, WireJob, WireShare } from '../../pool/edge/wire.ts';
import { newTip } from '../../pool/jobs/tip.ts';
import type { RunningPool } from '../../pool/pool.ts';
import { hexToBytes } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { findShare, type SearchOptions } from './stratum-miner.ts';
import { SILENT } from './surroundings.ts';

/** The token of a running pool. */
export async function edgeToken(pool: Pick<RunningPool, 'edgeTokenFile'>): Promise<string> {
  return (await readFile(pool.edgeTokenFile, 'utf8')).trim();
}

/** Starts an edge in front of a pool; it ends with the test. */
export async function startEdgeUnderTest(
  test: TestContext,
  pool: Pick<RunningPool, 'edgeTokenFile' | 'httpUrl'>,
  changes: Partial<EdgeOptions> = {},
): Promise<RunningEdge> {
  const edge = await startEdge({
    id: 'edge-1',
    poolUrl: pool.httpUrl,
    token: await edgeToken(pool),
    stratum: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    allow: [],
    maxOfflineMs: 120_000,
    maxHeld: 50_000,
    log: SILENT,
    firstPauseMs: 10,
    ...changes,
  });
  test.after(() => edge.stop());
  return edge;
}

/** What an edge says of itself. */
export async function healthOfEdge(edge: Pick<RunningEdge, 'httpUrl'>) {
  const response = await fetch(`${edge.httpUrl}/health`);
  const body = (await response.json()) as {
    readonly status: string;
    readonly trouble: string | null;
    readonly pool: { readonly state: string; readonly reason: string | null };
    readonly miners: { readonly open: number };
    readonly shares: { readonly held: number; readonly accepted: number };
  };
  return { code: response.status, ...body };
}

export interface ShareWork {
  readonly job: WireJob;
  /** Of the welcome. */
  readonly prefix: number;
  readonly sequence: number;
  readonly user: string;
  readonly difficulty?: number;
  readonly variant?: number;
  readonly extranonce2?: string;
  /** What follows the four bytes of extranonce1 that are the connection's. */
  readonly extranonce1Tail?: string;
  readonly firstNonce?: number;
  readonly versionBits?: number;
  readonly time?: number;
  readonly accepts?: SearchOptions['accepts'];
}

/** A share as an honest edge would deliver it, found for this. */
export function findEdgeShare(work: ShareWork): { readonly share: WireShare; readonly hash: Hash } {
  const { job: wire, difficulty = 1e-7, variant = 7, extranonce2 = '00000000', versionBits } = work;
  const extranonce1 = (0x80000000 + work.prefix * 0x10000 + 5).toString(16) + (work.extranonce1Tail ?? '');
  const tip = newTip(hexToBytes(wire.previous), wire.height - 1);
  const job = makeEdgeJob(wire, tip, variant, new CommittedJobs(), 0).at?.(difficulty);
  if (job === undefined) throw new Error('an edge job has a difficulty');
  const search = {
    extranonce2,
    ...(work.accepts !== undefined && { accepts: work.accepts }),
    ...(work.firstNonce !== undefined && { firstNonce: work.firstNonce }),
    ...(work.time !== undefined && { time: work.time }),
    ...(versionBits !== undefined && { versionBits }),
  };
  const miner = { user: work.user, extranonce1: hexToBytes(extranonce1), difficulty, job };
  const { params, hash } = findShare(miner, search);
  const [, , , time = '', nonce = '', rolled = null] = params;
  const { user, sequence } = work;
  const named = { sequence, job: wire.id, variant, difficulty, user };
  return {
    share: { ...named, extranonce1, extranonce2, time, nonce, version_bits: rolled, age_ms: 0 },
    hash,
  };
}

interface RpcAnswer {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** An edge that plays a script: honest or not. */
export class ScriptedEdge {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #waiting = new Map<unknown, (answer: RpcAnswer) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((accept) =>
      socket.once('close', (code, reason) => accept({ code, reason: String(reason) })),
    );
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const answer = JSON.parse(String(data)) as RpcAnswer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async connect(pool: Pick<RunningPool, 'edgeTokenFile' | 'httpUrl'>): Promise<ScriptedEdge> {
    const url = `${pool.httpUrl.replace('http', 'ws')}/edge`;
    const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${await edgeToken(pool)}` } });
    await once(socket, 'open');
    return new ScriptedEdge(socket);
  }

  /** Connects and says hello. */
  static async enter(
    pool: Pick<RunningPool, 'edgeTokenFile' | 'httpUrl'>,
    changes: Partial<Hello> = {},
  ): Promise<{ readonly edge: ScriptedEdge; readonly welcome: Welcome }> {
    const edge = await ScriptedEdge.connect(pool);
    const { result, error } = await edge.hello(changes);
    if (error !== undefined) throw new Error(error.message);
    return { edge, welcome: result as Welcome };
  }

  hello(changes: Partial<Hello> = {}): Promise<RpcAnswer> {
    return this.request('hello', {
      ...{ protocol: 1, edge: 'scripted', instance: '0123456789abcdef', first: 1, next: 1 },
      ...changes,
    });
  }

  request(method: string, params: unknown): Promise<RpcAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<RpcAnswer>((accept) => this.#waiting.set(id, accept));
    this.send({ jsonrpc: '2.0', id, method, params });
    return answered;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async deliver(...shares: readonly WireShare[]): Promise<readonly Outcome[]> {
    const { result, error } = await this.request('shares', { shares });
    if (error !== undefined) throw new Error(error.message);
    return (result as { outcomes: Outcome[] }).outcomes;
  }
}

/** A TCP line between an edge and its pool that can be cut, and led to another pool. */
export class BreakableLine {
  /** Bytes that pass, in both directions together, until it breaks by itself; undefined is for ever. */
  breaksAfter: number | undefined;
  /** How often it broke. */
  breaks = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #listeners = new Set<() => void>();
  #target: number;
  #isDown = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((socket) => this.#carry(socket));
  }

  /** @param url of the pool's HTTP port */
  static async to(test: TestContext, url: string): Promise<BreakableLine> {
    const line = new BreakableLine(Number(new URL(url).port));
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    test.after(() => {
      line.#server.close();
      line.cut();
    });
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  leadTo(url: string): void {
    this.#target = Number(new URL(url).port);
  }

  /** Breaks what is open. */
  cut(): void {
    if (this.#sockets.size > 0) this.breaks += 1;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Breaks what is open, and lets nobody through until `restore`. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  restore(): void {
    this.#isDown = false;
  }

  /** Resolves when somebody has tried to get through. */
  nextAttempt(): Promise<void> {
    return new Promise((accept) => this.#listeners.add(accept));
  }

  #carry(socket: Socket): void {
    for (const told of this.#listeners) told();
    this.#listeners.clear();
    socket.on('error', () => undefined);
    if (this.#isDown) {
      socket.destroy();
      return;
    }
    const other = connect(this.#target, '127.0.0.1');
    other.on('error', () => undefined);
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk: Buffer) => this.#pass(chunk, to));
      from.once('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** What does not fit any more is cut off in the middle. */
  #pass(chunk: Buffer, to: Socket): void {
    if (this.breaksAfter === undefined) {
      to.write(chunk);
      return;
    }
    const rest = this.breaksAfter - chunk.length;
    to.write(chunk.subarray(0, Math.max(this.breaksAfter, 0)));
    this.breaksAfter = rest;
    if (rest > 0) return;
    this.breaksAfter = undefined;
    // What was passed on still arrives.
    setImmediate(() => this.cut());
  }
}
