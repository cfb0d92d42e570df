import type { Bits, Difficulty } from '../../protocol/units.ts';
import { boundsOf, type DifficultyLimits, type DifficultyWishes, startDifficulty } from './difficulty.ts';
import {
  capDifficulty,
  countShare,
  isMeasured,
  judge,
  MAX_STEP,
  measuredRate,
  newWindow,
  type ShareWindow,
} from './vardiff.ts';

/** How fast one connection brings shares, and what difficulty follows from that. */
export interface Pace {
  window: ShareWindow;
  /** What was last found to fit; undefined until something was measured, and again after a new wish. */
  fitted: Difficulty | undefined;
  /** Work per second as last measured: stays when a wish replaces what was fitted. */
  rate: number;
  /** The least difficulty that keeps this rate below the cap of shares; kept, since every job asks for it. */
  cap: Difficulty;
}

/** What of a miner its difficulty depends on. */
export interface PacedMiner {
  readonly pace: Pace;
  readonly wishes: DifficultyWishes;
  /** What its last job was sent with; undefined before the first. */
  readonly current: Difficulty | undefined;
}

/** A difference below this is chance, and no reason to trouble a miner. */
const NEGLIGIBLE = 0.15;

export function newPace(): Pace {
  return { window: newWindow(0), fitted: undefined, rate: 0, cap: 0 };
}

/** The difficulty for a miner's next job, on a network of these bits. */
export function chooseDifficulty(miner: PacedMiner, limits: DifficultyLimits, bits: Bits): Difficulty {
  const { pace, wishes, current } = miner;
  const { cap } = pace;
  if (pace.fitted === undefined) {
    const start = startDifficulty(wishes, limits, bits);
    return current === undefined ? start : Math.max(start, Math.min(cap, current * MAX_STEP));
  }
  const { lowest, highest } = boundsOf(wishes, limits, bits);
  const bounded = Math.min(Math.max(pace.fitted, lowest), highest);
  const next = Math.max(bounded, Math.min(cap, pace.fitted));
  // The bound moves a little with every block; within it the difficulty need not follow.
  const mayStay = current !== undefined && current >= lowest && current <= Math.max(highest, cap);
  return mayStay && Math.abs(next / current - 1) < NEGLIGIBLE ? current : next;
}

/** Forgets what was fitted, since the miner asks for something else. How fast it was stays known. */
export function obeyWish(pace: Pace, nowMs: number): void {
  if (isMeasured(pace.window, nowMs)) enterRate(pace, nowMs);
  pace.fitted = undefined;
}

function enterRate(pace: Pace, nowMs: number): void {
  pace.rate = measuredRate(pace.window, nowMs);
  pace.cap = capDifficulty(pace.rate);
}

/** A job goes out at another difficulty: what comes from now on is judged by itself. */
export function beginWindow(pace: Pace, nowMs: number): void {
  pace.window = newWindow(nowMs);
}

/** Enters an accepted share. @param difficulty what its job was sent with */
export function paceShare(pace: Pace, difficulty: Difficulty, { shareIntervalMs }: DifficultyLimits): void {
  // A difficulty that is fixed stays so, however fast shares come.
  if (shareIntervalMs > 0) countShare(pace.window, difficulty);
}

/** Judges whether the difficulty fits, and enters what would. To be asked after each share, and while none comes. */
export function fitPace(miner: PacedMiner, limits: DifficultyLimits, bits: Bits, nowMs: number): void {
  const { pace, wishes, current } = miner;
  if (limits.shareIntervalMs === 0 || current === undefined) return;
  const bounds = boundsOf(wishes, limits, bits);
  const fitted = judge(pace.window, current, bounds, limits.shareIntervalMs, nowMs);
  if (fitted === undefined) return;
  pace.fitted = fitted;
  enterRate(pace, nowMs);
  beginWindow(pace, nowMs);
}
