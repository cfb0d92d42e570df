import { compactToTarget, showBits, targetToCompact } from './compact.ts';
import { RuleError } from './rules.ts';
import type { Bits, Height, Target } from './units.ts';

/** What the retarget reads of a header. */
export interface TimedBits {
  /** Seconds since 1970. */
  readonly time: number;
  readonly bits: Bits;
}

/**
 * The headers of a branch up to the parent of the block in question. `at` is asked for heights from
 * `height` down to `height − windowOf(profile)` (or 0) only.
 */
export interface HeaderWindow {
  /** Height of the parent. */
  readonly height: Height;
  at(height: Height): TimedBits;
}

/** The part of a network profile the retarget depends on. */
export interface RetargetRules {
  /** False on the regtests: every block has the limit as its bits. */
  readonly retarget: boolean;
  /** T, whole seconds ≥ 2. */
  readonly blockTimeSeconds: number;
  /** N ≥ 3, blocks the average looks back. */
  readonly window: number;
  readonly powLimitBits: Bits;
  readonly minimumDifficultyRule: boolean;
}

/** A gap of more than this many block times lets a block use the limit; solve times are capped at it too. */
const GAP_IN_BLOCK_TIMES = 20;
/** What one exceptional block does to the target that enters the average. */
const EXCEPTIONAL_EASING = 8n;
/** An average over fewer blocks says nothing. */
const FEWEST_BLOCKS = 3;
/** Headers the median-time rule looks back (BIP 113). */
const MEDIAN_BLOCKS = 11;

/**
 * Bits of a block with this time on top of these headers: LWMA, a moving average weighted to the newest
 * blocks, or the limit when the minimum-difficulty rule applies and so much time has passed.
 * @param candidateTime the block's own time in seconds
 */
export function nextBits(headers: HeaderWindow, rules: RetargetRules, candidateTime: number): Bits {
  return mayUseLimit(headers, rules, candidateTime) ? rules.powLimitBits : averageBits(headers, rules);
}

/** All bits that are valid there: the average and, for a block that comes late enough, the limit too. */
export function allowedBits(
  headers: HeaderWindow,
  rules: RetargetRules,
  candidateTime: number,
): readonly Bits[] {
  const average = averageBits(headers, rules);
  const late = mayUseLimit(headers, rules, candidateTime) && average !== rules.powLimitBits;
  return late ? [average, rules.powLimitBits] : [average];
}

/** Throws `bad-diffbits` unless the candidate's bits are among those allowed on top of these headers. */
export function checkBits(headers: HeaderWindow, rules: RetargetRules, candidate: TimedBits): void {
  if (mayUseLimit(headers, rules, candidate.time) && candidate.bits === rules.powLimitBits) return;
  const expected = averageBits(headers, rules);
  if (candidate.bits !== expected) {
    throw new RuleError(
      'bad-diffbits',
      `bits are ${showBits(candidate.bits)}, expected ${showBits(expected)}`,
    );
  }
}

/**
 * Headers below the parent that `nextBits` and the median-time rule may read: the window, then a run of
 * exceptional blocks, which no longer matters once eased to the limit from the smallest target there is.
 */
export function windowOf(rules: RetargetRules): number {
  if (!rules.retarget) return MEDIAN_BLOCKS;
  return Math.max(MEDIAN_BLOCKS, rules.window + (rules.minimumDifficultyRule ? longestEasing(rules) : 0));
}

/** The limit is allowed on a block later than 20·T after its parent. */
function mayUseLimit(headers: HeaderWindow, rules: RetargetRules, candidateTime: number): boolean {
  if (!rules.retarget || !rules.minimumDifficultyRule) return false;
  return candidateTime - headers.at(headers.height).time > GAP_IN_BLOCK_TIMES * rules.blockTimeSeconds;
}

/** The LWMA value: the formula of the specification, its names kept. */
function averageBits(headers: HeaderWindow, rules: RetargetRules): Bits {
  if (!rules.retarget) return rules.powLimitBits;
  const h = headers.height;
  const n = Math.min(rules.window, h);
  if (n < FEWEST_BLOCKS) return headers.at(0).bits;
  const limit = compactToTarget(rules.powLimitBits);
  const T = rules.blockTimeSeconds;
  let previous = headers.at(h - n).time;
  let effective = effectiveTarget(headers, rules, h - n, limit);
  let weighted = 0; // ≤ 20·T·n², far inside the safe integers
  let sum = 0n;
  for (let j = 1; j <= n; j++) {
    const header = headers.at(h - n + j);
    const current = Math.max(header.time, previous + 1);
    weighted += j * Math.min(GAP_IN_BLOCK_TIMES * T, current - previous);
    previous = current;
    effective = isExceptional(headers, rules, h - n + j)
      ? eased(effective, limit)
      : compactToTarget(header.bits);
    sum += effective;
  }
  const target = (sum * BigInt(weighted)) / BigInt(n * ((n * (n + 1)) / 2) * T);
  return targetToCompact(target < 1n ? 1n : target > limit ? limit : target);
}

/**
 * The target with which block `i` enters the average: its own, or for an exceptional block 8 times the
 * effective target of its parent, so that one idle hour does not undo the difficulty.
 */
function effectiveTarget(headers: HeaderWindow, rules: RetargetRules, i: Height, limit: Target): Target {
  const longest = longestEasing(rules);
  let run = 0;
  while (isExceptional(headers, rules, i - run)) {
    run += 1;
    if (run === longest) return limit;
  }
  let target = compactToTarget(headers.at(i - run).bits);
  for (; run > 0; run--) target = eased(target, limit);
  return target;
}

/** An exceptional block took the limit because it came later than 20·T after its parent. */
function isExceptional(headers: HeaderWindow, rules: RetargetRules, i: Height): boolean {
  if (!rules.minimumDifficultyRule || i === 0) return false;
  const { time, bits } = headers.at(i);
  return (
    bits === rules.powLimitBits && time - headers.at(i - 1).time > GAP_IN_BLOCK_TIMES * rules.blockTimeSeconds
  );
}

function eased(target: Target, limit: Target): Target {
  const easier = EXCEPTIONAL_EASING * target;
  return easier < limit ? easier : limit;
}

/** After this many exceptional blocks in a row the effective target is the limit, whatever came before. */
function longestEasing(rules: RetargetRules): number {
  return Math.ceil(compactToTarget(rules.powLimitBits).toString(2).length / 3);
}
