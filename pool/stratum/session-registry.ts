import { equalBytes } from '../../protocol/bytes.ts';
import { EXTRANONCE1_SIZE } from '../jobs/job.ts';
import type { Extranonce1Space } from './extranonce1.ts';
import type { JobSpan, Session } from './session.ts';
import type { SessionMemory } from './session-memory.ts';
import { type Extranonce, LEAST_EXTRANONCE2_SIZE } from './share.ts';

/** What a session is given when it subscribes. */
export interface Opened {
  readonly sessionId: string;
  readonly extranonce: Extranonce;
  /** What jobs the same session was sent before, on a connection that is gone or goes now. */
  readonly spans: readonly JobSpan[];
  /** Sequence of the last of them; −1 without any. */
  readonly lastSequence: number;
  /** The connection that had this session until now and is to be closed. */
  readonly supersedes: string | undefined;
}

export interface SessionRegistryOptions {
  readonly extranonces: Extranonce1Space;
  readonly memory: SessionMemory;
  readonly extranonce2Size: number;
  /** 128 random bits, hex. */
  readonly newSessionId: () => string;
}

/** Sessions whose connection is gone, so that shares found meanwhile still count. The oldest go first. */
const MAX_ENDED = 2_048;
/** Those without a share may fill only a part of it: anybody can make as many of them as he likes. */
const MAX_ENDED_IDLE = MAX_ENDED / 2;
const SESSION_ID = /^[0-9a-f]{32}$/;

interface Ended {
  readonly extranonce: Extranonce;
  readonly spans: readonly JobSpan[];
  readonly lastSequence: number;
}

/**
 * Who has which session: gives each its extranonce1, and gives it back to a miner that names its session again,
 * whether its former connection is still open, was lost, or belonged to a process before this one.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #open = new Map<string, Session>();
  readonly #ended = new Map<string, Ended>();

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    for (const [, { extranonce1 }] of options.memory.sessions()) {
      options.extranonces.keep(extranonce1.subarray(0, EXTRANONCE1_SIZE));
    }
  }

  /**
   * Opens a session, or resumes the one that is asked for.
   * @param asked what the miner sent as its session, unchecked
   * @returns undefined when every extranonce1 is taken
   */
  open(session: Session, asked: string): Opened | undefined {
    const opened = (SESSION_ID.test(asked) ? this.#resume(asked) : undefined) ?? this.#new();
    if (opened !== undefined) this.#open.set(opened.sessionId, session);
    return opened;
  }

  #new(): Opened | undefined {
    const extranonce1 = this.#options.extranonces.take();
    if (extranonce1 === undefined) return undefined;
    const sessionId = this.#options.newSessionId();
    return { ...this.#unused(extranonce1), sessionId, supersedes: undefined };
  }

  #resume(sessionId: string): Opened | undefined {
    const former = this.#open.get(sessionId);
    if (former?.subscription !== undefined) {
      const { extranonce } = former.subscription;
      const { spans, lastSequence } = former;
      return { sessionId, extranonce, spans, lastSequence, supersedes: former.id };
    }
    const known = this.#ended.get(sessionId) ?? this.#remembered(sessionId);
    if (known === undefined || !this.#options.extranonces.reserve(baseOf(known.extranonce))) return undefined;
    this.#ended.delete(sessionId);
    return { ...known, sessionId, supersedes: undefined };
  }

  #remembered(sessionId: string): Ended | undefined {
    const kept = this.#options.memory.session(sessionId);
    if (kept === undefined) return undefined;
    // Jobs may have less room than when it was given away, and a miner must be left with something to vary.
    const room = this.#options.extranonce2Size + EXTRANONCE1_SIZE;
    const fits = kept.extranonce1.length <= room - LEAST_EXTRANONCE2_SIZE;
    return this.#unused(fits ? kept.extranonce1 : kept.extranonce1.subarray(0, EXTRANONCE1_SIZE));
  }

  #unused(extranonce1: Uint8Array): Ended {
    const extranonce2Size = this.#options.extranonce2Size + EXTRANONCE1_SIZE - extranonce1.length;
    return { extranonce: { extranonce1, extranonce2Size }, spans: [], lastSequence: -1 };
  }

  /** The session is worth to be remembered: its miner has brought a share, or its extranonce1 has changed. */
  keep({ subscription, hasWorked }: Session): void {
    if (subscription === undefined || !hasWorked) return;
    this.#options.memory.keepSession(subscription.sessionId, subscription.extranonce.extranonce1);
  }

  /**
   * Another extranonce1 for a session: a free one, or the one that is wanted.
   * @returns undefined when it is not to be had
   */
  exchange(session: Session, wanted: Uint8Array | undefined): Uint8Array | undefined {
    const { extranonces } = this.#options;
    if (session.subscription === undefined) return undefined;
    const before = baseOf(session.subscription.extranonce);
    const base = wanted?.subarray(0, EXTRANONCE1_SIZE);
    if (base !== undefined && equalBytes(base, before)) return wanted;
    const got = base === undefined || extranonces.reserve(base) ? (wanted ?? extranonces.take()) : undefined;
    if (got !== undefined) extranonces.release(before);
    return got;
  }

  /** The connection is gone. What it had stays with whoever has resumed the session meanwhile. */
  close(session: Session): void {
    const { subscription, workers, spans, lastSequence, hasWorked } = session;
    if (subscription === undefined || this.#open.get(subscription.sessionId) !== session) return;
    const { sessionId, extranonce } = subscription;
    this.#open.delete(sessionId);
    this.#options.extranonces.release(baseOf(extranonce));
    if (workers.size === 0) return;
    this.#options.memory.touchSession(sessionId);
    if (!hasWorked && this.#ended.size >= MAX_ENDED_IDLE) return;
    this.#ended.set(sessionId, { extranonce, spans, lastSequence });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function baseOf({ extranonce1 }: Extranonce): Uint8Array {
  return extranonce1.subarray(0, EXTRANONCE1_SIZE);
}
