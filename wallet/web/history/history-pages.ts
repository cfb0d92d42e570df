/** The pages of the history: what is shown is kept up to date, older ones come when one gets there. */
import type { DataTable } from '../../../service/web/data-table.ts';
import { h } from '../../../service/web/element.ts';
import type { CallAnswer } from '../../gui/api.ts';
import type { HistoryRow } from '../../gui/api-values.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import type { HistoryFilter } from './history-filters.ts';
import { historyKey } from './history-table.ts';

/** With the filter's generation when it was asked for. */
type Answer = CallAnswer<'history'> & { readonly generation: number };

export interface HistoryPagesOptions {
  readonly table: DataTable<HistoryRow>;
  readonly filter: () => HistoryFilter;
  readonly onTotal: (total: number) => void;
  /** Undefined once all is well again. */
  readonly onError: (error: unknown) => void;
}

const PAGE_ROWS = 50;
/** No answer has more rows. */
const MOST_ROWS = 500;

export class HistoryPages {
  readonly element: HTMLElement;
  readonly #place: WalletPlace;
  readonly #options: HistoryPagesOptions;
  readonly #query: LiveQuery;
  readonly #more = h('button', { type: 'button', class: 'plain-button' }, 'Show older');
  readonly #sight: IntersectionObserver;
  #rows: readonly HistoryRow[] = [];
  #next: string | null = null;
  /** Grows when the filter changes: what was asked before that is not shown. */
  #generation = 0;
  #isLoading = false;

  constructor(place: WalletPlace, options: HistoryPagesOptions) {
    this.#place = place;
    this.#options = options;
    this.element = h('div', { class: 'paged' }, options.table.element, this.#more);
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => void this.#showOlder());
    // One who scrolls need not press.
    this.#sight = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void this.#showOlder();
    });
    this.#sight.observe(this.#more);
    this.#query = liveQuery(place, {
      ask: (signal) => this.#ask(this.#shownRows(), undefined, signal),
      onData: (answer) => this.#take(answer),
      onError: options.onError,
    });
  }

  get first(): Promise<void> {
    return this.#query.first;
  }

  /** The filter is another one. */
  restart(): void {
    this.#generation += 1;
    this.#rows = [];
    this.#query.soon();
  }

  close(): void {
    this.#sight.disconnect();
    this.#query.close();
  }

  /** As many as are on the page, as far as one answer goes. */
  #shownRows(): number {
    return Math.min(MOST_ROWS, Math.max(PAGE_ROWS, this.#rows.length));
  }

  async #ask(limit: number, after?: string, signal?: AbortSignal): Promise<Answer> {
    const generation = this.#generation;
    const answer = await this.#place.ask(
      'history',
      { wallet: this.#place.wallet, ...this.#options.filter(), limit, ...(after !== undefined && { after }) },
      signal,
    );
    return { ...answer, generation };
  }

  /** The newest rows; those behind them stay as they were. */
  #take({ rows, next, total, generation }: Answer): void {
    if (generation !== this.#generation) return;
    const known = new Set(rows.map(historyKey));
    const older =
      next === null ? [] : this.#rows.slice(rows.length).filter((row) => !known.has(historyKey(row)));
    if (older.length === 0) this.#next = next;
    this.#rows = [...rows, ...older];
    this.#options.onTotal(total);
    this.#options.onError(undefined);
    this.#show();
  }

  async #showOlder(): Promise<void> {
    const after = this.#next;
    if (after === null || this.#isLoading) return;
    this.#isLoading = true;
    this.#more.disabled = true;
    try {
      const { rows, next, generation } = await this.#ask(PAGE_ROWS, after);
      if (generation === this.#generation) {
        const known = new Set(this.#rows.map(historyKey));
        this.#rows = [...this.#rows, ...rows.filter((row) => !known.has(historyKey(row)))];
        this.#next = next;
        this.#show();
      }
    } catch (error) {
      this.#options.onError(error);
    }
    this.#isLoading = false;
    this.#more.disabled = false;
  }

  #show(): void {
    this.#options.table.update(this.#rows);
    this.#more.hidden = this.#next === null;
    // What is still in sight is asked for at once.
    this.#sight.unobserve(this.#more);
    this.#sight.observe(this.#more);
  }
}
