/** Hands a transaction in: what it is is read here first, so that nobody sends what they did not mean. */
import { CodecError, displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { RelayBroadcast } from '../../../protocol/relay.ts';
import {
  decodeTransaction,
  hasWitness,
  type Transaction,
  txid,
  vsize,
} from '../../../protocol/transaction.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import { post, RefusedError } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { facts, money, vsizeText } from './parts.ts';
import { transactionPath } from './paths.ts';

/** More than the largest block: nothing longer can be a transaction. */
const MAX_HEX = 8_000_000;

/** @param go shows the transaction once it is on its way */
export function broadcastView(go: (path: string) => void): View {
  const input = h('textarea', {
    id: 'raw',
    class: 'raw-input',
    rows: 8,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'none',
    'aria-describedby': 'raw-about',
  });
  const about = h('div', { id: 'raw-about', 'aria-live': 'polite' });
  const problem = h('div', { class: 'problem', role: 'alert' });
  problem.hidden = true;
  const button = h('button', { type: 'submit', class: 'main-choice' }, 'Broadcast');
  const form = h(
    'form',
    { class: 'broadcast' },
    h('div', { class: 'field' }, h('label', { for: 'raw' }, 'Signed transaction in hex'), input),
    about,
    problem,
    h('div', { class: 'broadcast-send' }, button),
  );
  const read = (): Reading => readingOf(input.value);
  const review = () => {
    const reading = read();
    problem.hidden = true;
    input.setAttribute('aria-invalid', String(reading.state === 'bad'));
    button.disabled = reading.state !== 'good';
    show(about, ...wordsOf(reading));
  };
  input.addEventListener('input', review);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const reading = read();
    if (reading.state === 'good') void send(reading.hex);
  });
  const ending = new AbortController();
  const send = async (hex: string): Promise<void> => {
    button.disabled = true;
    problem.hidden = true;
    try {
      const answer = await post('/tx', { hex }, (body) => RelayBroadcast.parse(body), ending.signal);
      if (!ending.signal.aborted) go(transactionPath(answer.txid));
    } catch (error) {
      if (ending.signal.aborted) return;
      problem.hidden = false;
      show(problem, ...refusalWords(error));
      button.disabled = false;
    }
  };
  review();
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Broadcast a transaction'),
    panel('Raw transaction', form),
    panel(
      'What happens then',
      h(
        'p',
        {},
        'The node checks it by the rules, keeps it until a block holds it, and tells its peers. Nothing is signed or kept here, and no key is asked for: a wallet makes the transaction, for instance ',
        h('code', {}, 'nilz wallet send'),
        '.',
      ),
    ),
  );
  return { title: 'Broadcast', element, ready: Promise.resolve(), close: () => ending.abort() };
}

type Reading =
  | { readonly state: 'empty' }
  | { readonly state: 'bad'; readonly why: string }
  | { readonly state: 'good'; readonly hex: string; readonly transaction: Transaction };

function readingOf(text: string): Reading {
  const hex = text.replace(/\s+/g, '').toLowerCase();
  if (hex === '') return { state: 'empty' };
  if (hex.length > MAX_HEX) return { state: 'bad', why: 'It is longer than a whole block.' };
  try {
    return { state: 'good', hex, transaction: decodeTransaction(hexToBytes(hex)) };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { state: 'bad', why: `This is no transaction: ${error.message}.` };
  }
}

function wordsOf(reading: Reading): Child[] {
  switch (reading.state) {
    case 'empty':
      return [h('p', { class: 'about' }, 'Paste it here: what it does is shown before it is sent.')];
    case 'bad':
      return [h('p', { class: 'trouble' }, reading.why)];
    case 'good':
      return [review(reading.transaction)];
  }
}

function review(transaction: Transaction): HTMLElement {
  const { inputs, outputs } = transaction;
  const sum = outputs.reduce((total, { value }) => total + value, 0n);
  return facts([
    ['Transaction', h('span', { class: 'hash wrapping' }, displayHash(txid(transaction)))],
    ['Spends', plural(inputs.length, 'coin')],
    ['Makes', plural(outputs.length, 'output'), ' of ', money(sum)],
    ['Size', vsizeText(vsize(transaction)), hasWitness(transaction) ? '' : ', not signed by a witness'],
  ]);
}

function refusalWords(error: unknown): Child[] {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof RefusedError && error.code === 'rejected') {
    return [h('strong', {}, 'The node refuses it. '), words];
  }
  return [h('strong', {}, 'It could not be handed in. '), words];
}
