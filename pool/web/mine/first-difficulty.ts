/** The share difficulty that a browser asks for first, by what it is known to do. Pure. */
import { difficultyFor } from '../estimate.ts';

/** Steered to where the pool does not say: what most pools steer to. */
const USUAL_INTERVAL_S = 10;
/** Most pools ignore the password but want one. */
const NO_WISH = 'x';

/**
 * The password for `mining.authorize`: with `d=` (docs/pool.md) where the speed is known from before, so that the
 * first share of a slow device does not take minutes. Without one the pool begins as with any small miner, and
 * follows what it measures in either case.
 * @param hashesPerSecond of all threads together; undefined where nothing was measured yet
 * @param intervalSeconds between two shares, as the pool wants them; null where it does not say
 */
export function firstPassword(hashesPerSecond: number | undefined, intervalSeconds: number | null): string {
  if (hashesPerSecond === undefined || !(hashesPerSecond > 0)) return NO_WISH;
  const difficulty = difficultyFor(hashesPerSecond, intervalSeconds ?? USUAL_INTERVAL_S);
  return `d=${Number(difficulty.toPrecision(2))}`;
}
