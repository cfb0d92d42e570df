/** A Stratum session without a pool around it, for tests of what messages do to it. */
import type { Clock } from '../../pool/clock.ts';
import type { Job } from '../../pool/jobs/job.ts';
import { makeJob } from '../../pool/jobs/job.ts';
import { newTip, type Tip } from '../../pool/jobs/tip.ts';
import { DEFAULT_DIFFICULTY, type DifficultyLimits } from '../../pool/stratum/difficulty.ts';
import { handleMessage } from '../../pool/stratum/dispatch.ts';
import type { Effect } from '../../pool/stratum/effect.ts';
import { type Extranonce1Range, Extranonce1Space } from '../../pool/stratum/extranonce1.ts';
import { order } from '../../pool/stratum/orders.ts';
import {
  deliverJob,
  newSession,
  type Session,
  type SessionContext,
  tick,
} from '../../pool/stratum/session.ts';
import { type SessionMemory, VolatileMemory } from '../../pool/stratum/session-memory.ts';
import { SessionRegistry } from '../../pool/stratum/session-registry.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { encodeNotify, type NotifyParams, parseLine } from '../../protocol/stratum.ts';
import type { Template } from '../../protocol/template.ts';
import type { Hash } from '../../protocol/units.ts';
import { targetBytes } from '../../protocol/work.ts';

/** Both clocks, turned by hand. */
export class ManualClock implements Clock {
  wall: number;
  steady = 1_000_000;

  constructor(wallMs: number) {
    this.wall = wallMs;
  }

  wallMs(): number {
    return this.wall;
  }

  steadyMs(): number {
    return this.steady;
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

/** A template without transactions; every field can be chosen. */
export function someTemplate(changes: Partial<Template> = {}): Template {
  return {
    previous: new Uint8Array(32).fill(7),
    height: 1_000,
    version: 0x20000000,
    bits: 0x1d00ffff,
    time: 1_795_132_800,
    reward: 5_000_000_000n,
    auxiliary: new Uint8Array(0),
    branch: [],
    commitment: new Uint8Array(32).fill(9),
    transactions: new Map(),
    longPollId: undefined,
    workId: undefined,
    ...changes,
  };
}

export const JOB_SETTINGS = {
  payoutScript: p2wpkhScript(new Uint8Array(20).fill(1)),
  extranonce2Size: 4,
  uniqueBase: 0x0123456789abcdefn,
};

/** A job of the pool's own making. */
export function poolJob(sequence: number, template: Template, tip: Tip, atMs = 1_000_000): Job {
  return makeJob(template, tip, sequence, JOB_SETTINGS, atMs);
}

/** A job as some other pool once sent it. */
export function recordedJob(params: NotifyParams, atMs = 1_000_000): Job {
  const bytes = (cleanJobs: boolean) =>
    new TextEncoder().encode(`${encodeNotify({ ...params, cleanJobs })}\n`);
  return {
    ...params,
    sequence: 1,
    tip: newTip(params.previousHash, 499_999),
    height: 500_000,
    networkTarget: targetBytes(compactToTarget(params.bits)),
    createdMs: atMs,
    lines: { clean: bytes(true), further: bytes(false) },
  };
}

export interface SessionOptions {
  readonly start?: number;
  readonly extranonce1?: string;
  readonly extranonces?: Extranonce1Range;
  readonly seconds?: number;
  readonly limits?: Partial<DifficultyLimits>;
  /** Of a pool before a restart. */
  readonly memory?: SessionMemory;
  /** In solo each address has jobs of its own. */
  readonly perAddress?: boolean;
  /** Another connection to the same pool: has its clock, its jobs and its sessions in common. */
  readonly beside?: SessionUnderTest;
}

let connections = 0;

/** A session with its surroundings; the fields may be changed. */
export class SessionUnderTest {
  readonly session: Session;
  readonly clock: ManualClock;
  readonly jobs: Job[];
  readonly memory: SessionMemory;
  readonly context: SessionContext;
  /** Txids of each job. */
  transactions: Hash[] | undefined;
  roomForWorkers = true;

  constructor(options: SessionOptions = {}) {
    const {
      start = 1e-7,
      extranonce1 = '0000a7c3',
      seconds = 1_795_132_800,
      beside,
      perAddress = false,
    } = options;
    connections += 1;
    this.session = newSession(connections.toString(16).padStart(16, '0'));
    this.clock = beside?.clock ?? new ManualClock(seconds * 1000);
    this.jobs = beside?.jobs ?? [];
    const memory = beside?.memory ?? options.memory ?? new VolatileMemory();
    this.memory = memory;
    const first = Number.parseInt(extranonce1, 16);
    let sessions = 0xaa;
    this.context = {
      clock: this.clock,
      jobs: {
        current: (address) => this.jobs.findLast(({ payee }) => payee === (perAddress ? address : undefined)),
        find: (id, address) =>
          this.jobs.find(({ jobId, payee }) => jobId === id && payee === (perAddress ? address : undefined)),
        perAddress,
        transactionsOf: () => this.transactions,
      },
      difficulty: { ...DEFAULT_DIFFICULTY, start, minimum: 1e-9, maximum: 1e6, ...options.limits },
      registry:
        beside?.context.registry ??
        new SessionRegistry({
          extranonces: new Extranonce1Space(
            options.extranonces ?? { prefix: first >>> 31, prefixBits: 1, first },
          ),
          memory,
          extranonce2Size: 4,
          newSessionId: () => {
            sessions += 1;
            return sessions.toString(16).repeat(16);
          },
        }),
      difficultyOf: (worker) => memory.difficultyOf(worker),
      keepDifficulty: (worker, difficulty) => memory.keepDifficulty(worker, difficulty),
      readAddress: (text) =>
        text.startsWith('dnilz1q') ? { address: text } : { refusal: 'this is not an address' },
      longestList: 48 * 1024,
      admit: () => (this.roomForWorkers ? undefined : 'there is no room'),
    };
  }

  /** What one line does. */
  say(message: object | string): Effect[] {
    const line = typeof message === 'string' ? message : JSON.stringify(message);
    return handleMessage(this.session, parseLine(line), this.context);
  }

  call(method: string, params: readonly unknown[], id: unknown = 1): Effect[] {
    return this.say({ id, method, params });
  }

  /** Subscribed and authorised. */
  login(user = 'dnilz1qexample.rig-01', password = 'x', session?: string): this {
    this.call('mining.subscribe', ['test', session]);
    this.call('mining.authorize', [user, password]);
    return this;
  }

  /** Another job for everyone. */
  deliver(job: Job, clean = false): Effect[] {
    this.jobs.push(job);
    return deliverJob(this.session, job, clean, this.context);
  }

  /** What time alone does. */
  tick(): Effect[] {
    return tick(this.session, this.context);
  }

  order(method: string, params: readonly unknown[]): Effect[] | string {
    return order(this.session, method, params, this.context);
  }

  get sessionId(): string {
    return this.session.subscription?.sessionId ?? '';
  }

  get extranonce1(): Uint8Array {
    return this.session.subscription?.extranonce.extranonce1 ?? new Uint8Array(0);
  }
}

/** The lines among effects as objects; a notify stands as `notify`, a share as `record`. */
export function told(effects: readonly Effect[]): unknown[] {
  return effects.map((effect) => {
    if (effect.type === 'answer' || effect.type === 'send') return JSON.parse(effect.line) as unknown;
    return effect.type;
  });
}

/** The answer among effects. */
export function answerIn(effects: readonly Effect[]): { id: unknown; result: unknown; error: unknown } {
  const found = effects.find(({ type }) => type === 'answer');
  if (found?.type !== 'answer') throw new Error('there is no answer');
  return JSON.parse(found.line) as { id: unknown; result: unknown; error: unknown };
}
