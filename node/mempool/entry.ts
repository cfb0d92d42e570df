import { hashKey, hexToBytes } from '../../protocol/bytes.ts';
import { sigopsCost } from '../../protocol/check-block.ts';
import { type Coin, inputKeys } from '../../protocol/coins.ts';
import {
  decodeTransaction,
  encodeTransaction,
  type Transaction,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { flatText, type PackedBytes, packBytes, unpackBytes } from './packed-bytes.ts';

/** What admission knows of a transaction before it is in the mempool. */
export interface Candidate {
  readonly transaction: Transaction;
  readonly txid: Hash;
  readonly wtxid: Hash;
  /** `hashKey(txid)`, the entry's key in maps. */
  readonly key: string;
  /** `outPointKey` of what it spends, in the order of its inputs. */
  readonly spends: readonly string[];
  /** The coins it spends, in the order of its inputs. */
  readonly coins: readonly Coin[];
  readonly fee: Nits;
  readonly weight: number;
  /** Virtual bytes: weight ÷ 4, rounded up (BIP 141). */
  readonly vsize: number;
  readonly sigopsCost: number;
}

/** How an entry came. */
export interface Entering {
  /** Seconds since 1970, and the height of the tip then. */
  readonly addedSeconds: number;
  readonly addedHeight: Height;
  /** Counts up with every entry that enters. */
  readonly arrival: number;
  /** What is added to its fee. */
  readonly delta: Nits;
}

/** What an entry without relatives has of them; entries share it. */
const NONE: ReadonlySet<MempoolEntry> = new Set();

/** A coin whose script is packed. */
type PackedCoin = Omit<Coin, 'script'> & { readonly script: PackedBytes };

/**
 * One unconfirmed transaction. `Mempool` makes it and is the only one that changes it. There are many, so it
 * keeps its transaction and coins as they would be stored, and makes them again when they are asked for.
 */
export class MempoolEntry implements Candidate {
  readonly key: string;
  /** `hashKey` of the wtxid. */
  readonly witnessKey: string;
  readonly spends: readonly string[];
  /** Scripts of the coins it spends and of those it makes, each once. */
  readonly scripts: readonly PackedBytes[];
  readonly fee: Nits;
  readonly weight: number;
  readonly vsize: number;
  readonly sigopsCost: number;
  readonly outputCount: number;
  /** About the bytes of memory it takes up, with its places in maps and rankings. */
  readonly memory: number;
  readonly addedSeconds: number;
  readonly addedHeight: Height;
  readonly arrival: number;
  /** The fee it counts with: with what `prioritisetransaction` has added to it or taken from it. */
  modifiedFee: Nits;
  /** Itself with all it depends on, and itself with all that depends on it. */
  readonly ancestors = new Totals();
  readonly descendants = new Totals();
  /** What it is ranked by, and its places in the two rankings of the mempool. */
  miningRate = 0;
  evictionRate = 0;
  miningPlace = -1;
  evictionPlace = -1;
  readonly #raw: PackedBytes;
  readonly #coins: readonly PackedCoin[];
  #parents: Set<MempoolEntry> | undefined;
  #children: Set<MempoolEntry> | undefined;

  constructor(candidate: Candidate, { addedSeconds, addedHeight, arrival, delta }: Entering) {
    const { transaction, coins } = candidate;
    this.key = flatText(candidate.key);
    this.witnessKey = flatText(hashKey(candidate.wtxid));
    this.spends = candidate.spends.map(flatText);
    this.fee = candidate.fee;
    this.weight = candidate.weight;
    this.vsize = candidate.vsize;
    this.sigopsCost = candidate.sigopsCost;
    this.outputCount = transaction.outputs.length;
    this.addedSeconds = addedSeconds;
    this.addedHeight = addedHeight;
    this.arrival = arrival;
    this.modifiedFee = candidate.fee + delta;
    this.#raw = packBytes(encodeTransaction(transaction));
    this.#coins = coins.map((coin) => ({ ...coin, script: packBytes(coin.script) }));
    const made = transaction.outputs.map(({ script }) => packBytes(script));
    this.scripts = [...new Set([...this.#coins.map(({ script }) => script), ...made])];
    this.memory =
      ENTRY_MEMORY +
      this.#raw.length +
      this.spends.length * INPUT_MEMORY +
      this.scripts.reduce((sum, { length }) => sum + SCRIPT_MEMORY + length, 0);
    this.ancestors.add(this);
    this.descendants.add(this);
  }

  get txid(): Hash {
    return hexToBytes(this.key);
  }
  get wtxid(): Hash {
    return hexToBytes(this.witnessKey);
  }
  /** The transaction as it goes over the wire; made anew at every call. */
  get raw(): Uint8Array {
    return unpackBytes(this.#raw);
  }
  /** Made anew at every call. */
  get transaction(): Transaction {
    return decodeTransaction(this.raw);
  }
  /** Made anew at every call. */
  get coins(): readonly Coin[] {
    return this.#coins.map((coin) => ({ ...coin, script: unpackBytes(coin.script) }));
  }

  /** Entries whose outputs it spends, and entries that spend its outputs. */
  get parents(): ReadonlySet<MempoolEntry> {
    return this.#parents ?? NONE;
  }
  get children(): ReadonlySet<MempoolEntry> {
    return this.#children ?? NONE;
  }

  addParent(parent: MempoolEntry): void {
    this.#parents ??= new Set();
    this.#parents.add(parent);
  }
  addChild(child: MempoolEntry): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }
  removeParent(parent: MempoolEntry): void {
    this.#parents?.delete(parent);
  }
  removeChild(child: MempoolEntry): void {
    this.#children?.delete(child);
  }
}

/** Beside the content itself: of an entry, of an input, of a script. Measured. */
const ENTRY_MEMORY = 900;
const INPUT_MEMORY = 200;
const SCRIPT_MEMORY = 90;

/** What entries come to together. */
export class Totals {
  count = 0;
  vsize = 0;
  /** Modified fees. */
  fees: Nits = 0n;

  add({ vsize, modifiedFee }: MempoolEntry): void {
    this.count++;
    this.vsize += vsize;
    this.fees += modifiedFee;
  }

  take({ vsize, modifiedFee }: MempoolEntry): void {
    this.count--;
    this.vsize -= vsize;
    this.fees -= modifiedFee;
  }

  copy(): Totals {
    return Object.assign(new Totals(), this);
  }
}

/** Measures a transaction that pays `fee` for spending `coins`. */
export function candidateOf(
  transaction: Transaction,
  coins: readonly Coin[],
  fee: Nits,
  spends: readonly string[] = inputKeys(transaction),
): Candidate {
  const id = txid(transaction);
  return {
    transaction,
    txid: id,
    wtxid: wtxid(transaction),
    key: hashKey(id),
    spends,
    coins,
    fee,
    weight: transactionWeight(transaction),
    vsize: vsize(transaction),
    sigopsCost: sigopsCost(transaction),
  };
}

/** The key of the transaction that an outpoint belongs to. */
export function parentKey(outPoint: string): string {
  return outPoint.slice(0, 64);
}

/** Nits per virtual byte, to compare with. */
export function rate(fees: Nits, vsize: number): number {
  return Number(fees) / vsize;
}

/** How far to walk along links: not through these, and giving up where more than so many are found. */
export interface WalkLimits {
  readonly except?: ReadonlySet<MempoolEntry>;
  readonly atMost?: number;
}

/** The entries and all that depend on them, each once; undefined if that is more than `atMost`. */
export function descendantsOf(entries: Iterable<MempoolEntry>): Set<MempoolEntry>;
export function descendantsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits,
): Set<MempoolEntry> | undefined;
export function descendantsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits = {},
): Set<MempoolEntry> | undefined {
  return reachable(entries, (entry) => entry.children, limits);
}

/** The entries and all that they depend on, each once; undefined if that is more than `atMost`. */
export function ancestorsOf(entries: Iterable<MempoolEntry>): Set<MempoolEntry>;
export function ancestorsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits,
): Set<MempoolEntry> | undefined;
export function ancestorsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits = {},
): Set<MempoolEntry> | undefined {
  return reachable(entries, (entry) => entry.parents, limits);
}

function reachable(
  from: Iterable<MempoolEntry>,
  next: (entry: MempoolEntry) => Iterable<MempoolEntry>,
  { except, atMost = Number.POSITIVE_INFINITY }: WalkLimits,
): Set<MempoolEntry> | undefined {
  // A Set is walked in insertion order, entries added meanwhile included.
  const found = new Set(from);
  for (const entry of found) {
    for (const neighbour of next(entry)) if (!except?.has(neighbour)) found.add(neighbour);
    if (found.size > atMost) return undefined;
  }
  return found;
}
