/** Beyond it the oldest answers go: the questions come from anybody. */
const MAX_ANSWERS = 256;

/** An answer is kept at least so many times as long as it took: asking for it may not keep the pool busy. */
const REST = 20;

interface Kept<T> {
  untilMs: number;
  readonly answer: Promise<T>;
}

/**
 * Answers that cost something and are asked for often: each is worked out once, for everyone who asks within
 * `keepMs`, or longer where it took long. A failure is not kept.
 */
export class AnswerCache<T> {
  readonly #keepMs: number;
  readonly #steadyMs: () => number;
  readonly #kept = new Map<string, Kept<T>>();

  constructor(keepMs: number, steadyMs: () => number) {
    this.#keepMs = keepMs;
    this.#steadyMs = steadyMs;
  }

  get(question: string, work: () => Promise<T>): Promise<T> {
    const nowMs = this.#steadyMs();
    const known = this.#kept.get(question);
    if (known !== undefined && nowMs < known.untilMs) return known.answer;
    const answer = work();
    const entry: Kept<T> = { untilMs: Number.POSITIVE_INFINITY, answer };
    this.#kept.delete(question);
    this.#kept.set(question, entry);
    answer.then(
      () => {
        const doneMs = this.#steadyMs();
        entry.untilMs = doneMs + Math.max(this.#keepMs, REST * (doneMs - nowMs));
      },
      () => {
        if (this.#kept.get(question) === entry) this.#kept.delete(question);
      },
    );
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_ANSWERS && oldest !== undefined) this.#kept.delete(oldest);
    return answer;
  }
}
