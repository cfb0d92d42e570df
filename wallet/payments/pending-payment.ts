/** A payment of this wallet that waits for a block, as it can be read from its transaction. */
import { encodeAddress } from '../../protocol/address.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { type Transaction, type TxOutput, vsize } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import { outgoingTransaction } from '../chain/outgoing.ts';
import { findSenders, labelsByKey } from '../chain/ownership.ts';
import { type Contents, DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyRing } from '../keys/key-ring.ts';
import type { Look, WalletContext } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';
import type { SpentCoin } from './payment.ts';
import type { Payee } from './payment-plan.ts';
import { trueOutputs } from './true-outputs.ts';

export interface PendingPayment {
  /** As shown. */
  readonly txid: string;
  /** The label that gets the change. */
  readonly from: string;
  /** What it spends: all of it this wallet's. */
  readonly coins: readonly WalletCoin[];
  /** Whom it pays; what went to the change chain is not among them. */
  readonly outputs: readonly TxOutput[];
  /** The same by address; for an output without one the address is empty. */
  readonly to: readonly Payee[];
  readonly fee: Nits;
  readonly vsize: number;
  /** Txids, as shown, of the payments whose place it took itself. */
  readonly replaces: readonly string[];
}

/**
 * Reads a payment that may be replaced: one of those kept here, also when the chain does not know it any more, or
 * one that another copy of this wallet sent.
 * @throws WalletError `unknown-payment`; `not-replaceable` when it is in a block, not this wallet's alone, replaced
 *   already, or has its change spent by a later payment
 */
export async function readPending(
  context: WalletContext,
  txid: Hash,
  { contents, view }: Look,
): Promise<PendingPayment> {
  const id = displayHash(txid);
  const { backend, profile } = context;
  const ring = context.ringOf(contents);
  const kept = contents.outgoing.find((payment) => payment.txid === id);
  const [standing] = await backend.transactions([txid]);
  const transaction = kept ? outgoingTransaction(kept) : standing?.transaction;
  if (transaction === undefined) {
    throw new WalletError('unknown-payment', `neither the wallet nor the chain has a payment ${id}`);
  }
  if (standing !== undefined && standing.confirmations > 0) throw fixed(id, 'is in a block already');
  requireNewest(id, contents);
  const coins = await coinsOf(transaction, ring, { contents, view });
  if (coins === undefined) throw fixed(id, 'spends coins of others');
  const outputs = transaction.outputs.filter(({ script }) => ring.findScript(script)?.chain !== CHANGE);
  return {
    txid: id,
    from: kept?.label ?? coins[0]?.label ?? DEFAULT_LABEL,
    coins,
    outputs,
    to: outputs.map(({ value, script }) => ({
      address: encodeAddress(script, profile.address) ?? '',
      amount: value,
    })),
    fee: sum(coins) - sum(transaction.outputs),
    vsize: vsize(transaction),
    replaces: kept?.replaces ?? [],
  };
}

/** Core's `bumpfee` refuses the same: what spends the change would vanish with it. */
function requireNewest(id: string, { outgoing }: Contents): void {
  const newer = outgoing.find(({ replaces = [] }) => replaces.includes(id));
  if (newer !== undefined) throw fixed(id, `was replaced by ${newer.txid}, which can be instead`);
  const child = outgoing.find((payment) =>
    outgoingTransaction(payment).inputs.some(({ previous }) => displayHash(previous.txid) === id),
  );
  if (child === undefined) return;
  throw fixed(
    id,
    `made a coin that a later payment, ${child.txid}, spends: raise the fee of that one, which counts for both`,
  );
}

/** What a transaction spends, with the labels; undefined when a coin is a stranger's. */
async function coinsOf(
  { inputs }: Transaction,
  ring: KeyRing,
  { contents, view }: Look,
): Promise<WalletCoin[] | undefined> {
  const outPoints = inputs.map(({ previous }) => previous);
  const outputs = await trueOutputs(outPoints, { contents, view });
  const labelOf = labelsByKey(contents);
  const known = contents.senders;
  const senders = await findSenders(
    outPoints
      .filter((_, at) => ring.findScript(outputs[at]?.script ?? new Uint8Array())?.chain === CHANGE)
      .map(({ txid }) => txid),
    { ring, reader: view.reader, known, labelOf },
  );
  const coins: WalletCoin[] = [];
  for (const [at, outPoint] of outPoints.entries()) {
    const output = outputs[at];
    const place = output && ring.findScript(output.script);
    if (output === undefined || place === undefined) return undefined;
    const id = displayHash(outPoint.txid);
    const sender = senders.get(id) ?? known[id] ?? DEFAULT_LABEL;
    const label = place.chain === CHANGE ? sender : labelOf(place);
    coins.push(spentCoin({ outPoint, ...output }, label, ring));
  }
  return coins;
}

/** A coin that the payment before spends already, so that the chain does not list it any more. */
export function spentCoin({ outPoint, value, script }: SpentCoin, label: string, ring: KeyRing): WalletCoin {
  const place = ring.findScript(script);
  if (place === undefined)
    throw new WalletError('coins-gone', 'a coin of this payment belongs to another wallet');
  const standing = { status: 'spendable', confirmations: 1, confirmed: true } as const;
  const address = ring.address(place);
  return { outPoint, value, script, place, label, address, ...standing, own: true, frozen: false };
}

function fixed(id: string, why: string): WalletError {
  return new WalletError('not-replaceable', `the payment ${id} ${why}`);
}

function sum(values: readonly { readonly value: Nits }[]): Nits {
  return values.reduce((total, { value }) => total + value, 0n);
}
