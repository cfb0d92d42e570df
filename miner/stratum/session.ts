/**
 * The working part of a connection to a pool: which jobs stand, and what became of the
 * shares. It begins with the subscription and ends with the connection.
 */
import { displayHash } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import {
  encodeRequest,
  type NotifyParams,
  STRATUM_ERRORS,
  type StratumResponse,
  submitParams,
} from '../../protocol/stratum.ts';
import type { Bits, Difficulty, Target } from '../../protocol/units.ts';
import { difficultyOf, difficultyOfHash, meetsTarget, targetOfDifficulty } from '../../protocol/work.ts';
import type { MinerEvent } from '../event.ts';
import { type Hit, headerOfWork, type Work } from '../hashing/work.ts';
import { type ShareRefusal, shareRefusalOf, shareRefusalText, shownText } from '../problem.ts';
import type { EffectSink } from './effect.ts';
import type { Extranonce } from './pool-message.ts';
import { SHARE_TIMEOUT_MS } from './time-limits.ts';

/** Jobs whose hits are still sent: threads change over within milliseconds, so few are needed. */
const WORKS_KEPT = 8;
/** Share difficulty until the pool sends one: a convention of Stratum V1. */
const DIFFICULTY_AT_START: Difficulty = 1;

/** A share that was sent and not yet answered. */
interface SentShare {
  readonly thread: number;
  readonly difficulty: Difficulty;
  readonly isBlock: boolean;
  readonly sentMs: number;
}

export interface SessionOptions {
  readonly user: string;
  readonly extranonce: Extranonce;
  /** Numbers for requests, unique on the connection. */
  readonly nextRequestId: () => number;
  /** Numbers for works, unique in the process. */
  readonly nextSerial: () => number;
  readonly effect: EffectSink;
}

/** Jobs and shares under one subscription. */
export class Session {
  readonly #options: SessionOptions;
  #extranonce: Extranonce;
  #difficulty: Difficulty = DIFFICULTY_AT_START;
  /** The newest job while the pool has not yet authorized us. */
  #heldJob: NotifyParams | undefined;
  #isAuthorized = false;
  /** Works whose hits are still wanted by serial, oldest first. */
  readonly #works = new Map<number, Work>();
  /** Shares by the id of their mining.submit, oldest first. */
  readonly #shares = new Map<string, SentShare>();
  #acceptedShares = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#extranonce = options.extranonce;
  }

  get sharesInFlight(): number {
    return this.#shares.size;
  }

  /** Whether the pool has accepted a share on this connection: proof that all of it works. */
  get hasAcceptedShare(): boolean {
    return this.#acceptedShares > 0;
  }

  /** When the oldest share in flight has waited too long; Infinity if there is none. */
  get deadlineMs(): number {
    const [oldest] = this.#shares.values();
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.sentMs + SHARE_TIMEOUT_MS;
  }

  /** Takes a difficulty, for the next job on: a share has the difficulty that its job was sent with. */
  setDifficulty(difficulty: Difficulty): void {
    this.#difficulty = difficulty;
    this.#report({ type: 'difficulty', difficulty });
  }

  /** Takes another extranonce, for the next job on. */
  setExtranonce(extranonce: Extranonce): void {
    this.#extranonce = extranonce;
  }

  /** Begins with the newest job, now that shares can be sent. */
  authorize(): void {
    this.#isAuthorized = true;
    if (this.#heldJob !== undefined) this.#begin(this.#heldJob);
    this.#heldJob = undefined;
  }

  /** Takes a job of mining.notify and puts all threads on it. */
  notify(job: NotifyParams): void {
    if (job.cleanJobs) this.#works.clear();
    if (this.#isAuthorized) this.#begin(job);
    else this.#heldJob = job;
  }

  /** Checks a hit by other code than the kernel's, and sends it if its job still stands. */
  submit(hit: Hit, nowMs: number): void {
    const { thread, extranonce2, ntime, nonce } = hit;
    const work = this.#works.get(hit.serial);
    if (work === undefined) {
      this.discard(hit);
      return;
    }
    const hash = hashHeaderBytes(headerOfWork(work, hit));
    if (!meetsTarget(hash, work.target)) {
      const text = `thread ${thread} reported a hash above the target: its kernel or this computer miscounts`;
      this.#report({ type: 'problem', problem: { code: 'wrong-hit', text } });
      this.#options.effect({ type: 'settled', thread });
      return;
    }
    const isBlock = meetsTarget(hash, networkTargetOf(work.job.bits) ?? 0n);
    const shareDifficulty = difficultyOfHash(hash);
    this.#report({ type: 'share-found', shareDifficulty, hash: displayHash(hash), isBlock });

    const { user } = this.#options;
    const { jobId } = work.job;
    const params = submitParams({ user, jobId, extranonce2, time: ntime, nonce, versionBits: undefined });
    const id = this.#options.nextRequestId();
    this.#shares.set(String(id), { thread, difficulty: work.difficulty, isBlock, sentMs: nowMs });
    this.#options.effect({ type: 'send', line: encodeRequest(id, 'mining.submit', params) });
  }

  /** Lets a hit go whose job no longer stands. */
  discard(hit: Hit): void {
    this.#report({ type: 'share-discarded' });
    this.#options.effect({ type: 'settled', thread: hit.thread });
  }

  /**
   * Takes the answer to a share.
   *
   * @returns `accepted`, why it was refused, or undefined if this answers no share
   */
  answer(message: StratumResponse, nowMs: number): 'accepted' | ShareRefusal | undefined {
    const id = String(message.id);
    const share = this.#shares.get(id);
    if (share === undefined) return undefined;
    this.#shares.delete(id);
    this.#options.effect({ type: 'settled', thread: share.thread });
    const { difficulty, isBlock } = share;
    if (message.error === null && message.result === true) {
      this.#acceptedShares += 1;
      this.#report({ type: 'share-accepted', difficulty, isBlock, latencyMs: nowMs - share.sentMs });
      return 'accepted';
    }
    const failure = message.error ?? { code: STRATUM_ERRORS.other, message: '' };
    const refusal = shareRefusalOf(failure);
    this.#report({ type: 'share-refused', refusal, text: shareRefusalText(refusal, failure), isBlock });
    return refusal;
  }

  /** Stops waiting for answers that are overdue. A share without one tells nothing about the next. */
  forgetOverdueShares(nowMs: number): void {
    for (const [id, share] of this.#shares) {
      if (nowMs >= share.sentMs + SHARE_TIMEOUT_MS) this.#forget(id, share);
    }
  }

  /** Lets everything go: the connection has ended. */
  end(): void {
    this.#works.clear();
    for (const [id, share] of this.#shares) this.#forget(id, share);
  }

  #forget(id: string, share: SentShare): void {
    this.#shares.delete(id);
    this.#report({ type: 'share-unanswered', isBlock: share.isBlock });
    this.#options.effect({ type: 'settled', thread: share.thread });
  }

  #begin(job: NotifyParams): void {
    const difficulty = this.#difficulty;
    const work: Work = {
      serial: this.#options.nextSerial(),
      job,
      ...this.#extranonce,
      versionMask: 0,
      target: targetOfDifficulty(difficulty),
      difficulty,
    };
    this.#works.set(work.serial, work);
    for (const serial of this.#works.keys()) {
      if (this.#works.size > WORKS_KEPT) this.#works.delete(serial);
    }
    this.#options.effect({ type: 'work', work });
    this.#report({
      type: 'job',
      jobId: shownText(job.jobId),
      clean: job.cleanJobs,
      difficulty,
      networkDifficulty: networkTargetOf(job.bits) === undefined ? null : difficultyOf(job.bits),
    });
  }

  #report(event: MinerEvent): void {
    this.#options.effect({ type: 'report', event });
  }
}

/** The target of a block; undefined where the pool's bits stand for none. */
function networkTargetOf(bits: Bits): Target | undefined {
  try {
    const target = compactToTarget(bits);
    return target > 0n ? target : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
