/** Everything about one address: what it owns, what came and went, its coins. */
import { type CoinRow, type HistoryRow, RelayAddress, RelayCoins } from '../../../protocol/relay.ts';
import { copyButton } from '../../../service/web/copy.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, plural, shortened } from '../../../service/web/format.ts';
import { type Page, PagedList } from '../../../service/web/paged-list.ts';
import { figure, panel, stateWord } from '../../../service/web/panel.ts';
import { RefusedError } from '../../../service/web/poll.ts';
import { qrCode } from '../../../service/web/qr.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import { closeAll } from './closing.ts';
import { NewsRefresh } from './news-refresh.ts';
import {
  change,
  confirmationsNow,
  depthWord,
  heightLink,
  money,
  problemBox,
  refusalWords,
  transactionLink,
} from './parts.ts';
import type { RelayFeed } from './relay-feed.ts';

const INTERVAL_MS = 30_000;
/** Of a page: the coins below are not to be far. */
const HISTORY_ROWS = 25;

interface HistoryPage extends Page<HistoryRow> {
  readonly summary: RelayAddress;
}

export function addressView(feed: RelayFeed, address: string): View {
  const balance = h('div', { class: 'balance' });
  const figures = h('dl', { class: 'figures amounts' });
  const code = h('div', { class: 'address-code' });
  const name = h('h1', { class: 'page-name hash' }, address);
  const problem = problemBox();
  const path = `/address/${encodeURIComponent(address)}`;
  let isShown = false;
  const history = new PagedList<HistoryRow, HistoryPage>({
    path,
    read: (body) => {
      const summary = RelayAddress.parse(body);
      return { rows: summary.history, next: summary.next, summary };
    },
    // A transaction may be there twice for a moment, waiting and confirmed: it is one row.
    keyOf: ({ txid }) => txid,
    table: historyTable(() => feed.tip?.height),
    limit: HISTORY_ROWS,
    intervalMs: INTERVAL_MS,
    onFirstPage: ({ summary }) => {
      isShown = true;
      problem.hidden = true;
      content.hidden = false;
      // The one spelling of the address, whatever the link has: DNILZ1… is the same as dnilz1….
      show(name, summary.address, ' ', copyButton(summary.address, 'the address'));
      show(balance, ...balanceWords(summary));
      show(figures, ...figuresOf(summary));
      // Readers of codes take capitals for the same address (BIP 173), and the code is smaller.
      show(code, qrCode(summary.address.toUpperCase(), `QR code of the address ${summary.address}`));
    },
    onError: (error) => {
      if (!(error instanceof RefusedError) || isShown) return false;
      problem.hidden = false;
      content.hidden = true;
      const miss = [h('strong', {}, 'This is no address of this network. '), error.message];
      show(problem, ...refusalWords(error, miss));
      return true;
    },
  });
  const coins = new PagedList<CoinRow>({
    path: `${path}/utxos`,
    read: (body) => {
      const { coins: rows, next } = RelayCoins.parse(body);
      return { rows, next };
    },
    keyOf: ({ txid, vout }) => `${txid}:${vout}`,
    table: coinTable(),
    mark: 'after',
    more: 'Show more',
    intervalMs: INTERVAL_MS,
    // The history says what is wrong with the address.
    onError: (error) => error instanceof RefusedError && !isShown,
  });
  const content = h(
    'div',
    { class: 'stack' },
    h(
      'section',
      { class: 'panel address-panel', 'aria-label': 'Balance' },
      code,
      h('div', {}, balance, figures),
    ),
    panel('History', history.element),
    panel('Coins', coins.element),
  );
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('p', { class: 'page-kind' }, 'Address'), name),
    problem,
    content,
  );
  const news = new NewsRefresh(() => {
    history.soon();
    coins.soon();
  });
  const closers = [
    feed.onBlocks(() => history.refresh()),
    feed.onEvent((event) => {
      if (event.type === 'block_connected' || event.type === 'block_disconnected') news.hear();
      if (event.type !== 'mempool') return;
      const gone = event.removed.filter(({ reason }) => reason !== 'confirmed');
      if (gone.length > 0) history.remove(new Set(gone.map(({ txid }) => txid)));
      news.hear();
    }),
    feed.onMissed(() => news.hear()),
    () => news.close(),
    () => history.close(),
    () => coins.close(),
  ];
  return {
    title: `Address ${shortened(address, 12, 6)}`,
    element,
    ready: Promise.all([history.first, coins.first]),
    close: closeAll(closers),
  };
}

function balanceWords({ balance_nits, used }: RelayAddress): Child[] {
  return [
    h('p', { class: 'figure-name' }, 'Balance'),
    h('p', { class: 'balance-value' }, money(balance_nits)),
    used ? null : h('p', { class: 'about' }, 'Nothing was ever paid to this address. That may change.'),
  ];
}

function figuresOf(summary: RelayAddress): HTMLElement[] {
  const { transactions } = summary;
  return [
    figure('Spendable', money(summary.spendable_nits), 'in blocks, and not on its way elsewhere'),
    figure('Pending in', money(summary.pending_in_nits), 'waits for a block'),
    figure('Pending out', money(summary.pending_out_nits), 'waits for a block'),
    figure('Immature', money(summary.immature_nits), 'block rewards that have to wait'),
    figure(
      'Received',
      money(summary.received_nits),
      transactions === null ? 'ever' : `ever, in ${plural(transactions, 'transaction')}`,
    ),
    figure('Sent', money(summary.sent_nits), 'ever'),
  ];
}

function historyTable(tipHeight: () => number | undefined): DataTable<HistoryRow> {
  return new DataTable<HistoryRow>({
    caption: 'History',
    compact: true,
    key: ({ txid }) => txid,
    empty: 'No transaction yet. Whatever is sent to this address appears here at once.',
    columns: [
      {
        label: 'Transaction',
        cell: ({ txid, is_coinbase }) => [
          transactionLink(txid, 6, 5),
          ...(is_coinbase === true ? [' ', stateWord('reward', null, 'new coins of a block')] : []),
        ],
      },
      { label: 'Time', cell: ({ time }) => when(time) },
      {
        label: 'Block',
        numeric: true,
        roomy: true,
        cell: ({ height }) =>
          height === null ? h('span', { class: 'unknown' }, 'none yet') : heightLink(height),
      },
      {
        label: 'State',
        roomy: true,
        cell: ({ height, confirmations }) => depthWord(confirmationsNow(height, tipHeight(), confirmations)),
      },
      { label: 'Change', numeric: true, cell: ({ delta_nits }) => change(delta_nits) },
    ],
  });
}

const COIN_STATES: Readonly<Record<CoinRow['state'], string>> = {
  spendable: 'the next block could hold a payment with it',
  immature: 'a block reward: it has to wait until it is deep enough',
  pending: 'in no block yet',
};

function coinTable(): DataTable<CoinRow> {
  return new DataTable<CoinRow>({
    caption: 'Coins',
    compact: true,
    key: ({ txid, vout }) => `${txid}:${vout}`,
    empty: 'It holds no coin.',
    columns: [
      {
        label: 'Made by',
        cell: ({ txid, vout }) => [
          transactionLink(txid, 6, 5),
          h('span', { class: 'aside' }, ` output ${count(vout)}`),
        ],
      },
      {
        label: 'Block',
        numeric: true,
        roomy: true,
        cell: ({ height }) =>
          height === null ? h('span', { class: 'unknown' }, 'none yet') : heightLink(height),
      },
      {
        label: 'State',
        cell: ({ state, matures_in: maturesIn }) => [
          stateWord(state, state === 'spendable' ? 'good' : 'warn', COIN_STATES[state]),
          state === 'immature' ? h('span', { class: 'aside' }, ` ${plural(maturesIn, 'block')} to go`) : null,
        ],
      },
      { label: 'Value', numeric: true, cell: ({ value_nits }) => money(value_nits) },
    ],
  });
}
