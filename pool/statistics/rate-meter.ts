/** A sum over the last while, with the time it really covers. */
export interface WindowSum {
  readonly sum: number;
  readonly coveredMs: number;
}

/** Sums in steps of one length, for windows up to `windowMs`. */
interface Level {
  readonly stepMs: number;
  readonly windowMs: number;
}

/** Short windows in fine steps, long ones in coarse steps: a day takes 111 numbers instead of 8,641. */
const LEVELS: readonly Level[] = [
  { stepMs: 10_000, windowMs: 300_000 },
  { stepMs: 120_000, windowMs: 3_600_000 },
  { stepMs: 1_800_000, windowMs: 86_400_000 },
];

/** The length of the finest steps that reach so far back. */
export function stepAtAge(ageMs: number): number {
  return (LEVELS.find(({ windowMs }) => ageMs < windowMs) ?? { stepMs: 1_800_000 }).stepMs;
}

/** Sums over sliding windows of up to a day. Times are the steady clock's; they may lie before its zero. */
export class RateMeter {
  readonly #rings: readonly Ring[];
  #startedMs: number;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#rings = LEVELS.map((level) => new Ring(level, nowMs));
  }

  /** Adds an amount to the step of a moment: of now, or of a past that is being read in again. */
  add(amount: number, atMs: number): void {
    if (atMs < this.#startedMs) this.#startedMs = atMs;
    for (const ring of this.#rings) ring.add(amount, atMs);
  }

  /**
   * The sum of the last `windowMs` (at most a day) or, where the meter is younger, of its whole life. Whole
   * steps count: the running one and those before it that lie within the window.
   */
  last(windowMs: number, nowMs: number): WindowSum {
    const ring = this.#rings.find((candidate) => candidate.windowMs >= windowMs);
    if (ring === undefined) throw new RangeError(`no window is as long as ${windowMs} ms`);
    const { sum, sinceMs } = ring.last(windowMs, nowMs);
    return { sum, coveredMs: nowMs - Math.max(sinceMs, this.#startedMs) };
  }
}

/** The steps of one level, the newest overwriting the oldest. */
class Ring {
  readonly windowMs: number;
  readonly #stepMs: number;
  readonly #sums: Float64Array;
  /** Number of the newest step, counted from the clock's zero. */
  #newest: number;

  constructor({ stepMs, windowMs }: Level, nowMs: number) {
    this.windowMs = windowMs;
    this.#stepMs = stepMs;
    this.#sums = new Float64Array(windowMs / stepMs + 1);
    this.#newest = Math.floor(nowMs / stepMs);
  }

  add(amount: number, atMs: number): void {
    const step = Math.floor(atMs / this.#stepMs);
    this.#advance(step);
    if (this.#newest - step >= this.#sums.length) return;
    const index = this.#indexOf(step);
    this.#sums[index] = (this.#sums[index] ?? 0) + amount;
  }

  last(windowMs: number, nowMs: number): { readonly sum: number; readonly sinceMs: number } {
    this.#advance(Math.floor(nowMs / this.#stepMs));
    const before = Math.max(Math.floor(windowMs / this.#stepMs) - 1, 0);
    let sum = 0;
    for (let back = 0; back <= before; back++) sum += this.#sums[this.#indexOf(this.#newest - back)] ?? 0;
    return { sum, sinceMs: (this.#newest - before) * this.#stepMs };
  }

  /** Empties the steps that time has passed over. */
  #advance(step: number): void {
    const passed = Math.min(step - this.#newest, this.#sums.length);
    for (let ahead = 1; ahead <= passed; ahead++) this.#sums[this.#indexOf(this.#newest + ahead)] = 0;
    if (step > this.#newest) this.#newest = step;
  }

  #indexOf(step: number): number {
    const { length } = this.#sums;
    return ((step % length) + length) % length;
  }
}
