/** How an item keeps its place in a ranking; −1 while it is in none. */
export interface PlaceOf<T> {
  get(item: T): number;
  set(item: T, place: number): void;
}

/**
 * Items of which the first is always at hand, though what decides about their order changes: a binary heap in
 * which every item knows its place.
 */
export class Ranking<T> {
  readonly #items: T[] = [];
  readonly #precedes: (a: T, b: T) => boolean;
  readonly #place: PlaceOf<T>;

  constructor(precedes: (a: T, b: T) => boolean, place: PlaceOf<T>) {
    this.#precedes = precedes;
    this.#place = place;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** A copy in the order of the heap, for a `Heap` of the same order. */
  items(): T[] {
    return this.#items.slice();
  }

  add(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  remove(item: T): void {
    const at = this.#place.get(item);
    if (this.#items[at] !== item) throw new Error('the item is not in this ranking');
    this.#place.set(item, -1);
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#sink(last, this.#rise(last, at));
  }

  /** What decides about the place of this item has changed. */
  moved(item: T): void {
    this.#sink(item, this.#rise(item, this.#place.get(item)));
  }

  /** Puts an item where `from` is or above, and says where. */
  #rise(item: T, from: number): number {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above] as T;
      if (!this.#precedes(item, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(item, at);
    return at;
  }

  #sink(item: T, from: number): void {
    const items = this.#items;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#precedes(items[below + 1] as T, items[below] as T)) below++;
      const child = items[below] as T;
      if (!this.#precedes(child, item)) break;
      this.#put(child, at);
      at = below;
    }
    if (at !== from) this.#put(item, at);
  }

  #put(item: T, at: number): void {
    this.#items[at] = item;
    this.#place.set(item, at);
  }
}
