/** One step of a history. */
export interface HistoryPoint {
  /** Its beginning, milliseconds since 1970. */
  readonly startMs: number;
  /** Its length; of the running one what has passed of it, of the pool's very first one what was counted of it. */
  readonly lengthMs: number;
  /** Expected hashes of the accepted shares; undefined where the pool did not count, and the ledger has none. */
  readonly weight: number | undefined;
  readonly accepted: number | undefined;
  /** Undefined for the time before the pool was started: the ledger keeps no refusals. */
  readonly rejected: number | undefined;
}

const MINUTE_MS = 60_000;
/** Minutes that are kept. */
export const HISTORY_MINUTES = 1_440;
/** What is kept of a minute. */
const FIELDS = 3;
const [WEIGHT, ACCEPTED, REJECTED] = [0, 1, 2];

/** What happened in each minute of the last day. Times are of day: a minute is one of the clock on the wall. */
export class MinuteHistory {
  /** The pool's own counting began here; before it, only what the ledger gave is known. */
  readonly #startedMs: number;
  /** The ledger knows of earlier shares: then the pool was up before, and only just not now. */
  #hasPast = false;
  readonly #values = new Float64Array((HISTORY_MINUTES + 1) * FIELDS);
  /** Number of the minute each slot holds, so that a clock that jumps leaves nothing old behind. */
  readonly #minutes = new Float64Array(HISTORY_MINUTES + 1).fill(Number.NaN);

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** Counts accepted shares. */
  countAccepted(weight: number, shares: number, atMs: number): void {
    if (atMs < this.#startedMs) this.#hasPast = true;
    const slot = this.#slotOf(atMs);
    this.#add(slot + WEIGHT, weight);
    this.#add(slot + ACCEPTED, shares);
  }

  countRejected(atMs: number): void {
    this.#add(this.#slotOf(atMs) + REJECTED, 1);
  }

  /** The last `minutes` in steps of whole minutes, the oldest first, the running one last. */
  last(minutes: number, stepMinutes: number, nowMs: number): HistoryPoint[] {
    const current = Math.floor(nowMs / MINUTE_MS);
    const firstStep = Math.floor((current - minutes + 1) / stepMinutes);
    const lastStep = Math.floor(current / stepMinutes);
    const points: HistoryPoint[] = [];
    for (let step = firstStep; step <= lastStep; step++)
      points.push(this.#point(step * stepMinutes, stepMinutes, nowMs));
    return points;
  }

  #point(firstMinute: number, stepMinutes: number, nowMs: number): HistoryPoint {
    let [weight, accepted, rejected] = [0, 0, 0];
    let isKnown = false;
    for (let minute = firstMinute; minute < firstMinute + stepMinutes; minute++) {
      const index = minute % this.#minutes.length;
      if (this.#minutes[index] !== minute) continue;
      isKnown = true;
      weight += this.#values[index * FIELDS + WEIGHT] ?? 0;
      accepted += this.#values[index * FIELDS + ACCEPTED] ?? 0;
      rejected += this.#values[index * FIELDS + REJECTED] ?? 0;
    }
    const startMs = firstMinute * MINUTE_MS;
    const endMs = Math.min(startMs + stepMinutes * MINUTE_MS, nowMs);
    const counted = endMs > this.#startedMs;
    const sinceMs = counted && !this.#hasPast ? Math.max(startMs, this.#startedMs) : startMs;
    return {
      startMs,
      lengthMs: Math.max(endMs - sinceMs, 0),
      weight: isKnown || counted ? weight : undefined,
      accepted: isKnown || counted ? accepted : undefined,
      rejected: counted ? rejected : undefined,
    };
  }

  #add(index: number, amount: number): void {
    this.#values[index] = (this.#values[index] ?? 0) + amount;
  }

  /** Where a minute's values begin; what an older minute left there is emptied. */
  #slotOf(atMs: number): number {
    const minute = Math.floor(atMs / MINUTE_MS);
    const index = minute % this.#minutes.length;
    if (this.#minutes[index] !== minute) {
      this.#minutes[index] = minute;
      this.#values.fill(0, index * FIELDS, (index + 1) * FIELDS);
    }
    return index * FIELDS;
  }
}

/** The step that keeps a history of so many minutes within about 300 points: a minute, or five. */
export function historyStep(minutes: number): number {
  return minutes <= 300 ? 1 : 5;
}
