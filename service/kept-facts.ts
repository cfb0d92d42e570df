interface Kept<Value> {
  readonly value: Promise<Value>;
  weight: number;
}

/**
 * Facts that never change and cost something to find out: each is asked for once, for all who want it at the same
 * time, and kept until others need the room. A failure is not kept.
 */
export class KeptFacts<Value> {
  readonly #room: number;
  readonly #weightOf: (value: Value) => number;
  /** The least recently wanted first. */
  readonly #kept = new Map<string, Kept<Value>>();
  #weight = 0;

  /**
   * @param room what all weigh together at most
   * @param weightOf what one weighs; 1 by default, so that `room` is a number of facts
   */
  constructor(room: number, weightOf: (value: Value) => number = () => 1) {
    this.#room = room;
    this.#weightOf = weightOf;
  }

  /** The facts that are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** The fact of a key. @param find finds it out; what it throws is thrown */
  get(key: string, find: () => Promise<Value>): Promise<Value> {
    const known = this.peek(key);
    if (known !== undefined) return known;
    const kept: Kept<Value> = { value: find(), weight: 0 };
    this.#kept.set(key, kept);
    kept.value.then(
      (value) => this.#settle(key, kept, value),
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept.value;
  }

  /** The fact of a key if it is known or being found out. */
  peek(key: string): Promise<Value> | undefined {
    const known = this.#kept.get(key);
    if (known === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, known);
    return known.value;
  }

  /** Keeps a fact that came to be known by the way. */
  set(key: string, value: Value): void {
    this.#forget(key);
    const kept: Kept<Value> = { value: Promise.resolve(value), weight: 0 };
    this.#kept.set(key, kept);
    this.#settle(key, kept, value);
  }

  /** Forgets everything: it was no fact for ever. */
  clear(): void {
    this.#kept.clear();
    this.#weight = 0;
  }

  #settle(key: string, kept: Kept<Value>, value: Value): void {
    if (this.#kept.get(key) !== kept) return;
    kept.weight = this.#weightOf(value);
    this.#weight += kept.weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#room) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#weight -= this.#kept.get(key)?.weight ?? 0;
    this.#kept.delete(key);
  }
}
