/** A PSBT as people and programs read it. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { formatFeeRate } from '../payments/fee.ts';
import type { PsbtReport, ReportedInput, ReportedOutput } from '../psbt/psbt-report.ts';
import { outPointText } from './out-point-option.ts';
import type { AddressNames } from './payees.ts';
import { amountJson, shownAmount, table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Inputs, outputs and fee, one line each. */
export function psbtLines(report: PsbtReport, names: AddressNames): string[] {
  const { inputs, outputs, fee, feeRate, vsize } = report;
  const rate = feeRate === undefined ? '' : `(${formatFeeRate(feeRate)} nits/vB, ${vsize} vB)`;
  return [
    ...table(
      [
        ...inputs.map((input) => ['spend', shownAmount(input.spent?.value), inputText(input)]),
        ...outputs.map((output) => [
          output.isChange ? 'change' : 'pay',
          formatAmount(output.value),
          outputText(output, names),
        ]),
        ['fee', shownAmount(fee), rate],
      ],
      ['left', 'right', 'left'],
    ),
    `transaction ${displayHash(report.txid)}, ${STATES[report.state]}`,
  ];
}

const STATES: Readonly<Record<PsbtReport['state'], string>> = {
  unsigned: 'not signed',
  'partly-signed': 'partly signed',
  signed: 'signed',
  final: 'complete',
};

function inputText({ address, place, path, outPoint, frozen, signature }: ReportedInput): string {
  const owner = place === undefined ? 'not yours' : ownerText(path);
  const marks = [owner, ...(frozen ? ['frozen'] : []), signature.state];
  return `${address ?? outPointText(outPoint)} (${marks.join(', ')})`;
}

function outputText({ address, place, path }: ReportedOutput, names: AddressNames): string {
  if (address === undefined) return 'data, not an address';
  // Whether it is an own one is proven by the keys; a label that was given it says more.
  if (place === undefined || names.labelOf(address) !== undefined) return `to ${names.described(address)}`;
  return `back to ${address} (${ownerText(path)})`;
}

/** A single key has no path. */
function ownerText(path: string | null): string {
  return path === null ? 'yours' : `yours, ${path}`;
}

/** What is odd, on standard error; what is grave keeps it from being signed or sent. */
export function showWarnings({ warnings }: PsbtReport, terminal: Terminal): void {
  for (const { message, grave } of warnings) terminal.note(`${grave ? 'WARNING' : 'Note'}: ${message}.`);
}

/** The same for programs. */
export function psbtJson(report: PsbtReport): Record<string, unknown> {
  return {
    txid: displayHash(report.txid),
    state: report.state,
    can_sign: report.canSign,
    inputs: report.inputs.map((input) => ({
      coin: outPointText(input.outPoint),
      address: input.address ?? null,
      ...amountJson('amount', input.spent?.value),
      ours: input.place !== undefined,
      path: input.path,
      frozen: input.frozen,
      signature: input.signature.state,
    })),
    outputs: report.outputs.map((output) => ({
      address: output.address ?? null,
      ...amountJson('amount', output.value),
      ours: output.place !== undefined,
      path: output.path,
      change: output.isChange,
    })),
    ...amountJson('paid', report.paid),
    ...amountJson('fee', report.fee),
    fee_rate: report.feeRate === undefined ? null : Number(formatFeeRate(report.feeRate)),
    vsize: report.vsize,
    ...amountJson('spent', report.spent),
    warnings: report.warnings.map(({ code, message, grave }) => ({ code, message, grave })),
  };
}
