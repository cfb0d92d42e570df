/** Hash rate over sliding windows, from counts that arrive now and then. */

/** The longest window a meter can answer for, in seconds. */
export const LONGEST_WINDOW_SECONDS = 900;
/** The least that {@link HashRateMeter.rateSoFar} judges by. */
const SHORTEST_WINDOW_SECONDS = 2;

const MS_PER_SECOND = 1000;

/**
 * Counts hashes by the second they were reported in. A window covers whole seconds
 * only, so the answer does not jump with the moment of asking.
 */
export class HashRateMeter {
  /** Hashes per second, at index second mod length; seconds not reported hold stale counts until advanced over. */
  readonly #counts = new Float64Array(LONGEST_WINDOW_SECONDS + 1);
  #firstSecond: number | undefined;
  #lastSecond = 0;

  /** Adds hashes done until now. Times never go back. */
  add(hashes: number, nowMs: number): void {
    const second = Math.floor(nowMs / MS_PER_SECOND);
    if (this.#firstSecond === undefined) {
      this.#firstSecond = second;
      this.#lastSecond = second;
    }
    this.#advanceTo(second);
    const slot = second % this.#counts.length;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + hashes;
  }

  /**
   * Mean hashes per second over the last `windowSeconds` whole seconds. Null until so many
   * have passed: a short measurement is not passed off as a long one.
   *
   * @param windowSeconds 1 … {@link LONGEST_WINDOW_SECONDS}
   */
  rate(windowSeconds: number, nowMs: number): number | null {
    if (this.#firstSecond === undefined) return null;
    const second = Math.floor(nowMs / MS_PER_SECOND);
    this.#advanceTo(second);
    // The second of the first count was under way already: it would make the mean too low.
    if (second - this.#firstSecond - 1 < windowSeconds) return null;
    let hashes = 0;
    for (let s = second - windowSeconds; s < second; s++)
      hashes += this.#counts[s % this.#counts.length] ?? 0;
    return hashes / windowSeconds;
  }

  /**
   * Mean hashes per second over the last `windowSeconds` whole seconds, or as many of them as have been measured, at
   * least two. Null before.
   */
  rateSoFar(windowSeconds: number, nowMs: number): number | null {
    if (this.#firstSecond === undefined) return null;
    const measured = Math.floor(nowMs / MS_PER_SECOND) - this.#firstSecond - 1;
    return measured < SHORTEST_WINDOW_SECONDS ? null : this.rate(Math.min(windowSeconds, measured), nowMs);
  }

  /** Empties the slots of the seconds since the last call. */
  #advanceTo(second: number): void {
    const from = Math.max(this.#lastSecond + 1, second - this.#counts.length + 1);
    for (let s = from; s <= second; s++) this.#counts[s % this.#counts.length] = 0;
    this.#lastSecond = Math.max(this.#lastSecond, second);
  }
}
