/** A miner of a given speed against the pool's choice of difficulty, in simulated time: hours take milliseconds. */
import type { DifficultyLimits, DifficultyWishes } from '../../pool/stratum/difficulty.ts';
import {
  beginWindow,
  chooseDifficulty,
  fitPace,
  newPace,
  type PacedMiner,
  paceShare,
} from '../../pool/stratum/pace.ts';

/** Until a new difficulty has reached the miner, and the shares under way have arrived. */
const DELIVERY_MS = 60;
const TICK_MS = 5_000;

export interface SimulatedMinerOptions {
  /** Difficulty it works off per second: hashes per second ÷ 2³². */
  readonly rate: number;
  readonly limits: DifficultyLimits;
  readonly bits: number;
  readonly wishes?: DifficultyWishes;
  /** Numbers in [0, 1); shares come at random times. */
  readonly random: () => number;
}

export class SimulatedMiner {
  rate: number;
  readonly #options: SimulatedMinerOptions;
  readonly #pace = newPace();
  readonly #wishes: DifficultyWishes;
  #nowMs = 0;
  #tickMs = TICK_MS;
  /** What its present job was sent with. */
  difficulty: number;
  /** A difficulty under way to it. */
  #coming: { readonly difficulty: number; readonly atMs: number } | undefined;
  /** Every difficulty it ever had. */
  readonly history: number[];

  constructor(options: SimulatedMinerOptions) {
    this.#options = options;
    this.rate = options.rate;
    this.#wishes = options.wishes ?? {};
    this.difficulty = chooseDifficulty(this.#miner(undefined), options.limits, options.bits);
    this.history = [this.difficulty];
  }

  #miner(current: number | undefined): PacedMiner {
    return { pace: this.#pace, wishes: this.#wishes, current };
  }

  /** Mines on for some time. @returns the shares it brought */
  mine(seconds: number): number {
    const endMs = this.#nowMs + seconds * 1000;
    let shares = 0;
    for (;;) {
      const shareMs =
        this.#nowMs - (Math.log(1 - this.#options.random()) * this.difficulty * 1000) / this.rate;
      const nextMs = Math.min(shareMs, this.#tickMs, this.#coming?.atMs ?? Number.POSITIVE_INFINITY, endMs);
      this.#nowMs = nextMs;
      if (nextMs === endMs) return shares;
      if (nextMs === this.#coming?.atMs) {
        this.difficulty = this.#coming.difficulty;
        this.history.push(this.difficulty);
        this.#coming = undefined;
        continue;
      }
      if (nextMs === this.#tickMs) this.#tickMs += TICK_MS;
      else {
        shares += 1;
        paceShare(this.#pace, this.difficulty, this.#options.limits);
      }
      this.#judge();
    }
  }

  #judge(): void {
    if (this.#coming !== undefined) return;
    const { limits, bits } = this.#options;
    fitPace(this.#miner(this.difficulty), limits, bits, this.#nowMs);
    const next = chooseDifficulty(this.#miner(this.difficulty), limits, bits);
    if (next === this.difficulty) return;
    this.#coming = { difficulty: next, atMs: this.#nowMs + DELIVERY_MS };
    beginWindow(this.#pace, this.#nowMs + DELIVERY_MS);
  }
}

/** Numbers in [0, 1) that follow from a seed (a linear congruential generator; Knuth, MMIX). */
export function seeded(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}
