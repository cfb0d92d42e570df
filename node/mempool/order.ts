/** Which entry is mined first, and which is evicted first: both judge an entry with its relatives. */
import { type MempoolEntry, rate, type Totals } from './entry.ts';

/**
 * Whether `a` is mined before `b`: by the rate it pays together with all it depends on, but no more than its
 * own, since a poor child adds nothing to a rich parent that is mined anyway. Between equal rates the earlier
 * arrival decides. Source: Bitcoin Core, CompareTxMemPoolEntryByAncestorFee.
 */
export function isMinedBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  const [rateOfA, rateOfB] = [miningRate(a, a.ancestors), miningRate(b, b.ancestors)];
  return rateOfA === rateOfB ? a.arrival < b.arrival : rateOfA > rateOfB;
}

/** @param ancestors the entry with those of its ancestors that are not mined yet */
export function miningRate(
  { modifiedFee, vsize }: MempoolEntry,
  ancestors: Pick<Totals, 'fees' | 'vsize'>,
): number {
  return Math.min(rate(modifiedFee, vsize), rate(ancestors.fees, ancestors.vsize));
}

/**
 * Whether `a` is evicted before `b`: by the rate it pays together with all that depends on it, but no less
 * than its own, since it would be mined without a poor child. Between equal rates the later arrival goes.
 * Source: Bitcoin Core, CompareTxMemPoolEntryByDescendantScore.
 */
export function isEvictedBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  const [rateOfA, rateOfB] = [evictionRate(a), evictionRate(b)];
  return rateOfA === rateOfB ? a.arrival > b.arrival : rateOfA < rateOfB;
}

function evictionRate({ modifiedFee, vsize, descendants }: MempoolEntry): number {
  return Math.max(rate(modifiedFee, vsize), rate(descendants.fees, descendants.vsize));
}
