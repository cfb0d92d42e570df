/** What an address has earned, in the order in which money moves, each state explained where it stands. */
import { DataTable } from '../../service/web/data-table.ts';
import { h, show } from '../../service/web/element.ts';
import { amount, count, percent } from '../../service/web/format.ts';
import { exactAmount, panel } from '../../service/web/panel.ts';
import { untilThen, when } from '../../service/web/when.ts';
import type { Credit, Earnings, NextPayout } from './answers.ts';
import { depth } from './block-table.ts';
import { CREDIT_STATES, WAIT_REASONS } from './explanations.ts';
import { state } from './parts.ts';
import { payoutTable } from './payout-table.ts';

const SHOWN_CREDITS = 10;

interface Step {
  readonly name: string;
  readonly of: (earnings: Earnings) => string | null;
  readonly meaning: string;
  /** Only where the pool holds the money, and pays it. */
  readonly isHeld?: true;
}

const STEPS: readonly Step[] = [
  {
    name: 'Immature',
    of: ({ immature_nits }) => immature_nits,
    meaning: 'From blocks that are not deep enough in the chain yet. May still be lost with the block.',
  },
  {
    name: 'Owed',
    of: ({ owed_nits }) => owed_nits,
    meaning: 'Yours. Paid with the next payout once it reaches the minimum, and never forfeited.',
    isHeld: true,
  },
  {
    name: 'On its way',
    of: ({ in_payout_nits }) => in_payout_nits,
    meaning: 'In a payment that is signed and sent, and waits for a block.',
    isHeld: true,
  },
  {
    name: 'Paid',
    of: ({ paid_nits }) => paid_nits,
    meaning: 'In the chain, at your address.',
  },
];

export interface EarningsFacts {
  readonly address: string;
  readonly earnings: Earnings | null;
  readonly next: NextPayout | undefined;
  /** Part of the running round; null where it is unknown. */
  readonly roundShare: number | null;
  readonly maturity: number | null;
  readonly coin: string;
  /** Blocks pay their finders: nothing is owed, divided or paid out. */
  readonly isSolo: boolean;
}

export class EarningsPanel {
  readonly element: HTMLElement;
  readonly #steps = h('dl', { class: 'money' });
  readonly #next = h('div', { class: 'next-payout' });
  readonly #about = h('p', { class: 'about' });
  readonly #credits: DataTable<Credit>;
  readonly #payouts = payoutTable(false, () => this.#coin, [
    'Nothing was paid yet. What is owed is paid once it reaches the minimum.',
  ]);
  readonly #paid = panel('Payouts', this.#payouts.element);
  #maturity: number | null = null;
  #coin = '';

  constructor() {
    this.#credits = new DataTable<Credit>({
      caption: 'Blocks that paid this address',
      fold: SHOWN_CREDITS,
      key: ({ block, height }) => `${block ?? ''} ${height ?? ''}`,
      empty: ['No block has brought this address anything yet.'],
      columns: [
        { label: 'Block', numeric: true, cell: ({ height }) => count(height) },
        { label: 'Found', cell: ({ time }) => when(time) },
        { label: 'State', cell: (credit) => this.#creditState(credit) },
        { label: 'Credited', numeric: true, cell: ({ amount_nits }) => exactAmount(amount_nits, this.#coin) },
      ],
    });
    this.element = h(
      'div',
      { class: 'stack' },
      panel('Earnings', this.#steps, this.#next, this.#about),
      h('div', { class: 'halves roomy' }, panel('Credits', this.#credits.element), this.#paid),
    );
  }

  update({ address, earnings, next, roundShare, maturity, coin, isSolo }: EarningsFacts): void {
    this.#maturity = maturity;
    this.#coin = coin;
    const steps = STEPS.filter(({ isHeld }) => !isSolo || isHeld === undefined).map(({ name, of, meaning }) =>
      h(
        'div',
        { class: 'money-step' },
        h('dt', { class: 'figure-name' }, name),
        h(
          'dd',
          { class: 'figure-value' },
          amount(earnings === null ? null : of(earnings)),
          h('span', { class: 'unit' }, ` ${coin}`),
        ),
        h('dd', { class: 'figure-about' }, meaning),
      ),
    );
    show(this.#steps, ...steps);
    show(this.#next, ...(isSolo ? soloLines() : nextPayoutLines(address, earnings, next, coin)));
    show(this.#about, ...this.#remarks(earnings, isSolo ? null : roundShare, coin));
    this.#paid.hidden = isSolo;
    this.#credits.update(earnings?.credits ?? []);
    this.#payouts.update(earnings?.payouts ?? []);
  }

  #remarks(earnings: Earnings | null, roundShare: number | null, coin: string): string[] {
    const orphaned = earnings?.orphaned_nits ?? '0';
    return [
      roundShare === null
        ? ''
        : `${percent(roundShare)} of the work of the running round is by this address. `,
      orphaned === '0' ? '' : `${amount(orphaned)} ${coin} were lost with blocks that the chain left behind.`,
    ];
  }

  #creditState(credit: Credit) {
    const word = state(credit.state, CREDIT_STATES);
    const { confirmations } = credit;
    if (credit.direct === true)
      return [word, ' ', h('span', { class: 'depth-text' }, 'paid by the block itself')];
    if (credit.state !== 'immature' || confirmations === null || this.#maturity === null) return [word];
    return [word, ' ', depth(confirmations, this.#maturity)];
  }
}

function soloLines(): Node[] {
  return [h('p', {}, 'Blocks that this address finds pay it themselves. Nothing is paid out besides.')];
}

/** When the next payout is and whether this address is in it. */
function nextPayoutLines(
  address: string,
  earnings: Earnings | null,
  next: NextPayout | undefined,
  coin: string,
): (Node | string)[] {
  if (next === undefined) return [];
  const due = next.due.find((item) => item.address === address);
  const clock = payoutClock(next);
  if (due !== undefined) {
    return [h('p', {}, ...clock, ` It will pay ${amount(due.amount_nits)} ${coin} to this address.`)];
  }
  const minimum = next.minimum_nits;
  const owed = earnings?.owed_nits ?? null;
  if (minimum === null || owed === null) return [h('p', {}, ...clock)];
  const why = WAIT_REASONS[next.waits.find((item) => item.address === address)?.why ?? ''];
  const part = BigInt(minimum) === 0n ? 1 : Number((BigInt(owed) * 1000n) / BigInt(minimum)) / 1000;
  return [
    h('p', {}, ...clock),
    h(
      'p',
      { class: 'towards' },
      h('progress', { max: 1, value: Math.min(1, part), 'aria-label': 'Towards the minimum of a payout' }),
      h('span', {}, `${amount(owed)} of the minimum of ${amount(minimum)} ${coin}`),
    ),
    why === undefined ? '' : h('p', { class: 'about' }, why),
  ];
}

function payoutClock({ time, minimum_nits: minimum }: NextPayout): (Node | string)[] {
  if (minimum === null) return ['Nobody is paid by this pool at present; what is owed stays owed.'];
  if (time === null) return ['The next payout is made by hand.'];
  return ['Next payout in ', untilThen(time), '.'];
}
