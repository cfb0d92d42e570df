/** What each transaction did to the wallet: which of its coins it spent and made, and whose they are. Pure. */
import { displayHash } from '../../protocol/bytes.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import type { LabelOf } from '../chain/ownership.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, type KeyRing } from '../keys/key-ring.ts';

/** A transaction of the wallet, in a block or not. */
export interface StandingTransaction {
  /** Txid, as shown. */
  readonly id: string;
  readonly transaction: Transaction;
  /** Undefined while it waits for a block. */
  readonly height: Height | undefined;
  /** Of its block, Unix seconds. */
  readonly time: number | undefined;
  /** Why the chain does not take it, for a payment of this wallet that is kept nevertheless. */
  readonly problem?: string | undefined;
}

/** A coin of the wallet as one transaction spends or makes it. */
export interface OwnCoin {
  /** Among the inputs or outputs of that transaction. */
  readonly at: number;
  readonly value: Nits;
  readonly place: KeyPlace;
  readonly label: string;
}

export interface Effect extends StandingTransaction {
  readonly spent: readonly OwnCoin[];
  readonly made: readonly OwnCoin[];
  /** The label that the change belongs to: that of the first coin spent. Undefined where none was. */
  readonly sender: string | undefined;
}

export interface EffectFacts {
  readonly ring: Pick<KeyRing, 'findScript'>;
  readonly labelOf: LabelOf;
}

/**
 * The effects of all transactions of a wallet, in their order. A change coin belongs to whoever paid for the
 * transaction that made it, so all must be there; those that pay to no key of the wallet and spend none have none.
 */
export function effectsOf(all: readonly StandingTransaction[], { ring, labelOf }: EffectFacts): Effect[] {
  const places = new Map(
    all.map(({ id, transaction }) => [id, transaction.outputs.map(({ script }) => ring.findScript(script))]),
  );
  const byId = new Map(all.map((standing) => [standing.id, standing]));
  const parents = new Map(
    all.map(({ id, transaction }) => [
      id,
      transaction.inputs.map(({ previous }) => displayHash(previous.txid)),
    ]),
  );
  const placeSpent = (id: string, at: number): KeyPlace | undefined => {
    const index = byId.get(id)?.transaction.inputs[at]?.previous.index;
    return index === undefined ? undefined : places.get(parents.get(id)?.[at] ?? '')?.[index];
  };
  const senders = sendersOf(all, parents, placeSpent, labelOf);
  const ownerOf = (place: KeyPlace, madeBy: string): string =>
    place.chain === CHANGE ? (senders.get(madeBy) ?? DEFAULT_LABEL) : labelOf(place);
  return all.map((standing) => {
    const { id, transaction } = standing;
    const spent = transaction.inputs.flatMap(({ previous }, at): OwnCoin[] => {
      const place = placeSpent(id, at);
      const parent = parents.get(id)?.[at] ?? '';
      const value = byId.get(parent)?.transaction.outputs[previous.index]?.value;
      if (place === undefined || value === undefined) return [];
      return [{ at, value, place, label: ownerOf(place, parent) }];
    });
    const made = transaction.outputs.flatMap(({ value }, at): OwnCoin[] => {
      const place = places.get(id)?.[at];
      return place === undefined ? [] : [{ at, value, place, label: ownerOf(place, id) }];
    });
    return { ...standing, spent, made, sender: senders.get(id) };
  });
}

/**
 * The label that paid for each transaction. It follows a change coin to the transaction that made it, and so on; by
 * a list of its own, since a wallet may spend its change thousands of times in a row.
 */
function sendersOf(
  all: readonly StandingTransaction[],
  parents: ReadonlyMap<string, readonly string[]>,
  placeSpent: (id: string, at: number) => KeyPlace | undefined,
  labelOf: LabelOf,
): ReadonlyMap<string, string | undefined> {
  const senders = new Map<string, string | undefined>();
  for (const { id: asked } of all) {
    const waiting = [asked];
    for (let id = waiting.at(-1); id !== undefined; id = waiting.at(-1)) {
      const inputs = parents.get(id) ?? [];
      const at = inputs.findIndex((_, input) => placeSpent(id ?? '', input) !== undefined);
      const place = at === -1 ? undefined : placeSpent(id, at);
      const parent = inputs[at] ?? '';
      if (!senders.has(id) && place?.chain === CHANGE && !senders.has(parent)) {
        waiting.push(parent);
        continue;
      }
      if (place === undefined) senders.set(id, undefined);
      else senders.set(id, place.chain === CHANGE ? (senders.get(parent) ?? DEFAULT_LABEL) : labelOf(place));
      waiting.pop();
    }
  }
  return senders;
}

/** What a transaction did to the balance of one label, or of all. */
export function netOf({ spent, made }: Effect, label?: string): Nits {
  return sumOf(made, label) - sumOf(spent, label);
}

/** The value of these coins, of one label or of all. */
export function sumOf(coins: readonly OwnCoin[], label?: string): Nits {
  let sum = 0n;
  for (const coin of coins) if (label === undefined || coin.label === label) sum += coin.value;
  return sum;
}

/** The labels that a transaction concerns: those that paid first, each once. */
export function labelsOf({ spent, made }: Effect): string[] {
  return [...new Set([...spent, ...made].map(({ label }) => label))];
}
