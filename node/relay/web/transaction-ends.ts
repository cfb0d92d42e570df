/** The two ends of a transaction: the coins it spends and those it makes, each with what proves or locks it. */
import type { RelayTransaction, TxInputRow, TxOutputRow } from '../../../protocol/relay.ts';
import { copyButton } from '../../../service/web/copy.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { count } from '../../../service/web/format.ts';
import { stateWord, unknown } from '../../../service/web/panel.ts';
import { addressLink, facts, folded, foreignText, money, transactionLink } from './parts.ts';
import { coinbaseText, readableText } from './readable-text.ts';

/** More are shown when somebody asks. */
const SHOWN = 40;
/** BIP 125 calls an input below this replaceable; here every one is, whatever it says. */
const LAST_SEQUENCE = 0xffff_ffff;

/** What comes in, and what it becomes. */
export function transactionEnds(transaction: RelayTransaction): HTMLElement {
  const { inputs, outputs } = transaction;
  return h(
    'div',
    { class: 'ends' },
    side('Inputs', inputs, inputItem),
    h('div', { class: 'ends-arrow', 'aria-hidden': 'true' }, '→'),
    side('Outputs', outputs, outputItem),
  );
}

function side<Row>(
  name: string,
  rows: readonly Row[],
  item: (row: Row, index: number) => HTMLElement,
): HTMLElement {
  const list = h('ol', { class: 'end-list' }, ...rows.slice(0, SHOWN).map(item));
  const more = h('button', { type: 'button', class: 'choice' }, `Show all ${count(rows.length)}`);
  more.hidden = rows.length <= SHOWN;
  more.addEventListener('click', () => {
    list.append(...rows.slice(SHOWN).map((row, index) => item(row, SHOWN + index)));
    more.remove();
  });
  return h(
    'section',
    { class: 'ends-side', 'aria-label': name },
    h('h3', { class: 'ends-name' }, name, ' ', h('span', { class: 'aside' }, count(rows.length))),
    list,
    more,
  );
}

function inputItem(input: TxInputRow, index: number): HTMLElement {
  if (input.coinbase_hex !== null) return coinbaseItem(input.coinbase_hex, input);
  const { address, value_nits, txid, vout, script_hex, witness, sequence } = input;
  return h(
    'li',
    { class: 'end', id: `input-${index}` },
    h(
      'div',
      { class: 'end-line' },
      address === null ? unknown() : addressLink(address, 12, 8),
      value_nits === null ? unknown() : money(value_nits),
    ),
    txid === null
      ? null
      : h('p', { class: 'aside' }, 'from output ', count(vout), ' of ', transactionLink(txid, 6, 6)),
    folded(
      'Proof',
      facts([
        ...witness.map((item, place): [string, Child] => [witnessName(place, witness.length), hexLine(item)]),
        ['Script', script_hex === '' ? 'empty: the proof is the witness' : hexLine(script_hex)],
        [
          'Sequence',
          `0x${sequence.toString(16).padStart(8, '0')}${sequence === LAST_SEQUENCE ? ', final' : ''}`,
        ],
      ]),
    ),
  );
}

/** A payment to a key hash is proved by a signature and the key (BIP 141). */
function witnessName(place: number, length: number): string {
  if (length !== 2) return `Witness ${place + 1}`;
  return place === 0 ? 'Signature' : 'Public key';
}

function coinbaseItem(scriptHex: string, { sequence, witness }: TxInputRow): HTMLElement {
  const text = coinbaseText(scriptHex);
  return h(
    'li',
    { class: 'end' },
    h('div', { class: 'end-line' }, h('strong', {}, 'New coins'), stateWord('reward')),
    h(
      'p',
      { class: 'aside' },
      text === null
        ? 'Nothing is spent: this is what the block pays its finder.'
        : foreignText(text, 'signature'),
    ),
    folded(
      'Script',
      facts([
        ['Script', hexLine(scriptHex)],
        ...witness.map((item, place): [string, Child] => [`Witness ${place + 1}`, hexLine(item)]),
        ['Sequence', `0x${sequence.toString(16).padStart(8, '0')}`],
      ]),
    ),
  );
}

function outputItem(output: TxOutputRow): HTMLElement {
  const { index, address, value_nits, type, script_hex, asm } = output;
  const note = type === 'nulldata' ? readableText(script_hex) : null;
  return h(
    'li',
    { class: 'end', id: `output-${index}` },
    h(
      'div',
      { class: 'end-line' },
      address === null ? h('span', { class: 'script-kind' }, kindWords(type)) : addressLink(address, 12, 8),
      money(value_nits),
    ),
    note === null ? null : h('p', { class: 'note-text' }, foreignText(note)),
    h('p', { class: 'aside' }, ...spentWords(output)),
    folded(
      'Script',
      facts([
        ['In words', h('span', { class: 'hash wrapping' }, asm)],
        ['Bytes', hexLine(script_hex)],
        ['Kind', type],
      ]),
    ),
  );
}

function kindWords(type: string): string {
  return type === 'nulldata' ? 'Data, no coin' : 'Script without address';
}

function spentWords({ spent, spent_by: by, type }: TxOutputRow): Child[] {
  if (type === 'nulldata') return ['cannot be spent'];
  if (by !== null) return ['spent in ', transactionLink(by.txid, 6, 6)];
  if (spent === null) return ['not looked up whether it is spent'];
  return [spent ? 'spent' : stateWord('unspent', 'good')];
}

function hexLine(hex: string): HTMLElement {
  return h(
    'span',
    { class: 'hex-line' },
    h('span', { class: 'hash wrapping' }, hex),
    copyButton(hex, 'the bytes'),
  );
}
