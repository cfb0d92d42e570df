/** One transaction: what it spends and makes, what it pays, and how deep it lies. */
import { RelayTransaction } from '../../../protocol/relay.ts';
import { announce } from '../../../service/web/announce.ts';
import { codeLine, copyButton } from '../../../service/web/copy.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, exactTime, shortened } from '../../../service/web/format.ts';
import { figure, panel, quantity, stateWord } from '../../../service/web/panel.ts';
import { Poll, RefusedError } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import { closeAll } from './closing.ts';
import { NewsRefresh } from './news-refresh.ts';
import {
  bytesText,
  confirmationsNow,
  depthWord,
  facts,
  feeRateText,
  folded,
  heightLink,
  money,
  problemBox,
  refusalWords,
  transactionLink,
  vsizeText,
} from './parts.ts';
import { BROADCAST_PATH, bytesPath } from './paths.ts';
import type { RelayFeed } from './relay-feed.ts';
import { transactionEnds } from './transaction-ends.ts';

const INTERVAL_MS = 30_000;
/** Deeper ones are not asked for again with every block. */
const DEEP = 100;
/** From here on lock times are seconds since 1970, below they are heights (BIP 65). */
const LOCK_TIME_THRESHOLD = 500_000_000;

export function transactionView(feed: RelayFeed, txid: string): View {
  let transaction: RelayTransaction | undefined;
  let shown = '';
  const figures = h('dl', { class: 'figures' });
  const ends = h('div');
  const details = h('div');
  const problem = problemBox();
  const content = h(
    'div',
    { class: 'stack' },
    panel('In short', figures),
    panel('What it spends and makes', ends),
    panel('Details', details),
  );
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('p', { class: 'page-kind' }, 'Transaction'),
      h('h1', { class: 'page-name hash' }, txid, ' ', copyButton(txid, 'the id of the transaction')),
    ),
    problem,
    content,
  );
  const update = () => {
    if (transaction === undefined) return;
    show(figures, ...figuresOf(transaction, feed.tip?.height));
    const { inputs, outputs } = transaction;
    // Only what is told of the ends can change; scripts that somebody has unfolded stay as they are.
    const now = JSON.stringify([inputs.length, outputs.map(({ spent, spent_by }) => [spent, spent_by])]);
    if (now === shown) return;
    shown = now;
    show(ends, transactionEnds(transaction));
    show(details, ...detailsOf(transaction));
  };
  const poll = new Poll({
    url: () => `/tx/${encodeURIComponent(txid)}`,
    read: (body) => RelayTransaction.parse(body),
    intervalMs: INTERVAL_MS,
    onData: (answer) => {
      if (transaction?.block === null && answer.block !== null) {
        announce(`Confirmed in block ${answer.block.height}`);
      }
      transaction = answer;
      problem.hidden = true;
      content.hidden = false;
      update();
    },
    onError: (error) => {
      if (!(error instanceof RefusedError)) return;
      // What is known stays as it is while the relay has trouble: the frame tells of that.
      if (error.isPassing && transaction !== undefined) return;
      problem.hidden = false;
      content.hidden = transaction === undefined;
      show(problem, ...refusalWords(error, goneWords(transaction)));
    },
  });
  const news = new NewsRefresh(() => poll.soon());
  const closers = [
    feed.onBlocks(update),
    feed.onEvent((event) => {
      const isShallow = transaction === undefined || transaction.confirmations < DEEP;
      if (event.type === 'block_disconnected') news.hear();
      if (event.type === 'block_connected' && isShallow) news.hear();
      if (event.type !== 'mempool') return;
      const { added, removed, left_out: leftOut } = event;
      const isTold = [...added, ...removed].some((row) => row.txid === txid);
      if (isTold || (leftOut > 0 && isShallow)) news.hear();
    }),
    feed.onMissed(() => news.hear()),
    () => news.close(),
    () => poll.close(),
  ];
  const title = `Transaction ${shortened(txid, 8, 8)}`;
  return { title, element, ready: Promise.all([poll.first, feed.first]), close: closeAll(closers) };
}

function goneWords(known: RelayTransaction | undefined): Child[] {
  if (known !== undefined) {
    return [
      h('strong', {}, 'This transaction is gone. '),
      'It was replaced, ran out of time or lost against another; what stands below is what it was.',
    ];
  }
  return [
    h('strong', {}, 'No such transaction is known here. '),
    'It may not have arrived yet, or have been replaced; this page looks again by itself. If you have its bytes, ',
    h('a', { href: BROADCAST_PATH }, 'broadcast it'),
    '.',
  ];
}

function figuresOf(transaction: RelayTransaction, tipHeight: number | undefined): HTMLElement[] {
  const { block, confirmations, output_nits, fee_nits, fee_rate, vsize, is_coinbase } = transaction;
  return [
    figure(
      'State',
      depthWord(confirmationsNow(block?.height ?? null, tipHeight, confirmations)),
      block === null ? h('span', {}, 'seen ', when(transaction.first_seen)) : null,
    ),
    figure(
      'Block',
      block === null ? stateWord('none yet', 'warn') : heightLink(block.height, block.hash),
      block === null ? 'the next ones take the best fee rates first' : when(block.time),
    ),
    figure('Amount', money(output_nits), 'sum of its outputs'),
    figure(
      'Fee',
      is_coinbase ? quantity('none') : money(fee_nits),
      is_coinbase ? 'it is the reward of its block' : feeRateText(fee_rate),
    ),
    figure('Size', quantity(vsizeText(vsize)), `${bytesText(transaction.size)} on the wire`),
  ];
}

function detailsOf(transaction: RelayTransaction): Child[] {
  const { txid, wtxid, version, lock_time: lockTime, size, vsize, weight, block, hex } = transaction;
  const { waits_for: waitsFor } = transaction;
  return [
    facts([
      ['Hash with witnesses', h('span', { class: 'hash wrapping' }, wtxid)],
      ['Version', count(version)],
      ['Lock time', lockWords(lockTime)],
      ['Size', `${count(size)} B, ${count(vsize)} vB, weight ${count(weight)}`],
      ...(block?.index == null ? [] : ([['Place in its block', count(block.index)]] as [string, Child][])),
      ...(waitsFor.length === 0 ? [] : [waitingFact(waitsFor)]),
    ]),
    folded('Raw bytes in hex', codeLine(hex, 'the raw transaction')),
    h(
      'p',
      { class: 'about ways-on' },
      h('a', { href: bytesPath('tx', txid) }, 'Byte by byte, and how its hashes come about'),
    ),
  ];
}

function waitingFact(txids: readonly string[]): [string, ...Child[]] {
  const links = txids.flatMap((id, index): Child[] => [index === 0 ? null : ', ', transactionLink(id)]);
  return ['Waits for', ...links];
}

function lockWords(lockTime: number): string {
  if (lockTime === 0) return 'none';
  return lockTime < LOCK_TIME_THRESHOLD
    ? `not before block ${count(lockTime + 1)}`
    : `not before ${exactTime(lockTime)}`;
}
