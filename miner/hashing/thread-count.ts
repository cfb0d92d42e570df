/** How many threads a miner hashes with. */

/** Machines with up to so many processors keep one free: for the person at the screen, and for the miner itself. */
const SMALL_MACHINE_CORES = 4;

/**
 * Threads for what was asked: a number, or `auto`.
 * @param cores processors of the machine, as `availableParallelism` or `navigator.hardwareConcurrency` tell
 * @returns ≥ 1
 */
export function threadsFor(asked: number | 'auto', cores: number): number {
  if (asked !== 'auto') return asked;
  return Math.max(1, cores <= SMALL_MACHINE_CORES ? cores - 1 : cores);
}
