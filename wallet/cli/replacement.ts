/** `nilz wallet bump` and `cancel`: a payment that waits, replaced by one that pays a higher fee (BIP 125). */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { boolean, string, type Values } from '../../service/config.ts';
import { FEE_PRESETS } from '../keys/contents.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';
import type { Payment, Wallet } from '../wallet.ts';
import { walletCommand } from './command.ts';
import { type ChosenFee, chosenFee, feeSettings } from './fee-option.ts';
import { transactionId } from './out-point-option.ts';
import { AddressNames } from './payees.ts';
import { psbtJson } from './psbt-report.ts';
import { confirm, paymentJson, planLines } from './review.ts';
import type { Session } from './session.ts';

const settings = {
  txid: string({ help: 'the payment, as "nilz wallet history" lists it' }),
  fee: string({
    help: `${FEE_PRESETS.join(', ')}, or nits per virtual byte (default: fast, or the least that takes the place)`,
  }),
  feeRate: feeSettings.feeRate,
  acceptHighFee: boolean({ help: 'pay a fee that looks like a mistake, without being asked' }),
  unsigned: boolean({ help: 'make a PSBT of it for a signer elsewhere, and send nothing' }),
  yes: boolean({ help: 'do it without asking' }),
};

/** A replacement shown and made. */
interface Replacing {
  readonly plan: (wallet: Wallet, txid: Hash, fee: ChosenFee) => Promise<PaymentPlan>;
  readonly make: (wallet: Wallet, txid: Hash, options: ReplaceOptions) => Promise<Payment>;
  readonly question: (session: Session) => string;
  readonly lines: (plan: PaymentPlan, names: AddressNames) => readonly string[];
}

type ReplaceOptions = ChosenFee & { readonly acceptHighFee?: boolean };

async function replace(session: Session, values: Values<typeof settings>, how: Replacing): Promise<void> {
  const txid = transactionId(values.txid, '--txid');
  const chosen = chosenFee(values);
  const wallet = await session.openWallet();
  const names = await AddressNames.of(wallet);
  const plan = await how.plan(wallet, txid, chosen);
  if (values.unsigned) {
    const { psbt, report } = await wallet.createPsbt(plan);
    session.result({ network: session.profile.name, psbt, ...psbtJson(report) }, [psbt]);
    return;
  }
  await confirm(session, how.lines(plan, names), how.question(session), values.yes);
  const seen = !values.yes && session.terminal.interactive;
  const acceptHighFee = seen || values.acceptHighFee;
  const payment = await how.make(wallet, txid, { feeRate: plan.feeRate, acceptHighFee });
  session.result({ network: session.profile.name, ...paymentJson(payment, names) }, [
    displayHash(payment.txid),
  ]);
}

export const bump = walletCommand({
  name: 'bump',
  summary: 'raise the fee of a payment that waits for a block',
  settings,
  run: (session, values) =>
    replace(session, values, {
      plan: (wallet, txid, fee) => wallet.planBump(txid, fee),
      make: (wallet, txid, options) => wallet.bump(txid, options),
      question: ({ kindOfMoney }) => `Send this in place of the ${kindOfMoney}payment?`,
      lines: planLines,
    }),
});

export const cancel = walletCommand({
  name: 'cancel',
  summary: 'take back a payment that waits for a block, for a fee',
  settings,
  run: (session, values) =>
    replace(session, values, {
      plan: (wallet, txid, fee) => wallet.planCancel(txid, fee),
      make: (wallet, txid, options) => wallet.cancel(txid, options),
      question: () => 'Take the payment back?',
      lines: (plan) => [
        `Everything returns to ${plan.from} but the fee of ${formatAmount(plan.fee)} NILZ. Until a block holds`,
        'one of the two, the payment may still be the one that counts.',
      ],
    }),
});
