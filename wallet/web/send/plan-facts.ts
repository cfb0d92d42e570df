/** A payment as it would be made: what one looks at before one says yes. */
import { type Child, h } from '../../../service/web/element.ts';
import { count, percent, plural } from '../../../service/web/format.ts';
import type { CallRequest } from '../../gui/api.ts';
import type { PlanView } from '../../gui/api-values.ts';
import { facts, groupedAddress, labelTag, money } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';

export function planFacts(plan: PlanView): HTMLElement {
  const { to, from, fee_nits: fee, fee_rate: rate, vsize, change, total_nits: total, coins } = plan;
  return facts([
    ...to.map((payee): readonly [string, ...Child[]] => [
      plan.kind === 'cancel' ? 'Back to you' : 'To',
      h(
        'span',
        { class: 'plan-payee' },
        h('span', { class: 'plan-amount' }, money(payee.amount_nits)),
        groupedAddress(payee.address),
        payee.label === null ? null : h('span', {}, labelTag(payee.label)),
      ),
    ]),
    [
      'Fee',
      money(fee),
      h(
        'span',
        { class: 'aside' },
        `${rate} nit/vB for ${count(vsize)} vB${partWords(fee, plan.amount_nits)}`,
      ),
    ],
    ['Leaves your wallet', h('strong', {}, money(total))],
    [
      'From',
      ...(from.length === 0 ? ['any label'] : from.map((label) => labelTag(label))),
      h('span', { class: 'aside' }, plural(coins.length, 'coin')),
    ],
    [
      'Change',
      ...(change === null
        ? [h('span', { class: 'aside' }, 'none: nothing worth an output is left over')]
        : [money(change.amount_nits), h('span', { class: 'aside' }, 'comes back to you')]),
    ],
    ...stayingFacts(plan),
  ]);
}

/** What a payment of all there is leaves, and why. */
function stayingFacts({ stays }: PlanView): (readonly [string, ...Child[]])[] {
  if (stays === null) return [];
  const why: readonly (readonly [typeof stays.no_room, string])[] = [
    [stays.no_room, 'for which one transaction has no room: send the maximum once more'],
    [stays.worthless, 'worth less than the fee to spend'],
  ];
  return why
    .filter(([{ coins }]) => coins > 0)
    .map(([{ coins, amount_nits: amount }, reason]) => [
      'Stays with you',
      money(amount),
      h('span', { class: 'aside' }, `${plural(coins, 'coin')} ${reason}`),
    ]);
}

function partWords(fee: string, amount: string): string {
  const paid = Number(amount);
  return paid > 0 ? `, ${percent(Number(fee) / paid)} of the payment` : '';
}

/** What to think about before it is made. */
export function planWarnings({ high_fee: highFee, warnings }: PlanView): string[] {
  return [...(highFee === null ? [] : [highFee]), ...warnings].map(sentence);
}

/** Has a plan made that was shown with all of its warnings. */
export function payRequest({ wallet }: WalletPlace, plan: PlanView): CallRequest<'pay'> {
  return { wallet, plan: plan.id, ...(plan.high_fee !== null && { accept_high_fee: true }) };
}
