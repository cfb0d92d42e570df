/**
 * Bytes in rows, each stretch in the colour of its field with a mark where the field begins. Only the rows in sight
 * are on the page, so a block of four million bytes scrolls like a header.
 */
import { leafAt, type Span } from '../../../../protocol/layout.ts';
import { h } from '../../../../service/web/element.ts';
import { fieldName, planRows, type Row, type RowPlan, type Run, rowOf } from './hex-rows.ts';

export interface HexViewOptions {
  readonly whole: Span;
  /** What these bytes are, for those who hear the page. */
  readonly label: string;
  /** A field was chosen, by pointer or key. */
  readonly onSelect: (leaf: Span) => void;
  /** A pointer rests on a field; undefined when it has left. */
  readonly onHover: (leaf: Span | undefined) => void;
}

/** As hex.css has it. */
const ROW_HEIGHT_PX = 24;
/** Rows above and below those in sight. */
const SPARE_ROWS = 8;
/** Characters whose width is measured. */
const SAMPLE = '0'.repeat(40);
/** Before there is a layout. */
const FIRST_COLUMNS = 40;

export class HexView {
  readonly element: HTMLElement;
  readonly #options: HexViewOptions;
  readonly #bytes: Uint8Array;
  readonly #tall = h('div', { class: 'hex-tall' });
  readonly #rows = h('div', { class: 'hex-rows' });
  readonly #ruler = h('span', { class: 'hex-ruler', 'aria-hidden': 'true' }, SAMPLE);
  readonly #observer = new ResizeObserver(() => this.#measure());
  #plan: RowPlan;
  #selected: Span;
  #shown = '';
  #isScheduled = false;

  constructor(options: HexViewOptions) {
    this.#options = options;
    this.#bytes = options.whole.bytes;
    this.#selected = options.whole;
    this.#plan = planRows(FIRST_COLUMNS, this.#bytes.length);
    this.#tall.append(this.#rows);
    this.element = h(
      'div',
      {
        class: 'hex',
        tabindex: 0,
        role: 'group',
        'aria-roledescription': 'bytes by field',
        'aria-label': `${options.label}. Left and right arrows go from field to field.`,
      },
      this.#ruler,
      this.#tall,
    );
    this.element.addEventListener('scroll', () => this.#schedule(), { passive: true });
    this.element.addEventListener('click', (event) => this.#click(event));
    this.element.addEventListener('pointerover', (event) => this.#hover(event));
    this.element.addEventListener('pointerleave', () => this.#hoverOver(undefined));
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#observer.observe(this.element);
    this.#draw();
  }

  /** Marks a span, and brings its first byte into sight. */
  select(span: Span): void {
    this.#selected = span;
    const top = Math.floor(span.start / this.#plan.bytesPerRow) * ROW_HEIGHT_PX;
    const { scrollTop, clientHeight } = this.element;
    const isInSight = top >= scrollTop && top + ROW_HEIGHT_PX <= scrollTop + clientHeight;
    if (!isInSight) this.element.scrollTop = Math.max(0, top - clientHeight / 3);
    this.#shown = '';
    this.#draw();
  }

  close(): void {
    this.#observer.disconnect();
  }

  /** Fits the rows to the width there is. */
  #measure(): void {
    const character = this.#ruler.getBoundingClientRect().width / SAMPLE.length;
    const style = getComputedStyle(this.element);
    const width =
      this.element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    if (character === 0 || width <= 0) return;
    const first = Math.floor(this.element.scrollTop / ROW_HEIGHT_PX) * this.#plan.bytesPerRow;
    this.#plan = planRows(Math.floor(width / character), this.#bytes.length);
    this.element.scrollTop = Math.floor(first / this.#plan.bytesPerRow) * ROW_HEIGHT_PX;
    this.#draw();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { bytesPerRow } = this.#plan;
    const count = Math.ceil(this.#bytes.length / bytesPerRow);
    this.#tall.style.height = `${count * ROW_HEIGHT_PX}px`;
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT_PX) - SPARE_ROWS);
    const last = Math.min(count, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT_PX) + SPARE_ROWS);
    const shown = `${first} ${last} ${JSON.stringify(this.#plan)}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const rows: HTMLElement[] = [];
    for (let index = first; index < last; index++) {
      rows.push(this.#rowElement(rowOf(this.#options.whole, this.#bytes, index, this.#plan)));
    }
    this.#rows.style.transform = `translateY(${first * ROW_HEIGHT_PX}px)`;
    this.#rows.replaceChildren(...rows);
  }

  #rowElement({ offset, runs, text, names }: Row): HTMLElement {
    const { hasText, hasNames, bytesPerRow } = this.#plan;
    const bytes = h('span', { class: 'hex-bytes' }, ...runs.map((run) => this.#runElement(run)));
    bytes.style.width = `${3 * bytesPerRow}ch`;
    const textPart = h('span', { class: 'hex-text', 'aria-hidden': 'true' }, text);
    textPart.style.width = `${bytesPerRow}ch`;
    return h(
      'div',
      { class: 'hex-row' },
      h('span', { class: 'hex-offset', 'aria-hidden': 'true' }, offset),
      bytes,
      hasText ? textPart : null,
      hasNames ? h('span', { class: 'hex-names', 'aria-hidden': 'true' }, names) : null,
    );
  }

  #runElement({ leaf, sort, hex, isStart, isEnd }: Run): HTMLElement {
    const { start, end } = this.#selected;
    const isSelected = leaf.start >= start && leaf.end <= end && leaf.end - leaf.start < this.#bytes.length;
    const isWhole = start === 0 && end === this.#bytes.length;
    return h(
      'span',
      {
        class: 'hex-run',
        'data-leaf': leaf.start,
        'data-sort': sort ?? null,
        'data-start': isStart,
        'data-end': isEnd,
        'data-selected': isSelected && !isWhole,
        title: isStart ? fieldName(leaf) : null,
      },
      hex,
    );
  }

  #leafOf(event: Event): Span | undefined {
    const { target } = event;
    const run = target instanceof Element ? target.closest<HTMLElement>('[data-leaf]') : null;
    return run === null ? undefined : leafAt(this.#options.whole, Number(run.dataset.leaf));
  }

  #click(event: MouseEvent): void {
    const leaf = this.#leafOf(event);
    if (leaf !== undefined) this.#options.onSelect(leaf);
  }

  #hover(event: PointerEvent): void {
    if (event.pointerType === 'mouse') this.#hoverOver(this.#leafOf(event));
  }

  #hoverOver(leaf: Span | undefined): void {
    for (const run of this.#rows.querySelectorAll('[data-hovered]')) run.removeAttribute('data-hovered');
    if (leaf !== undefined) {
      const runs = this.#rows.querySelectorAll(`[data-leaf="${leaf.start}"]`);
      for (const run of runs) run.setAttribute('data-hovered', '');
    }
    this.#options.onHover(leaf);
  }

  #key(event: KeyboardEvent): void {
    const { whole, onSelect } = this.#options;
    const { start, end } = this.#selected;
    const isWhole = start === whole.start && end === whole.end;
    const last = whole.end - 1;
    const offsets: Readonly<Record<string, number>> = {
      ArrowRight: isWhole ? 0 : Math.min(end, last),
      ArrowLeft: Math.max(0, start - 1),
      ArrowDown: Math.min(start + this.#plan.bytesPerRow, last),
      ArrowUp: Math.max(0, start - this.#plan.bytesPerRow),
      Home: 0,
      End: last,
    };
    const offset = Object.hasOwn(offsets, event.key) ? offsets[event.key] : undefined;
    if (offset === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const leaf = leafAt(whole, offset);
    if (leaf !== undefined) onSelect(leaf);
  }
}
