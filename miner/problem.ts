/** Everything that can go wrong between a miner and its pool, in words that say what to do. */
import { STRATUM_ERRORS, type StratumFailure } from '../protocol/stratum.ts';
import type { CloseCause } from './transport/connection.ts';

/** Names of problems for programs; docs/miner.md says what each means. */
export const PROBLEM_CODES = [
  'unknown-host',
  'unreachable',
  'connection-refused',
  'tls-port',
  'http-port',
  'certificate',
  'tls-failed',
  'no-tls',
  'no-websocket',
  'closed-by-pool',
  'connection-lost',
  'line-too-long',
  'not-text',
  'stalled',
  'silent',
  'flood',
  'not-stratum',
  'garbage',
  'subscribe-refused',
  'unauthorized',
  'session-lost',
  'bad-job',
  'bad-difficulty',
  'bad-extranonce',
  'bad-version-mask',
  'odd-time',
  'no-job',
  'foreign-reconnect',
  // Of a node that is mined on directly.
  'not-a-node',
  'not-ready',
  'node-refused',
  'unknown-network',
  'bad-template',
  // Of this computer.
  'wrong-hit',
  'worker-failed',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A problem as statistics and logs carry it. */
export interface Problem {
  readonly code: ProblemCode;
  /** One sentence for the person at the screen. */
  readonly text: string;
}

/** Why a pool did not count a share; `unanswered` when it never said. */
export type ShareRefusal =
  | 'stale'
  | 'unknown-job'
  | 'duplicate'
  | 'low-difficulty'
  | 'unauthorized'
  | 'not-subscribed'
  | 'other';

/** Longest text of a pool that is shown. */
const FOREIGN_TEXT_MAX = 300;

/** Text that a pool sent, made fit to be shown: no control characters, not too long. */
export function shownText(text: string): string {
  // Terminals obey control characters (C0, DEL, C1), and the bidirectional marks reorder what stands around them.
  const printable = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return printable.length > FOREIGN_TEXT_MAX ? `${printable.slice(0, FOREIGN_TEXT_MAX)}…` : printable;
}

/** The problem behind a connection that could not be opened or has gone. */
export function connectionProblem(cause: CloseCause, place: string, detail?: string): Problem {
  const words = detail === undefined ? '' : ` (${shownText(detail)})`;
  switch (cause) {
    case 'refused':
      return {
        code: 'connection-refused',
        text: `nothing listens at ${place}: is the pool running, and is the port right?`,
      };
    case 'unknown-host':
      return {
        code: 'unknown-host',
        text: `the host of ${place} is unknown: check the name and the network`,
      };
    case 'unreachable':
      return { code: 'unreachable', text: `${place} cannot be reached${words}` };
    case 'tls':
      return {
        code: 'tls-port',
        text: `${place} speaks TLS: write stratum+ssl:// or wss://, or give the pool's port for plain Stratum, often 3333`,
      };
    case 'http':
      return {
        code: 'http-port',
        text: `${place} is a web server: write http:// for its WebSocket, or give the pool's port for Stratum, often 3333`,
      };
    case 'not-tls':
      return {
        code: 'no-tls',
        text: `${place} does not speak TLS: give the pool's port for TLS, or an address without (stratum+tcp://, ws://)`,
      };
    case 'no-websocket':
      return {
        code: 'no-websocket',
        text: `${place} speaks no WebSocket there${words}: are the port and the path the pool's?`,
      };
    case 'untrusted':
      return {
        code: 'certificate',
        text: `the certificate of ${place} is not believed${words}: name its file with --tls-ca FILE, or mine with --tls-insecure, which lets anybody pass as the pool`,
      };
    case 'invalid-certificate':
      return {
        code: 'certificate',
        text: `the certificate of ${place} is no good${words}: only the pool can mend that; --tls-insecure mines all the same, but lets anybody pass as the pool`,
      };
    case 'tls-failed':
      return { code: 'tls-failed', text: `${place} and this miner do not agree on TLS${words}` };
    case 'not-text':
      return { code: 'not-text', text: `${place} sent what is no text, where messages were due` };
    case 'stalled':
      return { code: 'stalled', text: `${place} takes no messages any more` };
    case 'line-too-long':
      return { code: 'line-too-long', text: `${place} sent a line too long for Stratum` };
    case 'ended':
      return { code: 'closed-by-pool', text: `${place} closed the connection${words}` };
    case 'lost':
      return { code: 'connection-lost', text: `the connection to ${place} broke${words}` };
  }
}

/** The problem of a connection that the other side ended without having said anything: TLS servers do so. */
export function wordlessProblem(place: string): Problem {
  const text = `${place} closed the connection without a word: is it the pool's port, with TLS or without as the address has it?`;
  return { code: 'closed-by-pool', text };
}

/** The problem of a pool that does not answer, or no longer. @param what it does */
export function silentProblem(place: string, what: string): Problem {
  return { code: 'silent', text: `${place} ${what}` };
}

/** How far a time is from this computer's clock, in words. @param aheadSeconds negative if it is behind */
export function clockDistance(aheadSeconds: number): string {
  const hours = Math.abs(aheadSeconds / 3_600);
  const span = hours < 72 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return `${span} ${aheadSeconds > 0 ? 'ahead of' : 'behind'} this computer's clock`;
}

/** The problem of a job that is dated far from our time. @param aheadSeconds negative if it is behind */
export function oddTimeProblem(aheadSeconds: number): Problem {
  const text = `the pool's job is dated ${clockDistance(aheadSeconds)}: mined as it is, but one of them is wrong`;
  return { code: 'odd-time', text };
}

/** The problem of a user name that the pool does not accept. */
export function unauthorizedProblem(user: string, failure: StratumFailure | null): Problem {
  const reason =
    failure === null
      ? 'it gives no reason; most often the address is mistyped or of another network'
      : shownText(failure.message);
  return { code: 'unauthorized', text: `the pool does not accept ${shownText(user)}: ${reason}` };
}

/** What pools write of a share that came too late. */
const STALE_WORDS =
  /stale|too late|(?:old|past|expired|outdated|obsolete) (?:job|work|block|share)|(?:job|work|block|share)(?: id)?(?: is| has)? (?:expired|outdated|obsolete|too old)|bad-prevblk|not-best-prevblk/i;

/** What pools write when their code says nothing; tried in this order. */
const REFUSAL_WORDS: readonly (readonly [RegExp, ShareRefusal])[] = [
  [/duplicate/i, 'duplicate'],
  [/low.?diff|above.?target|high.?hash/i, 'low-difficulty'],
  [/job/i, 'unknown-job'],
  [/unauthori[sz]ed/i, 'unauthorized'],
  [/not.?subscribed/i, 'not-subscribed'],
];

/** Refusals by code. 21 is both "job not found" and stale. */
const REFUSAL_CODES: ReadonlyMap<number, ShareRefusal> = new Map([
  [STRATUM_ERRORS.jobNotFound, 'unknown-job'],
  [STRATUM_ERRORS.duplicate, 'duplicate'],
  [STRATUM_ERRORS.lowDifficulty, 'low-difficulty'],
  [STRATUM_ERRORS.unauthorized, 'unauthorized'],
  [STRATUM_ERRORS.notSubscribed, 'not-subscribed'],
]);

/**
 * Reads why a pool refused a share, from the code of its answer or else from its words.
 *
 * @param isPassed whether another tip has come since the share's job: then a job that the pool does not know is one
 *   that it knows no longer
 */
export function shareRefusalOf({ code, message }: StratumFailure, isPassed: boolean): ShareRefusal {
  if (STALE_WORDS.test(message)) return 'stale';
  const byWords = () => REFUSAL_WORDS.find(([words]) => words.test(message))?.[1];
  const refusal = REFUSAL_CODES.get(code) ?? byWords() ?? 'other';
  return refusal === 'unknown-job' && isPassed ? 'stale' : refusal;
}

const REFUSAL_TEXTS: Readonly<Record<ShareRefusal, string>> = {
  stale: 'stale: a new block came first',
  'unknown-job': 'the pool no longer knows the job',
  duplicate: 'duplicate: the pool has this share already',
  'low-difficulty': 'below the difficulty that the pool asks for',
  unauthorized: 'the pool has forgotten who we are',
  'not-subscribed': 'the pool has forgotten our subscription',
  other: 'refused',
};

/** One sentence about a refused share: our words, then the pool's. */
export function shareRefusalText(refusal: ShareRefusal, failure: StratumFailure): string {
  const words = shownText(failure.message);
  return words === '' ? REFUSAL_TEXTS[refusal] : `${REFUSAL_TEXTS[refusal]} ("${words}")`;
}

/** What kind of problem parameters without sense are, by method; others are `garbage`. */
export const VIOLATION_CODES: Readonly<Record<string, ProblemCode>> = {
  'mining.notify': 'bad-job',
  'mining.set_difficulty': 'bad-difficulty',
  'mining.set_extranonce': 'bad-extranonce',
  'mining.set_version_mask': 'bad-version-mask',
};
