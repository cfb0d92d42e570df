/** Beyond these the oldest answers go: the questions come from anybody. */
const MAX_ANSWERS = 256;
const MAX_BYTES = 16 * 1024 * 1024;
/** An answer is kept at least so many times as long as it took: asking for it may not keep the pool busy. */
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
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(keepMs: number, steadyMs: () => number) {
    this.#keepMs = keepMs;
    this.#steadyMs = steadyMs;
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
    entry.untilMs = nowMs + Math.max(this.#keepMs, REST * (nowMs - sinceMs));
    if (this.#kept.get(question) !== entry) return;
    entry.bytes = bytes;
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_ANSWERS && this.#bytes <= MAX_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(question: string): void {
    this.#bytes -= this.#kept.get(question)?.bytes ?? 0;
    this.#kept.delete(question);
  }
}
