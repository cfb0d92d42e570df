/** Beyond it the oldest answers go: the questions come from anybody. */
const MAX_ANSWERS = 256;

interface Kept<T> {
  readonly untilMs: number;
  readonly answer: Promise<T>;
}

/**
 * Answers that cost something and are asked for often: each is worked out once, for everyone who asks within
 * `keepMs`. A failure is not kept.
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
    const entry = { untilMs: nowMs + this.#keepMs, answer };
    this.#kept.delete(question);
    this.#kept.set(question, entry);
    answer.catch(() => {
      if (this.#kept.get(question) === entry) this.#kept.delete(question);
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_ANSWERS && oldest !== undefined) this.#kept.delete(oldest);
    return answer;
  }
}
