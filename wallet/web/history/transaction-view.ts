/** One transaction of the wallet: what it did, how far it is, and what can still be done about it. */
import { announce } from '../../../service/web/announce.ts';
import { copyable, copyButton } from '../../../service/web/copy.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, shortened } from '../../../service/web/format.ts';
import { figure, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import type { HistoryRow, TransactionView } from '../../gui/api-values.ts';
import { HISTORY_PATH } from '../paths.ts';
import { closeAll } from '../pieces/closing.ts';
import {
  change,
  directionMark,
  explorerLink,
  facts,
  labelTag,
  money,
  notice,
  plainButton,
  statusWord,
} from '../pieces/money.ts';
import { NoteForm } from '../pieces/note-form.ts';
import { refusalWords, sentence } from '../pieces/refusal.ts';
import { ReplaceDialog } from '../send/replace-dialog.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

export function transactionView(place: WalletPlace, txid: string): View {
  const problem = h('div', { role: 'alert' });
  const state = h('dl', { class: 'figures transaction-figures' });
  const ends = h('div');
  const actions = h('div', { class: 'buttons' });
  const hint = h('p', { class: 'about below' });
  const note = new NoteForm(place, { txid });
  const bump = plainButton('Raise the fee', () => new ReplaceDialog(place, 'bump', txid));
  const cancel = plainButton('Cancel it', () => new ReplaceDialog(place, 'cancel', txid));
  const content = h(
    'div',
    { class: 'stack' },
    panel('In short', state, actions, hint),
    panel('Who was paid', ends),
    panel('Note', note.element),
  );
  content.hidden = true;
  let before: HistoryRow['status'] | undefined;
  const query = liveQuery(place, {
    ask: (signal) => place.ask('transaction', { wallet: place.wallet, txid }, signal),
    onData: (answer) => {
      const { row } = answer;
      if (before === 'pending' && row.status !== 'pending') announce('The payment is confirmed.');
      before = row.status;
      content.hidden = false;
      show(problem, row.problem === null ? null : problemNotice(row.problem));
      show(state, ...figuresOf(row));
      show(ends, endsOf(row));
      show(
        actions,
        answer.can_bump ? bump : null,
        answer.can_cancel ? cancel : null,
        explorerWay(place, txid),
      );
      show(hint, hintOf(answer));
      note.update(row.note);
    },
    onError: (error) => {
      // What is known stays while nobody answers: the frame tells of that.
      if (content.hidden) show(problem, notice('warn', ...refusalWords(error), wayBack()));
    },
  });
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('p', { class: 'page-kind' }, h('a', { href: HISTORY_PATH }, 'History'), ' › Transaction'),
      h('h1', { class: 'page-name hash' }, txid, ' ', copyButton(txid, 'the id of the transaction')),
    ),
    problem,
    content,
  );
  return {
    title: `Transaction ${shortened(txid)}`,
    element,
    ready: query.first,
    close: closeAll([query, note]),
  };
}

function wayBack(): HTMLElement {
  return h('p', {}, h('a', { href: HISTORY_PATH }, 'To the history'));
}

function problemNotice(problem: string): HTMLElement {
  return notice(
    'bad',
    h('strong', {}, 'The network does not take it: '),
    sentence(problem),
    ' It is kept and handed in again. Cancel it to have its coins back.',
  );
}

function figuresOf(row: HistoryRow): HTMLElement[] {
  const { direction, amount_nits: amount, fee_nits: fee, net_nits: net, height, time } = row;
  return [
    figure('What', directionMark(direction)),
    figure('State', statusWord(row), time === null ? 'in no block yet' : when(time)),
    figure('Amount', money(amount)),
    figure(
      'Fee',
      fee === null ? h('span', { class: 'unknown' }, '—') : money(fee),
      fee === null ? 'paid by others' : null,
    ),
    figure('Your balance', change(net)),
    figure('Block', height === null ? h('span', { class: 'unknown' }, '—') : count(height)),
  ];
}

function endsOf({ direction, paid, received, from, labels }: HistoryRow): HTMLElement {
  const rows: (readonly [string, ...Child[]])[] = [
    ...paid.map((end) => ['Paid', ...endWords(end)] as const),
    ...received.map((end) => [direction === 'mined' ? 'Mined by' : 'Received at', ...endWords(end)] as const),
  ];
  if (from !== null) rows.push(['Paid by', labelTag(from)]);
  if (labels.length > 0) rows.push(['Your labels', ...labels.map((label) => labelTag(label))]);
  return facts(rows);
}

function endWords({ address, label, amount_nits: nits }: HistoryRow['paid'][number]): Child[] {
  return [
    money(nits),
    address === null
      ? h('span', { class: 'about' }, 'data, which nobody can spend')
      : copyable(address, 'the address', 14, 8),
    label === null ? null : labelTag(label),
  ];
}

function explorerWay({ feed }: WalletPlace, txid: string): Child {
  const link = explorerLink(feed.state, `/tx/${txid}`, 'Look at it in the explorer');
  link?.classList.add('plain-button');
  return link;
}

function hintOf({ row, can_bump: canBump, can_cancel: canCancel }: TransactionView): Child {
  if (row.status !== 'pending') return null;
  if (!canBump && !canCancel) return 'It waits for a block.';
  return 'It waits for a block. A higher fee brings it there sooner; cancelling pays its coins back to you, if that is mined first.';
}
