/** A planned payment as the page shows it. */
import { formatFeeRate } from '../../payments/fee.ts';
import { feeWarning } from '../../payments/fee-warning.ts';
import type { CoinPile } from '../../payments/payment-plan.ts';
import type { Wallet } from '../../wallet.ts';
import type { PlanView } from '../api-values.ts';
import type { ShownPlan } from '../plan-desk.ts';
import { coinRow } from './money-rows.ts';

export async function planView(shown: ShownPlan, wallet: Wallet): Promise<PlanView> {
  const { id, kind, replaces, plan } = shown;
  const amount = plan.outputs.reduce((sum, { value }) => sum + value, 0n);
  const { fee, change } = plan;
  const own = new Map(
    (await wallet.labels()).flatMap(({ label, addresses }) =>
      addresses.map(({ address }) => [address, label] as const),
    ),
  );
  return {
    id,
    kind,
    replaces: replaces ?? null,
    from: [...new Set(plan.coins.map(({ label }) => label))],
    to: plan.to.map(({ address, amount: value }) => ({
      address,
      label: own.get(address) ?? null,
      amount_nits: String(value),
    })),
    amount_nits: String(amount),
    fee_nits: String(fee),
    fee_rate: formatFeeRate(plan.feeRate),
    vsize: plan.vsize,
    total_nits: String(amount + fee),
    coins: plan.coins.map(coinRow),
    change:
      change === undefined
        ? null
        : { address: await wallet.addressOfPlace(change.place), amount_nits: String(change.value) },
    stays: plan.stays
      ? { no_room: pileFields(plan.stays.noRoom), worthless: pileFields(plan.stays.worthless) }
      : null,
    high_fee: feeWarning(plan) ?? null,
    warnings: plan.refused.map(
      ({ txid, reason }) => `the chain does not take the payment ${txid}: ${reason}`,
    ),
  };
}

function pileFields({ count, amount }: CoinPile) {
  return { coins: count, amount_nits: String(amount) };
}
