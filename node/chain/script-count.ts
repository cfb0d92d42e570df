import { isMature } from '../../protocol/check-input.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import type { DeltaValue } from '../storage/deltas-table.ts';
import { FIRST_PLACE, isSameTransaction, type Place } from '../storage/place.ts';

/** What a script owns as of a block, and how much there was to count. All sums are exact. */
export interface ScriptTotals {
  /** Everything ever received, spent or not. */
  readonly received: Nits;
  /** Everything ever spent. */
  readonly spent: Nits;
  /** Of what is not spent, the coinbase outputs that are not old enough yet. */
  readonly immature: Nits;
  /** Outputs that are not spent. */
  readonly coins: number;
  /** Transactions that pay to it or spend from it. */
  readonly transactions: number;
}

/** What is added up so far. */
interface Sums {
  readonly received: Nits;
  readonly spent: Nits;
  readonly coins: number;
  readonly transactions: number;
  /** Deltas that are counted. */
  readonly rows: number;
}

const NOTHING: Sums = { received: 0n, spent: 0n, coins: 0, transactions: 0, rows: 0 };

/** Adds up the deltas of one script, in the order of the chain. */
export class ScriptCount {
  readonly #profile: NetworkProfile;
  readonly #start: Place;
  /** The last place that is counted, if any is from `#start` on. */
  #last: Place | undefined;
  readonly #sums: { -readonly [Name in keyof Sums]: Sums[Name] };
  /** What coinbases paid to it that may still be immature, by height: lower ones come first. */
  readonly #rewards: Map<Height, Nits>;

  private constructor(profile: NetworkProfile, start: Place, sums: Sums, rewards: Iterable<[Height, Nits]>) {
    this.#profile = profile;
    this.#start = start;
    this.#sums = { ...sums };
    this.#rewards = new Map(rewards);
  }

  static ofNothing(profile: NetworkProfile): ScriptCount {
    return new ScriptCount(profile, FIRST_PLACE, NOTHING, []);
  }

  /** The first place that is not counted. */
  get next(): Place {
    return this.#last ? { ...this.#last, index: this.#last.index + 1 } : this.#start;
  }

  /** Deltas that are counted. */
  get rows(): number {
    return this.#sums.rows;
  }

  add({ at, spends, value }: DeltaValue): void {
    const sums = this.#sums;
    if (spends) sums.spent += value;
    else sums.received += value;
    sums.coins += spends ? -1 : 1;
    sums.rows += 1;
    if (this.#last === undefined || !isSameTransaction(this.#last, at)) sums.transactions += 1;
    if (at.position === 0) this.#addReward(at.height, value);
    this.#last = at;
  }

  /** A copy to be counted on from the block after `height`; all up to there is counted, and nothing above. */
  upTo(height: Height): ScriptCount {
    const next = { height: height + 1, position: 0, index: 0 };
    return new ScriptCount(this.#profile, next, this.#sums, this.#rewards);
  }

  /** @param tipHeight height of the last block that counts */
  totals(tipHeight: Height): ScriptTotals {
    const { received, spent, coins, transactions } = this.#sums;
    let immature: Nits = 0n;
    for (const [height, value] of this.#rewards) if (this.#isYoung(height, tipHeight)) immature += value;
    return { received, spent, immature, coins, transactions };
  }

  #addReward(height: Height, value: Nits): void {
    this.#rewards.set(height, (this.#rewards.get(height) ?? 0n) + value);
    for (const [lowest] of this.#rewards) {
      if (this.#isYoung(lowest, height)) break;
      this.#rewards.delete(lowest);
    }
  }

  /** Whether the block after `tipHeight` may not spend a reward of this height: then nobody has. */
  #isYoung(height: Height, tipHeight: Height): boolean {
    const coin = { value: 0n, script: new Uint8Array(), height, coinbase: true };
    return !isMature(coin, tipHeight + 1, this.#profile);
  }
}
