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
  readonly #keyOf: (item: T) => string;
  readonly #insert: InsertRows<T>;

  constructor(keyOf: (item: T) => string, insert: InsertRows<T>) {
    this.#keyOf = keyOf;
    this.#insert = insert;
  }

  /**
   * The id of each item (of equal ones the first is inserted), within an open transaction, and those that were
   * not known before: to be given to `remember` when the transaction has succeeded.
   */
  async of(
    items: readonly T[],
    statements: Statements,
  ): Promise<{ list: number[]; found: ReadonlyMap<string, number> }> {
    const keys = items.map(this.#keyOf);
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

  remember(found: ReadonlyMap<string, number>): void {
    if (this.#known.size + found.size > KNOWN_ROWS) this.#known.clear();
    for (const [key, id] of found) this.#known.set(key, id);
  }
}
