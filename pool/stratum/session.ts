import { encodeSetDifficulty, type StratumId, VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import {
  chooseDifficulty,
  type DifficultyLimits,
  type DifficultyWishes,
  levelOf,
  type ShareLevel,
} from './difficulty.ts';
import { type Effect, notification } from './effect.ts';
import { MerkleRoots } from './share.ts';
import type { Worker } from './worker-name.ts';

/**
 * One miner's side of the Stratum conversation, without any socket: what a new job, or a message (see
 * `dispatch.ts`), does to the session and makes the connection do. The same code serves a pool and its edges.
 */
export interface Session {
  /** Set by the first `mining.subscribe`. */
  subscription: Subscription | undefined;
  /** Authorised users as they were named. */
  readonly workers: Map<string, Worker>;
  /** Version bits this miner may roll; 0 before `mining.configure`. */
  versionMask: number;
  readonly wishes: DifficultyWishes;
  /** The difficulties jobs were sent with: each holds from its job on until the next begins. */
  readonly spans: DifficultySpan[];
  /** Of the last job sent. */
  lastSequence: number;
  /** Requests that were understood: a sign of life. */
  requests: number;
  readonly roots: MerkleRoots;
}

export interface Subscription {
  readonly extranonce1: Uint8Array;
  /** 128 random bits, hex. */
  readonly sessionId: string;
  /** What the miner calls itself; unchecked text. */
  readonly agent: string;
}

/** The level of all jobs of one miner from a sequence number on. */
export interface DifficultySpan {
  readonly firstSequence: number;
  readonly level: ShareLevel;
}

/** What a session needs from around it. */
export interface SessionContext {
  readonly clock: Clock;
  readonly jobs: Pick<JobSource, 'current' | 'find'>;
  readonly difficulty: DifficultyLimits;
  readonly extranonce2Size: number;
  /** Four bytes that no other connection has. */
  newExtranonce1(): Uint8Array;
  /** 128 random bits, hex. */
  newSessionId(): string;
  /** The address in its one spelling, or why it is none of this network. */
  readAddress(text: string): { readonly address: string } | { readonly refusal: string };
  /** Enters a worker who has come; a text says why there is no room for one. */
  admit(worker: Worker): string | undefined;
}

/** A request, or with `id` null a notification, which is never answered. */
export interface Call {
  readonly id: StratumId | null;
  readonly params: readonly unknown[];
}

/** Spans beyond this are forgotten from the oldest on, with the jobs they belong to. */
const MAX_SPANS = 64;

export function newSession(): Session {
  return {
    subscription: undefined,
    workers: new Map(),
    versionMask: 0,
    wishes: {},
    spans: [],
    lastSequence: -1,
    requests: 0,
    roots: new MerkleRoots(),
  };
}

/**
 * What a new job does: a miner that is ready gets it, with the difficulty in front when that has changed. A
 * difficulty is never sent without a job, and never twice for one job: miners queue them.
 */
export function deliverJob(session: Session, job: Job, clean: boolean, context: SessionContext): Effect[] {
  // A job id that comes again is ignored by miners, so it is not sent again.
  if (!isReady(session) || job.sequence <= session.lastSequence) return [];
  const isFirst = session.lastSequence < 0;
  session.lastSequence = job.sequence;
  const notify: Effect = { type: 'notify', job, clean: clean || isFirst };
  const difficulty = chooseDifficulty(session.wishes, context.difficulty);
  if (session.spans.at(-1)?.level.difficulty === difficulty) return [notify];
  session.spans.push({ firstSequence: job.sequence, level: levelOf(difficulty) });
  if (session.spans.length > MAX_SPANS) session.spans.shift();
  return [{ type: 'send', line: encodeSetDifficulty(difficulty) }, notify];
}

/** The first job of a miner that has just become ready. */
export function beginWork(session: Session, context: SessionContext): Effect[] {
  const job = session.lastSequence < 0 ? context.jobs.current(payeeOf(session)) : undefined;
  return job === undefined ? [] : deliverJob(session, job, true, context);
}

/** Whom solo blocks of this miner pay: all workers of a connection have one address there. */
export function payeeOf(session: Session): string | undefined {
  return session.workers.values().next().value?.address;
}

/** What a changed wish does: before the first job nothing, afterwards the miner needs a new job to go with it. */
export function changeDifficulty(session: Session, context: SessionContext): Effect[] {
  return isDifficultyPending(session, context) ? [{ type: 'want-job' }] : [];
}

/** Whether the next job of this miner brings another difficulty. */
export function isDifficultyPending(session: Session, context: SessionContext): boolean {
  const current = session.spans.at(-1);
  return (
    current !== undefined && current.level.difficulty !== chooseDifficulty(session.wishes, context.difficulty)
  );
}

/** A text for the miner's owner. Nothing but jobs may reach a miner before it is authorized. */
export function showMessage(session: Session, text: string): Effect[] {
  return session.workers.size === 0 ? [] : [notification('client.show_message', [text])];
}

/** The level a job was sent to this miner with; undefined when the miner came after it. */
export function levelOfJob(session: Session, job: Job): ShareLevel | undefined {
  return session.spans.findLast(({ firstSequence }) => firstSequence <= job.sequence)?.level;
}

/** Whether work may be sent: subscribed, and at least one worker authorised. */
function isReady(session: Session): boolean {
  return session.subscription !== undefined && session.workers.size > 0;
}

/** The bits a miner that asks for `mask` may roll. */
export function grantedMask(mask: number): number {
  return (mask & VERSION_ROLLING_MASK) >>> 0;
}
