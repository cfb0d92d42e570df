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
  /** The labels that it concerns: those that paid first, each once. */
  readonly labels: readonly string[];
}

export interface EffectFacts {
  readonly ring: Pick<KeyRing, 'findScript'>;
  readonly labelOf: LabelOf;
}

/** A transaction whose own coins are found, and perhaps not yet whose they are. */
interface Draft {
  readonly standing: StandingTransaction;
  /** Of each output, where it is the wallet's. */
  readonly places: readonly (KeyPlace | undefined)[];
  /** Inputs that spend coins of the wallet, and what made each coin. */
  readonly inputs: readonly { readonly at: number; readonly maker: Draft; readonly index: number }[];
  /** Whether it was followed already to whoever paid. */
  isTraced: boolean;
  sender: string | undefined;
}

/**
 * The effects of all transactions of a wallet, in their order. A change coin belongs to whoever paid for the
 * transaction that made it, so all must be there; what pays to no key of the wallet and spends none is left out.
 */
export function effectsOf(all: readonly StandingTransaction[], facts: EffectFacts): Effect[] {
  const drafts = draftsOf(all, facts.ring);
  for (const draft of drafts) traceSender(draft, facts.labelOf);
  const ownerOf = (place: KeyPlace, { sender }: Draft): string =>
    place.chain === CHANGE ? (sender ?? DEFAULT_LABEL) : facts.labelOf(place);
  const effects: Effect[] = [];
  for (const draft of drafts) {
    const { standing, places, sender } = draft;
    const spent: OwnCoin[] = [];
    for (const { at, maker, index } of draft.inputs) {
      const place = maker.places[index];
      const value = maker.standing.transaction.outputs[index]?.value;
      if (place === undefined || value === undefined) continue;
      spent.push({ at, value, place, label: ownerOf(place, maker) });
    }
    const made: OwnCoin[] = [];
    for (const [at, { value }] of standing.transaction.outputs.entries()) {
      const place = places[at];
      if (place !== undefined) made.push({ at, value, place, label: ownerOf(place, draft) });
    }
    if (spent.length + made.length === 0) continue;
    effects.push({ ...standing, spent, made, sender, labels: labelsOf(spent, made) });
  }
  return effects;
}

function draftsOf(all: readonly StandingTransaction[], ring: EffectFacts['ring']): Draft[] {
  const drafts = all.map((standing) => ({
    standing,
    places: standing.transaction.outputs.map(({ script }) => ring.findScript(script)),
    inputs: [] as Draft['inputs'][number][],
    isTraced: false,
    sender: undefined,
  }));
  const byId = new Map(drafts.map((draft) => [draft.standing.id, draft]));
  for (const draft of drafts) {
    for (const [at, { previous }] of draft.standing.transaction.inputs.entries()) {
      const maker = byId.get(displayHash(previous.txid));
      if (maker?.places[previous.index] === undefined) continue;
      draft.inputs.push({ at, maker, index: previous.index });
    }
  }
  return drafts;
}

/**
 * Finds the label that paid: it follows a change coin to the transaction that made it, and so on. By a list of its
 * own, since a wallet may spend its change thousands of times in a row.
 */
function traceSender(asked: Draft, labelOf: LabelOf): void {
  const waiting: Draft[] = [asked];
  for (let draft = waiting.at(-1); draft !== undefined; draft = waiting.at(-1)) {
    const [first] = draft.inputs;
    const place = first?.maker.places[first.index];
    if (!draft.isTraced && first !== undefined && place !== undefined) {
      if (place.chain === CHANGE && !first.maker.isTraced) {
        waiting.push(first.maker);
        continue;
      }
      draft.sender = place.chain === CHANGE ? (first.maker.sender ?? DEFAULT_LABEL) : labelOf(place);
    }
    draft.isTraced = true;
    waiting.pop();
  }
}

function labelsOf(spent: readonly OwnCoin[], made: readonly OwnCoin[]): string[] {
  const labels: string[] = [];
  for (const { label } of spent) if (!labels.includes(label)) labels.push(label);
  for (const { label } of made) if (!labels.includes(label)) labels.push(label);
  return labels;
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
