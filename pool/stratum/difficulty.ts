import type { Difficulty } from '../../protocol/units.ts';
import { expectedHashes, targetBytes, targetOfDifficulty } from '../../protocol/work.ts';

/** What an operator allows. */
export interface DifficultyLimits {
  /** For a miner that asks for nothing. */
  readonly start: Difficulty;
  readonly minimum: Difficulty;
  readonly maximum: Difficulty;
}

/** What one miner asked for. The password stands first: its user typed it, the firmware sends the rest. */
export interface DifficultyWishes {
  /** `d=` in the password of `mining.authorize`. */
  password?: Difficulty;
  /** The last `mining.suggest_difficulty`. */
  suggested?: Difficulty;
  /** The least this miner can work at: `minimum-difficulty` of `mining.configure`. */
  floor?: Difficulty;
}

/** A difficulty with everything that checking a share at it needs, computed once. */
export interface ShareLevel {
  readonly difficulty: Difficulty;
  /** Highest accepted hash as 32 little-endian bytes, tolerance included. */
  readonly target: Uint8Array;
  /** Hashes such a share stands for: the integer it is credited with. */
  readonly weight: bigint;
}

/** Widest range of a setting: below it every hash is a share, above it a weight no longer fits the sums. */
export const DIFFICULTY_RANGE = { lowest: 1e-10, highest: 2 ** 50 } as const;

/** One popular miner takes 2²²⁴ for the target of difficulty 1, so hashes up to 0.01 % over ours count. */
const TOLERANCE = { numerator: 10_000n, denominator: 9_999n };
const HIGHEST_TARGET = (1n << 256n) - 1n;
const KNOWN_LEVELS = 1024;

const levels = new Map<Difficulty, ShareLevel>();

/** The level of a difficulty; miners at the same difficulty share one object. */
export function levelOf(difficulty: Difficulty): ShareLevel {
  const known = levels.get(difficulty);
  if (known !== undefined) return known;
  const tolerated = (targetOfDifficulty(difficulty) * TOLERANCE.numerator) / TOLERANCE.denominator;
  const target = targetBytes(tolerated > HIGHEST_TARGET ? HIGHEST_TARGET : tolerated);
  const level: ShareLevel = { difficulty, target, weight: expectedHashes(difficulty) };
  if (levels.size >= KNOWN_LEVELS) levels.clear();
  levels.set(difficulty, level);
  return level;
}

/** The difficulty a miner works at: its strongest wish or the start value, within the limits. */
export function chooseDifficulty(wishes: DifficultyWishes, limits: DifficultyLimits): Difficulty {
  const wanted = wishes.password ?? wishes.suggested ?? limits.start;
  const floor = Math.max(limits.minimum, wishes.floor ?? 0);
  return Math.min(Math.max(wanted, floor), limits.maximum);
}

/** A difficulty as miners send it, a number or its digits; undefined unless finite and above 0. */
export function parseDifficulty(value: unknown): Difficulty | undefined {
  const isDigits = typeof value === 'string' && /^\d*\.?\d+(e[+-]?\d+)?$/i.test(value);
  const number = isDigits ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number < Number.POSITIVE_INFINITY ? number : undefined;
}

/** The difficulty in a password such as `d=0.01` or `x,d=0.01`. */
export function difficultyInPassword(password: string): Difficulty | undefined {
  for (const part of password.split(/[\s,;]+/)) {
    if (/^d=/i.test(part)) return parseDifficulty(part.slice(2));
  }
  return undefined;
}
