import type { Coin } from '../../protocol/connect.ts';
import type { CoinChange, CoinChanges } from '../storage/coins-table.ts';

/** Bytes a cached coin takes beside its script: two objects, its key and the slots of the map (measured). */
const COIN_BYTES = 600;

/**
 * The coins in memory: those that changed and are not written yet, and as many unchanged ones as there is
 * room for. Keys are `outPointKey`s. What it does not know has to be read from the table.
 */
export class CoinsCache {
  readonly #maxBytes: number;
  /** As in the table; the oldest comes first. */
  readonly #clean = new Map<string, Coin>();
  #cleanBytes = 0;
  #changes = new Map<string, CoinChange>();
  #changedBytes = 0;
  #version = 0;

  /** @param maxBytes memory the coins may take */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Grows whenever coins change or are written: what was read from the table before may be out of date then. */
  get version(): number {
    return this.#version;
  }

  /** Whether the changes alone take so much room that they should be written. */
  get isFull(): boolean {
    return this.#changedBytes > this.#maxBytes / 2;
  }

  /** Whether this coin's state is known here: unspent if `get` finds it, spent otherwise. */
  has(key: string): boolean {
    return this.#changes.has(key) || this.#clean.has(key);
  }

  get(key: string): Coin | undefined {
    const change = this.#changes.get(key);
    return change === undefined ? this.#clean.get(key) : change.coin;
  }

  /** Keeps coins that were read from the table while `version` stayed the same. */
  remember(coins: ReadonlyMap<string, Coin>): void {
    for (const [key, coin] of coins) {
      if (!this.has(key)) this.#keep(key, coin);
    }
    this.#makeRoom();
  }

  /** Takes over changes that are to be written later. */
  change(changes: CoinChanges): void {
    for (const [key, { coin, onDisk }] of changes) {
      this.#forget(key);
      const before = this.#changes.get(key);
      const stays = before?.onDisk ?? onDisk;
      this.#changedBytes += bytesOf(coin) - bytesOf(before?.coin);
      // A coin that came and went between two writes leaves no trace.
      if (coin === undefined && !stays) this.#changes.delete(key);
      else this.#changes.set(key, { coin, onDisk: stays });
    }
    this.#version++;
    this.#makeRoom();
  }

  /** What is not written yet. */
  get changes(): CoinChanges {
    return this.#changes;
  }

  /** Takes over changes that are in the table already. */
  changeWritten(changes: CoinChanges): void {
    for (const [key, { coin }] of changes) {
      this.#forget(key);
      if (coin !== undefined) this.#keep(key, coin);
    }
    this.#version++;
    this.#makeRoom();
  }

  /** All changes have been written. */
  written(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#changedBytes = 0;
    this.changeWritten(changes);
  }

  #keep(key: string, coin: Coin): void {
    this.#clean.set(key, coin);
    this.#cleanBytes += bytesOf(coin);
  }

  #forget(key: string): void {
    const coin = this.#clean.get(key);
    if (coin === undefined) return;
    this.#clean.delete(key);
    this.#cleanBytes -= bytesOf(coin);
  }

  #makeRoom(): void {
    for (const [key] of this.#clean) {
      if (this.#cleanBytes + this.#changedBytes <= this.#maxBytes) return;
      this.#forget(key);
    }
  }
}

function bytesOf(coin: Coin | undefined): number {
  return coin === undefined ? 0 : COIN_BYTES + coin.script.length;
}
