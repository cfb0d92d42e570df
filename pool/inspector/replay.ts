import { equalBytes } from '../../protocol/bytes.ts';
import {
  parseHexBytes,
  parseHexWord,
  parseLine,
  parseNotify,
  STRATUM_ERRORS,
  StratumError,
  type StratumMessage,
  VERSION_ROLLING_MASK,
} from '../../protocol/stratum.ts';
import { DIFFICULTY_RANGE, levelOf, parseDifficulty } from '../stratum/difficulty.ts';
import { checkShare, type Extranonce, MerkleRoots, type SentJob, type Verdict } from '../stratum/share.ts';
import { parseUser, type Worker } from '../stratum/worker-name.ts';
import { type Judgement, judgementOf } from './checks.ts';
import { OpenRequests } from './open-requests.ts';
import type { ExpectedShare, ReadRecording } from './recording.ts';
import { ReplayClock } from './replay-clock.ts';
import { replayedJob } from './replayed-job.ts';

/** One submission of a recording, judged again. */
export interface ReplayedShare {
  /** Number of its line, from 1; null where the recording has no lines. */
  readonly line: number | null;
  readonly params: readonly unknown[];
  readonly judgement: Judgement;
  /** What the pool answered then; null where it did not, or is not known. */
  readonly recorded: RecordedAnswer | null;
  /** What differs from the recording, in words; null where nothing can be compared. */
  readonly difference: string | null;
  /** Whether it agrees with the recording; null where nothing can be compared. */
  readonly agrees: boolean | null;
}

export interface RecordedAnswer {
  readonly accepted: boolean;
  readonly code: number | null;
  readonly message: string | null;
}

/** Difficulties are compared with this tolerance: other programs compute them from other digits. */
const TOLERANCE = 1e-9;

/**
 * Plays a recorded conversation against the share checks of this pool: what was agreed is followed from line to
 * line, every submission is judged, and the verdict compared with what was answered then.
 */
export function replay(recording: ReadRecording): ReplayedShare[] {
  const conversation = new Conversation(recording);
  if (recording.lines.length === 0) {
    for (const { params } of recording.submits) conversation.submit(params, null);
  }
  for (const [index, [who, line, timeMs]] of recording.lines.entries()) {
    conversation.hear(who, line, timeMs, index + 1);
  }
  return conversation.finish(recording.submits);
}

interface Pending {
  readonly line: number | null;
  readonly params: readonly unknown[];
  readonly verdict: Verdict;
  readonly sent: SentJob | undefined;
  recorded: RecordedAnswer | null;
}

/** What both sides have agreed so far, and the submissions judged by it. */
class Conversation {
  readonly #clock = new ReplayClock();
  readonly #requests = new OpenRequests();
  readonly #jobs = new Map<string, SentJob>();
  readonly #workers = new Map<string, Worker>();
  readonly #roots = new MerkleRoots();
  readonly #shares: Pending[] = [];
  /** Users of authorize requests that were not answered yet, and submissions likewise, oldest first. */
  readonly #asking: string[] = [];
  readonly #unanswered: (Pending | undefined)[] = [];
  #extranonce: Extranonce | undefined;
  #mask = 0;
  #difficulty: number | undefined;

  constructor({ extranonce1, extranonce2Size, difficulty, mask, users, notify, submits }: ReadRecording) {
    if (extranonce1 !== undefined) {
      this.#extranonce = {
        extranonce1: parseHexBytes(extranonce1, 'extranonce1'),
        extranonce2Size: extranonce2Size ?? 4,
      };
    }
    this.#difficulty = difficulty;
    if (mask !== undefined) this.#mask = parseHexWord(mask, 'mask');
    for (const user of users ?? []) this.#authorize(user);
    if (notify === undefined) return;
    for (const { params } of submits) this.#authorize(params[0]);
    this.#notify(notify.params);
  }

  hear(who: 'client' | 'pool', text: string, timeMs: number | undefined, line: number): void {
    if (timeMs !== undefined) this.#clock.set(timeMs);
    const speaker = who === 'client' ? 'miner' : 'pool';
    const answers = this.#requests.hear(speaker, text);
    const message = parseLine(text);
    if (who === 'client') this.#hearMiner(message, line);
    else if (message.kind === 'response') this.#hearAnswer(message, answers);
    else if (message.kind !== 'garbage') this.#hearPool(message.method, message.params);
  }

  /** Judges a submission by what holds at this moment. */
  submit(params: readonly unknown[], line: number | null): Pending {
    let sent: SentJob | undefined;
    const findJob = (jobId: string) => {
      sent = this.#jobs.get(jobId);
      return sent;
    };
    const terms = { extranonce: this.#extranonce, workers: this.#workers, roots: this.#roots, findJob };
    const verdict = checkShare(params, terms, this.#clock);
    if (verdict.outcome === 'accepted') verdict.tip.seen.add(verdict.share.hash);
    const share: Pending = { line, params, verdict, sent, recorded: null };
    this.#shares.push(share);
    return share;
  }

  /** All submissions; `expected` says in their order what the accepted ones come to. */
  finish(expected: readonly ExpectedShare[]): ReplayedShare[] {
    return this.#shares.map(({ line, params, verdict, sent, recorded }, index) => {
      const judgement = judgementOf(params, verdict, sent);
      const known = expected.length === this.#shares.length ? expected[index] : undefined;
      const isLost =
        sent === undefined &&
        judgement.reason === 'job-not-found' &&
        recorded?.code !== STRATUM_ERRORS.jobNotFound;
      const differences = isLost ? [] : differencesOf(judgement, recorded, known);
      const isComparable = !isLost && (recorded !== null || known?.hash !== undefined);
      const unknown = isLost ? 'the job is not in the recording' : null;
      return {
        line,
        params,
        judgement,
        recorded,
        difference: differences.length > 0 ? differences.join('; ') : unknown,
        agrees: isComparable ? differences.length === 0 : null,
      };
    });
  }

  #hearMiner(message: StratumMessage, line: number): void {
    if (message.kind !== 'request' && message.kind !== 'notification') return;
    const isAnswered = message.kind === 'request';
    if (message.method === 'mining.submit') {
      const share = this.submit(message.params, line);
      if (isAnswered) this.#unanswered.push(share);
    }
    const [user] = message.params;
    if (message.method === 'mining.authorize' && isAnswered) this.#asking.push(String(user));
  }

  #hearAnswer(message: Extract<StratumMessage, { kind: 'response' }>, answers: string | undefined): void {
    const { result, error } = message;
    if (answers === 'mining.subscribe' && Array.isArray(result)) this.#setExtranonce(result[1], result[2]);
    if (answers === 'mining.configure') this.#configure(result);
    if (answers === 'mining.authorize') {
      const user = this.#asking.shift();
      if (result === true && user !== undefined) this.#authorize(user);
    }
    if (answers !== 'mining.submit') return;
    const share = this.#unanswered.shift();
    if (share === undefined) return;
    share.recorded = {
      accepted: result === true && error === null,
      code: error?.code ?? null,
      message: error?.message ?? null,
    };
  }

  #hearPool(method: string, params: readonly unknown[]): void {
    if (method === 'mining.set_difficulty') this.#setDifficulty(params[0]);
    if (method === 'mining.set_extranonce') this.#setExtranonce(params[0], params[1]);
    if (method === 'mining.set_version_mask') this.#setMask(params[0]);
    if (method === 'mining.notify') this.#notify(params);
  }

  /** A job goes with what holds when it is sent. A line that is no job is passed over, as miners do. */
  #notify(params: readonly unknown[]): void {
    const extranonce = this.#extranonce;
    if (extranonce === undefined || this.#difficulty === undefined) return;
    const notify = unlessMalformed(() => parseNotify(params));
    if (notify === undefined) return;
    const level = levelOf(this.#difficulty);
    const last = [...this.#jobs.values()].at(-1)?.job;
    const isSameTip = last !== undefined && equalBytes(last.previousHash, notify.previousHash);
    if (last !== undefined && !isSameTip) last.tip.retiredMs ??= this.#clock.steadyMs();
    this.#clock.atLeast(notify.time * 1000);
    const job = replayedJob(notify, this.#jobs.size, isSameTip ? last.tip : undefined, this.#clock);
    this.#jobs.set(job.jobId, { job, level, extranonce, versionMask: this.#mask });
  }

  #setDifficulty(value: unknown): void {
    const { lowest, highest } = DIFFICULTY_RANGE;
    const difficulty = parseDifficulty(value) ?? 0;
    if (difficulty >= lowest && difficulty <= highest) this.#difficulty = difficulty;
  }

  #setExtranonce(extranonce1: unknown, size: unknown): void {
    const bytes = unlessMalformed(() => parseHexBytes(extranonce1, 'extranonce1'));
    if (bytes === undefined || typeof size !== 'number') return;
    this.#extranonce = { extranonce1: bytes, extranonce2Size: size };
  }

  #configure(result: unknown): void {
    if (typeof result === 'object' && result !== null && 'version-rolling.mask' in result) {
      this.#setMask(result['version-rolling.mask']);
    }
  }

  /** A new mask holds at once, for work under way too (BIP 310). */
  #setMask(mask: unknown): void {
    const read = unlessMalformed(() => parseHexWord(mask, 'mask'));
    if (read === undefined) return;
    this.#mask = (read & VERSION_ROLLING_MASK) >>> 0;
    for (const [id, sent] of this.#jobs) {
      this.#jobs.set(id, { ...sent, versionMask: (sent.versionMask | this.#mask) >>> 0 });
    }
  }

  /** The address may be of any network: a recording does not say which. */
  #authorize(user: unknown): void {
    if (typeof user !== 'string') return;
    const parts = parseUser(user);
    this.#workers.set(user, typeof parts === 'string' ? { address: user, name: '' } : parts);
  }
}

function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof StratumError) return undefined;
    throw error;
  }
}

function differencesOf(
  { outcome, message, arithmetic }: Judgement,
  recorded: RecordedAnswer | null,
  expected: ExpectedShare | undefined,
): string[] {
  const differences: string[] = [];
  if (recorded !== null && recorded.accepted !== (outcome === 'accepted')) {
    const then = recorded.accepted ? 'accepted' : `refused (${recorded.code}: ${recorded.message})`;
    const now = outcome === 'accepted' ? 'accepted' : `refused (${message})`;
    differences.push(`${then} then, ${now} here`);
  }
  if (expected?.hash !== undefined && expected.hash !== arithmetic?.hash) {
    differences.push(`the hash is ${arithmetic?.hash ?? 'unknown'}, recorded was ${expected.hash}`);
  }
  const reached = arithmetic?.difficulty.reached;
  const wanted = expected?.difficulty;
  if (wanted !== undefined && !(Math.abs((reached ?? Number.NaN) - wanted) <= TOLERANCE * wanted)) {
    differences.push(`the difficulty is ${reached ?? 'unknown'}, recorded was ${wanted}`);
  }
  return differences;
}
