/** What each transaction did to the wallet: which of its coins it spent and made, and whose they are. Pure. */
import type { Transaction } from '../../protocol/transaction.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import type { LabelOf } from '../chain/ownership.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, type KeyRing } from '../keys/key-ring.ts';
import { eachKeyHash, eachSpend, isRewardText, transactionOf, valueAt } from './transaction-text.ts';

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

/**
 * The effects of all transactions of a wallet, in their order. A change coin belongs to whoever paid for the
 * transaction that made it, so all must be there; what pays to no key of the wallet and spends none is left out.
 */
export function effectsOf(all: readonly StandingTransaction[], { ring, labelOf }: EffectFacts): Effect[] {
  const effects = all.map((standing) => new StandingEffect(standing, ring));
  const makers = new Map<string, StandingEffect>();
  for (const effect of effects) if (effect.made.length > 0) makers.set(effect.name, effect);
  for (const effect of effects) effect.findSpent(makers);
  for (const effect of effects) traceSender(effect, labelOf);
  const concerned = effects.filter(({ made, spent }) => made.length + spent.length > 0);
  for (const effect of concerned) for (const coin of effect.made) coin.label = ownerOf(coin, labelOf);
  return concerned;
}

interface MadeCoin extends OwnCoin {
  readonly maker: StandingEffect;
  label: string;
}

/** A coin where it is spent. */
class SpentCoin implements OwnCoin {
  readonly at: number;
  readonly origin: MadeCoin;

  constructor(at: number, origin: MadeCoin) {
    this.at = at;
    this.origin = origin;
  }

  get value(): Nits {
    return this.origin.value;
  }

  get place(): KeyPlace {
    return this.origin.place;
  }

  get label(): string {
    return this.origin.label;
  }
}

const NONE: readonly never[] = [];

/** Of few objects, most of them shared: whoever opens a wallet of thousands of transactions waits for them. */
class StandingEffect implements Effect {
  readonly isReward: boolean;
  readonly made: readonly MadeCoin[];
  spent: readonly SpentCoin[] = NONE;
  unspent: readonly OwnCoin[];
  /** Known once {@link traceSender} was here. */
  sender: string | undefined;
  isTraced = false;
  readonly name: string;
  readonly standing: StandingTransaction;
  #transaction: Transaction | undefined;

  constructor(standing: StandingTransaction, ring: EffectFacts['ring']) {
    const { text } = standing;
    let made: MadeCoin[] | undefined;
    eachKeyHash(text, (at, keyHash, where) => {
      const place = ring.findKeyHash(keyHash);
      if (place === undefined) return;
      made ??= [];
      made.push({ at, value: valueAt(text, where), place, maker: this, label: DEFAULT_LABEL });
    });
    this.made = made ?? NONE;
    this.unspent = this.made;
    this.isReward = isRewardText(text);
    this.name = standing.name;
    this.standing = standing;
  }

  get id(): string {
    return this.standing.id;
  }

  get height(): Height | undefined {
    return this.standing.height;
  }

  get time(): number | undefined {
    return this.standing.time;
  }

  get problem(): string | undefined {
    return this.standing.problem;
  }

  get transaction(): Transaction {
    this.#transaction ??= transactionOf(this.standing.text);
    return this.#transaction;
  }

  get labels(): readonly string[] {
    const labels: string[] = [];
    for (const { label } of this.spent) if (!labels.includes(label)) labels.push(label);
    for (const { label } of this.made) if (!labels.includes(label)) labels.push(label);
    return labels;
  }

  findSpent(makers: ReadonlyMap<string, StandingEffect>): void {
    let spent: SpentCoin[] | undefined;
    eachSpend(this.standing.text, (at, name, index) => {
      const maker = makers.get(name);
      const coin = maker?.made.find((made) => made.at === index);
      if (maker === undefined || coin === undefined) return;
      maker.unspent = maker.unspent.filter((each) => each !== coin);
      spent ??= [];
      spent.push(new SpentCoin(at, coin));
    });
    this.spent = spent ?? NONE;
  }
}

/** Whose a coin is, once it is known who paid for the transaction that made it. */
function ownerOf({ place, maker }: MadeCoin, labelOf: LabelOf): string {
  return place.chain === CHANGE ? (maker.sender ?? DEFAULT_LABEL) : labelOf(place);
}

/**
 * Finds the label that paid: it follows a change coin to the transaction that made it, and so on. By a list of its
 * own, since a wallet may spend its change thousands of times in a row.
 */
function traceSender(asked: StandingEffect, labelOf: LabelOf): void {
  const waiting = [asked];
  for (let effect = waiting.at(-1); effect !== undefined; effect = waiting.at(-1)) {
    const origin = effect.spent[0]?.origin;
    if (!effect.isTraced && origin !== undefined) {
      if (origin.place.chain === CHANGE && !origin.maker.isTraced) {
        waiting.push(origin.maker);
        continue;
      }
      effect.sender = ownerOf(origin, labelOf);
    }
    effect.isTraced = true;
    waiting.pop();
  }
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
