/** What the wallet has: now, over time, by label, and what happened last. */
import { DataTable } from '../../../service/web/data-table.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { UNKNOWN } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { GuiState, Overview, RefusedRow } from '../../gui/api-values.ts';
import { historyTable } from '../history/history-table.ts';
import { HISTORY_PATH, RECEIVE_PATH, SEND_PATH, SETTINGS_PATH } from '../paths.ts';
import { closeAll } from '../pieces/closing.ts';
import { COIN, labelTag, money, notice, transactionLink, wayButton } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';
import { BalanceChart } from './balance-chart.ts';

const LAST_ROWS = 6;

export function overviewView(place: WalletPlace): View {
  const balance = h('div', { class: 'balance' });
  const reminders = h('div', { class: 'stack reminders' });
  const labels = labelTable();
  const labelPanel = panel('By label', labels.element);
  const chart = new BalanceChart(place);
  const last = historyTable({
    caption: 'Last transactions',
    feed: place.feed,
    isShort: true,
    empty: emptyWords(networkOf(place)),
  });
  const unknown = h('p', { class: 'unknown' }, UNKNOWN);
  const overview = liveQuery(place, {
    ask: (signal) => place.ask('overview', { wallet: place.wallet }, signal),
    onData: (answer) => {
      show(balance, ...balanceWords(answer.total));
      show(reminders, ...reminderNotices(answer));
      labels.update(answer.labels);
      labelPanel.hidden = answer.labels.length < 2;
    },
  });
  const history = liveQuery(place, {
    ask: (signal) =>
      place.ask('history', { wallet: place.wallet, scope: 'wallet', limit: LAST_ROWS }, signal),
    onData: ({ rows, total }) => {
      unknown.hidden = true;
      last.update(rows);
      all.hidden = total <= rows.length;
    },
  });
  const all = h('p', { class: 'ways-on' }, h('a', { href: HISTORY_PATH }, 'The whole history'));
  all.hidden = true;
  show(balance, ...balanceWords());
  labelPanel.hidden = true;
  const element = h(
    'div',
    { class: 'stack overview is-waiting' },
    visuallyHiddenHead('Overview'),
    reminders,
    h(
      'section',
      { class: 'panel balance-panel', 'aria-label': 'Balance' },
      balance,
      h(
        'div',
        { class: 'buttons' },
        wayButton(RECEIVE_PATH, 'Receive', 'receive', true),
        wayButton(SEND_PATH, 'Send', 'send', true),
      ),
    ),
    panel(`Balance over time, in ${COIN}`, chart.element),
    labelPanel,
    panel('Last transactions', unknown, last.element, all),
  );
  // What it says decides how high it is.
  void overview.first.then(() => element.classList.remove('is-waiting'));
  return {
    title: 'Overview',
    element,
    ready: Promise.all([overview.first, history.first, chart.first]),
    close: closeAll([overview, history, chart]),
  };
}

function visuallyHiddenHead(name: string): HTMLElement {
  const head = pageHead(null, name);
  head.classList.add('visually-hidden');
  return head;
}

/** @param total undefined while it is not known */
function balanceWords(total?: Overview['total']): Child[] {
  const spendable = total === undefined ? null : BigInt(total.spendable_nits);
  const pending = total === undefined ? null : BigInt(total.pending_nits);
  const immature = total === undefined ? null : BigInt(total.immature_nits);
  const all = [spendable, pending, immature].reduce(
    (sum, nits) => (sum === null || nits === null ? null : sum + nits),
    0n,
  );
  return [
    h('p', { class: 'balance-name' }, 'Spendable'),
    h('p', { class: 'balance-value' }, money(spendable)),
    h(
      'dl',
      { class: 'balance-parts' },
      part('Pending', pending, 'in no block yet'),
      part('Immature', immature, 'rewards that have to wait'),
      part('In all', all, 'whenever it can be spent'),
    ),
  ];
}

function part(name: string, nits: bigint | null, about: string): HTMLElement {
  return h(
    'div',
    { class: 'balance-part', 'data-zero': String(nits === null || nits === 0n) },
    h('dt', { title: about }, name),
    h('dd', {}, money(nits)),
  );
}

function reminderNotices({
  refused,
  has_words: hasWords,
  words_checked: checked,
  ...overview
}: Overview): Child[] {
  const { spendable_nits: spendable, pending_nits: pending, immature_nits: immature } = overview.total;
  const hasCoins = BigInt(spendable) + BigInt(pending) + BigInt(immature) > 0n;
  return [
    ...refused.map(refusedNotice),
    hasWords && checked === null
      ? notice(
          hasCoins ? 'warn' : 'plain',
          h('strong', {}, 'Are your twelve words written down? '),
          'Without them, what is lost with this machine stays lost. ',
          h('a', { href: SETTINGS_PATH }, 'Check the backup'),
        )
      : null,
  ];
}

function refusedNotice({ txid, label, reason, given_up: isGivenUp }: RefusedRow): HTMLElement {
  return notice(
    isGivenUp ? 'warn' : 'bad',
    h('strong', {}, isGivenUp ? 'A payment was given up: ' : 'The network does not take a payment: '),
    transactionLink(txid),
    ' of ',
    labelTag(label),
    '. ',
    sentence(reason),
    isGivenUp
      ? ' Its coins are used otherwise.'
      : ' It is kept and handed in again; cancel it to have its coins back at once.',
  );
}

function emptyWords({ test_money: isTestMoney }: GuiState['network']): Child[] {
  return [
    h('p', {}, 'Nothing has happened yet.'),
    h(
      'p',
      {},
      h('a', { href: RECEIVE_PATH }, 'Make an address'),
      isTestMoney
        ? ' and give it to the faucet, a miner or somebody who pays you.'
        : ' and give it to whoever pays you.',
    ),
  ];
}

function labelTable(): DataTable<Overview['labels'][number]> {
  return new DataTable({
    caption: 'Labels',
    key: ({ label }) => label,
    empty: 'No label has coins.',
    columns: [
      { label: 'Label', cell: ({ label }) => labelTag(label) },
      { label: 'Spendable', numeric: true, cell: (row) => money(row.spendable_nits) },
      { label: 'Pending', numeric: true, cell: (row) => amountOrNothing(row.pending_nits) },
      { label: 'Immature', numeric: true, cell: (row) => amountOrNothing(row.immature_nits) },
    ],
  });
}

function amountOrNothing(nits: string): Child {
  return nits === '0' ? h('span', { class: 'nothing' }, 'none') : money(nits);
}
