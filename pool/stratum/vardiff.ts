import type { Difficulty } from '../../protocol/units.ts';

/**
 * Finds the difficulty at which a connection brings one share per interval. Pure arithmetic on what it brought
 * since a moment; shares are counted with the difficulty their job was sent with, so that a change of difficulty
 * under way distorts nothing.
 */

/** What one connection has brought since its window began. Times are the steady clock's. */
export interface ShareWindow {
  sinceMs: number;
  shares: number;
  /** Sum of their difficulties. */
  work: number;
}

/** Within what a difficulty must stay. */
export interface DifficultyBounds {
  readonly lowest: Difficulty;
  /** Wins over `lowest`. */
  readonly highest: Difficulty;
}

/** Shares per second of one connection that no wish and no bound may exceed. */
export const MAX_SHARES_PER_SECOND = 10;
/** What the cap is aimed at, with room for chance. */
const CAPPED_SHARES_PER_SECOND = 6;
/** A change goes at most this far. */
export const MAX_STEP = 8;
/** Far off is acted upon as soon as it is more than chance; */
const FAR_OFF = 4;
const FAR_OFF_SHARES = 8;
/** a burst of queued shares is none: so many shares are enough at once, fewer only after a while. */
const BURST_SHARES = 32;
const BURST_MS = 1_000;
/** A quarter of a minute at the cap: nobody who keeps to it is above it for so long. */
const CAP_SHARES = 150;
/** Half off after a minute, 15 % off after five; with long intervals after as many shares as that would be. */
const JUDGEMENTS = [
  { afterMs: 60_000, intervals: 6, isOff: (ratio: number) => ratio >= 1.5 || ratio <= 0.5 },
  { afterMs: 300_000, intervals: 30, isOff: (ratio: number) => ratio >= 1.15 || ratio <= 0.85 },
] as const;
/** A window in which nothing had to be changed reaches back half as far from here on. */
const LONGEST_WINDOW = { ms: 600_000, intervals: 60 } as const;

export function newWindow(nowMs: number): ShareWindow {
  return { sinceMs: nowMs, shares: 0, work: 0 };
}

/** Enters an accepted share. */
export function countShare(window: ShareWindow, difficulty: Difficulty): void {
  window.shares += 1;
  window.work += difficulty;
}

/** Work per second the window shows: difficulty × shares ÷ time. 0 without shares or time. */
export function measuredRate(window: ShareWindow, nowMs: number): number {
  const elapsedMs = nowMs - window.sinceMs;
  return elapsedMs > 0 ? (window.work * 1000) / elapsedMs : 0;
}

/** Whether so many shares show more than chance, or a burst that was queued. */
export function isMeasured({ shares, sinceMs }: ShareWindow, nowMs: number): boolean {
  return shares >= BURST_SHARES || (shares >= FAR_OFF_SHARES && nowMs - sinceMs >= BURST_MS);
}

/**
 * The difficulty for a miner that does so much work per second: one share per interval, within the bounds; above
 * all bounds, what keeps it from bringing more than the cap of shares per second.
 */
export function fitDifficulty(rate: number, intervalMs: number, bounds: DifficultyBounds): Difficulty {
  const wanted = fewDigits((rate * intervalMs) / 1000);
  const bounded = Math.min(Math.max(wanted, bounds.lowest), bounds.highest);
  return rate / bounded > MAX_SHARES_PER_SECOND ? capDifficulty(rate) : bounded;
}

/** The least difficulty that keeps so much work per second well below the cap of shares. */
export function capDifficulty(rate: number): Difficulty {
  return fewDigits(rate / CAPPED_SHARES_PER_SECOND);
}

/**
 * Judges whether the difficulty of a connection is to be changed, by how far off it is and how long that has been
 * seen. Also to be called while no shares come.
 * @param current what its last job was sent with
 * @returns the new difficulty, at most 8 times or an eighth of the current one; undefined when it may stay
 */
export function judge(
  window: ShareWindow,
  current: Difficulty,
  bounds: DifficultyBounds,
  intervalMs: number,
  nowMs: number,
): Difficulty | undefined {
  const elapsedMs = nowMs - window.sinceMs;
  if (elapsedMs <= 0) return undefined;
  const ratioOf = (work: number) => fitDifficulty((work * 1000) / elapsedMs, intervalMs, bounds) / current;
  const ratio = ratioOf(window.work);
  // One share more than there was: silence shows less the shorter it is.
  const cautious = ratioOf(window.work + current);
  const isFarTooEasy = ratio >= FAR_OFF && isMeasured(window, nowMs);
  if (isFarTooEasy || isOverCap(window, ratio, elapsedMs)) return step(current, ratio);
  if (cautious <= 1 / FAR_OFF) return step(current, cautious);
  const isOff = JUDGEMENTS.some(
    (each) => elapsedMs >= Math.max(each.afterMs, each.intervals * intervalMs) && each.isOff(ratio),
  );
  if (isOff) return step(current, ratio);
  if (elapsedMs >= Math.max(LONGEST_WINDOW.ms, LONGEST_WINDOW.intervals * intervalMs)) halve(window, nowMs);
  return undefined;
}

function isOverCap({ shares }: ShareWindow, ratio: number, elapsedMs: number): boolean {
  return ratio > 1 && shares >= CAP_SHARES && (shares * 1000) / elapsedMs > MAX_SHARES_PER_SECOND;
}

function step(current: Difficulty, ratio: number): Difficulty {
  return fewDigits(current * Math.min(Math.max(ratio, 1 / MAX_STEP), MAX_STEP));
}

function halve(window: ShareWindow, nowMs: number): void {
  window.sinceMs = (window.sinceMs + nowMs) / 2;
  window.shares = Math.round(window.shares / 2);
  window.work /= 2;
}

/** Three digits that count, rounded down: what is measured has no more of them. */
export function fewDigits(value: number): number {
  const rounded = Number(value.toPrecision(3));
  return rounded <= value ? rounded : Number((value * 0.995).toPrecision(3));
}
