/** What is odd about a PSBT, one rule after the other. Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import { PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE, type Psbt } from '../../protocol/psbt.ts';
import { OP_RETURN, p2wpkhProgram, scriptType } from '../../protocol/script.ts';
import { SIGHASH_ALL } from '../../protocol/sighash.ts';
import { DUST_LIMIT } from '../payments/coins.ts';
import { feeFor, formatFeeRate, MINIMUM_FEE_RATE } from '../payments/fee.ts';
import { feeWarning } from '../payments/fee-warning.ts';
import type { PsbtReport, ReportedInput, ReportedOutput } from './psbt-report.ts';

export interface PsbtWarning {
  readonly code: PsbtWarningCode;
  /** One sentence for the owner. */
  readonly message: string;
  /** It keeps the PSBT from being signed or sent unless the owner says that it is meant so. */
  readonly grave: boolean;
}

/** Every oddity, and whether it is grave. */
export const PSBT_WARNINGS = {
  /** It signs a message (BIP 322) and pays nobody. Never signed as a payment. */
  message: true,
  'unknown-amount': true,
  'unproven-amount': true,
  'negative-fee': true,
  'high-fee': true,
  'low-fee': false,
  'false-claim': true,
  'far-output': true,
  'unspendable-output': true,
  'dust-output': false,
  'data-output': false,
  'foreign-inputs': false,
  'unspendable-input': true,
  'hash-type': true,
  'wrong-signature': true,
  'frozen-coin': true,
  'lock-time': false,
} as const satisfies Record<string, boolean>;

export type PsbtWarningCode = keyof typeof PSBT_WARNINGS;

type Facts = Pick<PsbtReport, 'inputs' | 'outputs' | 'fee' | 'feeRate' | 'vsize' | 'paid'>;

/** In the order of the table, each with the inputs or outputs that it is about. */
export function warningsOf(psbt: Psbt, facts: Facts): PsbtWarning[] {
  const said = new Map<PsbtWarningCode, string>();
  const say = (code: PsbtWarningCode, message: string | undefined) => {
    if (message !== undefined) said.set(code, message);
  };
  say('message', messageWarning(psbt, facts));
  inputWarnings(psbt, facts, say);
  outputWarnings(facts, say);
  feeWarnings(facts, say);
  say('lock-time', lockTimeWarning(psbt));
  return (Object.keys(PSBT_WARNINGS) as PsbtWarningCode[]).flatMap((code) => {
    const message = said.get(code);
    return message === undefined ? [] : [{ code, message, grave: PSBT_WARNINGS[code] }];
  });
}

type Say = (code: PsbtWarningCode, message: string | undefined) => void;

/**
 * BIP 322: a message is signed by a transaction that spends nothing and pays nothing. Whoever hands one in as a payment
 * wants a signature that its owner knows nothing of.
 */
function messageWarning({ others, unsigned }: Psbt, { inputs }: Facts): string | undefined {
  const isDeclared = others.some(({ type }) => type === PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE);
  const [output, ...more] = unsigned.outputs;
  const paysNothing = more.length === 0 && output?.value === 0n && output.script[0] === OP_RETURN;
  const spendsNothing = inputs.some(({ spent }) => spent?.value === 0n);
  if (!isDeclared && !(paysNothing && spendsNothing)) return undefined;
  return 'this is no payment: it signs a message (BIP 322). Sign messages by themselves, where their text is shown';
}

function inputWarnings({ inputs: maps }: Psbt, { inputs }: Facts, say: Say): void {
  const those = (is: (input: ReportedInput, at: number) => boolean | undefined) =>
    inputs.flatMap((input, at) => (is(input, at) ? [at] : []));
  const isOwn = ({ place }: ReportedInput) => place !== undefined;
  const about = (at: readonly number[], text: (which: string) => string) =>
    at.length === 0 ? undefined : text(at.length === 1 ? `input ${at[0]}` : `inputs ${at.join(', ')}`);
  say(
    'unknown-amount',
    about(
      those(({ spent }) => spent === undefined),
      (which) => `the amount of ${which} is not told, so the fee cannot be known`,
    ),
  );
  // A signature covers the amount of its own input (BIP 143): alone, a wrong one is worth nothing.
  const unproven = inputs.length > 1 ? those((input) => isOwn(input) && input.spent?.proven === false) : [];
  say(
    'unproven-amount',
    about(
      unproven,
      (which) =>
        `the amount of ${which} is only said: without the transaction that it spends from, two such payments could be put together into a giant fee`,
    ),
  );
  const foreign = those((input) => !isOwn(input));
  if (foreign.length < inputs.length) {
    say(
      'foreign-inputs',
      about(foreign, (which) => `not of this wallet: ${which}`),
    );
  }
  say(
    'unspendable-input',
    about(
      those(({ spent }) => spent !== undefined && p2wpkhProgram(spent.script) === undefined),
      (which) => `nobody can spend what is spent by ${which}: only P2WPKH coins can be spent on this chain`,
    ),
  );
  say(
    'hash-type',
    about(
      those((input, at) => isOwn(input) && (maps[at]?.sighashType ?? SIGHASH_ALL) !== SIGHASH_ALL),
      (which) =>
        `a signature is asked for at ${which} that would let others change the payment (another hash type than ALL)`,
    ),
  );
  say(
    'wrong-signature',
    about(
      those(({ signature }) => signature.state === 'wrong'),
      (which) => `what stands for a signature at ${which} is wrong`,
    ),
  );
  say(
    'frozen-coin',
    about(
      those((input) => isOwn(input) && input.frozen),
      (which) => `you froze the coin of ${which}, or keep it for another payment`,
    ),
  );
}

function outputWarnings({ outputs }: Facts, say: Say): void {
  const those = (is: (output: ReportedOutput) => boolean) =>
    outputs.flatMap((output, at) => (is(output) ? [at] : []));
  const about = (at: readonly number[], text: (which: string) => string) =>
    at.length === 0 ? undefined : text(at.length === 1 ? `output ${at[0]}` : `outputs ${at.join(', ')}`);
  const isData = ({ script, value }: ReportedOutput) => scriptType(script) === 'nulldata' && value === 0n;
  say(
    'false-claim',
    about(
      those(({ falselyClaimed }) => falselyClaimed),
      (which) => `${which} is said to come back to this wallet, and does not`,
    ),
  );
  say(
    'far-output',
    about(
      those(({ isFarAhead }) => isFarAhead),
      (which) => `${which} goes to a key of this wallet so far ahead that a restore would not find it`,
    ),
  );
  say(
    'unspendable-output',
    about(
      those((output) => p2wpkhProgram(output.script) === undefined && !isData(output)),
      (which) =>
        `what ${which} pays, nobody could ever spend: only P2WPKH addresses can be paid on this chain`,
    ),
  );
  say(
    'dust-output',
    about(
      those(({ script, value }) => p2wpkhProgram(script) !== undefined && value < DUST_LIMIT),
      (which) => `nodes relay nothing below ${formatAmount(DUST_LIMIT)} NILZ, which ${which} is`,
    ),
  );
  say(
    'data-output',
    about(those(isData), (which) => `${which} pays nobody and writes data into the chain`),
  );
}

function feeWarnings({ fee, feeRate, vsize, outputs }: Facts, say: Say): void {
  if (fee === undefined) return;
  if (fee < 0n) {
    say('negative-fee', `it pays ${formatAmount(-fee)} NILZ more than it spends: it can never be sent`);
    return;
  }
  const foreign = outputs.filter(({ place }) => place === undefined);
  const own = outputs.filter(({ place }) => place !== undefined);
  const value = own.reduce((sum, output) => sum + output.value, 0n);
  say('high-fee', feeWarning({ fee, vsize, outputs: foreign, change: { value } }));
  if (fee < feeFor(vsize, MINIMUM_FEE_RATE)) {
    say('low-fee', `its fee rate of ${formatFeeRate(feeRate ?? 0n)} nits/vB is lower than nodes relay`);
  }
}

/** From which number on a lock time is a time and no height (Bitcoin Core, script.h). */
const LOCKTIME_THRESHOLD = 500_000_000;
const SEQUENCE_FINAL = 0xffff_ffff;

function lockTimeWarning({ unsigned: { lockTime, inputs } }: Psbt): string | undefined {
  if (lockTime === 0 || inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL)) return undefined;
  const when = lockTime < LOCKTIME_THRESHOLD ? `block ${lockTime}` : new Date(lockTime * 1_000).toISOString();
  return `it cannot be mined before ${when}`;
}
