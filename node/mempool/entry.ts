import { hashKey } from '../../protocol/bytes.ts';
import { sigopsCost } from '../../protocol/check-block.ts';
import { type Coin, inputKeys } from '../../protocol/coins.ts';
import {
  type Transaction,
  totalSize,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';

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
  /** Serialised bytes, witness included. */
  readonly size: number;
  readonly sigopsCost: number;
  /** Bytes of memory it takes up as an entry, estimated (`memoryOf`). */
  readonly memory: number;
}

/** One unconfirmed transaction. `Mempool` makes it and is the only one that changes it. */
export interface MempoolEntry extends Candidate {
  /** When it entered, seconds since 1970, and the height of the tip then. */
  readonly addedSeconds: number;
  readonly addedHeight: Height;
  /** Counts up with every entry that enters. */
  readonly arrival: number;
  /** The fee it counts with: with what `prioritisetransaction` has added to it or taken from it. */
  modifiedFee: Nits;
  /** Entries whose outputs it spends, and entries that spend its outputs. */
  readonly parents: Set<MempoolEntry>;
  readonly children: Set<MempoolEntry>;
  /** Itself with all it depends on, and itself with all that depends on it. */
  readonly ancestors: Totals;
  readonly descendants: Totals;
  /** Places in the two rankings of the mempool. */
  miningPlace: number;
  evictionPlace: number;
}

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
    size: totalSize(transaction),
    sigopsCost: sigopsCost(transaction),
    memory: memoryOf(transaction),
  };
}

/** Of an entry with its place in maps, rankings and indexes; of an input with its coin; of an output. Measured. */
const ENTRY_MEMORY = 2_000;
const INPUT_MEMORY = 1_000;
const OUTPUT_MEMORY = 300;

/** About the bytes of memory that an entry with this transaction takes up. */
function memoryOf(transaction: Transaction): number {
  const { inputs, outputs } = transaction;
  return (
    totalSize(transaction) + ENTRY_MEMORY + inputs.length * INPUT_MEMORY + outputs.length * OUTPUT_MEMORY
  );
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
