/** Recomputes what blocks brought, what is owed and what was paid, and compares it with what is written down. */
import { AddressError, decodeAddress } from '../../protocol/address.ts';
import { formatAmount } from '../../protocol/amount.ts';
import { bytesToHex, CodecError, displayHash, equalBytes } from '../../protocol/bytes.ts';
import {
  decodeTransaction,
  outPointKey,
  type Transaction,
  txid as txidOf,
} from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import type { PayoutTransaction } from '../../wallet/services/payout.ts';
import type { NumberedBlock } from '../ledger/block-book.ts';
import type { LedgerSnapshot } from '../ledger/ledger-snapshot.ts';
import type { PayoutRecord } from '../ledger/payout-book.ts';
import type { Debt } from '../ledger/payout-rows.ts';
import type { Round, RoundCredit } from '../ledger/round-book.ts';
import { type Balance, balanceOf } from './balances.ts';
import { blockWeight, distribute, sum } from './distribution.ts';
import { isSameTally, tallyRound } from './round-tally.ts';

/** What the audit of money found. */
export interface MoneyReport {
  /** What does not add up, in words; the first of many. */
  readonly findings: readonly string[];
  readonly findingsTotal: number;
  readonly blocks: number;
  /** Blocks whose division was recomputed from the weights kept for ever. */
  readonly rounds: number;
  /** Those of which the weights were recomputed from shares that are still kept. */
  readonly roundsFromShares: number;
  readonly payouts: number;
  /** All balances together. */
  readonly totals: Balance;
}

const MOST_FINDINGS = 20;
const PAGE = 200;

export class MoneyAudit {
  readonly #ledger: Pick<LedgerSnapshot, 'blocks' | 'rounds' | 'payouts' | 'chain'>;
  readonly #findings: string[] = [];
  #findingsTotal = 0;
  #blocks = 0;
  #rounds = 0;
  #roundsFromShares = 0;
  #payouts = 0;
  /** In payouts that are not returned. */
  #carried: Nits = 0n;
  /** Which payout spends a coin. */
  readonly #spentBy = new Map<string, number>();

  constructor(ledger: Pick<LedgerSnapshot, 'blocks' | 'rounds' | 'payouts' | 'chain'>) {
    this.#ledger = ledger;
  }

  async run(): Promise<MoneyReport> {
    const { blocks, payouts, chain } = this.#ledger;
    const { dropped } = await chain.start();
    for (let before: number | undefined; ; ) {
      const page = await blocks.page(PAGE, before);
      await this.#checkBlocks(page, dropped.sequence);
      before = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    for (let after = 0; ; ) {
      const page = await payouts.pageUp(PAGE, after);
      for (const payout of page) await this.#checkPayout(payout);
      after = page.at(-1)?.id ?? after;
      if (page.length < PAGE) break;
    }
    const totals = balanceOf(await this.#ledger.rounds.sums());
    await this.#checkTotals(totals);
    return {
      findings: this.#findings,
      findingsTotal: this.#findingsTotal,
      blocks: this.#blocks,
      rounds: this.#rounds,
      roundsFromShares: this.#roundsFromShares,
      payouts: this.#payouts,
      totals,
    };
  }

  async #checkBlocks(blocks: readonly NumberedBlock[], droppedSequence: number): Promise<void> {
    const rounds = await this.#ledger.rounds.of(blocks.map(({ id }) => id));
    for (const block of blocks) {
      this.#blocks += 1;
      const round = rounds.get(block.id);
      if (round !== undefined) await this.#checkRound(block, round, droppedSequence);
      else if (block.state === 'confirmed')
        this.#find(`block ${name(block)} is confirmed and was never divided`);
    }
  }

  async #checkRound(block: NumberedBlock, round: Round, droppedSequence: number): Promise<void> {
    this.#rounds += 1;
    const { rounds } = this.#ledger;
    const credits = await rounds.creditsOf(block.id);
    const where = `block ${name(block)}`;
    const counted = weightsOf(credits, ({ counted: weight }) => weight);
    const weights = weightsOf(credits, ({ weight }) => weight);
    if (round.work !== blockWeight(block.bits))
      this.#find(`${where}: the work is not that of its difficulty`);
    if (sum(weights.values()) !== round.weight)
      this.#find(`${where}: the weights are not those of its round`);
    if (sum(counted.values()) !== round.counted) this.#find(`${where}: the weights counted do not add up`);
    const { amounts, operator } = distribute(block.reward, round.terms, counted, block.worker?.address);
    for (const { address, amount, isDirect } of credits) {
      const due = amounts.get(address) ?? 0n;
      if (amount !== due) {
        this.#find(`${where}: ${address} was credited ${formatAmount(amount)}, due is ${formatAmount(due)}`);
      }
      if (isDirect !== (round.terms.scheme === 'solo'))
        this.#find(`${where}: ${address} is paid the wrong way`);
    }
    const missing = [...amounts.keys()].filter(
      (address) => !credits.some((credit) => credit.address === address),
    );
    for (const address of missing) this.#find(`${where}: ${address} was credited nothing`);
    if (operator !== round.operator) this.#find(`${where}: the operator's part is not what is left`);
    await this.#checkHead(round, where);
    const bounds = { scheme: round.terms.scheme, ...round };
    const tally = await tallyRound(rounds, bounds, block.bits);
    // What was dropped by age cannot be summed up again.
    if (!tally.isComplete && droppedSequence > 0) return;
    this.#roundsFromShares += 1;
    if (!isSameTally(tally, { round: weights, counted })) {
      this.#find(`${where}: the shares that are kept give other weights than it was divided by`);
    }
  }

  /** The share log must still have had the head that it had when the round was summed up. */
  async #checkHead({ batch, head, endSequence }: Round, where: string): Promise<void> {
    const kept = await this.#ledger.rounds.batch(batch);
    if (kept === undefined) return;
    if (!equalBytes(kept.head, head)) {
      this.#find(
        `${where}: batch ${batch} of the share log had the head ${bytesToHex(head)} when it was divided`,
      );
    }
    if (kept.lastSequence > endSequence) return;
    // The finding share itself may have been refused by a full disk: then the batch ends before it.
    const last = await this.#ledger.rounds.sharesDown(endSequence, 1);
    if ((last[0]?.sequence ?? 0) > kept.lastSequence)
      this.#find(`${where}: it was divided before all its shares were kept`);
  }

  async #checkPayout(payout: PayoutRecord): Promise<void> {
    this.#payouts += 1;
    const { id, items, transactions, progress } = payout;
    const where = `payout ${id}`;
    const claims = await this.#ledger.payouts.claims(id);
    const isReturned = progress.state === 'returned';
    if (isReturned && claims.length > 0) this.#find(`${where} is returned, and still carries credits`);
    if (!isReturned && !areSameDebts(items, claims)) {
      this.#find(`${where}: what it pays is not what the credits it carries come to`);
    }
    if (!isReturned) this.#carried += sum(items.map(({ amount }) => amount));
    if (transactions.length === 0) this.#find(`${where} has no transaction`);
    for (const transaction of transactions) this.#checkTransaction(transaction, items, where);
    const [first, ...others] = transactions;
    for (const other of first === undefined ? [] : others) {
      const shared = other.inputs.some((input) => first?.inputs.some((coin) => isSameCoin(coin, input)));
      if (!shared) this.#find(`${where}: two of its transactions could both be mined`);
    }
    if (!isReturned) this.#claimCoins(payout);
  }

  /** Each transaction must pay every debt once and exactly, and what it says it costs. */
  #checkTransaction(stored: PayoutTransaction, items: readonly Debt[], where: string): void {
    const transaction = decoded(stored.raw);
    const what = `${where}, transaction ${displayHash(stored.txid)}`;
    if (transaction === undefined || !equalBytes(txidOf(transaction), stored.txid)) {
      this.#find(`${what}: what is kept is another one`);
      return;
    }
    const spends = transaction.inputs.map(({ previous }) => outPointKey(previous)).sort();
    if (spends.join() !== stored.inputs.map(outPointKey).sort().join())
      this.#find(`${what}: it spends other coins`);
    const paid = sum(transaction.outputs.map(({ value }) => value));
    if (sum(stored.inputs.map(({ value }) => value)) - paid !== stored.fee)
      this.#find(`${what}: its fee is another`);
    const outputs = transaction.outputs.map(({ script, value }) => `${bytesToHex(script)} ${value}`);
    for (const { address, amount } of items) {
      const at = outputs.indexOf(`${scriptOf(address)} ${amount}`);
      if (at < 0) this.#find(`${what}: it does not pay ${formatAmount(amount)} to ${address}`);
      else outputs.splice(at, 1);
    }
    if (outputs.length > 1) this.#find(`${what}: it pays ${outputs.length - 1} more than it should`);
  }

  #claimCoins({ id, transactions }: PayoutRecord): void {
    for (const key of new Set(transactions.flatMap(({ inputs }) => inputs.map(outPointKey)))) {
      const other = this.#spentBy.get(key);
      if (other !== undefined) this.#find(`payouts ${other} and ${id} spend the same coin`);
      this.#spentBy.set(key, id);
    }
  }

  async #checkTotals(totals: Balance): Promise<void> {
    const debts = sum((await this.#ledger.payouts.debts()).map(({ amount }) => amount));
    if (debts !== totals.owed) {
      this.#find(`${formatAmount(totals.owed)} are owed, the debts come to ${formatAmount(debts)}`);
    }
    const direct = await this.#ledger.rounds.sums();
    const byCoinbase = balanceOf(direct.filter(({ isDirect }) => isDirect)).paid;
    const sent = totals.paid + totals.inPayout - byCoinbase;
    if (sent !== this.#carried) {
      this.#find(
        `${formatAmount(sent)} are paid or on their way, the payouts come to ${formatAmount(this.#carried)}`,
      );
    }
  }

  #find(text: string): void {
    this.#findingsTotal += 1;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(text);
  }
}

function name({ height, hash }: NumberedBlock): string {
  return `${height} (${displayHash(hash).slice(0, 16)}…)`;
}

/** Of those that have any. */
function weightsOf(
  credits: readonly RoundCredit[],
  weightOf: (credit: RoundCredit) => bigint,
): ReadonlyMap<string, bigint> {
  const weights = credits.map((credit) => [credit.address, weightOf(credit)] as const);
  return new Map(weights.filter(([, weight]) => weight > 0n));
}

function areSameDebts(a: readonly Debt[], b: readonly Debt[]): boolean {
  const amounts = new Map(b.map(({ address, amount }) => [address, amount]));
  return a.length === b.length && a.every(({ address, amount }) => amounts.get(address) === amount);
}

function isSameCoin(a: PayoutTransaction['inputs'][number], b: PayoutTransaction['inputs'][number]): boolean {
  return outPointKey(a) === outPointKey(b);
}

function decoded(raw: Uint8Array): Transaction | undefined {
  try {
    return decodeTransaction(raw);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** The script of an address, in hex, of whichever network it is; empty for what is no address. */
function scriptOf(address: string): string {
  try {
    return bytesToHex(decodeAddress(address, { hrp: address.slice(0, address.lastIndexOf('1')) }).script);
  } catch (error) {
    if (error instanceof AddressError) return '';
    throw error;
  }
}
