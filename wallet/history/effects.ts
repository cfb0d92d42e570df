/** What each transaction did to the wallet: which of its coins it spent and made, and whose they are. Pure. */
import type { Transaction } from '../../protocol/transaction.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import type { LabelOf } from '../chain/ownership.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, type KeyRing } from '../keys/key-ring.ts';
import { outlineOf, transactionOf, valueAt } from './transaction-text.ts';

/** A transaction of the wallet, in a block or not. */
export interface StandingTransaction {
  /** Txid, as shown. */
  readonly id: string;
  /** Txid in internal byte order, as text: see {@link textOf}. */
  readonly name: string;
  /** Its bytes: see {@link transactionText}. */
  readonly text: string;
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

export interface Effect extends Omit<StandingTransaction, 'text'> {
  /** Read when it is first asked for: of thousands, few are. */
  readonly transaction: Transaction;
  readonly isReward: boolean;
  readonly spent: readonly OwnCoin[];
  readonly made: readonly OwnCoin[];
  /** Those of the coins made that no transaction of the wallet spends. */
  readonly unspent: readonly OwnCoin[];
  /** The label that the change belongs to: that of the first coin spent. Undefined where none was. */
  readonly sender: string | undefined;
  /** The labels that it concerns: those that paid first, each once. */
  readonly labels: readonly string[];
}

export interface EffectFacts {
  readonly ring: Pick<KeyRing, 'findKeyHash'>;
  readonly labelOf: LabelOf;
}

/** A coin of the wallet, and perhaps not yet whose it is. */
interface DraftCoin {
  readonly at: number;
  readonly value: Nits;
  readonly place: KeyPlace;
  readonly maker: Draft;
  isSpent: boolean;
}

/** A transaction whose own coins are found. */
interface Draft {
  readonly standing: StandingTransaction;
  readonly isReward: boolean;
  readonly made: readonly DraftCoin[];
  /** Inputs that spend coins of the wallet. */
  readonly inputs: { readonly at: number; readonly coin: DraftCoin }[];
  /** Whether it was followed already to whoever paid. */
  isTraced: boolean;
  sender: string | undefined;
}

/**
 * The effects of all transactions of a wallet, in their order. A change coin belongs to whoever paid for the
 * transaction that made it, so all must be there; what pays to no key of the wallet and spends none is left out.
 */
export function effectsOf(all: readonly StandingTransaction[], { ring, labelOf }: EffectFacts): Effect[] {
  const drafts = draftsOf(all, ring);
  for (const draft of drafts) traceSender(draft, labelOf);
  const told = ({ at, value, place, maker }: DraftCoin, where = at): OwnCoin => {
    const label = place.chain === CHANGE ? (maker.sender ?? DEFAULT_LABEL) : labelOf(place);
    return { at: where, value, place, label };
  };
  const effects: Effect[] = [];
  for (const draft of drafts) {
    if (draft.inputs.length + draft.made.length === 0) continue;
    const spent = draft.inputs.map(({ at, coin }) => told(coin, at));
    const made = draft.made.map((coin) => told(coin));
    effects.push(new StandingEffect(draft, spent, made));
  }
  return effects;
}

class StandingEffect implements Effect {
  readonly id: string;
  readonly name: string;
  readonly height: Height | undefined;
  readonly time: number | undefined;
  readonly problem: string | undefined;
  readonly isReward: boolean;
  readonly spent: readonly OwnCoin[];
  readonly made: readonly OwnCoin[];
  readonly unspent: readonly OwnCoin[];
  readonly sender: string | undefined;
  readonly labels: readonly string[];
  readonly #text: string;
  #transaction: Transaction | undefined;

  constructor(draft: Draft, spent: readonly OwnCoin[], made: readonly OwnCoin[]) {
    const { standing, isReward, sender } = draft;
    this.id = standing.id;
    this.name = standing.name;
    this.height = standing.height;
    this.time = standing.time;
    this.problem = standing.problem;
    this.isReward = isReward;
    this.spent = spent;
    this.made = made;
    this.unspent = made.filter((_, n) => draft.made[n]?.isSpent === false);
    this.sender = sender;
    this.labels = labelsOf(spent, made);
    this.#text = standing.text;
  }

  get transaction(): Transaction {
    this.#transaction ??= transactionOf(this.#text);
    return this.#transaction;
  }
}

function draftsOf(all: readonly StandingTransaction[], ring: EffectFacts['ring']): Draft[] {
  const coins = new Map<string, DraftCoin[]>();
  const outlines = all.map(({ text }) => outlineOf(text));
  const drafts = all.map((standing, n): Draft => {
    const made: DraftCoin[] = [];
    const isReward = outlines[n]?.isReward ?? false;
    const draft: Draft = { standing, isReward, made, inputs: [], isTraced: false, sender: undefined };
    for (const [at, { keyHash, valueAt: where }] of (outlines[n]?.outputs ?? []).entries()) {
      const place = keyHash === undefined ? undefined : ring.findKeyHash(keyHash);
      if (place === undefined) continue;
      made.push({ at, value: valueAt(standing.text, where), place, maker: draft, isSpent: false });
    }
    if (made.length > 0) coins.set(standing.name, made);
    return draft;
  });
  for (const [n, draft] of drafts.entries()) {
    for (const [at, { name, index }] of (outlines[n]?.spends ?? []).entries()) {
      const coin = coins.get(name)?.find((made) => made.at === index);
      if (coin === undefined) continue;
      coin.isSpent = true;
      draft.inputs.push({ at, coin });
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
    const coin = draft.inputs[0]?.coin;
    if (!draft.isTraced && coin !== undefined) {
      const { place, maker } = coin;
      if (place.chain === CHANGE && !maker.isTraced) {
        waiting.push(maker);
        continue;
      }
      draft.sender = place.chain === CHANGE ? (maker.sender ?? DEFAULT_LABEL) : labelOf(place);
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
