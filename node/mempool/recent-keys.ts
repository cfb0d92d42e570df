/**
 * A bounded set that forgets what is old: it remembers at least the last `atLeast` keys and at most twice as
 * many. Two generations instead of one queue, because taking the oldest key out of a `Set` takes longer the
 * more keys were taken out before it.
 */
export class RecentKeys {
  readonly #atLeast: number;
  #young = new Set<string>();
  #old: ReadonlySet<string> = new Set();

  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  add(key: string): void {
    this.#young.add(key);
    if (this.#young.size <= this.#atLeast) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  clear(): void {
    this.#young = new Set();
    this.#old = new Set();
  }
}
