/** Who gets what of a block. Pure, and in integers: weights are expected hashes, amounts are nits. */
import { compactToTarget } from '../../protocol/compact.ts';
import type { Bits, Nits } from '../../protocol/units.ts';
import { DIFFICULTY_1 } from '../../protocol/work.ts';
import { type Scheme, soloParts, type Terms, withoutFee } from './scheme.ts';

/** A credited share, as far as it matters here. */
export interface WeightedShare {
  readonly sequence: number;
  readonly address: string;
  /** Expected hashes: ⌊difficulty × 2³²⌋. */
  readonly weight: bigint;
}

/** The window of `pplns` is so many times the found block's difficulty. */
const WINDOW_BLOCKS = 2n;
/** A share of difficulty 1 stands for 2³² hashes; divided by a target, for those of a share of that target. */
const HASHES_TIMES_TARGET = DIFFICULTY_1 << 32n;

/** Expected hashes of a share of a block's difficulty: what its miners are measured by. */
export function blockWeight(bits: Bits): bigint {
  return HASHES_TIMES_TARGET / compactToTarget(bits);
}

/** How much of the newest shares a `pplns` block is divided among. */
export function pplnsWindow(bits: Bits): bigint {
  return (WINDOW_BLOCKS * HASHES_TIMES_TARGET) / compactToTarget(bits);
}

/** Which shares a block is divided among. */
export interface RoundBounds {
  readonly scheme: Scheme;
  /** The round's shares come after this one. */
  readonly startSequence: number;
  /** The finding share, inclusive. */
  readonly endSequence: number;
  /** Of `pplns`; see {@link pplnsWindow}. */
  readonly window: bigint;
}

/** The weights of one block, by address. */
export interface RoundWeights {
  /** What everyone did in the round: kept for ever, for audit and luck. */
  readonly round: ReadonlyMap<string, bigint>;
  /** What the reward is divided by. Under `solo` nothing. */
  readonly counted: ReadonlyMap<string, bigint>;
}

/**
 * Sums shares up, from the finding one backwards. Under `pplns` the window ends with the finding share, and the
 * oldest share is counted only as far as it reaches into the window; a window that is not full yet divides among
 * what there is. Under `prop` the round is what counts.
 */
export class RoundTally implements RoundWeights {
  readonly round = new Map<string, bigint>();
  readonly counted = new Map<string, bigint>();
  readonly #bounds: RoundBounds;
  #room: bigint;

  constructor(bounds: RoundBounds) {
    this.#bounds = bounds;
    this.#room = bounds.scheme === 'pplns' ? bounds.window : 0n;
  }

  /** Whether no share before this one matters any more. */
  isCompleteBefore(sequence: number): boolean {
    return sequence <= this.#bounds.startSequence + 1 && this.#room === 0n;
  }

  /** Takes the next older share. */
  add({ sequence, address, weight }: WeightedShare): void {
    const { scheme, startSequence, endSequence } = this.#bounds;
    if (sequence > endSequence) return;
    const inRound = sequence > startSequence;
    if (inRound) increase(this.round, address, weight);
    if (scheme === 'prop' && inRound) increase(this.counted, address, weight);
    if (scheme !== 'pplns') return;
    const part = weight < this.#room ? weight : this.#room;
    this.#room -= part;
    if (part > 0n) increase(this.counted, address, part);
  }
}

function increase(sums: Map<string, bigint>, address: string, weight: bigint): void {
  sums.set(address, (sums.get(address) ?? 0n) + weight);
}

/** A reward divided: the amounts and the operator's part add up to it exactly. */
export interface Distribution {
  readonly amounts: ReadonlyMap<string, Nits>;
  /** The fee and what rounding leaves over; everything when there is nobody to divide among. */
  readonly operator: Nits;
}

/**
 * Divides a reward in proportion to weights. Each amount is rounded down; what is left is the operator's.
 * @param reward subsidy and fees
 * @param finder who is paid under `solo`, by the coinbase itself
 */
export function distribute(
  reward: Nits,
  { scheme, fee }: Terms,
  counted: ReadonlyMap<string, bigint>,
  finder?: string,
): Distribution {
  if (scheme === 'solo') {
    if (finder === undefined) return { amounts: new Map(), operator: reward };
    const parts = soloParts(reward, fee);
    return { amounts: new Map([[finder, parts.finder]]), operator: parts.operator };
  }
  const pot = withoutFee(reward, fee);
  const total = sum(counted.values());
  const amounts = new Map<string, Nits>();
  let given = 0n;
  for (const [address, weight] of counted) {
    const amount = total === 0n ? 0n : (pot * weight) / total;
    amounts.set(address, amount);
    given += amount;
  }
  return { amounts, operator: reward - given };
}

/** The sum of amounts or weights. */
export function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
