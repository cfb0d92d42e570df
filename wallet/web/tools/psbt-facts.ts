/** What a partly signed transaction spends and pays, as this wallet sees it. */
import { type Child, h } from '../../../service/web/element.ts';
import { shortened } from '../../../service/web/format.ts';
import { stateWord } from '../../../service/web/panel.ts';
import type { PsbtView } from '../../gui/api-values.ts';
import { facts, groupedAddress, money } from '../pieces/money.ts';

const STATE_WORDS: Readonly<Record<PsbtView['state'], string>> = {
  unsigned: 'not signed',
  'partly-signed': 'signatures are missing',
  signed: 'signed by all',
  final: 'signed by all',
};

/** Whether nothing is missing: it can be sent. */
export function isComplete({ state }: PsbtView): boolean {
  return state === 'signed' || state === 'final';
}

export function psbtFacts(view: PsbtView): HTMLElement {
  const { inputs, outputs, fee_nits: fee, fee_rate: rate, spent_nits: spent, txid, state } = view;
  return facts([
    ['State', isComplete(view) ? stateWord('signed by all', 'good') : stateWord(STATE_WORDS[state], 'warn')],
    ...(spent === null ? [] : [spentFact(BigInt(spent))]),
    [
      'Fee',
      money(fee),
      fee === null
        ? h('span', { class: 'aside' }, 'not known: it does not say what all of its coins are worth')
        : null,
      rate === null ? null : h('span', { class: 'aside' }, `${rate} nit/vB`),
    ],
    ...outputs.map((output): readonly [string, ...Child[]] => [
      output.is_change ? 'Change' : output.ours ? 'Pays you' : 'Pays',
      h(
        'span',
        { class: 'plan-payee' },
        h('span', { class: 'plan-amount' }, money(output.amount_nits)),
        output.address === null ? h('span', { class: 'aside' }, 'data') : groupedAddress(output.address),
      ),
    ]),
    ...inputs.map((input): readonly [string, ...Child[]] => [
      'Spends',
      money(input.amount_nits),
      h('span', { class: 'hash', title: input.out_point }, shortened(input.out_point, 8, 10)),
      input.ours ? stateWord('yours') : stateWord('of others', 'warn'),
      input.signed ? stateWord('signed', 'good') : stateWord('not signed'),
    ]),
    ['Transaction', h('span', { class: 'hash', title: txid }, shortened(txid, 10, 10))],
  ]);
}

function spentFact(spent: bigint): readonly [string, ...Child[]] {
  return spent >= 0n
    ? ['Leaves your wallet', h('strong', {}, money(spent))]
    : ['Comes to your wallet', h('strong', {}, money(-spent))];
}
