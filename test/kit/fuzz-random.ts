/**
 * Chance for fuzz tests. Every case has a seed of its own, made of the seed of the run and its number, so a case
 * that fails is run again alone:
 *
 *     NILZ_FUZZ_SEED=1 NILZ_FUZZ_ONLY=4711 npm test -- fuzz/frames
 *
 * `NILZ_FUZZ_CASES` is the number of cases of all fuzz tests together.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export const FUZZ_SEED = Number(process.env.NILZ_FUZZ_SEED ?? 1) >>> 0;
export const FUZZ_CASES = Number(process.env.NILZ_FUZZ_CASES ?? 200_000);
const ONLY = process.env.NILZ_FUZZ_ONLY;

/** A case that takes longer hangs, even on a machine that is busy otherwise. */
const CASE_LIMIT_MS = 5_000;
/** What caches and compiled code may add to the memory in use between the first cases and the last. */
export const GROWTH_LIMIT_BYTES = 32 * 1024 * 1024;

const PATIENCE = 20;
const PATIENCE_PAUSE_MS = 250;

/** The same choices for the same seed (mulberry32). */
export class FuzzRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  readonly fraction = (): number => this.u32() / 2 ** 32;

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** True about once in `times`. */
  once(times: number): boolean {
    return this.int(1, times) === 1;
  }

  pick<T>(items: readonly T[]): T {
    assert.ok(items.length > 0, 'nothing to choose from');
    return items[this.int(0, items.length - 1)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.u32());
  }

  /** A few mostly, very many seldom. */
  count(most: number): number {
    return this.once(50) ? this.int(0, most) : this.int(0, Math.min(most, 4));
  }

  /** A number at which fields of 32 bits are wont to break. */
  edge(): number {
    return this.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xfffe, 0x1_0000, this.u32()]);
  }
}

/**
 * Runs `share` of all cases, and holds each to its time and all of them to their memory.
 * @param casesPerRun cases that one call of `run` stands for
 */
export async function fuzz(
  { share, casesPerRun = 1 }: { readonly share: number; readonly casesPerRun?: number },
  run: (random: FuzzRandom) => void | Promise<void>,
): Promise<void> {
  const runs = Math.ceil((FUZZ_CASES * share) / casesPerRun);
  const warmUp = Math.ceil(runs / 5);
  let before = 0;
  const startedMs = performance.now();
  for (let number = 0; number < runs; number++) {
    if (ONLY !== undefined && number !== Number(ONLY)) continue;
    if (number === warmUp) before = await memoryInUse();
    await runOne(number, run);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (ONLY !== undefined) return;
  console.log(`${runs * casesPerRun} cases in ${seconds} s, NILZ_FUZZ_SEED=${FUZZ_SEED}`);
  let growth = (await memoryInUse()) - before;
  // A machine that is busy gives buffers back late.
  for (let left = PATIENCE; left > 0 && growth >= GROWTH_LIMIT_BYTES; left--) {
    await sleep(PATIENCE_PAUSE_MS);
    growth = (await memoryInUse()) - before;
  }
  assert.ok(growth < GROWTH_LIMIT_BYTES, `memory has grown by ${growth} bytes`);
}

async function runOne(number: number, run: (random: FuzzRandom) => void | Promise<void>): Promise<void> {
  const before = process.cpuUsage();
  try {
    await run(new FuzzRandom(FUZZ_SEED ^ Math.imul(number + 1, 0x9e37_79b1)));
  } catch (error) {
    const why = error instanceof Error ? error.stack : String(error);
    throw new Error(`NILZ_FUZZ_SEED=${FUZZ_SEED} NILZ_FUZZ_ONLY=${number} fails: ${why}`, { cause: error });
  }
  const { user, system } = process.cpuUsage(before);
  const tookMs = (user + system) / 1_000;
  assert.ok(tookMs < CASE_LIMIT_MS, `NILZ_FUZZ_ONLY=${number} takes ${tookMs} ms of processor time`);
}

let collect: (() => void) | undefined;

/** How often memory is cleared away at most until nothing more comes free: buffers are freed in the background. */
const COLLECTIONS = 20;
const COLLECTION_PAUSE_MS = 20;
/** Less than that is no gain worth another round. */
const COLLECTED_BYTES = 64 * 1024;

/** Bytes of live objects and buffers, after what is dead was cleared away. */
export async function memoryInUse(): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < COLLECTIONS; round++) {
    collect();
    await sleep(COLLECTION_PAUSE_MS);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const used = heapUsed + arrayBuffers;
    if (used > least - COLLECTED_BYTES) return Math.min(used, least);
    least = used;
  }
  return least;
}
