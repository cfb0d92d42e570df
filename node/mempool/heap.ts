/** A binary heap: the item that precedes all others is taken first. */
export class Heap<T> {
  readonly #items: T[];
  readonly #precedes: (a: T, b: T) => boolean;

  /** @param items the heap's first content, in the order of a heap already; it becomes the heap's own */
  constructor(precedes: (a: T, b: T) => boolean, items: T[] = []) {
    this.#precedes = precedes;
    this.#items = items;
  }

  /** What `take` would give. */
  get first(): T | undefined {
    return this.#items[0];
  }

  put(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] as T;
      if (!this.#precedes(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  take(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return top;
  }

  /** Moves `item` down from the top until everything below it comes after it. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#precedes(items[below + 1] as T, items[below] as T)) below++;
      const child = items[below] as T;
      if (!this.#precedes(child, item)) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }
}
