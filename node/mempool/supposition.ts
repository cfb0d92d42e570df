import type { Coin } from '../../protocol/coins.ts';
import type { Nits } from '../../protocol/units.ts';
import { ancestorsOf, type Candidate, MempoolEntry, parentKey, type Totals } from './entry.ts';
import { type Mempool, type MempoolView, outputOf } from './mempool.ts';

/** What may enter the mempool. */
export interface Admissible {
  readonly candidate: Candidate;
  /** The entries whose outputs it spends. */
  readonly parents: ReadonlySet<MempoolEntry>;
  /** The entries that leave when it enters. */
  readonly replaced: ReadonlySet<MempoolEntry>;
}

/** The mempool as it would be with a few more transactions in it; the mempool itself stays as it is meanwhile. */
export class Supposition implements MempoolView {
  readonly #mempool: Mempool;
  readonly #supposed = new Map<string, Admissible>();
  /** Entries of them, made when somebody asks: most transactions have no relatives. */
  readonly #entries = new Map<string, MempoolEntry>();
  /** outPointKey → key of the one that spends it. */
  readonly #spenders = new Map<string, string>();
  readonly #replaced = new Set<MempoolEntry>();
  /** Of every supposed entry that depends on others: itself with all of them. */
  readonly #families = new Map<MempoolEntry, ReadonlySet<MempoolEntry>>();

  constructor(mempool: Mempool) {
    this.#mempool = mempool;
  }

  suppose(admissible: Admissible): void {
    const { candidate, parents, replaced } = admissible;
    this.#supposed.set(candidate.key, admissible);
    for (const outPoint of candidate.spends) this.#spenders.set(outPoint, candidate.key);
    for (const each of replaced) this.#replaced.add(each);
    const entry = parents.size > 0 ? this.#entryOf(candidate.key) : undefined;
    if (entry) this.#families.set(entry, ancestorsOf([entry]));
  }

  get(key: string): MempoolEntry | undefined {
    return this.#entryOf(key) ?? this.#unlessReplaced(this.#mempool.get(key));
  }

  spender(outPoint: string): MempoolEntry | undefined {
    const supposed = this.#spenders.get(outPoint);
    if (supposed !== undefined) return this.#entryOf(supposed);
    return this.#unlessReplaced(this.#mempool.spender(outPoint));
  }

  output(outPoint: string): Coin | undefined {
    const maker = this.get(parentKey(outPoint));
    return maker && outputOf(maker, outPoint);
  }

  descendantTotals(entry: MempoolEntry): Totals {
    const totals = entry.descendants.copy();
    for (const [supposed, family] of this.#families) {
      if (supposed !== entry && family.has(entry)) totals.add(supposed);
    }
    for (const gone of this.#replaced) if (ancestorsOf([gone]).has(entry)) totals.take(gone);
    return totals;
  }

  delta(key: string): Nits {
    return this.#mempool.delta(key);
  }

  /** What is only supposed is there to stay, with all it depends on: those that are supposed together do not compete. */
  isReplaceable(entry: MempoolEntry): boolean {
    if (this.#supposed.has(entry.key)) return false;
    for (const family of this.#families.values()) if (family.has(entry)) return false;
    return true;
  }

  /** Whether it spends a coin that what is supposed spends, or that something it depends on spends. */
  competes(spends: readonly string[]): boolean {
    return spends.some((outPoint) => {
      const rival = this.spender(outPoint);
      return rival !== undefined && !this.isReplaceable(rival);
    });
  }

  /** Its parents in the mempool know nothing of a supposed entry, and it is not ranked. */
  #entryOf(key: string): MempoolEntry | undefined {
    const made = this.#entries.get(key);
    const supposed = this.#supposed.get(key);
    if (made !== undefined || supposed === undefined) return made;
    const delta = this.delta(key);
    const entry = new MempoolEntry(supposed.candidate, {
      addedSeconds: 0,
      addedHeight: 0,
      arrival: 0,
      delta,
    });
    for (const parent of supposed.parents) entry.addParent(parent);
    this.#entries.set(key, entry);
    return entry;
  }

  #unlessReplaced(entry: MempoolEntry | undefined): MempoolEntry | undefined {
    return entry === undefined || this.#replaced.has(entry) ? undefined : entry;
  }
}
