/** What of the history is shown. */
import { h } from '../../../service/web/element.ts';
import type { CallRequest } from '../../gui/api.ts';
import { HISTORY_DIRECTIONS, HISTORY_STATUSES } from '../../gui/api-values.ts';
import { Field, Selection } from '../pieces/field.ts';
import { plainButton } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

export type HistoryFilter = Omit<CallRequest<'history-csv'>, 'wallet'>;

/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 300;
const DIRECTION_NAMES = { sent: 'Sent', received: 'Received', mined: 'Mined', moved: 'Moved' } as const;
const STATUS_NAMES = { confirmed: 'Confirmed', pending: 'Pending', immature: 'Immature' } as const;

export class HistoryFilters {
  readonly element: HTMLElement;
  readonly #text = new Field({
    label: 'Find',
    kind: 'search',
    placeholder: 'Note, label, address, id',
    maxLength: 200,
  });
  readonly #label = new Selection('Label', [['', 'All labels']]);
  readonly #direction = new Selection('What', [
    ['', 'Everything'],
    ...HISTORY_DIRECTIONS.map((value) => [value, DIRECTION_NAMES[value]] as const),
  ]);
  readonly #status = new Selection('State', [
    ['', 'Any state'],
    ...HISTORY_STATUSES.map((value) => [value, STATUS_NAMES[value]] as const),
  ]);
  readonly #since = new Field({ label: 'From', kind: 'date' });
  readonly #until = new Field({ label: 'To', kind: 'date' });
  readonly #clear: HTMLButtonElement;
  readonly #labels: LiveQuery;
  #listener: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: WalletPlace) {
    this.#clear = plainButton('Show all', () => this.#reset());
    this.#clear.hidden = true;
    this.element = h(
      'form',
      { class: 'filters', role: 'search', 'aria-label': 'Filter' },
      this.#text.element,
      this.#label.element,
      this.#direction.element,
      this.#status.element,
      this.#since.element,
      this.#until.element,
      this.#clear,
    );
    this.element.addEventListener('submit', (event) => event.preventDefault());
    this.element.addEventListener('change', () => this.#tell(0));
    this.#text.onInput(() => this.#tell(TYPING_MS));
    this.#labels = liveQuery(place, {
      ask: (signal) => place.ask('labels', { wallet: place.wallet }, signal),
      onData: ({ labels }) =>
        this.#label.fill([['', 'All labels'], ...labels.map(({ label }) => [label, label] as const)]),
    });
  }

  /** As the server is asked. */
  get value(): HistoryFilter {
    const direction = HISTORY_DIRECTIONS.find((value) => value === this.#direction.value);
    const status = HISTORY_STATUSES.find((value) => value === this.#status.value);
    const since = dayBegin(this.#since.value, 0);
    const until = dayBegin(this.#until.value, 1);
    const label = this.#label.value;
    const text = this.#text.value;
    return {
      scope: label === '' ? 'wallet' : 'label',
      ...(label !== '' && { label }),
      ...(direction !== undefined && { direction }),
      ...(status !== undefined && { status }),
      ...(text !== '' && { text }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    };
  }

  get isActive(): boolean {
    return Object.keys(this.value).length > 1;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#labels.close();
  }

  #tell(pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#clear.hidden = !this.isActive;
      this.#listener();
    }, pauseMs);
  }

  #reset(): void {
    for (const field of [this.#text, this.#since, this.#until]) field.value = '';
    for (const selection of [this.#label, this.#direction, this.#status]) selection.input.value = '';
    this.#tell(0);
    this.#text.input.focus();
  }
}

/** The first second of a day of the reader's zone, or of the one so many days later; undefined for no date. */
function dayBegin(date: string, daysLater: number): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  return new Date(Number(year), Number(month) - 1, Number(day) + daysLater).getTime() / 1_000;
}
