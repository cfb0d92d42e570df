import { eachInSteps, type Steps } from '../../protocol/steps.ts';
import { type CoinChange, type CoinChanges, type PlacedCoin, rowOf } from '../storage/coins-table.ts';
import type { TransactionPlace } from '../storage/place.ts';

/** Bytes a coin takes in memory beside its script: two objects, its key and the slots of the map (measured). */
const COIN_BYTES = 600;
/** Bytes the note takes that a coin is spent. */
const SPENT_BYTES = 250;
/** What stays of the memory when it is full. */
const KEPT_SHARE = 0.95;

/**
 * The coins in memory: those that changed and are not written yet, those that are being written, and as many
 * unchanged ones as there is room for. Keys are `outPointKey`s. What it does not know has to be read from the
 * table.
 */
export class CoinsCache {
  readonly #maxBytes: number;
  /** As in the table; the oldest comes first. None of them has changed. */
  readonly #clean = new Map<string, PlacedCoin>();
  #cleanBytes = 0;
  #changes = new Map<string, CoinChange>();
  #changedBytes = 0;
  #writing: CoinChanges = new Map();
  #writingBytes = 0;
  /** A step that is on its way to the disk, and the coins that were there before it. */
  #step: { readonly changes: CoinChanges; readonly before: ReadonlyMap<string, PlacedCoin> } | undefined;
  readonly #watches = new Set<Set<string>>();

  /** @param maxBytes memory the coins may take */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the changes alone take so much room that they should be written. */
  get isFull(): boolean {
    return this.#changedBytes > this.#maxBytes / 4;
  }

  /** Whether there is anything that the table does not have. */
  get isDirty(): boolean {
    return this.#changes.size > 0 || this.#writing.size > 0;
  }

  /** Whether this coin's state is known here: unspent if `get` finds it, spent otherwise. */
  has(key: string): boolean {
    const inStep = this.#step?.changes.has(key) === true;
    return inStep || this.#changes.has(key) || this.#writing.has(key) || this.#clean.has(key);
  }

  get(key: string): PlacedCoin | undefined {
    if (this.#step?.changes.has(key)) return this.#step.before.get(key);
    const change = this.#changes.get(key) ?? this.#writing.get(key);
    return change === undefined ? this.#clean.get(key) : change.coin;
  }

  /**
   * Notes which coins change from now on: what is read of them from the table may be out of date. `take` hands
   * out what was noted since it was last called; whoever watches must say when it ends.
   */
  watch(): { take(): ReadonlySet<string>; end(): void } {
    let noted = new Set<string>();
    this.#watches.add(noted);
    const end = () => void this.#watches.delete(noted);
    const take = () => {
      const taken = noted;
      end();
      noted = new Set();
      this.#watches.add(noted);
      return taken;
    };
    return { take, end };
  }

  /** Keeps coins that were read from the table and have not changed since. */
  remember(coins: ReadonlyMap<string, PlacedCoin>): void {
    for (const [key, coin] of coins) if (!this.has(key)) this.#keep(key, coin);
    this.#makeRoom();
  }

  /**
   * Announces the changes of a step. Until `endStep` the coins are seen as they were, although the table, or
   * this cache, may hold the change a moment before all of the step is done.
   * @param before those of the changed coins that are there before
   */
  beginStep(changes: CoinChanges, before: ReadonlyMap<string, PlacedCoin>): void {
    this.#step = { changes, before };
  }

  /** Everybody sees what `beginStep` announced, after `change` or `written` has taken all its steps. */
  endStep(): void {
    this.#step = undefined;
  }

  /** Takes over changes that are to be written later. */
  *change(changes: CoinChanges): Steps<void> {
    yield* eachInSteps(changes, ([key, { coin, onDisk }]) => {
      this.#forget(key);
      this.#note(key);
      const before = this.#changes.get(key);
      const change = { coin, onDisk: this.#rowOf(key, onDisk) };
      this.#changedBytes -= bytesOf(before);
      // A coin that came and went between two writes leaves no trace.
      if (change.coin === undefined && change.onDisk === undefined) {
        this.#changes.delete(key);
      } else {
        this.#changes.set(key, change);
        this.#changedBytes += bytesOf(change);
      }
    });
    this.#makeRoom();
  }

  /** Takes over changes that are in the table. */
  *written(changes: CoinChanges): Steps<void> {
    yield* eachInSteps(changes, ([key, { coin }]) => {
      this.#forget(key);
      this.#note(key);
      if (coin !== undefined && !this.#changes.has(key)) this.#keep(key, coin);
    });
    this.#makeRoom();
  }

  /** Where the row of a coin is, or will be after the write under way; `below` if neither has touched it. */
  #rowOf(key: string, below: TransactionPlace | undefined): TransactionPlace | undefined {
    const change = this.#changes.get(key);
    if (change !== undefined) return change.onDisk;
    const writing = this.#writing.get(key);
    if (writing === undefined) return below;
    return writing.coin && rowOf(writing.coin);
  }

  /** Hands out all changes to be written, until `endWrite`; coins may go on changing meanwhile. */
  beginWrite(): CoinChanges {
    if (this.#writing.size > 0) throw new Error('coins are being written already');
    this.#writing = this.#changes;
    this.#writingBytes = this.#changedBytes;
    this.#changes = new Map();
    this.#changedBytes = 0;
    return this.#writing;
  }

  /** What `beginWrite` handed out is in the table now. */
  *endWrite(): Steps<void> {
    this.#writingBytes = 0;
    yield* this.written(this.#writing);
    this.#writing = new Map();
  }

  #note(key: string): void {
    for (const noted of this.#watches) noted.add(key);
  }

  #keep(key: string, coin: PlacedCoin): void {
    this.#clean.set(key, coin);
    this.#cleanBytes += bytesOf({ coin });
  }

  #forget(key: string): void {
    const coin = this.#clean.get(key);
    if (coin === undefined) return;
    this.#clean.delete(key);
    this.#cleanBytes -= bytesOf({ coin });
  }

  /** A little more room than is needed: to find the oldest of a map takes long when many were removed from it. */
  #makeRoom(): void {
    const otherBytes = this.#changedBytes + this.#writingBytes;
    if (this.#cleanBytes + otherBytes <= this.#maxBytes) return;
    for (const [key] of this.#clean) {
      if (this.#cleanBytes + otherBytes <= this.#maxBytes * KEPT_SHARE) return;
      this.#forget(key);
    }
  }
}

function bytesOf(entry: Pick<CoinChange, 'coin'> | undefined): number {
  if (entry === undefined) return 0;
  return entry.coin === undefined ? SPENT_BYTES : COIN_BYTES + entry.coin.script.length;
}
