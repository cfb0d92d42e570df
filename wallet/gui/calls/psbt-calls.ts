/** Partly signed transactions (BIP 174), and messages. */
import { displayHash } from '../../../protocol/bytes.ts';
import { formatFeeRate } from '../../payments/fee.ts';
import type { ReportedInput, ReportedOutput } from '../../psbt/psbt-report.ts';
import type { PsbtWithReport } from '../../psbt/wallet-psbt.ts';
import type { PsbtView } from '../api-values.ts';
import type { Handlers } from './handlers.ts';
import { outPointText } from './money-rows.ts';
import { sentPayment } from './payment-calls.ts';

export const PSBT_CALLS: Handlers<
  | 'psbt/create'
  | 'psbt/reserve'
  | 'psbt/inspect'
  | 'psbt/sign'
  | 'psbt/combine'
  | 'psbt/send'
  | 'messages/sign'
  | 'messages/verify'
> = {
  'psbt/create': async ({ wallet: id, plan }, { shelf, plans }) => {
    const wallet = shelf.get(id);
    return psbtView(await wallet.createPsbt(plans.find(plan, id).plan));
  },
  'psbt/reserve': async ({ wallet, psbt }, { shelf, tell }) => {
    const coins = await shelf.get(wallet).reservePsbt(psbt);
    tell({ event: 'changed', wallet });
    return { coins: coins.length };
  },
  'psbt/inspect': async ({ wallet, psbt }, { shelf }) => psbtView(await shelf.get(wallet).inspectPsbt(psbt)),
  'psbt/sign': async ({ wallet, psbt, despite_warnings: despiteWarnings = false }, { shelf }) => {
    return psbtView(await shelf.get(wallet).signPsbt(psbt, { despiteWarnings }));
  },
  'psbt/combine': async ({ wallet, psbts }, { shelf }) => {
    return psbtView(await shelf.get(wallet).combinePsbt(psbts));
  },
  'psbt/send': async ({ wallet, psbt, despite_warnings: despiteWarnings = false }, { shelf, tell }) => {
    const sent = await sentPayment(() => shelf.get(wallet).payPsbt(psbt, { despiteWarnings }));
    tell({ event: 'changed', wallet });
    return sent;
  },
  'messages/sign': async ({ wallet, address, message, form }, { shelf }) => {
    const { signature } = await shelf.get(wallet).signMessage({ address, message, form });
    return { signature };
  },
  'messages/verify': async ({ wallet, address, message, signature }, { shelf }) => {
    const { state, reason, form } = await shelf.get(wallet).verifyMessage({ address, message, signature });
    return { state, reason: reason ?? null, form: form ?? null };
  },
};

function psbtView({ psbt, report }: PsbtWithReport): PsbtView {
  const { fee, feeRate, inputs } = report;
  const isAllTold = inputs.every(({ spent }) => spent !== undefined);
  return {
    psbt,
    state: report.state,
    txid: displayHash(report.txid),
    inputs: inputs.map(inputRow),
    outputs: report.outputs.map(outputRow),
    fee_nits: fee === undefined || fee < 0n ? null : String(fee),
    fee_rate: feeRate === undefined ? null : formatFeeRate(feeRate),
    spent_nits: isAllTold ? String(report.spent) : null,
    can_sign: report.canSign,
    warnings: report.warnings.map(({ code, message, grave }) => ({ code, message, grave })),
  };
}

function inputRow({ outPoint, address, spent, place, signature }: ReportedInput) {
  return {
    out_point: outPointText(outPoint),
    address: address ?? null,
    amount_nits: spent === undefined ? null : String(spent.value),
    ours: place !== undefined,
    signed: signature.state === 'signed' || signature.state === 'final',
  };
}

function outputRow({ address, value, place, isChange }: ReportedOutput) {
  return {
    address: address ?? null,
    amount_nits: String(value),
    ours: place !== undefined,
    is_change: isChange,
  };
}
