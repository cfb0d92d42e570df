/** A miner in virtual time: the engine, the client and the threads' loops as they are, at a simulated pool. */
import { createHash } from 'node:crypto';
import { type Engine, startEngine } from '../../miner/engine.ts';
import type { MinerEvent } from '../../miner/event.ts';
import { HashLoop } from '../../miner/hashing/hash-loop.ts';
import type { StartThread, ThreadHandlers } from '../../miner/hashing/thread.ts';
import { startWorkerPool } from '../../miner/hashing/worker-pool.ts';
import type { Hasher } from '../../miner/kernel/hasher.ts';
import { createJsHasher } from '../../miner/kernel/js-hasher.ts';
import { createStratumSource } from '../../miner/stratum/stratum-source.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { SimulatedPool } from './simulated-pool.ts';
import { VirtualTime } from './virtual-time.ts';

const DAY_STARTS_MS = Date.UTC(2026, 10, 21);
/** Threads are fast enough to use up a header in four seconds. */
const NONCES_PER_MS = 1_000_000;
/** Nonces of a slice that are really hashed; what is found, is found among them. */
const HASHED_PER_SLICE = 6;
const SLICE_MS = 2_000;

/** A random source that gives the same numbers for the same seed: SplitMix32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e37_79b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0_aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a_2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

export interface DayOptions {
  readonly threads: number;
  readonly seed: number;
}

export class SimulatedDay {
  readonly time = new VirtualTime();
  readonly pool: SimulatedPool;
  /** Events by type. */
  readonly events = new Map<string, number>();
  /** Slices that were searched, and those of them that had been searched before. */
  slices = 0;
  repeatedSlices = 0;
  crashes = 0;
  engine: Engine | undefined;
  readonly #options: DayOptions;
  readonly #random: () => number;
  readonly #searched = new Set<string>();
  readonly #threads = new Map<number, ThreadHandlers>();
  readonly #timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  constructor(options: DayOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.pool = new SimulatedPool(this.time, () => this.unixMs, this.#random);
  }

  get unixMs(): number {
    return DAY_STARTS_MS + this.time.nowMs;
  }

  /** Starts the miner. From here to the end, timers of the process are those of virtual time. */
  async begin(): Promise<void> {
    const { time } = this;
    const set = (run: () => void, delayMs = 0): (() => void) => time.later(run, delayMs);
    globalThis.setTimeout = set as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((cancel?: () => void) => cancel?.()) as unknown as typeof clearTimeout;
    const nowMs = (): number => time.nowMs;
    this.engine = await this.#settled(
      startEngine({
        createSource: (tools, listener) =>
          createStratumSource(
            {
              connector: this.pool.connector,
              host: 'pool.test',
              port: 3333,
              user: 'dnilz1address.rig',
              password: 'x',
              agent: 'tester/1.0',
            },
            tools,
            listener,
          ),
        startThreads: (handlers) =>
          startWorkerPool({
            ...handlers,
            threads: this.#options.threads,
            startThread: this.#startThread,
            nowMs,
          }),
        threads: this.#options.threads,
        pool: 'stratum+tcp://pool.test:3333',
        user: 'dnilz1address.rig',
        onEvent: (event) => this.#count(event),
        nowMs,
        unixMs: () => this.unixMs,
        random: this.#random,
      }),
    );
  }

  /** Stops the miner, and gives the process its timers back. */
  async end(): Promise<void> {
    try {
      if (this.engine !== undefined) await this.#settled(this.engine.stop());
    } finally {
      Object.assign(globalThis, this.#timers);
    }
  }

  /** Has a thread die, as of want of memory. */
  crash(): void {
    const thread = Math.floor(this.#random() * this.#options.threads);
    const handlers = this.#threads.get(thread);
    if (handlers === undefined) return;
    this.crashes += 1;
    this.#threads.delete(thread);
    handlers.onEnd(new Error('out of memory'));
  }

  /** Lets go of what was noted, to see what the miner keeps. */
  forget(): void {
    this.#searched.clear();
    this.pool.forget();
  }

  #count({ type }: MinerEvent): void {
    this.events.set(type, (this.events.get(type) ?? 0) + 1);
  }

  async #settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const noted = promise.finally(() => {
      isSettled = true;
    });
    while (!isSettled) {
      this.time.pass(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return noted;
  }

  /** A thread whose loop runs in virtual time; messages reach it between its slices. */
  readonly #startThread: StartThread = ({ thread, threadCount, usedValues }, handlers) => {
    const { time } = this;
    const alive = (): boolean => this.#threads.get(thread) === handlers;
    const say: ThreadHandlers['onMessage'] = (message) => {
      time.later(() => {
        if (alive()) handlers.onMessage(message);
      }, 0);
    };
    /** Time that the present turn has taken so far. */
    let spentMs = 0;
    const loop = new HashLoop({
      hasher: this.#hasher((ms) => {
        spentMs += ms;
      }),
      thread,
      threadCount,
      usedValues,
      sliceMs: SLICE_MS,
      nowMs: () => time.nowMs + spentMs,
      onHit: (hit) => say({ type: 'hit', hit }),
    });
    let cancelTurn = (): void => {};
    const turn = (): void => {
      if (!alive()) return;
      const before = loop.hashCount;
      const outcome = loop.slice();
      say({ type: 'progress', hashes: loop.hashCount - before, usedValues: loop.usedValues });
      if (outcome === 'searched' || outcome === 'exhausted') {
        cancelTurn = time.later(turn, outcome === 'exhausted' ? 100 : spentMs);
      }
      spentMs = 0;
    };
    this.#threads.set(thread, handlers);
    say({ type: 'ready', kernel: 'simulated' });
    return {
      tell: (message) => {
        time.later(() => {
          if (!alive()) return;
          if (message.type === 'stop') {
            this.#threads.delete(thread);
            handlers.onMessage({ type: 'stopped' });
            handlers.onEnd(undefined);
            return;
          }
          if (message.type === 'settled') loop.settle(message.count);
          else {
            loop.setWork(message.work);
            if (message.work !== undefined) say({ type: 'took', serial: message.work.serial });
          }
          cancelTurn();
          turn();
        }, 1);
      },
      terminate: () => handlers.onEnd(undefined),
    };
  };

  /** A kernel of a fast machine: it takes its time, and hashes the first nonces of a slice. */
  #hasher(onSpent: (ms: number) => void): Hasher {
    const exact = createJsHasher();
    let header: Uint8Array = new Uint8Array(80);
    return {
      name: 'simulated',
      setWork: (header80, target) => {
        header = header80.slice();
        exact.setWork(header80, target);
      },
      search: (start, count) => {
        this.#note(header, start);
        const { hits, scanned } = exact.search(start, Math.min(count, HASHED_PER_SLICE));
        onSpent(count / NONCES_PER_MS);
        return { hits, scanned: Math.max(scanned, count) };
      },
    };
  }

  #note(header: Uint8Array, startNonce: number): void {
    this.slices += 1;
    new DataView(header.buffer).setUint32(76, startNonce, true);
    const name = bytesToHex(createHash('sha256').update(header).digest().subarray(0, 8));
    if (this.#searched.has(name)) this.repeatedSlices += 1;
    this.#searched.add(name);
  }
}
