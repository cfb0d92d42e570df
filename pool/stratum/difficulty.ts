import type { Bits, Difficulty } from '../../protocol/units.ts';
import { difficultyOf, expectedHashes, targetBytes, targetOfDifficulty } from '../../protocol/work.ts';
import { type DifficultyBounds, fewDigits } from './vardiff.ts';

/** What an operator allows. */
export interface DifficultyLimits {
  /** For a miner that asks for nothing. */
  readonly start: Difficulty;
  readonly minimum: Difficulty;
  readonly maximum: Difficulty;
  /** Time between two shares of a connection that the difficulty is fitted to; 0 leaves it as it started. */
  readonly shareIntervalMs: number;
  /** A share is at most this part of a block: its difficulty the network's divided by this. */
  readonly shareTargetMultiplier: number;
}

/** What is known of a miner before anything is measured, in the order of what counts most. */
export interface DifficultyWishes {
  /** `d=` in the password of `mining.authorize`: its user typed it, the firmware sends the rest. */
  password?: Difficulty;
  /** The last `mining.suggest_difficulty`. */
  suggested?: Difficulty;
  /** What this worker last had. */
  remembered?: Difficulty;
  /** What usually fits its kind. */
  usual?: Difficulty;
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
/** How an operator leaves it, the names of the settings as the pools before this one had them. */
export const DEFAULT_DIFFICULTY = { shareIntervalMs: 10_000, shareTargetMultiplier: 16 } as const;

/** One popular miner takes 2²²⁴ for the target of difficulty 1, so hashes up to 0.01 % over ours count. */
const TOLERANCE = { numerator: 10_000n, denominator: 9_999n };
const HIGHEST_TARGET = (1n << 256n) - 1n;
const KNOWN_LEVELS = 4_096;

/** Miners that name themselves so hash on a processor, or on less: what fits some 20 MH/s, or 100 kH/s. */
const SLOW_AGENTS: readonly { readonly agent: RegExp; readonly difficulty: Difficulty }[] = [
  { agent: /^(nerdminer|nmminer|leafminer|sparkminer|esp32)/i, difficulty: 0.0002 },
  { agent: /^(cpuminer|minerd|nilz)/i, difficulty: 0.005 },
];

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

/** A new tip asks for one and the same bound 10,000 times. */
let known = { bits: -1, multiplier: 0, bound: 0 };

/**
 * The highest difficulty of a share at these bits: with few digits, as it is shown. On a chain on which any hash is
 * a block it is the lowest there is.
 */
function networkBound(bits: Bits, multiplier: number): Difficulty {
  if (known.bits !== bits || known.multiplier !== multiplier) {
    const bound = Math.max(fewDigits(difficultyOf(bits) / multiplier), DIFFICULTY_RANGE.lowest);
    known = { bits, multiplier, bound };
  }
  return known.bound;
}

/**
 * Where a miner's difficulty may lie once something is measured. Shares stay finer than blocks: the upper bound
 * from the network wins over every lower one.
 */
export function boundsOf(
  wishes: DifficultyWishes,
  limits: Pick<DifficultyLimits, 'minimum' | 'maximum' | 'shareTargetMultiplier'>,
  bits: Bits,
): DifficultyBounds {
  const highest = Math.min(limits.maximum, networkBound(bits, limits.shareTargetMultiplier));
  return { lowest: Math.max(limits.minimum, wishes.floor ?? 0), highest };
}

/**
 * The difficulty a miner begins with. Until something is measured the operator's start value stands, also above
 * the bound from the network: a wish may go down from there, or up to the bound.
 */
export function startDifficulty(wishes: DifficultyWishes, limits: DifficultyLimits, bits: Bits): Difficulty {
  const { password, suggested, remembered, usual = limits.start } = wishes;
  const wanted = password ?? suggested ?? remembered ?? Math.min(usual, limits.start);
  const { lowest, highest } = boundsOf(wishes, limits, bits);
  return Math.min(Math.max(wanted, lowest), Math.max(highest, Math.min(limits.start, limits.maximum)));
}

/** What usually fits miners that call themselves so; undefined where the name says nothing. */
export function usualDifficulty(agent: string): Difficulty | undefined {
  return SLOW_AGENTS.find((each) => each.agent.test(agent))?.difficulty;
}

const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A difficulty as miners send it: a number, its digits, or a fraction such as `1/8`; undefined unless finite and above 0. */
export function parseDifficulty(value: unknown): Difficulty | undefined {
  const number = typeof value === 'string' ? numberIn(value) : value;
  return typeof number === 'number' && number > 0 && number < Number.POSITIVE_INFINITY ? number : undefined;
}

function numberIn(text: string): number | undefined {
  const [above = '', below = '1', ...more] = text.split('/');
  return DECIMAL.test(above) && DECIMAL.test(below) && more.length === 0
    ? Number(above) / Number(below)
    : undefined;
}

/** What a password says of a difficulty: `d=0.01`, also among other things, as in `x,d=1/8`. */
export function difficultyInPassword(password: string): Difficulty | 'unreadable' | undefined {
  for (const part of password.split(/[\s,;]+/)) {
    if (/^d=/i.test(part)) return parseDifficulty(part.slice(2)) ?? 'unreadable';
  }
  return undefined;
}
