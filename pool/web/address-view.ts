/** Everything about one address: its workers, what they earned and what was paid. */
import { copyButton } from '../../service/web/copy.ts';
import { type Child, h, show } from '../../service/web/element.ts';
import { panel } from '../../service/web/panel.ts';
import { Poll, RefusedError } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { MAX_LINES } from '../../service/web/time-chart.ts';
import { type AddressAnswer, type NextPayout, readAddress, readNextPayout, type Worker } from './answers.ts';
import { coinOf } from './coin.ts';
import { EarningsPanel } from './earnings-panel.ts';
import { LiveShares } from './live-shares.ts';
import { CONNECT_PATH } from './paths.ts';
import type { PoolFeed } from './pool-feed.ts';
import { type RateLine, RatePanel } from './rate-panel.ts';
import { byRate, workerTable } from './worker-table.ts';

const INTERVAL_MS = 10_000;
const NEXT_PAYOUT_INTERVAL_MS = 30_000;
const FIRST_MINUTES = 1_440;

export function addressView(feed: PoolFeed, address: string): View {
  let minutes = FIRST_MINUTES;
  let answer: AddressAnswer | undefined;
  let next: NextPayout | undefined;
  const rates = new RatePanel({
    title: 'Hash rate',
    empty: 'No share of this address in this time.',
    minutes,
    onRange: (chosen) => {
      minutes = chosen;
      poll.soon();
    },
  });
  const earnings = new EarningsPanel();
  const live = new LiveShares();
  const workers = workerTable({
    showAddress: false,
    empty: [
      'No share of this address yet. ',
      h('a', { href: `${CONNECT_PATH}?address=${encodeURIComponent(address)}` }, 'Connect a miner'),
      ' with it as the user name.',
    ],
  });
  const problem = h('div', { class: 'problem', role: 'alert' });
  const luck = h('p', { class: 'about' });
  problem.hidden = true;
  const content = h(
    'div',
    { class: 'stack' },
    h('div', { class: 'wide-and-narrow' }, rates.element, live.element),
    panel('Workers', workers.element, luck),
    earnings.element,
  );
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('p', { class: 'page-kind' }, 'Address'),
      h('h1', { class: 'page-name hash' }, address, ' ', copyButton(address, 'the address')),
    ),
    problem,
    content,
  );
  const showEarnings = (): void => {
    if (answer === undefined) return;
    const maturity = feed.stats?.network.maturity ?? null;
    const { earnings: earned, round_share: roundShare } = answer;
    earnings.update({
      address: answer.address,
      earnings: earned,
      next,
      roundShare,
      maturity,
      coin: coinOf(feed.stats),
      isSolo: feed.stats?.scheme === 'solo',
    });
  };
  const poll = new Poll({
    url: () => `/workers/${encodeURIComponent(address)}?history_minutes=${minutes}`,
    read: readAddress,
    intervalMs: INTERVAL_MS,
    onData: (data) => {
      answer = data;
      // The one spelling of the address, whatever the link has: DNILZ1… is the same as dnilz1….
      feed.listenTo(data.address);
      problem.hidden = true;
      content.hidden = false;
      rates.updateRates(data.hash_rate);
      rates.updateHistory(linesOf(data.workers));
      workers.update([...data.workers].sort(byRate));
      show(luck, data.luck?.meaning ?? '');
      showEarnings();
    },
    onError: (error) => {
      // A pool that is away is told of by the feed; what it refuses is told here.
      if (!(error instanceof RefusedError)) return;
      problem.hidden = false;
      content.hidden = true;
      show(problem, ...refusalWords(error));
    },
  });
  const nextPayout = new Poll({
    url: () => '/next_payout',
    read: readNextPayout,
    intervalMs: NEXT_PAYOUT_INTERVAL_MS,
    onData: (data) => {
      next = data;
      showEarnings();
    },
    onError: () => {
      next = undefined;
      showEarnings();
    },
  });
  const closers = [
    feed.onStats(showEarnings),
    feed.onLive((message) => {
      const ours = answer?.address ?? address;
      if ((message.type === 'share' || message.type === 'reject') && message.address === ours)
        live.add(message);
      if (message.type === 'rates' && message.address === ours) rates.updateRates(message.hash_rate);
      if (message.type === 'block' || message.type === 'payout') {
        poll.soon();
        nextPayout.soon();
      }
    }),
    () => poll.close(),
    () => nextPayout.close(),
    () => rates.close(),
    () => live.close(),
  ];
  const ready = Promise.all([poll.first, nextPayout.first]);
  return {
    title: `Address ${address}`,
    element,
    ready,
    close: () => closers.forEach((close) => void close()),
  };
}

/** A line for each of the strongest workers. */
function linesOf(workers: readonly Worker[]): RateLine[] {
  return [...workers]
    .sort(byRate)
    .slice(0, MAX_LINES)
    .map(({ worker, history }) => ({ label: worker === '' ? 'no name' : worker, history }));
}

export function refusalWords(error: RefusedError): Child[] {
  return [
    h('p', {}, error.message),
    h(
      'p',
      {},
      'Check the address in the address bar, or ',
      h('a', { href: CONNECT_PATH }, 'connect a miner'),
      ' with it.',
    ),
  ];
}
