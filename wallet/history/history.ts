/** What happened to a wallet: a transaction as its owner would tell it. Pure. */
import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { parseDisplayHash } from '../../protocol/bytes.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Contents } from '../keys/contents.ts';
import { CHANGE } from '../keys/key-ring.ts';
import { type Effect, netOf, type OwnCoin, sumOf } from './effects.ts';

/**
 * - `sent`: coins paid somebody, who may be another label
 * - `moved`: coins were paid to whom they belonged before
 * - `received`: somebody paid
 * - `mined`: a block paid its reward
 */
export const DIRECTIONS = ['sent', 'moved', 'received', 'mined'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** `pending`: in no block yet. `immature`: a block reward that has to wait. */
export const STATUSES = ['confirmed', 'pending', 'immature'] as const;
export type HistoryStatus = (typeof STATUSES)[number];

/** Somebody at one end of a payment. */
export interface Counterparty {
  /** Undefined for an output that has no address, such as OP_RETURN. */
  readonly address: string | undefined;
  /** Set when it is a label of this wallet. */
  readonly label: string | undefined;
  /** The name that the owner knows the address by. */
  readonly contact: string | undefined;
  readonly amount: Nits;
}

/** A transaction in short, as one label sees it or as the whole wallet does. */
export interface HistoryFacts {
  /** Undefined where the whole wallet is meant. */
  readonly label: string | undefined;
  /** All labels that it concerns; those that paid first. */
  readonly labels: readonly string[];
  readonly direction: Direction;
  readonly status: HistoryStatus;
  /** Why the chain does not take a pending payment of this wallet; it is kept and handed in again. */
  readonly problem: string | undefined;
  readonly confirmations: number;
  /** Of an immature reward: blocks until it can be spent. */
  readonly blocksLeft: number | undefined;
  readonly height: Height | undefined;
  /** Of the block, in Unix seconds; undefined while pending. */
  readonly time: number | undefined;
  /** What was paid, received or mined, without the fee: never negative. */
  readonly amount: Nits;
  /** What it paid for the transaction; undefined when it did not pay, or others paid too. */
  readonly fee: Nits | undefined;
  /** What the transaction did to the balance: over all entries these add up to it. */
  readonly net: Nits;
}

/** A transaction with who was concerned. A payment from one label to another makes an entry for each label. */
export interface HistoryEntry extends HistoryFacts {
  readonly txid: Hash;
  /** Whom a `sent` paid; for the rest empty. */
  readonly paid: readonly Counterparty[];
  /** Own addresses that were paid, change left out. */
  readonly received: readonly Counterparty[];
  /** The label that paid for a `received`, when it is one of this wallet. */
  readonly from: string | undefined;
  /** What the owner wrote beside it; empty for nothing. */
  readonly note: string;
}

/** What a history is told with. */
export interface HistorySetting {
  readonly tipHeight: Height;
  readonly format: AddressFormat;
  /** Blocks after which a block reward may be spent; those of the genesis block need not wait. */
  readonly maturity: number;
  readonly notes: Contents['notes'];
  /** Names by address. */
  readonly contacts: ReadonlyMap<string, string>;
}

/** @param label undefined for the whole wallet */
export function historyFacts(
  effect: Effect,
  label: string | undefined,
  { tipHeight, maturity }: Pick<HistorySetting, 'tipHeight' | 'maturity'>,
): HistoryFacts {
  const { isReward, height } = effect;
  const confirmations = height === undefined ? 0 : tipHeight - height + 1;
  const waits = isReward && height !== 0 && confirmations < maturity;
  return {
    label,
    labels: effect.labels,
    status: height === undefined ? 'pending' : waits ? 'immature' : 'confirmed',
    problem: effect.problem,
    confirmations,
    blocksLeft: waits && height !== undefined ? maturity - confirmations : undefined,
    height,
    time: effect.time,
    ...amounts(effect, label),
    net: netOf(effect, label),
  };
}

/** Which way the money went, how much, and for which fee. */
function amounts(
  effect: Effect,
  label: string | undefined,
): Pick<HistoryFacts, 'direction' | 'amount' | 'fee'> {
  const { transaction, spent, made, isReward } = effect;
  const payers = spent.filter((coin) => label === undefined || coin.label === label);
  const back = made.filter((coin) => label === undefined || coin.label === label);
  if (payers.length === 0) {
    return { direction: isReward ? 'mined' : 'received', amount: sumOf(back), fee: undefined };
  }
  if (payers.length < transaction.inputs.length) {
    // Others paid too: nobody can say which of them paid whom, only what it did to this one.
    const net = sumOf(back) - sumOf(payers);
    return net < 0n
      ? { direction: 'sent', amount: -net, fee: undefined }
      : { direction: 'received', amount: net, fee: undefined };
  }
  const out = transaction.outputs.reduce((sum, { value }) => sum + value, 0n);
  const fee = sumOf(payers) - out;
  if (back.length < transaction.outputs.length) return { direction: 'sent', amount: out - sumOf(back), fee };
  const asked = back.filter(({ place }) => place.chain !== CHANGE);
  return { direction: 'moved', amount: sumOf(asked.length > 0 ? asked : back), fee };
}

/** The whole entry of the short one. */
export function historyEntry(effect: Effect, facts: HistoryFacts, setting: HistorySetting): HistoryEntry {
  const { label, direction } = facts;
  const { transaction, made, sender, id } = effect;
  const owners = new Map(made.map((coin) => [coin.at, coin]));
  const isOwn = (coin: OwnCoin | undefined) =>
    coin !== undefined && (label === undefined || coin.label === label);
  const outputs = transaction.outputs.map(({ script, value }, at) => ({
    script,
    value,
    coin: owners.get(at),
  }));
  const shown = ({ script, value, coin }: (typeof outputs)[number]): Counterparty => {
    const address = encodeAddress(script, setting.format);
    const contact = address === undefined ? undefined : setting.contacts.get(address);
    return { address, label: coin?.label, contact, amount: value };
  };
  // Change that a stranger's transaction pays is no change.
  const isAsked = (coin: OwnCoin | undefined) => sender === undefined || coin?.place.chain !== CHANGE;
  return {
    ...facts,
    txid: parseDisplayHash(id),
    paid: direction === 'sent' ? outputs.filter(({ coin }) => !isOwn(coin)).map(shown) : [],
    received: outputs.filter(({ coin }) => isOwn(coin) && isAsked(coin)).map(shown),
    from: label !== undefined && direction === 'received' && sender !== label ? sender : undefined,
    note: setting.notes.transactions[id] ?? '',
  };
}
