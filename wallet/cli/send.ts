/** `nilz wallet send`: a payment, reviewed before it is made. */
import { formatAmount, MAX_MONEY, parseAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import { boolean, SettingError, string } from '../../service/config.ts';
import { parseLabel } from '../keys/contents.ts';
import { DUST_LIMIT } from '../payments/coins.ts';
import { formatFeeRate, parseFeeRate } from '../payments/fee.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';
import type { Payment, Wallet } from '../wallet.ts';
import { WalletError } from '../wallet-error.ts';
import { noteRefused } from './balance.ts';
import { walletCommand } from './command.ts';
import { amountJson, table } from './table.ts';

export const send = walletCommand({
  name: 'send',
  summary: 'pay somebody',
  settings: {
    fromLabel: string({ help: 'the label whose coins pay; may be left out when there is only one' }),
    to: string({ help: 'an address, or a label of this wallet' }),
    amount: string({ help: 'what is paid, in NILZ, with at most eight decimals' }),
    feeRate: string({ help: 'fee in nits per virtual byte (default: the lowest that the node accepts)' }),
    yes: boolean({ help: 'send without asking' }),
  },
  async run(session, values) {
    const { terminal, profile } = session;
    const amount = amountOf(values.amount);
    const feeRate =
      values.feeRate === undefined ? undefined : flag('--fee-rate', () => parseFeeRate(values.feeRate ?? ''));
    if (values.to === undefined)
      throw new SettingError('--to is missing: an address, or a label of this wallet');
    const wallet = await session.openWallet();
    const from = values.fromLabel === undefined ? await onlyLabel(wallet) : parseLabel(values.fromLabel);
    const payee = await payeeOf(wallet, values.to);
    const request = {
      from,
      to: [{ address: payee.address, amount }],
      ...(feeRate !== undefined && { feeRate }),
    };
    const plan = await wallet.plan(request);
    noteRefused(plan.refused, terminal);
    if (!values.yes && terminal.interactive) {
      for (const line of review(plan, payee.label)) terminal.note(line);
      const money = profile.name === 'main' ? '' : ' test';
      const answer = await terminal.ask(`Send this${money} money? [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) throw new WalletError('declined', 'not sent');
    }
    const coins = plan.coins.map(({ outPoint }) => outPoint);
    const payment = await wallet.pay({ ...request, feeRate: plan.feeRate, coins });
    session.result({ network: profile.name, ...paymentJson(payment, payee.label) }, [
      displayHash(payment.txid),
    ]);
  },
});

function amountOf(text: string | undefined): Nits {
  if (text === undefined) throw new SettingError('--amount is missing: what is paid, in NILZ');
  const range = `from ${formatAmount(DUST_LIMIT)} to ${formatAmount(MAX_MONEY)}`;
  if (!/^\d{1,8}(\.\d{1,8})?$/.test(text)) {
    throw new SettingError(
      `--amount ${text}: must be decimal digits with at most eight after the point, ${range}`,
    );
  }
  const digits = text.replace(/^0+(?=\d)/, '');
  return flag('--amount', () => parseAmount(digits));
}

/** Names the option that a refusal is about. */
function flag<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new SettingError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function onlyLabel(wallet: Wallet): Promise<string> {
  const labels = await wallet.labels();
  const [only, another] = labels;
  if (only !== undefined && another === undefined) return only.label;
  throw new SettingError(`--from-label is missing: one of ${labels.map(({ label }) => label).join(', ')}`);
}

/** Who is meant: a label of this wallet, or else an address. */
async function payeeOf(wallet: Wallet, to: string): Promise<{ address: string; label: string | undefined }> {
  const labels = await wallet.labels();
  const named = labels.find(({ label }) => label === to.normalize('NFC').trim());
  if (named !== undefined)
    return { address: (await wallet.addressOf(named.label)).address, label: named.label };
  const own = labels.find(({ addresses }) => addresses.some(({ address }) => address === to.toLowerCase()));
  return { address: to, label: own?.label };
}

function review(plan: PaymentPlan, payeeLabel: string | undefined): string[] {
  const [payee] = plan.to;
  const amount = payee?.amount ?? 0n;
  const own = payeeLabel === undefined ? '' : ` (your label ${payeeLabel})`;
  const rate = `${formatFeeRate(plan.feeRate)} nits/vB, ${plan.vsize} vB`;
  const { length } = plan.coins;
  const pending = plan.coins.some(({ confirmed }) => !confirmed) ? ', not all confirmed' : '';
  return table(
    [
      ['pay', formatAmount(amount), `to ${payee?.address}${own}`],
      ['fee', formatAmount(plan.fee), `(${rate})`],
      [
        'total',
        formatAmount(amount + plan.fee),
        `from ${plan.from}, ${length} ${length === 1 ? 'coin' : 'coins'}${pending}`,
      ],
      ['change', formatAmount(plan.change?.value ?? 0n), plan.change ? `back to ${plan.from}` : '(none)'],
    ],
    ['left', 'right', 'left'],
  );
}

function paymentJson(payment: Payment, payeeLabel: string | undefined): Record<string, unknown> {
  return {
    txid: displayHash(payment.txid),
    from: payment.from,
    to: payment.to.map(({ address, amount }) => ({
      address,
      label: payeeLabel ?? null,
      ...amountJson('amount', amount),
    })),
    ...amountJson('fee', payment.fee),
    fee_rate: Number(formatFeeRate(payment.feeRate)),
    vsize: payment.vsize,
    ...amountJson('change', payment.change?.value ?? 0n),
  };
}
