/**
 * A bounded map from which the entries unused for longest go, and that knows what has changed since it was last
 * written down.
 */
export class RecentEntries<T> {
  readonly #most: number;
  /** The longest unused first. */
  readonly #entries: Map<string, T>;
  readonly #changed = new Set<string>();

  /** @param entries what is written down already, the longest unused first */
  constructor(most: number, entries: Iterable<[string, T]>) {
    this.#most = most;
    this.#entries = new Map(entries);
    this.#dropOldest();
  }

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  entries(): Iterable<[key: string, value: T]> {
    return this.#entries;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#changed.add(key);
    this.#dropOldest();
  }

  /** What has changed since the last time; undefined stands for what is gone. */
  takeChanges(): ReadonlyMap<string, T | undefined> {
    const changes = new Map([...this.#changed].map((key) => [key, this.#entries.get(key)]));
    this.#changed.clear();
    return changes;
  }

  /** The changes could not be written down. */
  giveBack(changes: ReadonlyMap<string, T | undefined>): void {
    for (const key of changes.keys()) this.#changed.add(key);
  }

  #dropOldest(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) return;
      this.#entries.delete(key);
      this.#changed.add(key);
    }
  }
}
