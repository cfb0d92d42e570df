/** The share difficulty that a browser asks for first, by what it is known to do. Pure. */
import { difficultyFor } from '../estimate.ts';

/** Steered to where the pool does not say: what most pools steer to. */
const USUAL_INTERVAL_S = 10;
/** Most pools ignore the password but want one. */
const NO_WISH = 'x';

/** What threads are let do. */
export interface Effort {
  readonly threads: number;
  readonly cpuLimitPercent: number;
}

/** Hashes per second of one thread without a limit, by what several with one did. */
export function threadSpeed(hashesPerSecond: number, { threads, cpuLimitPercent }: Effort): number {
  return (hashesPerSecond * 100) / (threads * cpuLimitPercent);
}

/**
 * The password for `mining.authorize`: with `d=` (docs/pool.md) where the speed is known from before, so that the
 * first share of a slow device does not take minutes. Without one the pool begins as with any small miner. It
 * follows what it measures in either case.
 * @param speed of one thread as {@link threadSpeed} has it; undefined where nothing was measured yet
 * @param intervalSeconds between two shares, as the pool wants them; null where it does not say
 */
export function firstPassword(
  speed: number | undefined,
  { threads, cpuLimitPercent }: Effort,
  intervalSeconds: number | null,
): string {
  if (speed === undefined) return NO_WISH;
  const hashesPerSecond = (speed * threads * cpuLimitPercent) / 100;
  const difficulty = difficultyFor(hashesPerSecond, intervalSeconds ?? USUAL_INTERVAL_S);
  return `d=${Number(difficulty.toPrecision(2))}`;
}
