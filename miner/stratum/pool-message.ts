/** What a pool tells a miner about their session, strictly read. */
import {
  encodeError,
  encodeResult,
  parseHexBytes,
  STRATUM_ERRORS,
  StratumError,
  type StratumId,
} from '../../protocol/stratum.ts';
import type { Difficulty } from '../../protocol/units.ts';
import { targetOfDifficulty } from '../../protocol/work.ts';

/** Most bytes of extranonce1 and of extranonce2 that make sense: a coinbase script has 100 at most. */
const EXTRANONCE1_BYTES_MAX = 32;
const EXTRANONCE2_BYTES_MAX = 16;

/** Longest session id that is remembered and said again. */
const SESSION_ID_MAX = 256;

/** The part of the coinbase that tells this miner's work from everybody else's. */
export interface Extranonce {
  readonly extranonce1: Uint8Array;
  /** Bytes of extranonce2, which the miner chooses. */
  readonly extranonce2Size: number;
}

/** The answer to mining.subscribe. */
export interface Subscription extends Extranonce {
  /** Names the session, so that a new connection can resume it; undefined if the pool gave none. */
  readonly sessionId: string | undefined;
}

/**
 * Reads extranonce1 and the size of extranonce2, which mining.subscribe answers and
 * mining.set_extranonce changes.
 *
 * @throws StratumError naming what is wrong
 */
export function parseExtranonce(extranonce1: unknown, extranonce2Size: unknown): Extranonce {
  const bytes = parseHexBytes(extranonce1, 'extranonce1');
  if (bytes.length > EXTRANONCE1_BYTES_MAX) {
    throw new StratumError(
      'other',
      `extranonce1 has ${bytes.length} bytes, more than ${EXTRANONCE1_BYTES_MAX}`,
    );
  }
  const isSize =
    typeof extranonce2Size === 'number' &&
    Number.isInteger(extranonce2Size) &&
    extranonce2Size >= 0 &&
    extranonce2Size <= EXTRANONCE2_BYTES_MAX;
  if (!isSize) throw new StratumError('other', `extranonce2 size is not in 0 … ${EXTRANONCE2_BYTES_MAX}`);
  return { extranonce1: bytes, extranonce2Size };
}

/**
 * Reads the result of mining.subscribe: `[[[method, session id], …], extranonce1, extranonce2 size]`.
 *
 * @throws StratumError naming what is wrong
 */
export function parseSubscription(result: unknown): Subscription {
  if (!Array.isArray(result))
    throw new StratumError('other', 'the answer to mining.subscribe is not an array');
  const [subscriptions, extranonce1, extranonce2Size] = result as readonly unknown[];
  return { ...parseExtranonce(extranonce1, extranonce2Size), sessionId: sessionIdOf(subscriptions) };
}

/** The session id stands beside mining.notify; some pools send one pair instead of a list of them. */
function sessionIdOf(subscriptions: unknown): string | undefined {
  if (!Array.isArray(subscriptions)) return undefined;
  for (const pair of [subscriptions, ...subscriptions] as readonly unknown[]) {
    const [method, id] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    if (method === 'mining.notify' && typeof id === 'string' && id.length <= SESSION_ID_MAX) return id;
  }
  return undefined;
}

/**
 * Reads the parameter of mining.set_difficulty: a positive number, whole or fractional,
 * also as text.
 *
 * @throws StratumError if it is not one, or so large that no hash can meet it
 */
export function parseDifficulty(params: readonly unknown[]): Difficulty {
  const [value] = params;
  const difficulty = numberOf(value);
  if (!Number.isFinite(difficulty) || difficulty <= 0) {
    throw new StratumError(
      'other',
      `difficulty ${JSON.stringify(value) ?? 'missing'} is not a positive number`,
    );
  }
  if (targetOfDifficulty(difficulty) === 0n) {
    throw new StratumError('other', `difficulty ${difficulty} is beyond what any hash can meet`);
  }
  return difficulty;
}

/** Reads the parameter of client.show_message; what is not text is shown as JSON. */
export function parseMessage(params: readonly unknown[]): string {
  const [text] = params;
  return typeof text === 'string' ? text : JSON.stringify(text ?? '');
}

/** The answer to a request of the pool. @param agent our name and version */
export function answerTo(method: string, id: StratumId, agent: string): string {
  switch (method) {
    case 'client.get_version':
      return encodeResult(id, agent);
    case 'mining.ping':
      return encodeResult(id, 'pong');
    default:
      return encodeError(id, { code: STRATUM_ERRORS.other, message: 'unknown method' });
  }
}

/** What stands for a parameter that was left out. */
export function isBlank(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** A number, also as text; NaN for everything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
