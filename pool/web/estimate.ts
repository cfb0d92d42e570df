/** How long things take on average, at a hash rate. Pure arithmetic of proof of work. */

/** Hashes that a share or block of difficulty 1 takes on average. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/**
 * Seconds until the first hit of a difficulty, on average. Each hash has the same chance, so it is as long
 * from any moment on, however long one has waited already.
 * @returns null where one of the two is unknown or there is no hash rate
 */
export function expectedSeconds(difficulty: number | null, hashesPerSecond: number | null): number | null {
  if (difficulty === null || hashesPerSecond === null || !(hashesPerSecond > 0)) return null;
  return (difficulty * HASHES_PER_DIFFICULTY) / hashesPerSecond;
}

/** The difficulty at which a hash rate finds something every `seconds` on average. */
export function difficultyFor(hashesPerSecond: number, seconds: number): number {
  return (hashesPerSecond * seconds) / HASHES_PER_DIFFICULTY;
}
