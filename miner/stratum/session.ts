/**
 * The working part of a connection to a pool: what is agreed there, which jobs stand, and
 * which hits become shares. It begins and ends with the connection.
 */
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import {
  encodeRequest,
  type NotifyParams,
  parseNotify,
  rolledVersion,
  type StratumResponse,
  submitParams,
} from '../../protocol/stratum.ts';
import type { Bits, Difficulty, Target } from '../../protocol/units.ts';
import { difficultyOf, difficultyOfHash, meetsTarget, targetOfDifficulty } from '../../protocol/work.ts';
import type { MinerEvent } from '../event.ts';
import { type Hit, headerOfWork, type Work } from '../hashing/work.ts';
import { oddTimeProblem, type ProblemCode, type ShareRefusal, shownText } from '../problem.ts';
import type { EffectSink } from './effect.ts';
import { type Extranonce, parseDifficulty, parseExtranonce } from './pool-message.ts';
import { SentShares } from './sent-shares.ts';
import { JOB_TIMEOUT_MS } from './time-limits.ts';
import { parseVersionMask, rollableBits, versionBitsOf } from './version-rolling.ts';

/** Jobs whose hits are still sent: threads change over within milliseconds, so few are needed. */
const WORKS_KEPT = 8;
/** Share difficulty until the pool sends one: a convention of Stratum V1. */
const DIFFICULTY_AT_START: Difficulty = 1;
/** A job's time may be so far from ours: nodes take no block that is further ahead of their clock. */
const ODD_TIME_SECONDS = 2 * 60 * 60;

export interface SessionOptions {
  readonly user: string;
  /** Numbers for requests, unique on the connection. */
  readonly nextRequestId: () => number;
  /** Numbers for works, unique in the process. */
  readonly nextSerial: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly unixMs: () => number;
  readonly effect: EffectSink;
}

/** Jobs and shares on one connection. */
export class Session {
  readonly #options: SessionOptions;
  /** Undefined until the pool has answered mining.subscribe. */
  #extranonce: Extranonce | undefined;
  #difficulty: Difficulty = DIFFICULTY_AT_START;
  /** Whether the pool has named one. */
  #hasDifficulty = false;
  /** The last mask that the pool sent; undefined while versions are not rolled. */
  #versionMask: number | undefined;
  /** The newest job while the pool has not yet authorized us. */
  #heldJob: NotifyParams | undefined;
  #isAuthorized = false;
  /** Works whose hits are looked at, by serial, oldest first. */
  readonly #works = new Map<number, Work>();
  /** What the threads work on. */
  #present: Work | undefined;
  /** Works of lower serials stood before a job that was clean. */
  #oldestStanding = 0;
  readonly #shares: SentShares;
  /** When the person at the screen is told that no job comes. */
  #jobDeadlineMs = Number.POSITIVE_INFINITY;
  #hasOddTime = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#shares = new SentShares(options.effect, (work) => this.#isPassed(work));
  }

  get sharesInFlight(): number {
    return this.#shares.size;
  }

  /** Whether the pool has accepted a share on this connection: proof that all of it works. */
  get hasAcceptedShare(): boolean {
    return this.#shares.acceptedCount > 0;
  }

  /** When {@link Session.tick} is due; Infinity if nothing is waited for. */
  get deadlineMs(): number {
    return Math.min(this.#jobDeadlineMs, this.#shares.deadlineMs);
  }

  /**
   * Does what a pool orders about work.
   *
   * @returns false if this is no such order
   * @throws StratumError if its parameters make no sense; what stood before it stands on
   */
  obey(method: string, params: readonly unknown[]): boolean {
    switch (method) {
      case 'mining.notify':
        this.#notify(parseNotify(params));
        return true;
      case 'mining.set_difficulty':
        this.#setDifficulty(parseDifficulty(params));
        return true;
      case 'mining.set_extranonce':
        this.setExtranonce(parseExtranonce(params[0], params[1]));
        return true;
      case 'mining.set_version_mask':
        this.#restrictVersions(parseVersionMask(params));
        return true;
      default:
        return false;
    }
  }

  /**
   * Takes an extranonce, for the next job on: it replaces "the initial subscription values beginning with the next
   * mining.notify job", as the protocol was first written down and as other miners do it. A pool that wants the
   * present job searched anew under it sends that job again, which is then new work like any other.
   */
  setExtranonce(extranonce: Extranonce): void {
    this.#extranonce = extranonce;
  }

  /** From now on the pool takes rolled versions (BIP 310): every share says which bits, and the next jobs use them. */
  rollVersions(mask: number): void {
    this.#versionMask = mask;
  }

  /** Begins with the newest job, now that shares can be sent. */
  authorize(nowMs: number): void {
    this.#isAuthorized = true;
    this.#jobDeadlineMs = nowMs + JOB_TIMEOUT_MS;
    if (this.#heldJob !== undefined) this.#begin(this.#heldJob);
    this.#heldJob = undefined;
  }

  /** Checks a hit by other code than the kernel's, and sends it if its job still stands. */
  submit(hit: Hit, nowMs: number): void {
    const { thread, extranonce2, ntime, nonce } = hit;
    const work = this.#works.get(hit.serial);
    if (work === undefined) {
      this.#discard(thread);
      return;
    }
    const hash = hashHeaderBytes(headerOfWork(work, hit));
    if (!meetsTarget(hash, work.target)) {
      const text = `thread ${thread} reported a hash above the target: its kernel or this computer miscounts`;
      this.#problem('wrong-hit', text);
      this.#options.effect({ type: 'settled', thread });
      return;
    }
    const isBlock = meetsTarget(hash, networkTargetOf(work.job.bits) ?? 0n);
    const version = rolledVersion(work.job.version, work.versionMask, hit.versionBits);
    const isRolling = this.#versionMask !== undefined;
    const versionBits = versionBitsOf(version, work.job.version, this.#versionMask ?? 0);
    // Whoever finds a block sends it, whatever has happened: of two at one height, either may prevail.
    const isWanted = work.serial >= this.#oldestStanding || isBlock;
    if (!isWanted || versionBits === undefined) {
      this.#discard(thread);
      return;
    }
    const shareDifficulty = difficultyOfHash(hash);
    this.#report({ type: 'share-found', shareDifficulty, hash: displayHash(hash), isBlock });
    const id = this.#options.nextRequestId();
    this.#shares.add(id, { thread, work, isBlock, sentMs: nowMs });
    const params = submitParams({
      user: this.#options.user,
      jobId: work.job.jobId,
      extranonce2,
      time: ntime,
      nonce,
      versionBits: isRolling ? versionBits : undefined,
    });
    this.#options.effect({ type: 'send', line: encodeRequest(id, 'mining.submit', params) });
  }

  /**
   * Takes the answer to a share.
   * @returns `accepted`, why it was refused, or undefined if this answers no share
   */
  answer(message: StratumResponse, nowMs: number): 'accepted' | ShareRefusal | undefined {
    return this.#shares.answer(message, nowMs);
  }

  /** Gives up what is overdue at its {@link Session.deadlineMs}. */
  tick(nowMs: number): void {
    this.#shares.forgetOverdue(nowMs);
    if (nowMs < this.#jobDeadlineMs) return;
    this.#jobDeadlineMs = Number.POSITIVE_INFINITY;
    this.#problem('no-job', 'the pool has accepted us but sends no work: its node may be away');
  }

  /** Lets everything go: the connection has ended. */
  end(): void {
    this.#works.clear();
    this.#present = undefined;
    this.#shares.forgetAll();
  }

  /** For the next job on: a share has the difficulty that its job was sent with. */
  #setDifficulty(difficulty: Difficulty): void {
    if (difficulty === this.#difficulty && this.#hasDifficulty) return;
    this.#difficulty = difficulty;
    this.#hasDifficulty = true;
    this.#report({ type: 'difficulty', difficulty });
  }

  #notify(job: NotifyParams): void {
    if (this.#isAuthorized) this.#begin(job);
    else this.#heldJob = job;
  }

  #begin(job: NotifyParams): void {
    const difficulty = this.#difficulty;
    if (this.#extranonce === undefined) return;
    this.#jobDeadlineMs = Number.POSITIVE_INFINITY;
    const work: Work = {
      serial: this.#options.nextSerial(),
      job,
      ...this.#extranonce,
      versionMask: rollableBits(job.version, this.#versionMask ?? 0),
      target: targetOfDifficulty(difficulty),
      difficulty,
    };
    if (job.cleanJobs) this.#oldestStanding = work.serial;
    this.#checkTime(job);
    this.#work(work);
    this.#report({
      type: 'job',
      jobId: shownText(job.jobId),
      clean: job.cleanJobs,
      difficulty,
      networkDifficulty: networkTargetOf(job.bits) === undefined ? null : difficultyOf(job.bits),
    });
  }

  /** Puts all threads on a work. */
  #work(work: Work): void {
    this.#present = work;
    this.#works.set(work.serial, work);
    for (const serial of this.#works.keys()) {
      if (this.#works.size > WORKS_KEPT) this.#works.delete(serial);
    }
    this.#options.effect({ type: 'work', work });
  }

  /**
   * Takes another mask. It "is valid immediately, so that the server doesn't wait for the next job" (BIP 310), which
   * matters where bits are taken away: the present work goes on without them. Bits that are added come with the next
   * job, since there are pools that judge a share by the mask its job was sent with.
   */
  #restrictVersions(mask: number): void {
    // Only "after the successful setup of the version rolling extension" (BIP 310).
    if (this.#versionMask === undefined) return;
    this.#versionMask = mask;
    const present = this.#present;
    if (present === undefined || (present.versionMask & ~mask) === 0) return;
    const versionMask = (present.versionMask & mask) >>> 0;
    this.#work({ ...present, serial: this.#options.nextSerial(), versionMask });
  }

  /**
   * A job whose time is far from ours is worked on all the same: that the pool's node takes it is the pool's matter,
   * and it may be our clock that is wrong. But it is said, once: a wrong clock is found by nothing else.
   */
  #checkTime(job: NotifyParams): void {
    const aheadSeconds = job.time - this.#options.unixMs() / 1000;
    if (this.#hasOddTime || Math.abs(aheadSeconds) <= ODD_TIME_SECONDS) return;
    this.#hasOddTime = true;
    this.#options.effect({
      type: 'report',
      event: { type: 'problem', problem: oddTimeProblem(aheadSeconds) },
    });
  }

  /** Whether another tip has taken the place of a work's. */
  #isPassed(work: Work): boolean {
    if (work.serial < this.#oldestStanding) return true;
    const present = this.#present ?? work;
    return !equalBytes(work.job.previousHash, present.job.previousHash);
  }

  /** Lets a hit go whose job no longer stands. */
  #discard(thread: number): void {
    this.#report({ type: 'share-discarded' });
    this.#options.effect({ type: 'settled', thread });
  }

  #problem(code: ProblemCode, text: string): void {
    this.#report({ type: 'problem', problem: { code, text } });
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
