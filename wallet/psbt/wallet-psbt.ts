/**
 * What a wallet does with PSBTs. Making and sending one asks the chain; reading and signing one asks nobody, unless it
 * came back as the transaction it became.
 */
import { verify } from '#verify';
import { bytesToHex, displayHash, equalBytes } from '../../protocol/bytes.ts';
import { verifyInputs } from '../../protocol/check-input.ts';
import type { Psbt } from '../../protocol/psbt.ts';
import { RuleError } from '../../protocol/rules.ts';
import {
  encodeTransaction,
  type OutPoint,
  outPointKey,
  type Transaction,
  type TxOutput,
  txid,
  vsize,
} from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import { outgoingTransaction, withOutgoing } from '../chain/outgoing.ts';
import { type Contents, DEFAULT_LABEL, labelOfPlace } from '../keys/contents.ts';
import type { KeyPlace } from '../keys/key-ring.ts';
import { coinName, withoutReserved, withReserved } from '../keys/owner-notes.ts';
import { requireSensibleFee } from '../payments/fee-warning.ts';
import type { PaymentPlan, PaymentRequest } from '../payments/payment-plan.ts';
import { handIn, type Payment, planned, unsignedPayment } from '../payments/sending.ts';
import { requireTrueCoins } from '../payments/true-outputs.ts';
import { type Look, type WalletContext, withKeys } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';
import { combinePsbts } from './psbt-combining.ts';
import { psbtOfPlan } from './psbt-creating.ts';
import { extractTransaction, finalizePsbt } from './psbt-finalizing.ts';
import { type PsbtReport, reportOf } from './psbt-report.ts';
import { signOwnInputs } from './psbt-signing.ts';
import { badPsbt, readPsbt, showPsbt } from './psbt-text.ts';
import { psbtOfSigned, readSignedTransaction } from './signed-transaction.ts';

/** A PSBT as text, and what it says. */
export interface PsbtWithReport {
  /** Base64. */
  readonly psbt: string;
  readonly report: PsbtReport;
}

export interface CreatedPsbt extends PsbtWithReport {
  readonly plan: PaymentPlan;
}

export interface SignedPsbtText extends PsbtWithReport {
  /** How many inputs got their signature now. */
  readonly signedNow: number;
}

export interface FinalizedPsbt extends PsbtWithReport {
  /** The signed transaction, once nothing is missing; else undefined. */
  readonly transaction: Transaction | undefined;
  /** The same in hexadecimal digits. */
  readonly hex: string | undefined;
}

export interface DespiteWarnings {
  /** The owner has read the grave warnings and means it so. */
  readonly despiteWarnings?: boolean;
}

/**
 * What a PSBT may be given as: text, or the bytes of a file. Where it was signed elsewhere, it may be the signed
 * transaction as well.
 */
export type PsbtSource = string | Uint8Array;

/**
 * An unsigned PSBT of a payment, for a signer elsewhere. Nothing is kept: its coins stay free until it is sent, unless
 * they are reserved ({@link reservePsbt}).
 * @throws WalletError as for a payment that is planned
 */
export async function createPsbt(context: WalletContext, request: PaymentRequest): Promise<CreatedPsbt> {
  const look = await context.look();
  const plan = await planned(context, request, look);
  if (request.acceptHighFee !== true) requireSensibleFee(plan);
  return psbtWith(context, plan, look);
}

/** The same of a payment that was planned before, such as one that takes another's place. */
export async function createPsbtOfPlan(context: WalletContext, plan: PaymentPlan): Promise<CreatedPsbt> {
  return psbtWith(context, plan, await context.look());
}

async function psbtWith(context: WalletContext, plan: PaymentPlan, look: Look): Promise<CreatedPsbt> {
  const { contents } = look;
  const ring = context.ringOf(contents);
  await requireTrueCoins(plan.coins, look);
  const made = await madeBy(
    plan.coins.map(({ outPoint }) => outPoint.txid),
    look,
  );
  const unsigned = unsignedPayment(plan, ring, context.random);
  const previous = made.flatMap((transaction) => transaction ?? []);
  const psbt = psbtOfPlan(plan, { ring, previous, unsigned });
  return { ...withReport(context, psbt, contents), plan };
}

/**
 * Keeps the own coins of a PSBT for it (as Core's `lockUnspents`): no other payment takes them until it is sent, or
 * until they are unfrozen.
 * @returns the coins
 * @throws WalletError `bad-psbt`, `foreign-psbt`; `frozen-coin` when one is frozen or kept for another payment
 */
export function reservePsbt(context: WalletContext, source: PsbtSource): Promise<readonly OutPoint[]> {
  const psbt = readPsbt(source);
  return context.store.update(async (contents) => {
    const ring = context.ringAhead(contents);
    const report = reportOf(psbt, { ring, contents, profile: context.profile });
    requireOwn(report);
    const own = report.inputs.filter(({ place }) => place !== undefined);
    const taken = own.find(({ frozen }) => frozen);
    if (taken !== undefined) {
      const name = coinName(taken.outPoint);
      throw new WalletError('frozen-coin', `the coin ${name} is frozen, or reserved for another payment`);
    }
    const coins = own.map(({ outPoint }) => outPoint);
    return { contents: withReserved(contents, coins, displayHash(report.txid)), result: coins };
  });
}

/** What a PSBT would do. @throws WalletError `bad-psbt` */
export async function inspectPsbt(context: WalletContext, source: PsbtSource): Promise<PsbtWithReport> {
  return withReport(context, await psbtFrom(context, source), await context.store.read());
}

/**
 * A PSBT says itself what it spends; of a signed transaction the chain is asked.
 * @throws WalletError `bad-psbt`; `coins-gone` when the chain does not know all that a signed transaction spends
 */
async function psbtFrom(context: WalletContext, source: PsbtSource): Promise<Psbt> {
  const transaction = readSignedTransaction(source);
  if (transaction === undefined) return readPsbt(source);
  const look = await context.look();
  await outputsOf(transaction, look);
  const previous = transaction.inputs.map((input) => input.previous.txid);
  return psbtOfSigned(transaction, await madeBy(previous, look));
}

/**
 * Signs the own inputs.
 * @throws WalletError `bad-psbt`, `foreign-psbt`, `watch-only`; `psbt-warning` when something is gravely odd
 */
export async function signPsbt(
  context: WalletContext,
  source: PsbtSource,
  options: DespiteWarnings = {},
): Promise<SignedPsbtText> {
  const psbt = readUnsigned(source);
  const contents = await context.store.read();
  const ring = context.ringAhead(contents);
  const report = reportOf(psbt, { ring, contents, profile: context.profile });
  requireOwn(report);
  requireNothingGrave(report, options);
  const result = signOwnInputs(psbt, report, ring);
  return { ...withReport(context, result.psbt, contents), signedNow: result.signed.length };
}

/** @throws WalletError `bad-psbt`, also of a transaction that lacks nothing */
function readUnsigned(source: PsbtSource): Psbt {
  if (readSignedTransaction(source) === undefined) return readPsbt(source);
  throw badPsbt('this is a signed transaction: there is nothing to sign in it, it can be sent as it is');
}

/** All that several PSBTs of one transaction know. @throws WalletError `bad-psbt` */
export async function combinePsbt(
  context: WalletContext,
  sources: readonly PsbtSource[],
): Promise<PsbtWithReport> {
  const psbts = await Promise.all(sources.map((source) => psbtFrom(context, source)));
  return withReport(context, combinePsbts(psbts), await context.store.read());
}

/** Completes the inputs that are signed. @throws WalletError `bad-psbt` when a signature is wrong */
export async function completePsbt(context: WalletContext, source: PsbtSource): Promise<FinalizedPsbt> {
  const psbt = finalizePsbt(await psbtFrom(context, source));
  const shown = withReport(context, psbt, await context.store.read());
  if (shown.report.state !== 'final') return { ...shown, transaction: undefined, hex: undefined };
  const transaction = extractTransaction(psbt);
  return { ...shown, transaction, hex: bytesToHex(encodeTransaction(transaction)) };
}

/**
 * Sends a signed PSBT that spends coins of this wallet: it is checked against the chain, written down as any payment,
 * and handed in until it is settled.
 * @throws WalletError `bad-psbt`, `foreign-psbt`, `psbt-warning`, `unsigned-psbt`; `coins-gone` when a coin that it
 *   spends never was; as a payment that is handed in
 */
export async function payPsbt(
  context: WalletContext,
  source: PsbtSource,
  options: DespiteWarnings = {},
): Promise<Payment> {
  const psbt = finalizePsbt(await psbtFrom(context, source));
  const transaction = extractTransaction(psbt);
  const payment = await context.store.update(async (stored) => {
    const look = await context.lookWith(stored);
    const { contents } = look;
    const ring = context.ringAhead(contents);
    const report = reportOf(psbt, { ring, contents, profile: context.profile });
    requireOwn(report);
    requireNothingGrave(report, options);
    const spent = await outputsOf(transaction, look);
    requireTrue(transaction, spent, report);
    const made = paymentOf(transaction, report, spent, look);
    const isKnown = contents.outgoing.some(({ txid: id }) => id === displayHash(made.txid));
    const kept = isKnown ? contents : withOutgoing(contents, made, context.now());
    const spends = made.coins.map(({ outPoint }) => outPoint);
    return { contents: withKeys(withoutReserved(kept, spends), ring), result: made };
  });
  return handIn(context, payment);
}

function withReport(context: WalletContext, psbt: Psbt, contents: Contents): PsbtWithReport {
  const ring = context.ringAhead(contents);
  return { psbt: showPsbt(psbt), report: reportOf(psbt, { ring, contents, profile: context.profile }) };
}

/** @throws WalletError `foreign-psbt` */
function requireOwn({ inputs }: PsbtReport): void {
  if (inputs.some(({ place }) => place !== undefined)) return;
  throw new WalletError(
    'foreign-psbt',
    'none of the inputs belongs to a key of this wallet: there is nothing to do with it here (another wallet, account or network?)',
  );
}

/** @throws WalletError `psbt-warning` with all that is grave */
function requireNothingGrave({ warnings }: PsbtReport, { despiteWarnings = false }: DespiteWarnings): void {
  const grave = warnings.filter((warning) => warning.grave);
  if (despiteWarnings || grave.length === 0) return;
  throw new WalletError('psbt-warning', grave.map(({ message }) => message).join('; '));
}

/** The transactions of these ids: payments that are kept here, also when the chain lost them, or the chain's. */
async function madeBy(
  txids: readonly Hash[],
  { contents, view }: Look,
): Promise<readonly (Transaction | undefined)[]> {
  const kept = new Map(contents.outgoing.map((payment) => [payment.txid, payment]));
  const found = await view.reader.transactions(txids.filter((id) => !kept.has(displayHash(id))));
  const known = [...found];
  return txids.map((id) => {
    const payment = kept.get(displayHash(id));
    return payment === undefined ? known.shift()?.transaction : outgoingTransaction(payment);
  });
}

/** What the inputs spend, as the transactions say that made it. */
async function outputsOf(transaction: Transaction, look: Look): Promise<TxOutput[]> {
  const previous = transaction.inputs.map((input) => input.previous);
  const made = await madeBy(
    previous.map((outPoint) => outPoint.txid),
    look,
  );
  return previous.map((outPoint, at) => {
    const output = made[at]?.outputs[outPoint.index];
    if (output !== undefined) return output;
    throw new WalletError('coins-gone', `the chain knows no coin ${coinName(outPoint)}, which it spends`);
  });
}

/** What the PSBT said has to be so, and every signature right: as a node checks it. */
function requireTrue(transaction: Transaction, spent: readonly TxOutput[], report: PsbtReport): void {
  report.inputs.forEach(({ spent: said }, at) => {
    const real = spent[at];
    if (said === undefined || real === undefined) return;
    if (said.value === real.value && equalBytes(said.script, real.script)) return;
    throw badPsbt(`input ${at} spends another coin on the chain than the PSBT says`);
  });
  const coins = spent.map((output) => ({ ...output, height: 0, coinbase: false }));
  try {
    verifyInputs(transaction, coins, verify);
  } catch (error) {
    if (error instanceof RuleError) throw badPsbt(`a signature is wrong: ${error.message}`, error);
    throw error;
  }
}

/** The payment that a transaction is for this wallet. */
function paymentOf(
  transaction: Transaction,
  report: PsbtReport,
  spent: readonly TxOutput[],
  { contents, view }: Look,
): Payment {
  const known = new Map(view.coins.map((coin) => [outPointKey(coin.outPoint), coin]));
  const coins = report.inputs.flatMap(({ outPoint, place }, at): WalletCoin[] => {
    const output = spent[at];
    if (place === undefined || output === undefined) return [];
    return [known.get(outPointKey(outPoint)) ?? spentCoin({ ...output, outPoint, place }, contents, report)];
  });
  const change = report.outputs.find(({ isChange }) => isChange);
  const others = report.outputs.filter((output) => output !== change);
  const fee = sum(spent) - sum(transaction.outputs);
  const size = vsize(transaction);
  return {
    txid: txid(transaction),
    transaction,
    from: coins[0]?.label ?? DEFAULT_LABEL,
    to: others.flatMap(({ address, value }) => (address === undefined ? [] : [{ address, amount: value }])),
    coins,
    outputs: others.map(({ value, script }) => ({ value, script })),
    change: change?.place && { value: change.value, place: change.place },
    fee,
    feeRate: (fee * 1_000n) / BigInt(size),
    vsize: size,
    refused: view.refused,
    replaces: replacedBy(transaction, contents),
  };
}

/** A coin that is not listed any more, since a payment on its way spends it that is to be replaced. */
function spentCoin(
  coin: TxOutput & Pick<WalletCoin, 'outPoint' | 'place'>,
  contents: Contents,
  { inputs }: PsbtReport,
): WalletCoin {
  const { place } = coin;
  return {
    ...coin,
    address: inputs.find((input) => input.place === place)?.address ?? '',
    label: senderOf(coin, contents) ?? labelOfPlace(contents, place) ?? DEFAULT_LABEL,
    status: 'spendable',
    confirmations: 1,
    confirmed: true,
    own: true,
    frozen: false,
  };
}

function senderOf(
  { outPoint, place }: { outPoint: WalletCoin['outPoint']; place: KeyPlace },
  contents: Contents,
) {
  return labelOfPlace(contents, place) === undefined
    ? contents.senders[displayHash(outPoint.txid)]
    : undefined;
}

/** Payments of this wallet, still on their way, that spend a coin of this one: only one of them can be mined. */
function replacedBy(transaction: Transaction, { outgoing }: Contents): string[] {
  const id = displayHash(txid(transaction));
  const coins = new Set(transaction.inputs.map(({ previous }) => outPointKey(previous)));
  const rivals = outgoing.filter(
    (payment) =>
      payment.txid !== id &&
      outgoingTransaction(payment).inputs.some(({ previous }) => coins.has(outPointKey(previous))),
  );
  // The newest first: it is the one whose place is taken.
  return [...new Set(rivals.reverse().flatMap(({ txid: rival, replaces = [] }) => [rival, ...replaces]))];
}

function sum(outputs: readonly TxOutput[]): Nits {
  return outputs.reduce((total, { value }) => total + value, 0n);
}
