/** Single coins as a table, each of which can be chosen. */
import { DataTable } from '../../../service/web/data-table.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { stateWord } from '../../../service/web/panel.ts';
import type { CoinRow } from '../../gui/api-values.ts';
import { labelTag, money, shortAddress, transactionLink } from '../pieces/money.ts';

export interface CoinTableOptions {
  readonly caption: string;
  readonly isChosen: (coin: CoinRow) => boolean;
  readonly onChoose: (coin: CoinRow, isChosen: boolean) => void;
  readonly empty: Child;
  /** What can be done with one. */
  readonly action?: (coin: CoinRow) => Child;
}

/** More are shown on demand. */
const FOLD = 100;

export function coinTable({
  caption,
  isChosen,
  onChoose,
  empty,
  action,
}: CoinTableOptions): DataTable<CoinRow> {
  const boxes = new Map<string, HTMLInputElement>();
  const box = (coin: CoinRow): HTMLInputElement => {
    const id = coin.out_point;
    const known = boxes.get(id);
    if (known !== undefined) {
      known.checked = isChosen(coin);
      return known;
    }
    const input = h('input', { type: 'checkbox', 'aria-label': `Choose the coin ${id}` });
    input.checked = isChosen(coin);
    input.addEventListener('change', () => onChoose(coin, input.checked));
    boxes.set(id, input);
    return input;
  };
  return new DataTable<CoinRow>({
    caption,
    key: ({ out_point: outPoint }) => outPoint,
    fold: FOLD,
    empty,
    columns: [
      { label: '', spoken: 'Chosen', cell: box },
      { label: 'Amount', numeric: true, cell: ({ value_nits: nits }) => money(nits) },
      { label: 'State', cell: coinState },
      { label: 'Label', cell: ({ label }) => labelTag(label) },
      { label: 'Address', detail: true, cell: ({ address }) => shortAddress(address) },
      {
        label: 'From',
        detail: true,
        cell: ({ out_point: outPoint }) => transactionLink(outPoint.split(':')[0] ?? '', 6, 6),
      },
      ...(action === undefined ? [] : [{ label: '', spoken: 'Action', cell: action }]),
    ],
  });
}

function coinState({ status, confirmations, own, frozen }: CoinRow): HTMLElement {
  if (frozen) return stateWord('frozen', null, 'no payment takes it');
  if (status === 'immature') return stateWord('immature', 'warn', 'a reward that has to wait');
  if (status === 'pending') {
    return own
      ? stateWord('own, pending', 'warn', 'change of a payment of yours: it may be spent already')
      : stateWord('pending', 'warn', 'in no block yet');
  }
  return stateWord(plural(confirmations, 'confirmation'), 'good');
}

/** Largest first; only those of a label, if one is given. */
export function coinsOf(coins: readonly CoinRow[], label: string | undefined): CoinRow[] {
  return coins
    .filter((coin) => label === undefined || coin.label === label)
    .sort((one, other) => {
      const difference = BigInt(other.value_nits) - BigInt(one.value_nits);
      return difference === 0n ? 0 : difference > 0n ? 1 : -1;
    });
}
