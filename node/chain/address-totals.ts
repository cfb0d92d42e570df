import { bytesToHex } from '../../protocol/bytes.ts';
import type { Database, Statements } from '../../service/database.ts';
import { findTip } from '../storage/coin-set.ts';
import { readValues } from '../storage/deltas-table.ts';
import { openNodeSnapshot } from '../storage/node-database.ts';
import { LAST_PLACE } from '../storage/place.ts';
import { type AddressParts, knownTip } from './address-parts.ts';
import type { BlockEntry } from './block-index.ts';
import { Lock } from './lock.ts';
import { ScriptCount, type ScriptTotals } from './script-count.ts';

/** Rows that one statement looks at: about 3 ms. */
const ROWS_PER_STATEMENT = 2_000;
/** A script with more rows than this is not counted from its first one every time. */
const LARGE = 1_000;
/** Large scripts whose counts are kept: those last asked for. */
const MAX_KEPT = 1_000;
/** Counts are kept as of so many blocks below the tip; only a reorganisation that goes deeper makes them void. */
const SETTLED_DEPTH = 6;

/** What is counted of a script, and of that what is settled. */
interface Tally {
  readonly script: Uint8Array;
  readonly count: ScriptCount;
  settled: ScriptCount | undefined;
  ended: boolean;
}

interface Kept {
  readonly count: ScriptCount;
  /** The last block that is counted. */
  readonly block: BlockEntry;
}

/**
 * Adds up what scripts received and spent. A large script is counted once, in statements of bounded work; then
 * what came after the blocks that are settled is added to what is known of it.
 */
export class AddressTotals {
  readonly #database: Database;
  readonly #chain: AddressParts['chain'];
  /** By script, the one asked for last at the end. */
  readonly #kept = new Map<string, Kept>();
  /** Large scripts are counted one after the other: many at once would only wait for each other. */
  readonly #counting = new Lock();

  constructor({ database, chain }: AddressParts) {
    this.#database = database;
    this.#chain = chain;
  }

  /** The totals of these scripts, in their order, all as of one block. */
  async of(scripts: readonly Uint8Array[]): Promise<readonly ScriptTotals[]> {
    return (await this.ifAtHand(scripts)) ?? this.#counting.run(() => this.#countAll(scripts));
  }

  /** The same if one statement is enough for it; undefined if more has to be read. */
  async ifAtHand(scripts: readonly Uint8Array[]): Promise<readonly ScriptTotals[] | undefined> {
    if (scripts.length === 0) return [];
    const known = scripts.map((script) => this.#kept.get(bytesToHex(script)));
    const tallies = scripts.map((script, index) => this.#newTally(script, known[index]));
    const tip = await this.#readOn(this.#database, tallies);
    const holds = known.every((kept) => kept === undefined || this.#isBelow(tip, kept.block));
    return holds && tallies.every(({ ended }) => ended) ? this.#finish(tallies, tip) : undefined;
  }

  /** Counts as of the moment at which it begins, however long it takes. */
  async #countAll(scripts: readonly Uint8Array[]): Promise<readonly ScriptTotals[]> {
    const snapshot = await openNodeSnapshot(this.#database);
    try {
      const tip = knownTip(this.#chain, (await findTip(snapshot)).hash);
      const tallies = scripts.map((script) => {
        const kept = this.#kept.get(bytesToHex(script));
        return this.#newTally(script, kept && this.#isBelow(tip, kept.block) ? kept : undefined);
      });
      while (tallies.some(({ ended }) => !ended)) await this.#readOn(snapshot, tallies);
      return this.#finish(tallies, tip);
    } finally {
      await snapshot.close();
    }
  }

  /** Adds what one statement finds to the tallies that have not ended; returns the tip it is as of. */
  async #readOn(statements: Pick<Statements, 'all'>, tallies: readonly Tally[]): Promise<BlockEntry> {
    const open = tallies.filter(({ ended }) => !ended);
    const each = Math.max(1, Math.floor(ROWS_PER_STATEMENT / open.length));
    const ranges = open.map(({ script, count }) => ({ script, from: count.next, until: LAST_PLACE }));
    const { tip: hash, slices } = await readValues(statements, ranges, each);
    const tip = knownTip(this.#chain, hash);
    const settledHeight = tip.height - SETTLED_DEPTH;
    for (const [index, tally] of open.entries()) {
      const slice = slices[index];
      for (const row of slice?.rows ?? []) {
        if (row.at.height > settledHeight) tally.settled ??= tally.count.upTo(settledHeight);
        tally.count.add(row);
      }
      tally.ended = slice?.ended ?? true;
    }
    return tip;
  }

  #finish(tallies: readonly Tally[], tip: BlockEntry): ScriptTotals[] {
    const settledHeight = tip.height - SETTLED_DEPTH;
    const block = this.#chain.ancestor(tip, settledHeight);
    return tallies.map(({ script, count, settled }) => {
      if (block !== undefined && count.rows > LARGE) {
        this.#keep(bytesToHex(script), { block, count: settled ?? count.upTo(settledHeight) });
      }
      return count.totals(tip.height);
    });
  }

  #keep(key: string, kept: Kept): void {
    const before = this.#kept.get(key);
    this.#kept.delete(key);
    this.#kept.set(key, before !== undefined && before.block.height > kept.block.height ? before : kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  #isBelow(tip: BlockEntry, block: BlockEntry): boolean {
    return this.#chain.ancestor(tip, block.height) === block;
  }

  #newTally(script: Uint8Array, kept: Kept | undefined): Tally {
    const count = kept?.count.upTo(kept.block.height) ?? ScriptCount.ofNothing(this.#chain.profile);
    return { script, count, settled: undefined, ended: false };
  }
}
