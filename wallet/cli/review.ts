/** A payment shown before it is made, and the question whether it is to be. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { formatFeeRate } from '../payments/fee.ts';
import { feeWarning } from '../payments/fee-warning.ts';
import type { CoinPile, PaymentPlan } from '../payments/payment-plan.ts';
import type { Payment } from '../wallet.ts';
import { WalletError } from '../wallet-error.ts';
import type { AddressNames } from './payees.ts';
import type { Session } from './session.ts';
import { amountJson, table } from './table.ts';
import type { Terminal } from './terminal.ts';

/**
 * Shows a plan and asks whether to go on, where a person is there to answer.
 * @param question without its "[y/N]"
 * @param yes do not ask
 * @throws WalletError `declined`
 */
export async function confirm(
  session: Session,
  lines: readonly string[],
  question: string,
  yes = false,
): Promise<void> {
  const { terminal } = session;
  if (yes || !terminal.interactive) return;
  for (const line of lines) terminal.note(line);
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new WalletError('declined', 'nothing was done');
}

/** What a payment does: who gets what, what it costs, what comes back. */
export function planLines(plan: PaymentPlan, names: AddressNames): string[] {
  const paid = plan.to.reduce((sum, { amount }) => sum + amount, 0n);
  const { length } = plan.coins;
  const pending = plan.coins.some(({ confirmed }) => !confirmed) ? ', not all confirmed' : '';
  const labels = [...new Set(plan.coins.map(({ label }) => label))].join(', ');
  const warning = feeWarning(plan);
  return [
    ...table(
      [
        ...plan.to.map(({ address, amount }) => [
          'pay',
          formatAmount(amount),
          `to ${names.described(address)}`,
        ]),
        ['fee', formatAmount(plan.fee), `(${formatFeeRate(plan.feeRate)} nits/vB, ${plan.vsize} vB)`],
        [
          'total',
          formatAmount(paid + plan.fee),
          `from ${labels}, ${length} ${length === 1 ? 'coin' : 'coins'}${pending}`,
        ],
        ['change', formatAmount(plan.change?.value ?? 0n), plan.change ? `back to ${plan.from}` : '(none)'],
        ...stayingRows(plan),
      ],
      ['left', 'right', 'left'],
    ),
    ...(warning === undefined ? [] : [`WARNING: ${warning}.`]),
  ];
}

/** What a payment of all there is leaves: why, and what can be done about it. */
function stayingRows({ stays }: PaymentPlan): string[][] {
  if (stays === undefined) return [];
  const why: readonly (readonly [CoinPile, string])[] = [
    [stays.noRoom, 'no room in one transaction: send max again'],
    [stays.worthless, 'worth less than the fee to spend'],
  ];
  return why
    .filter(([{ count }]) => count > 0)
    .map(([{ count, amount }, reason]) => [
      'stays',
      formatAmount(amount),
      `${count} ${count === 1 ? 'coin' : 'coins'}: ${reason}`,
    ]);
}

/** The same for a payment that nobody was shown. */
export function noteStaying(plan: PaymentPlan, terminal: Terminal): void {
  for (const [, amount = '', why = ''] of stayingRows(plan)) terminal.note(`${amount} stays in ${why}`);
}

/** A payment that was made, for programs. */
export function paymentJson(payment: Payment, names: AddressNames): Record<string, unknown> {
  return { txid: displayHash(payment.txid), ...planJson(payment, names) };
}

/** A payment that could be made, for programs. */
export function planJson(plan: PaymentPlan, names: AddressNames): Record<string, unknown> {
  return {
    from: plan.from,
    to: plan.to.map(({ address, amount }) => ({
      address,
      label: names.labelOf(address) ?? null,
      contact: names.contactOf(address) ?? null,
      ...amountJson('amount', amount),
    })),
    ...amountJson('fee', plan.fee),
    fee_rate: Number(formatFeeRate(plan.feeRate)),
    vsize: plan.vsize,
    ...amountJson('change', plan.change?.value ?? 0n),
    replaces: plan.replaces ?? [],
    ...(plan.stays && {
      stays: { no_room: pileJson(plan.stays.noRoom), worthless: pileJson(plan.stays.worthless) },
    }),
  };
}

function pileJson({ count, amount }: CoinPile): Record<string, unknown> {
  return { coins: count, ...amountJson('amount', amount) };
}
