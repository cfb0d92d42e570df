/** What a cache may hold: beyond that the oldest answers go, since the questions come from anybody. */
export interface CacheLimits {
  readonly answers: number;
  readonly bytes: number;
  /** Longest that an answer is kept because it took long. */
  readonly restMs: number;
}

const LIMITS: CacheLimits = { answers: 256, bytes: 16 * 1024 * 1024, restMs: Number.POSITIVE_INFINITY };
/** An answer is kept at least so many times as long as it took: asking for it may not keep the service busy. */
const REST = 20;

interface Kept {
  untilMs: number;
  bytes: number;
  readonly json: Promise<Buffer>;
}

/**
 * Answers that cost something and are asked for often: each is worked out and written as JSON once, for everyone
 * who asks within `keepMs`, or longer where it took long. All readers share its bytes, however slowly they read.
 * A failure is not kept.
 */
export class AnswerCache {
  readonly #keepMs: number;
  readonly #steadyMs: () => number;
  readonly #limits: CacheLimits;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(keepMs: number, steadyMs: () => number, limits: Partial<CacheLimits> = {}) {
    this.#keepMs = keepMs;
    this.#steadyMs = steadyMs;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Forgets every answer: the next who asks gets a new one, also where one is being worked out. */
  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /**
   * The JSON of an answer.
   * @param question the same for the same answer
   * @param work works it out; what it throws is thrown
   */
  get(question: string, work: () => Promise<object>): Promise<Buffer> {
    const nowMs = this.#steadyMs();
    const known = this.#kept.get(question);
    if (known !== undefined && nowMs < known.untilMs) return known.json;
    this.#forget(question);
    const json = work().then((answer) => Buffer.from(JSON.stringify(answer)));
    const entry: Kept = { untilMs: Number.POSITIVE_INFINITY, bytes: 0, json };
    this.#kept.set(question, entry);
    json.then(
      ({ length }) => this.#settle(question, entry, length, nowMs),
      () => {
        if (this.#kept.get(question) === entry) this.#kept.delete(question);
      },
    );
    return json;
  }

  #settle(question: string, entry: Kept, bytes: number, sinceMs: number): void {
    const nowMs = this.#steadyMs();
    const restMs = Math.min(REST * (nowMs - sinceMs), this.#limits.restMs);
    entry.untilMs = nowMs + Math.max(this.#keepMs, restMs);
    if (this.#kept.get(question) !== entry) return;
    entry.bytes = bytes;
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limits.answers && this.#bytes <= this.#limits.bytes) break;
      this.#forget(oldest);
    }
  }

  #forget(question: string): void {
    this.#bytes -= this.#kept.get(question)?.bytes ?? 0;
    this.#kept.delete(question);
  }
}
