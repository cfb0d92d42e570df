/** `nilz wallet send`: a payment, reviewed before it is made. */
import { displayHash } from '../../protocol/bytes.ts';
import { boolean, string } from '../../service/config.ts';
import { parseLabel } from '../keys/contents.ts';
import { type PaymentRequest, requestOf } from '../payments/payment-plan.ts';
import type { Payment, Wallet } from '../wallet.ts';
import { noteRefused } from './balance.ts';
import { walletCommand } from './command.ts';
import { type ChosenFee, chosenFee, feeSettings } from './fee-option.ts';
import { outPoints } from './out-point-option.ts';
import { AddressNames, payeeSettings, type WrittenPayee, writtenPayees } from './payees.ts';
import { confirm, noteStaying, paymentJson, planLines } from './review.ts';
import type { Session } from './session.ts';

/** What `send` and `psbt create` ask alike. */
export const paymentSettings = {
  ...payeeSettings,
  fromLabel: string({ help: 'the label whose coins pay (default: any that has enough)' }),
  coins: string({
    help: 'spend exactly these coins: TXID:INDEX, several with commas; see "nilz wallet coins"',
  }),
  ...feeSettings,
};

export const send = walletCommand({
  name: 'send',
  summary: 'pay somebody, or several at once',
  settings: {
    ...paymentSettings,
    acceptHighFee: boolean({ help: 'pay a fee that looks like a mistake, without being asked' }),
    yes: boolean({ help: 'send without asking' }),
  },
  async run(session, values) {
    const { terminal, profile } = session;
    const asked = askedPayment(values);
    const wallet = await session.openWallet();
    const names = await AddressNames.of(wallet);
    const request = await requestFor(wallet, names, asked);
    const isAsked = !values.yes && terminal.interactive;
    const payment = isAsked
      ? await payReviewed(session, wallet, names, { ...asked, request })
      : await wallet.pay({ ...request, acceptHighFee: values.acceptHighFee });
    if (!isAsked) {
      noteRefused(payment.refused, terminal);
      noteStaying(payment, terminal);
    }
    session.result({ network: profile.name, ...paymentJson(payment, names) }, [displayHash(payment.txid)]);
  },
});

/** Shows what a payment would be, and makes exactly that one; whoever was shown a high fee and said yes has accepted it. */
async function payReviewed(
  session: Session,
  wallet: Wallet,
  names: AddressNames,
  { request, payees }: AskedPayment & { readonly request: PaymentRequest },
): Promise<Payment> {
  const plan = await wallet.plan(request);
  noteRefused(plan.refused, session.terminal);
  const lines = [...planLines(plan, names), ...saidLines(payees)];
  await confirm(session, lines, `Send this ${session.kindOfMoney}money?`);
  return wallet.pay({ ...requestOf(plan), acceptHighFee: true });
}

/** A payment as it stands in the options, before the wallet is open. */
export interface AskedPayment {
  readonly payees: readonly WrittenPayee[];
  readonly fee: ChosenFee;
  readonly rest: Pick<PaymentRequest, 'from' | 'coins'>;
}

interface PaymentValues {
  readonly to: string | undefined;
  readonly amount: string | undefined;
  readonly pay: readonly string[];
  readonly file: string | undefined;
  readonly fromLabel: string | undefined;
  readonly coins: string | undefined;
  readonly fee: string | undefined;
  readonly feeRate: string | undefined;
}

/** @throws SettingError naming the option that is wrong */
export function askedPayment(values: PaymentValues): AskedPayment {
  const { fromLabel, coins } = values;
  return {
    payees: writtenPayees(values),
    fee: chosenFee(values),
    rest: {
      ...(fromLabel !== undefined && { from: parseLabel(fromLabel) }),
      ...(coins !== undefined && { coins: outPoints(coins, '--coins') }),
    },
  };
}

/** The same in addresses, with the fee that the wallet is set to where none was chosen. */
export async function requestFor(
  wallet: Wallet,
  names: AddressNames,
  { payees, fee, rest }: AskedPayment,
): Promise<PaymentRequest> {
  return {
    ...rest,
    ...(await feeOf(wallet, fee)),
    to: payees.map(({ who, amount }) => ({ address: names.addressOf(who), amount })),
  };
}

/** What was chosen, or else what the wallet is set to. */
export async function feeOf(wallet: Wallet, chosen: ChosenFee): Promise<ChosenFee> {
  const isChosen = chosen.fee !== undefined || chosen.feeRate !== undefined;
  return isChosen ? chosen : { fee: (await wallet.settings()).fee };
}

function saidLines(payees: readonly WrittenPayee[]): string[] {
  return payees.flatMap(({ said }) => (said === undefined ? [] : [`The payment URI says: ${said}`]));
}
