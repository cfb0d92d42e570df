/** A long table: its newest page kept up to date, older ones on demand. */
import type { DataTable } from './data-table.ts';
import { h } from './element.ts';
import { ask, Poll, type Reader } from './poll.ts';

/** What to ask for to get the page after this one; null on the last. */
export type PageMark = number | string | null;

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: PageMark;
}

export interface PagedListOptions<Row> {
  /** Asked for with `limit`, and with `before` for older pages. */
  readonly path: string;
  readonly read: Reader<Page<Row>>;
  readonly keyOf: (row: Row) => string;
  readonly table: DataTable<Row>;
}

const LIMIT = 50;
const INTERVAL_MS = 15_000;

export class PagedList<Row> {
  readonly element: HTMLElement;
  readonly #options: PagedListOptions<Row>;
  readonly #poll: Poll<Page<Row>>;
  readonly #more = h('button', { type: 'button', class: 'choice' }, 'Show older');
  readonly #problem = h('p', { class: 'about', role: 'status' });
  #newest: readonly Row[] = [];
  #older: readonly Row[] = [];
  /** Undefined before the first answer. */
  #next: PageMark | undefined;

  constructor(options: PagedListOptions<Row>) {
    this.#options = options;
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => void this.#showOlder());
    this.element = h('div', { class: 'paged' }, options.table.element, this.#problem, this.#more);
    this.#poll = new Poll({
      url: () => `${options.path}?limit=${LIMIT}`,
      read: options.read,
      intervalMs: INTERVAL_MS,
      onData: (page) => {
        this.#problem.textContent = '';
        // What has left the first page meanwhile stays, in front of the older ones.
        this.#older = without([...this.#newest, ...this.#older], page.rows, options.keyOf);
        this.#newest = page.rows;
        if (this.#next === undefined) this.#next = page.next;
        this.#show();
      },
      onError: (error) => this.#complain(error),
    });
  }

  /** Resolves with the first page. */
  get first(): Promise<void> {
    return this.#poll.first;
  }

  /** Something has changed: asks for the newest page at once. */
  soon(): void {
    this.#poll.soon();
  }

  /** Shows the same again: what amounts are counted in is known now. */
  refresh(): void {
    if (this.#next !== undefined) this.#show();
  }

  close(): void {
    this.#poll.close();
  }

  async #showOlder(): Promise<void> {
    const { path, read, keyOf } = this.#options;
    this.#more.disabled = true;
    try {
      const page = await ask(`${path}?limit=${LIMIT}&before=${String(this.#next)}`, read);
      const known = [...this.#newest, ...this.#older];
      this.#older = [...this.#older, ...without(page.rows, known, keyOf)];
      this.#next = page.next;
      this.#show();
    } catch (error) {
      this.#complain(error);
    }
    this.#more.disabled = false;
  }

  #show(): void {
    this.#options.table.update([...this.#newest, ...this.#older]);
    this.#more.hidden = this.#next === null || this.#next === undefined;
  }

  #complain(error: unknown): void {
    this.#problem.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** Those of `rows` that are not among `others`. */
function without<Row>(rows: readonly Row[], others: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const keys = new Set(others.map(keyOf));
  return rows.filter((row) => !keys.has(keyOf(row)));
}
