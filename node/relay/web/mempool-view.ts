/** What waits for a block, by what it pays. */

import { MAX_BLOCK_WEIGHT } from '../../../protocol/check-transaction.ts';
import {
  type MempoolRow,
  RelayFees,
  RelayMempool,
  RelayTemplate,
  type TemplateSummary,
} from '../../../protocol/relay.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, percent, plural, scaled, significant } from '../../../service/web/format.ts';
import { type Page, PagedList } from '../../../service/web/paged-list.ts';
import { figure, pageHead, panel, quantity, unknown } from '../../../service/web/panel.ts';
import { Poll } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { closeAll } from './closing.ts';
import { FeeHistogram } from './fee-histogram.ts';
import { NewsRefresh } from './news-refresh.ts';
import { blockLink, bytesText, facts, feeRateText, money, vsizeText } from './parts.ts';
import { BROADCAST_PATH } from './paths.ts';
import type { RelayFeed } from './relay-feed.ts';
import { mempoolTable } from './transaction-table.ts';

const INTERVAL_MS = 15_000;
const FEES_INTERVAL_MS = 60_000;

interface MempoolPage extends Page<MempoolRow> {
  readonly mempool: RelayMempool;
}

export function mempoolView(feed: RelayFeed): View {
  const figures = h('dl', { class: 'figures' });
  const histogram = new FeeHistogram();
  const next = h('div');
  const fees = h('div');
  const list = new PagedList<MempoolRow, MempoolPage>({
    path: '/mempool',
    read: (body) => {
      const mempool = RelayMempool.parse(body);
      return { rows: mempool.rows, next: mempool.next, mempool };
    },
    keyOf: ({ txid }) => txid,
    table: mempoolTable([
      'Nothing waits for a block. ',
      h('a', { href: BROADCAST_PATH }, 'Broadcast a transaction'),
      ' or send one with a wallet.',
    ]),
    intervalMs: INTERVAL_MS,
    onFirstPage: ({ mempool }) => {
      show(figures, ...figuresOf(mempool));
      histogram.update(mempool.histogram);
    },
  });
  const showTemplate = (template: TemplateSummary | null) => show(next, ...templateFacts(template));
  const template = new Poll({
    url: () => '/template',
    read: (body) => RelayTemplate.parse(body),
    intervalMs: FEES_INTERVAL_MS,
    onData: (answer) => showTemplate(answer.template),
    onError: () => undefined,
  });
  const feePoll = new Poll({
    url: () => '/fees',
    read: (body) => RelayFees.parse(body),
    intervalMs: FEES_INTERVAL_MS,
    onData: (answer) => show(fees, ...feeFacts(answer)),
    onError: () => undefined,
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Waiting transactions'),
    panel('In short', figures),
    h(
      'div',
      { class: 'wide-and-narrow' },
      panel(
        'By fee rate',
        histogram.element,
        h(
          'p',
          { class: 'about' },
          'In nits per virtual byte. Miners take the best rates first; a bar is as long as its transactions are large.',
        ),
      ),
      h('div', { class: 'stack' }, panel('The next block', next), panel('What is enough', fees)),
    ),
    panel('Transactions, newest first', list.element),
  );
  const news = new NewsRefresh(() => list.soon());
  const closers = [
    feed.onEvent((event) => {
      if (event.type === 'template') showTemplate(event.template);
      if (event.type === 'block_connected' || event.type === 'block_disconnected') news.hear();
      if (event.type !== 'mempool') return;
      list.remove(new Set(event.removed.map(({ txid }) => txid)));
      news.hear();
    }),
    feed.onMissed(() => news.hear()),
    () => news.close(),
    () => list.close(),
    () => template.close(),
    () => feePoll.close(),
  ];
  const ready = Promise.all([list.first, template.first, feePoll.first]);
  return { title: 'Waiting transactions', element, ready, close: closeAll(closers) };
}

function figuresOf({
  size,
  vsize,
  fees_nits,
  min_fee_rate,
  usage_bytes,
  max_bytes,
}: RelayMempool): HTMLElement[] {
  return [
    figure('Transactions', quantity(count(size))),
    figure('Size', quantity(vsizeText(vsize)), `${significant(vsize / 1_000_000)} of a full block`),
    figure('Fees', money(fees_nits), 'of all of them'),
    figure('Let in from', quantity(feeRateText(min_fee_rate)), 'rises when memory is short'),
    figure(
      'Memory',
      quantity(bytesText(usage_bytes)),
      `${percent(usage_bytes / max_bytes)} of ${bytesText(max_bytes)}`,
    ),
  ];
}

function templateFacts(template: TemplateSummary | null): Child[] {
  if (template === null)
    return [h('p', { class: 'about' }, 'The node gives no template while it fetches the chain.')];
  const { height, previous, transactions, weight, fees_nits, reward_nits, fee_rates, difficulty } = template;
  return [
    facts([
      ['Height', count(height)],
      ['On top of', blockLink(previous)],
      ['Payments', `${plural(transactions, 'transaction')}, ${percent(weight / MAX_BLOCK_WEIGHT)} full`],
      [
        'Fee rates',
        fee_rates === null
          ? unknown()
          : `${significant(fee_rates.min)} to ${feeRateText(fee_rates.max)}, middle ${significant(fee_rates.median)}`,
      ],
      ['Fees', money(fees_nits)],
      ['Reward', money(reward_nits)],
      ['Difficulty', scaled(difficulty)],
    ]),
  ];
}

function feeFacts({ estimates, min_fee_rate }: RelayFees): Child[] {
  return [
    facts([
      ...estimates.map(({ blocks, fee_rate }): [string, Child] => [
        `Within ${plural(blocks, 'block')}`,
        fee_rate === null ? unknown() : feeRateText(fee_rate),
      ]),
      ['At least', feeRateText(min_fee_rate)],
    ]),
    estimates.every(({ fee_rate }) => fee_rate === null)
      ? h('p', { class: 'about' }, 'Not enough payments were seen yet to tell more.')
      : null,
  ];
}
