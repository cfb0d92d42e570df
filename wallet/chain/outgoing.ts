/** Signed payments that are not settled yet: handed in again until they are in the chain for good. */
import { displayHash, hexToBytes, parseDisplayHash } from '../../protocol/bytes.ts';
import { decodeTransaction, outPointKey, type Transaction } from '../../protocol/transaction.ts';
import type { Outgoing } from '../keys/contents.ts';
import { type ChainBackend, PaymentRejectedError } from './backend.ts';

/** So many confirmations, and a payment needs no more care. */
const SETTLED_CONFIRMATIONS = 6;

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
}

/** The transaction of a kept payment. */
export function outgoingTransaction(payment: Outgoing): Transaction {
  return decodeTransaction(hexToBytes(payment.hex));
}

/** Looks after the payments that were sent before: whatever the chain does not know is handed in again. */
export async function deliver(
  outgoing: readonly Outgoing[],
  backend: Pick<ChainBackend, 'transactions' | 'broadcast'>,
): Promise<Delivery> {
  const settled = new Set<string>();
  const refused: RefusedPayment[] = [];
  const reserved = new Set<string>();
  if (outgoing.length === 0) return { settled, refused, reserved };
  const standing = await backend.transactions(outgoing.map(({ txid }) => parseDisplayHash(txid)));
  for (const [at, payment] of outgoing.entries()) {
    const transaction = outgoingTransaction(payment);
    const known = standing[at];
    if (known !== undefined && known.confirmations >= SETTLED_CONFIRMATIONS) settled.add(payment.txid);
    const refusal = known === undefined ? await handIn(transaction, backend) : undefined;
    if (refusal !== undefined) {
      const { txid, label } = payment;
      // A coin that an earlier payment is still to make is not gone.
      const spends = new Set(transaction.inputs.map(({ previous }) => displayHash(previous.txid)));
      const waits = refused.some((earlier) => !earlier.givenUp && spends.has(earlier.txid));
      const givenUp = refusal.conflicts && !waits;
      refused.push({ txid, label, reason: refusal.reason, givenUp });
      if (givenUp) settled.add(txid);
    }
    if (settled.has(payment.txid)) continue;
    for (const input of transaction.inputs) reserved.add(outPointKey(input.previous));
  }
  return { settled, refused, reserved };
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
