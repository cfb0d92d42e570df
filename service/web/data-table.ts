/** A table that is kept up to date row by row. On narrow screens its rows become cards (table.css). */
import { type Child, h, show } from './element.ts';

export interface Column<Row> {
  readonly label: string;
  /** Names the column for those who hear the table, where its label is empty. */
  readonly spoken?: string;
  /** Numbers stand on the right. */
  readonly numeric?: boolean;
  /** Left out on narrow screens. */
  readonly detail?: boolean;
  /** Left out on phones only. */
  readonly roomy?: boolean;
  /** Explains the column on hover. */
  readonly hint?: string;
  readonly cell: (row: Row) => Child | readonly Child[];
}

export interface TableOptions<Row> {
  /** Names the table for those who hear it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Two rows with the same key are the same row, then and now. */
  readonly key: (row: Row) => string;
  /** Stays a table on narrow screens, too: what is left of its columns has room on a phone. */
  readonly compact?: boolean;
  /** So many rows are shown until somebody asks for all (default: all). */
  readonly fold?: number;
  /** Shown while there is no row: says what to do next. */
  readonly empty: Child | readonly Child[];
}

export class DataTable<Row> {
  readonly element: HTMLElement;
  readonly #options: TableOptions<Row>;
  readonly #body = h('tbody', { role: 'rowgroup' });
  readonly #table: HTMLTableElement;
  readonly #empty: HTMLElement;
  readonly #all = h('button', { type: 'button', class: 'choice' });
  #rows = new Map<string, HTMLTableRowElement>();
  #isFolded = true;
  #newest: readonly Row[] = [];

  constructor(options: TableOptions<Row>) {
    this.#options = options;
    const heads = options.columns.map((column) =>
      h(
        'th',
        { scope: 'col', role: 'columnheader', class: classOf(column), title: column.hint ?? null },
        column.spoken === undefined ? column.label : h('span', { class: 'visually-hidden' }, column.spoken),
      ),
    );
    this.#table = h(
      'table',
      { role: 'table', 'aria-label': options.caption },
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
      this.#body,
    );
    this.#empty = h('div', { class: 'empty' }, ...listOf(options.empty));
    this.element = h(
      'div',
      { class: options.compact ? 'table compact' : 'table' },
      this.#table,
      this.#empty,
      this.#all,
    );
    this.#all.addEventListener('click', () => {
      this.#isFolded = false;
      this.update(this.#newest);
    });
    this.#all.hidden = true;
    this.#table.hidden = true;
    this.#empty.hidden = true;
  }

  update(rows: readonly Row[]): void {
    const { key, fold = rows.length } = this.#options;
    this.#newest = rows;
    const shown = this.#isFolded ? rows.slice(0, fold) : rows;
    this.#all.hidden = shown.length === rows.length;
    this.#all.textContent = `Show all ${rows.length}`;
    const before = this.#rows;
    this.#rows = new Map();
    for (const row of shown) {
      const id = key(row);
      const element = before.get(id) ?? this.#newRow();
      this.#fill(element, row);
      this.#rows.set(id, element);
    }
    const elements = [...this.#rows.values()];
    for (const [id, element] of before) if (!this.#rows.has(id)) element.remove();
    elements.forEach((element, index) => {
      const present = this.#body.children[index];
      if (present !== element) this.#body.insertBefore(element, present ?? null);
    });
    this.#table.hidden = elements.length === 0;
    this.#empty.hidden = elements.length > 0;
  }

  #newRow(): HTMLTableRowElement {
    const cells = this.#options.columns.map((column) =>
      h('td', { role: 'cell', 'data-label': column.spoken ?? column.label, class: classOf(column) }),
    );
    return h('tr', { role: 'row' }, ...cells);
  }

  #fill(element: HTMLTableRowElement, row: Row): void {
    this.#options.columns.forEach(({ cell }, index) => {
      const place = element.cells[index];
      if (place !== undefined) show(place, ...listOf(cell(row)));
    });
  }
}

function classOf<Row>({ numeric, detail, roomy }: Column<Row>): string | null {
  const words = Object.entries({ numeric, detail, roomy }).flatMap(([word, is]) => (is ? [word] : []));
  return words.length === 0 ? null : words.join(' ');
}

function listOf(content: Child | readonly Child[]): readonly Child[] {
  return Array.isArray(content) ? (content as readonly Child[]) : [content as Child];
}
