/** What happened to each label: a transaction as its owner would tell it. Pure. */
import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { isCoinbase, type OutPoint, type TxOutput, txid } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { ChainTransaction } from '../chain/backend.ts';
import type { LabelOf } from '../chain/ownership.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyRing } from '../keys/key-ring.ts';

/**
 * - `sent`: coins of the label paid somebody, who may be another label
 * - `moved`: coins of the label were paid to the label itself
 * - `received`: somebody paid to the label
 * - `mined`: a block paid its reward to the label
 */
export type Direction = 'sent' | 'moved' | 'received' | 'mined';

/** Somebody at the other end of a payment. */
export interface Counterparty {
  /** Undefined for an output that has no address, such as OP_RETURN. */
  readonly address: string | undefined;
  /** Set when it is a label of this wallet. */
  readonly label: string | undefined;
  readonly amount: Nits;
}

/** One transaction as one label sees it. A payment from one label to another makes an entry for each. */
export interface HistoryEntry {
  readonly txid: Hash;
  readonly label: string;
  readonly direction: Direction;
  readonly status: 'confirmed' | 'pending' | 'immature';
  readonly confirmations: number;
  /** Of the block, in Unix seconds; undefined while pending. */
  readonly time: number | undefined;
  /** What was paid, received or mined, without the fee: never negative. */
  readonly amount: Nits;
  /** What the label paid for the transaction; undefined when it did not pay, or others paid too. */
  readonly fee: Nits | undefined;
  /** What the transaction did to the balance of the label: over all entries these add up to it. */
  readonly net: Nits;
  /** Whom a `sent` paid; for the rest empty. */
  readonly paid: readonly Counterparty[];
  /** The label that paid for a `received`, when it is one of this wallet. */
  readonly from: string | undefined;
}

export interface HistoryFacts {
  readonly ring: KeyRing;
  readonly format: AddressFormat;
  readonly labelOf: LabelOf;
  /** The label whose coins paid for this transaction, undefined when it is a stranger's. */
  readonly sender: string | undefined;
  /** Value of a coin that an input of ours spends. */
  readonly valueOf: (outPoint: OutPoint) => Nits;
  /** Blocks after which a block reward may be spent; 0 for the funds of a genesis block. */
  readonly maturity: number;
}

/** The entries of one transaction: the sender's first, then those it paid, in the order of the outputs. */
export function historyEntries(standing: ChainTransaction, facts: HistoryFacts): HistoryEntry[] {
  const { transaction } = standing;
  const outputs = transaction.outputs.map((output) => ({ ...output, label: ownerOf(output, facts) }));
  const sender = facts.sender;
  const entries = sender === undefined ? [] : [senderEntry(standing, sender, outputs, facts)];
  const others = new Set(outputs.map(({ label }) => label));
  for (const label of others) {
    if (label === undefined || label === sender) continue;
    const amount = sum(outputs.filter((output) => output.label === label));
    entries.push({
      ...standingOf(standing, facts),
      label,
      direction: isCoinbase(transaction) ? 'mined' : 'received',
      amount,
      fee: undefined,
      net: amount,
      paid: [],
      from: sender,
    });
  }
  return entries;
}

type LabelledOutput = TxOutput & { readonly label: string | undefined };

function senderEntry(
  standing: ChainTransaction,
  label: string,
  outputs: readonly LabelledOutput[],
  facts: HistoryFacts,
): HistoryEntry {
  const inputs = standing.transaction.inputs;
  const ours = inputs.filter(({ witness }) => facts.ring.findWitness(witness) !== undefined);
  const spent = ours.reduce((total, { previous }) => total + facts.valueOf(previous), 0n);
  const payees = outputs.filter((output) => output.label !== label);
  const back = outputs.filter((output) => output.label === label);
  const moved = back.filter(({ script }) => facts.ring.findScript(script)?.chain !== CHANGE);
  return {
    ...standingOf(standing, facts),
    label,
    direction: payees.length > 0 ? 'sent' : 'moved',
    amount: sum(payees.length > 0 ? payees : moved),
    fee: ours.length === inputs.length ? spent - sum(outputs) : undefined,
    net: sum(back) - spent,
    paid: payees.map(({ script, value, label: payee }) => ({
      address: encodeAddress(script, facts.format),
      label: payee,
      amount: value,
    })),
    from: undefined,
  };
}

function standingOf({ transaction, confirmations, time }: ChainTransaction, { maturity }: HistoryFacts) {
  const immature = isCoinbase(transaction) && confirmations < maturity;
  const status: HistoryEntry['status'] =
    confirmations === 0 ? 'pending' : immature ? 'immature' : 'confirmed';
  return { txid: txid(transaction), status, confirmations, time };
}

/** The label an output belongs to; change belongs to whoever paid. */
function ownerOf({ script }: TxOutput, { ring, labelOf, sender }: HistoryFacts): string | undefined {
  const place = ring.findScript(script);
  if (place === undefined) return undefined;
  return place.chain === CHANGE ? (sender ?? DEFAULT_LABEL) : labelOf(place);
}

function sum(outputs: readonly { readonly value: Nits }[]): Nits {
  return outputs.reduce((total, output) => total + output.value, 0n);
}
