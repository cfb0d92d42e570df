/** Reads the shares of a block from the ledger and sums them up. */
import type { Bits } from '../../protocol/units.ts';
import type { RoundBook } from '../ledger/round-book.ts';
import { pplnsWindow, type RoundBounds, RoundTally, type RoundWeights } from './distribution.ts';

/** Shares read at once. */
const PAGE = 20_000;

/** Weights, and whether the shares reached as far back as they had to. */
export interface TalliedRound extends RoundWeights {
  readonly isComplete: boolean;
}

/**
 * Sums up what a block is divided by, from the finding share backwards, until no older one matters or none is left.
 * @param bits of the block
 */
export async function tallyRound(
  rounds: Pick<RoundBook, 'sharesDown'>,
  { scheme, startSequence, endSequence }: Omit<RoundBounds, 'window'>,
  bits: Bits,
): Promise<TalliedRound> {
  const tally = new RoundTally({ scheme, startSequence, endSequence, window: pplnsWindow(bits) });
  const { round, counted } = tally;
  for (let from = endSequence; !tally.isCompleteBefore(from + 1); ) {
    const page = await rounds.sharesDown(from, PAGE);
    for (const share of page) {
      if (tally.isCompleteBefore(share.sequence + 1)) return { round, counted, isComplete: true };
      tally.add(share);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) {
      return { round, counted, isComplete: tally.isCompleteBefore(last?.sequence ?? from + 1) };
    }
    from = last.sequence - 1;
  }
  return { round, counted, isComplete: true };
}

/** Whether two sums say the same of everybody; who did nothing may be left out. */
export function isSameTally(a: RoundWeights, b: RoundWeights): boolean {
  return areSame(a.round, b.round) && areSame(a.counted, b.counted);
}

function areSame(a: ReadonlyMap<string, bigint>, b: ReadonlyMap<string, bigint>): boolean {
  return [...a.keys(), ...b.keys()].every((address) => (a.get(address) ?? 0n) === (b.get(address) ?? 0n));
}
