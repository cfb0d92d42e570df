import type { Statements } from '../../service/database.ts';

/** Makes sure that the items have rows. @returns the id of each, by the item's key */
export type InsertRows<T> = (
  items: readonly T[],
  statements: Statements,
) => Promise<readonly (readonly [key: string, id: number])[]>;

/** Beyond it the memory is emptied; what is needed is looked up again. */
const KNOWN_ROWS = 50_000;

/** Row ids of what many shares name, so that most batches need no query for them. */
export class RowIds<T> {
  readonly #known = new Map<string, number>();
  readonly #identityOf: (item: T) => object;
  readonly #keyOf: (item: T) => string;
  /** Keys that were made already: most shares name the very worker and tip that others did. */
  readonly #keys = new WeakMap<object, string>();
  readonly #insert: InsertRows<T>;

  /**
   * @param identityOf an object that never changes and of which equal items often are the same
   * @param keyOf what tells items apart
   */
  constructor(identityOf: (item: T) => object, keyOf: (item: T) => string, insert: InsertRows<T>) {
    this.#identityOf = identityOf;
    this.#keyOf = keyOf;
    this.#insert = insert;
  }

  /** The id of each item; undefined when one of them is not in memory. */
  known(items: readonly T[]): number[] | undefined {
    const ids: number[] = [];
    for (const item of items) {
      const id = this.#known.get(this.#keyFor(item));
      if (id === undefined) return undefined;
      ids.push(id);
    }
    return ids;
  }

  /**
   * The id of each item (of equal ones the first is inserted), within an open transaction, and those that were
   * not known before: to be given to `remember` when the transaction has succeeded.
   */
  async of(
    items: readonly T[],
    statements: Statements,
  ): Promise<{ list: number[]; found: ReadonlyMap<string, number> }> {
    const keys = items.map((item) => this.#keyFor(item));
    const missing = new Map<string, T>();
    for (const [index, item] of items.entries()) {
      const key = keys[index];
      const isNew = key !== undefined && !this.#known.has(key) && !missing.has(key);
      if (isNew) missing.set(key, item);
    }
    const found = new Map(missing.size === 0 ? [] : await this.#insert([...missing.values()], statements));
    const list = keys.map((key) => {
      const id = this.#known.get(key) ?? found.get(key);
      if (id === undefined) throw new Error(`a row was inserted and is not there: ${key}`);
      return id;
    });
    return { list, found };
  }

  #keyFor(item: T): string {
    const identity = this.#identityOf(item);
    let key = this.#keys.get(identity);
    if (key === undefined) {
      key = this.#keyOf(item);
      this.#keys.set(identity, key);
    }
    return key;
  }

  remember(found: ReadonlyMap<string, number>): void {
    if (this.#known.size + found.size > KNOWN_ROWS) this.#known.clear();
    for (const [key, id] of found) this.#known.set(key, id);
  }
}
