/** How many unconfirmed transactions may depend on each other (Bitcoin Core's `CalculateMemPoolAncestors`). */
import { displayHash } from '../../protocol/bytes.ts';
import { RuleError } from '../../protocol/rules.ts';
import { ancestorsOf, type MempoolEntry, parentKey } from './entry.ts';
import type { MempoolView } from './mempool.ts';

/** What a family of unconfirmed transactions may come to, above any of its members and below. */
export interface FamilyLimits {
  readonly ancestors: number;
  readonly descendants: number;
  /** Of all ancestors and of all descendants of a transaction, itself included. */
  readonly vsize: number;
}

/** The entries whose outputs a transaction spends. */
export function parentsOf(spends: readonly string[], pool: MempoolView): Set<MempoolEntry> {
  const parents = new Set<MempoolEntry>();
  for (const outPoint of spends) {
    const parent = pool.get(parentKey(outPoint));
    if (parent) parents.add(parent);
  }
  return parents;
}

/**
 * Refuses a transaction that would make its family too large.
 * @param replaced entries that leave when it enters, and so do not count
 * @throws RuleError `too-long-mempool-chain`
 */
export function checkFamily(
  vsize: number,
  parents: ReadonlySet<MempoolEntry>,
  replaced: ReadonlySet<MempoolEntry>,
  pool: MempoolView,
  limits: FamilyLimits,
): void {
  if (parents.size === 0) return;
  const ancestors = ancestorsOf(parents, { atMost: limits.ancestors - 1 });
  if (ancestors === undefined) {
    throw tooLong(`too many unconfirmed ancestors [limit: ${limits.ancestors}]`);
  }
  let ancestorVsize = vsize;
  for (const ancestor of ancestors) ancestorVsize += ancestor.vsize;
  if (ancestorVsize > limits.vsize) throw tooLong(`exceeds ancestor size limit [limit: ${limits.vsize}]`);

  for (const ancestor of ancestors) {
    let { count, vsize: descendantVsize } = pool.descendantTotals(ancestor);
    for (const each of replaced) {
      if (!ancestorsOf([each]).has(ancestor)) continue;
      count--;
      descendantVsize -= each.vsize;
    }
    const of = displayHash(ancestor.txid);
    if (count + 1 > limits.descendants) {
      throw tooLong(`too many descendants for tx ${of} [limit: ${limits.descendants}]`);
    }
    if (descendantVsize + vsize > limits.vsize) {
      throw tooLong(`exceeds descendant size limit for tx ${of} [limit: ${limits.vsize}]`);
    }
  }
}

function tooLong(detail: string): RuleError {
  return new RuleError('too-long-mempool-chain', detail);
}
