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

export interface PagedListOptions<Row, Answer extends Page<Row> = Page<Row>> {
  /** Asked for with `limit`, and with a mark for the pages after the first. */
  readonly path: string;
  readonly read: Reader<Answer>;
  readonly keyOf: (row: Row) => string;
  readonly table: DataTable<Row>;
  /** What the mark of a page is called (default "before"). */
  readonly mark?: 'before' | 'after';
  /** Says what comes with the next page (default "Show older"). */
  readonly more?: string;
  /** Rows of a page (default 50). */
  readonly limit?: number;
  /** Between two looks at the first page (default 15,000). */
  readonly intervalMs?: number;
  /** Told each answer with the first page: it may hold more than rows. */
  readonly onFirstPage?: (answer: Answer) => void;
  /** Told why there is none; what it returns true for is not shown here. */
  readonly onError?: (error: unknown) => boolean;
}

const LIMIT = 50;
const INTERVAL_MS = 15_000;

export class PagedList<Row, Answer extends Page<Row> = Page<Row>> {
  readonly element: HTMLElement;
  readonly #options: PagedListOptions<Row, Answer>;
  readonly #limit: number;
  readonly #poll: Poll<Answer>;
  readonly #more: HTMLButtonElement;
  readonly #problem = h('p', { class: 'about', role: 'status' });
  #newest: readonly Row[] = [];
  #older: readonly Row[] = [];
  /** Undefined before the first answer. */
  #next: PageMark | undefined;

  constructor(options: PagedListOptions<Row, Answer>) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
    this.#more = h('button', { type: 'button', class: 'choice' }, options.more ?? 'Show older');
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => void this.#showOlder());
    this.element = h('div', { class: 'paged' }, options.table.element, this.#problem, this.#more);
    this.#poll = new Poll({
      url: () => `${options.path}?limit=${this.#limit}`,
      read: options.read,
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      onData: (page) => {
        this.#problem.textContent = '';
        // What has left the first page meanwhile stays, in front of the older ones, unless that page is all.
        const left = page.next === null ? [] : [...this.#newest, ...this.#older];
        this.#older = without(left, page.rows, options.keyOf);
        this.#newest = page.rows;
        if (this.#next === undefined || page.next === null) this.#next = page.next;
        this.#show();
        options.onFirstPage?.(page);
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

  /** Takes rows away that are gone. */
  remove(keys: ReadonlySet<string>): void {
    const stays = (row: Row) => !keys.has(this.#options.keyOf(row));
    this.#newest = this.#newest.filter(stays);
    this.#older = this.#older.filter(stays);
    this.refresh();
  }

  close(): void {
    this.#poll.close();
  }

  async #showOlder(): Promise<void> {
    const { path, read, keyOf, mark = 'before' } = this.#options;
    const query = new URLSearchParams({ limit: String(this.#limit), [mark]: String(this.#next) });
    this.#more.disabled = true;
    try {
      const page = await ask(`${path}?${query}`, read);
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
    if (this.#options.onError?.(error) === true) return;
    this.#problem.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** Those of `rows` that are not among `others`. */
function without<Row>(rows: readonly Row[], others: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const keys = new Set(others.map(keyOf));
  return rows.filter((row) => !keys.has(keyOf(row)));
}
