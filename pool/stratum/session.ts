import { encodeSetDifficulty, type StratumId, VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';
import type { Bits, Difficulty } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import { type DifficultyLimits, type DifficultyWishes, levelOf, type ShareLevel } from './difficulty.ts';
import { type Effect, notification, setExtranonce } from './effect.ts';
import { beginWindow, chooseDifficulty, fitPace, newPace, type Pace, type PacedMiner } from './pace.ts';
import type { SessionRegistry } from './session-registry.ts';
import { type Extranonce, MerkleRoots, type SentJob, type Verdict } from './share.ts';
import { SubmissionTally } from './submission-tally.ts';
import type { Worker } from './worker-name.ts';

/**
 * One miner's side of the Stratum conversation, without any socket: what a new job, a moment of silence, or a
 * message (see `dispatch.ts`) does to the session and makes the connection do. The same code serves a pool and
 * its edges.
 */
export interface Session {
  /** Public name of its connection. */
  readonly id: string;
  /** Set by the first `mining.subscribe`. */
  subscription: Subscription | undefined;
  /** Authorised users as they were named. */
  readonly workers: Map<string, Worker>;
  /** Undefined before `mining.configure` has switched version rolling on. */
  rolling: VersionRolling | undefined;
  /** Whether it understands `mining.set_extranonce`. */
  takesExtranonce: boolean;
  readonly wishes: DifficultyWishes;
  readonly pace: Pace;
  /** What jobs were sent with: each holds from its job on until the next begins. */
  readonly spans: JobSpan[];
  /** Of the last job sent on this connection; −1 before the first. */
  lastSequence: number;
  /** The network's difficulty in it. */
  lastBits: Bits;
  /** The difficulty this connection was last told. */
  told: Difficulty | undefined;
  /** Jobs up to this one may have been sent on a connection before. */
  readonly resumed: { through: number };
  /** Requests that were understood: a sign of life. */
  requests: number;
  /** Requests of ours that it is to answer. */
  readonly asked: { id: number; version: string | undefined };
  /** Sequences of the jobs whose transactions it was told last. */
  listed: readonly number[];
  readonly tally: SubmissionTally;
  /** Whether it has brought a good share: without one it gets no place on the disk. */
  hasWorked: boolean;
  readonly roots: MerkleRoots;
  /** Sees what became of each submission: for a protocol inspector. */
  onVerdict: ((params: readonly unknown[], verdict: Verdict, sent: SentJob | undefined) => void) | undefined;
}

export interface Subscription {
  readonly extranonce: Extranonce;
  /** 128 random bits, hex: whoever knows them may resume the session. */
  readonly sessionId: string;
  /** What the miner calls itself; unchecked text. */
  readonly agent: string;
}

/** Version rolling as agreed (BIP 310). */
export interface VersionRolling {
  /** What the miner could roll. */
  readonly able: number;
  /** What it was last told it may. */
  readonly mask: number;
}

/** What all jobs of one miner were sent with from a sequence number on. */
export interface JobSpan {
  readonly firstSequence: number;
  readonly level: ShareLevel;
  readonly extranonce: Extranonce;
  readonly versionMask: number;
}

/** What a session needs from around it. */
export interface SessionContext {
  readonly clock: Clock;
  readonly jobs: Pick<JobSource, 'perAddress' | 'current' | 'find' | 'transactionsOf'>;
  readonly difficulty: DifficultyLimits;
  readonly registry: SessionRegistry;
  /** The difficulty a worker last had; undefined when it is not known. */
  difficultyOf(worker: Worker): Difficulty | undefined;
  /** Keeps a difficulty that was measured to fit a worker. */
  keepDifficulty(worker: Worker, difficulty: Difficulty): void;
  /** The address in its one spelling, or why it is none of this network. */
  readAddress(text: string): { readonly address: string } | { readonly refusal: string };
  /** Characters of the longest answer to `mining.get_transactions`. */
  readonly longestList: number;
  /** Enters a worker who has come; a text says why there is no room for one. */
  admit(worker: Worker): string | undefined;
}

/** A request, or with `id` null a notification, which is never answered. */
export interface Call {
  readonly id: StratumId | null;
  readonly params: readonly unknown[];
}

/** Spans beyond this are forgotten from the oldest on, with the jobs they belong to. */
const MAX_SPANS = 32;

/** @param id public name of its connection */
export function newSession(id: string): Session {
  return {
    id,
    subscription: undefined,
    workers: new Map(),
    rolling: undefined,
    takesExtranonce: false,
    wishes: {},
    pace: newPace(),
    spans: [],
    lastSequence: -1,
    lastBits: 0,
    told: undefined,
    resumed: { through: -1 },
    requests: 0,
    asked: { id: 0, version: undefined },
    listed: [],
    tally: new SubmissionTally(),
    hasWorked: false,
    roots: new MerkleRoots(),
    onVerdict: undefined,
  };
}

/**
 * What a new job does: a miner that is ready gets it, with whatever has changed in front. A difficulty is never
 * sent without a job, and never twice for one job: miners queue them.
 */
export function deliverJob(session: Session, job: Job, clean: boolean, context: SessionContext): Effect[] {
  const { subscription } = session;
  // A job id that comes again is ignored by miners, so it is not sent again.
  if (subscription === undefined || !isAuthorized(session) || job.sequence <= session.lastSequence) return [];
  const isFirst = session.lastSequence < 0;
  session.lastSequence = job.sequence;
  session.lastBits = job.bits;
  const effects: Effect[] = [];
  const span = spanFor(session, subscription, job, context);
  if (span.extranonce !== session.spans.at(-1)?.extranonce && !isFirst) {
    effects.push(setExtranonce(span.extranonce));
  }
  enterSpan(session, span);
  const { difficulty } = span.level;
  if (session.told !== difficulty) {
    session.told = difficulty;
    beginWindow(session.pace, context.clock.steadyMs());
    if (session.pace.fitted !== undefined) keepDifficulty(session, difficulty, context);
    effects.push({ type: 'send', line: encodeSetDifficulty(difficulty) });
  }
  effects.push({ type: 'notify', job: job.at?.(difficulty) ?? job, clean: clean || isFirst });
  return effects;
}

/** Keeps what fits its workers: for one that is known already, or has brought a share. */
function keepDifficulty(session: Session, difficulty: Difficulty, context: SessionContext): void {
  for (const worker of session.workers.values()) {
    const isKnown = session.hasWorked || context.difficultyOf(worker) !== undefined;
    if (isKnown) context.keepDifficulty(worker, difficulty);
  }
}

/** What a job is sent with: what it was sent with before, if it was, so that both ways of it stay one. */
function spanFor(
  session: Session,
  { extranonce }: Subscription,
  job: Job,
  { difficulty: limits }: SessionContext,
): JobSpan {
  const before = job.sequence <= session.resumed.through ? spanOfJob(session, job) : undefined;
  if (before !== undefined) return before;
  const level = levelOf(chooseDifficulty(pacedMiner(session), limits, job.bits));
  return { firstSequence: job.sequence, level, extranonce, versionMask: session.rolling?.mask ?? 0 };
}

/** Enters what a job is sent with, unless nothing has changed. */
function enterSpan({ spans, resumed }: Session, span: JobSpan): void {
  const last = spans.at(-1);
  if (last !== undefined && (span.firstSequence <= resumed.through || isSameSpan(last, span))) return;
  spans.push(span);
  if (spans.length > MAX_SPANS) spans.shift();
}

function isSameSpan(one: JobSpan, other: JobSpan): boolean {
  return (
    one.level.difficulty === other.level.difficulty &&
    one.extranonce === other.extranonce &&
    one.versionMask === other.versionMask
  );
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
export function askForJob(session: Session, context: SessionContext): Effect[] {
  return awaitsJob(session, context) ? [{ type: 'want-job' }] : [];
}

/** Whether something has changed for this miner that its next job will bring. */
export function awaitsJob(session: Session, { difficulty: limits }: SessionContext): boolean {
  const { subscription, told } = session;
  if (subscription === undefined || told === undefined) return false;
  const last = session.spans.at(-1);
  return (
    subscription.extranonce !== last?.extranonce ||
    (session.rolling?.mask ?? 0) !== last.versionMask ||
    told !== chooseDifficulty(pacedMiner(session), limits, session.lastBits)
  );
}

/** Lets time work on a session: to be called after each accepted share, and every few seconds without any. */
export function tick(session: Session, context: SessionContext): Effect[] {
  // One change at a time: what is under way is waited for, or steps would add up.
  if (context.difficulty.shareIntervalMs === 0 || session.told === undefined) return [];
  if (awaitsJob(session, context)) return [];
  fitPace(pacedMiner(session), context.difficulty, session.lastBits, context.clock.steadyMs());
  return askForJob(session, context);
}

function pacedMiner({ pace, wishes, told }: Session): PacedMiner {
  return { pace, wishes, current: told };
}

/** A text for the miner's owner. Nothing but jobs may reach a miner before it is authorized. */
export function showMessage(session: Session, text: string): Effect[] {
  return isAuthorized(session) ? [notification('client.show_message', [text])] : [];
}

/** What a job was sent to this miner with; undefined when the miner came after it. */
export function spanOfJob({ spans }: Session, job: Job): JobSpan | undefined {
  return spans.findLast(({ firstSequence }) => firstSequence <= job.sequence);
}

/** Whether work and orders may be sent. */
export function isAuthorized(session: Session): boolean {
  return session.workers.size > 0;
}

/** The bits a miner that can roll `mask` may roll. */
export function grantedMask(mask: number): number {
  return (mask & VERSION_ROLLING_MASK) >>> 0;
}
