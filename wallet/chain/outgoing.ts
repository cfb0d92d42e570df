/** Signed payments that are not settled yet: handed in again until they are in the chain for good. */
import { bytesToHex, displayHash, hexToBytes, parseDisplayHash } from '../../protocol/bytes.ts';
import {
  decodeTransaction,
  encodeTransaction,
  outPointKey,
  type Transaction,
  type TxOutput,
} from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { type Contents, type Outgoing, withDiscovery } from '../keys/contents.ts';
import { type ChainBackend, PaymentRejectedError } from './backend.ts';

/** So many confirmations, and a payment needs no more care. */
const SETTLED_CONFIRMATIONS = 6;

/** What is kept of a signed payment. */
export interface KeptPayment {
  readonly txid: Hash;
  readonly transaction: Transaction;
  /** The label that pays. */
  readonly from: string;
  /** Txids, as shown, of payments of this wallet whose place it takes. */
  readonly replaces?: readonly string[];
}

/** What to tell the owner about a payment that the chain does not take. */
export interface RefusedPayment {
  /** As shown. */
  readonly txid: string;
  readonly label: string;
  readonly reason: string;
  /**
   * True: a coin it spends is gone, so it is given up and its other coins are free again. False: it may still be
   * taken later, so it is kept and its coins stay reserved.
   */
  readonly givenUp: boolean;
}

export interface Delivery {
  /** Txids, as shown, of the payments to forget: settled or given up. */
  readonly settled: ReadonlySet<string>;
  readonly refused: readonly RefusedPayment[];
  /** {@link outPointKey} of every coin that a payment kept here spends, whether the chain knows it or not. */
  readonly reserved: ReadonlySet<string>;
  /**
   * Txids, as shown, of payments that another one is to take the place of: what they make, though the chain may list
   * it still, cannot be counted on.
   */
  readonly replaced: ReadonlySet<string>;
}

/** The transaction of a kept payment. */
export function outgoingTransaction(payment: Outgoing): Transaction {
  return decodeTransaction(hexToBytes(payment.hex));
}

/** Keeps a signed payment. @param time Unix seconds */
export function withOutgoing(contents: Contents, payment: KeptPayment, time: number): Contents {
  const { from: label, replaces = [] } = payment;
  const id = displayHash(payment.txid);
  const hex = bytesToHex(encodeTransaction(payment.transaction));
  const kept = { txid: id, hex, label, time, ...(replaces.length > 0 && { replaces: [...replaces] }) };
  return {
    ...contents,
    senders: { ...contents.senders, [id]: label },
    outgoing: [...contents.outgoing, kept],
  };
}

/** Forgets a payment. @param txid as shown */
export function withoutOutgoing(contents: Contents, txid: string): Contents {
  const settled = new Set([txid]);
  return withDiscovery(contents, { receive: [], change: [], senders: new Map(), settled });
}

type Taker = Pick<ChainBackend, 'transactions' | 'broadcast'>;

/**
 * Looks after the payments that were sent before: whatever the chain does not know is handed in again. Of payments
 * that take each other's place only the newest is, an older one only after the newer was given up; and never one that
 * was cancelled, which nobody wants any more.
 */
export async function deliver(outgoing: readonly Outgoing[], backend: Taker): Promise<Delivery> {
  const round = new DeliveryRound(outgoing, backend);
  if (outgoing.length > 0) await round.attend();
  return round;
}

/** One look at all payments on their way. */
class DeliveryRound implements Delivery {
  readonly settled = new Set<string>();
  readonly refused: RefusedPayment[] = [];
  readonly reserved = new Set<string>();
  readonly replaced = new Set<string>();
  readonly #backend: Taker;
  readonly #outgoing: ReadonlyMap<string, Outgoing>;
  /** Confirmations of those that the chain knows. */
  readonly #confirmations = new Map<string, number>();

  constructor(outgoing: readonly Outgoing[], backend: Taker) {
    this.#backend = backend;
    this.#outgoing = new Map(outgoing.map((payment) => [payment.txid, payment]));
  }

  async attend(): Promise<void> {
    const payments = [...this.#outgoing.values()];
    const standing = await this.#backend.transactions(payments.map(({ txid }) => parseDisplayHash(txid)));
    for (const [at, { txid }] of payments.entries()) {
      const known = standing[at];
      if (known !== undefined) this.#confirmations.set(txid, known.confirmations);
    }
    const older = new Set(payments.flatMap(({ replaces = [] }) => replaces));
    // In the order they were made: a payment comes after those whose coins it spends.
    for (const payment of payments) if (!older.has(payment.txid)) await this.#attend(payment);
    for (const payment of payments) {
      if (this.settled.has(payment.txid)) continue;
      for (const txid of payment.replaces ?? []) this.replaced.add(txid);
      const { inputs } = outgoingTransaction(payment);
      for (const { previous } of inputs) this.reserved.add(outPointKey(previous));
    }
  }

  async #attend(payment: Outgoing): Promise<void> {
    const { txid, replaces = [] } = payment;
    const confirmations = this.#confirmations.get(txid);
    if (confirmations !== undefined) {
      if (confirmations >= SETTLED_CONFIRMATIONS) this.#settle(txid, ...replaces);
      return;
    }
    const mined = replaces.find((older) => (this.#confirmations.get(older) ?? 0) > 0);
    if (mined !== undefined) {
      this.#giveUp(payment, `${mined}, whose place it was to take, was mined before`);
      const older = this.#older(payment);
      if (older !== undefined) await this.#attend(older);
      return;
    }
    const transaction = outgoingTransaction(payment);
    const refusal = await handIn(transaction, this.#backend);
    if (refusal === undefined) return;
    const { reason } = refusal;
    if (!refusal.conflicts || this.#waits(transaction)) {
      this.refused.push({ txid, label: payment.label, reason, givenUp: false });
      return;
    }
    this.#giveUp(payment, reason);
    await this.#fallBack(payment);
  }

  /**
   * When a payment was given up, the one whose place it was to take is wanted again: unless it was cancelled, or
   * cannot come any more either because it spends the very same coins.
   */
  async #fallBack(payment: Outgoing, wasCancelled = false): Promise<void> {
    const older = this.#older(payment);
    if (older === undefined) return;
    const isCancelled = wasCancelled || cancels(payment, older);
    const isKnown = this.#confirmations.has(older.txid);
    if (isKnown || !(isCancelled || spendSame(payment, older))) return this.#attend(older);
    this.settled.add(older.txid);
    return this.#fallBack(older, isCancelled);
  }

  #older({ replaces: [direct] = [] }: Outgoing): Outgoing | undefined {
    return direct === undefined ? undefined : this.#outgoing.get(direct);
  }

  /** A coin that an earlier payment is still to make is not gone. */
  #waits({ inputs }: Transaction): boolean {
    const spends = new Set(inputs.map(({ previous }) => displayHash(previous.txid)));
    return this.refused.some((earlier) => !earlier.givenUp && spends.has(earlier.txid));
  }

  #giveUp({ txid, label }: Outgoing, reason: string): void {
    this.refused.push({ txid, label, reason, givenUp: true });
    this.settled.add(txid);
  }

  #settle(...txids: readonly string[]): void {
    for (const txid of txids) if (this.#outgoing.has(txid)) this.settled.add(txid);
  }
}

/** Whether a payment takes another's place without paying anybody that the other pays. */
function cancels(payment: Outgoing, older: Outgoing): boolean {
  const paid = new Set(outgoingTransaction(older).outputs.map(outputKey));
  return !outgoingTransaction(payment).outputs.some((output) => paid.has(outputKey(output)));
}

function spendSame(payment: Outgoing, older: Outgoing): boolean {
  const [spends, spent] = [payment, older].map(
    (each) => new Set(outgoingTransaction(each).inputs.map(({ previous }) => outPointKey(previous))),
  );
  return spends?.size === spent?.size && [...(spends ?? [])].every((key) => spent?.has(key));
}

function outputKey({ value, script }: TxOutput): string {
  return `${value} ${bytesToHex(script)}`;
}

async function handIn(
  transaction: Transaction,
  backend: Pick<ChainBackend, 'broadcast'>,
): Promise<PaymentRejectedError | undefined> {
  try {
    await backend.broadcast(transaction);
    return undefined;
  } catch (error) {
    if (error instanceof PaymentRejectedError) return error;
    throw error;
  }
}
