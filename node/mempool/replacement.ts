/**
 * When a transaction may take the place of others that spend the same coins: it need not have been announced
 * by a sequence number ("full RBF"). Rules 3 to 5 of BIP 125 and the words of Bitcoin Core's src/policy/rbf.cpp.
 */
import { displayHash } from '../../protocol/bytes.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Nits } from '../../protocol/units.ts';
import { ancestorsOf, type Candidate, descendantsOf, type MempoolEntry, parentKey } from './entry.ts';
import type { MempoolView } from './mempool.ts';
import { miningRateOf } from './order.ts';
import { INCREMENTAL_FEE_RATE_NITS_PER_VB } from './policy.ts';

/** Most transactions that one takes the place of, those that depend on them included (BIP 125 rule 5). */
export const MAX_REPLACED = 100;

/** The entries that spend a coin that the transaction spends. */
export function conflictsOf(spends: readonly string[], pool: MempoolView): Set<MempoolEntry> {
  const conflicts = new Set<MempoolEntry>();
  for (const outPoint of spends) {
    const rival = pool.spender(outPoint);
    if (rival === undefined) continue;
    if (!pool.isReplaceable(rival)) throw new RuleError('txn-mempool-conflict');
    conflicts.add(rival);
  }
  return conflicts;
}

/**
 * What leaves with the conflicts.
 * @throws RuleError `too many potential replacements`
 */
export function replacedBy(conflicts: ReadonlySet<MempoolEntry>): ReadonlySet<MempoolEntry> {
  if (conflicts.size === 0) return conflicts;
  const replaced = descendantsOf(conflicts, { atMost: MAX_REPLACED });
  if (replaced !== undefined) return replaced;
  throw new RuleError('too many potential replacements', `more than ${MAX_REPLACED} would leave`);
}

/**
 * Refuses a replacement that does not make the mempool pay more to whoever mines.
 * @param fee the fee that counts, with its priority
 * @param parents the entries it depends on directly
 * @throws RuleError `bad-txns-spends-conflicting-tx`, `insufficient fee` or `replacement-adds-unconfirmed`
 */
export function checkReplacement(
  candidate: Candidate,
  fee: Nits,
  parents: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
  replaced: ReadonlySet<MempoolEntry>,
): void {
  const ancestors = ancestorsOf(parents);
  checkDisjoint(ancestors, conflicts);
  checkHigherRate(candidate, fee, conflicts);
  checkNewParents(candidate, fee, ancestors, conflicts);
  checkHigherFee(candidate, fee, replaced);
}

/** Core's `EntriesAndTxidsDisjoint`. */
function checkDisjoint(ancestors: ReadonlySet<MempoolEntry>, conflicts: ReadonlySet<MempoolEntry>): void {
  for (const conflict of conflicts) {
    if (!ancestors.has(conflict)) continue;
    throw new RuleError('bad-txns-spends-conflicting-tx', `it spends ${displayHash(conflict.txid)}`);
  }
}

/** Core's `PaysMoreThanConflicts`: miners would rather keep one that pays more for its size. */
function checkHigherRate({ vsize }: Candidate, fee: Nits, conflicts: ReadonlySet<MempoolEntry>): void {
  for (const conflict of conflicts) {
    if (fee * BigInt(conflict.vsize) > conflict.modifiedFee * BigInt(vsize)) continue;
    const found = `${fee} nits for ${vsize} vbytes, replaced: ${conflict.modifiedFee} for ${conflict.vsize}`;
    throw new RuleError('insufficient fee', `the fee rate is not higher: ${found}`);
  }
}

/**
 * BIP 125 rule 2 exists so that a replacement is mined no later than what it replaces, whatever it brings with
 * it. Here that is asked directly: with a parent that the conflicts had not, its ancestor rate must be higher.
 */
function checkNewParents(
  { spends, vsize }: Candidate,
  fee: Nits,
  ancestors: ReadonlySet<MempoolEntry>,
  conflicts: ReadonlySet<MempoolEntry>,
): void {
  if (ancestors.size === 0) return;
  const known = new Set([...conflicts].flatMap((conflict) => conflict.spends.map(parentKey)));
  const unconfirmed = new Set([...ancestors].map(({ key }) => key));
  if (spends.every((outPoint) => known.has(parentKey(outPoint)) || !unconfirmed.has(parentKey(outPoint))))
    return;
  let [fees, size] = [fee, vsize];
  for (const ancestor of ancestors) {
    fees += ancestor.modifiedFee;
    size += ancestor.vsize;
  }
  const own = miningRateOf({ modifiedFee: fee, vsize }, { fees, vsize: size });
  for (const conflict of conflicts) {
    if (own > conflict.miningRate) continue;
    throw new RuleError(
      'replacement-adds-unconfirmed',
      'with its new unconfirmed parent it would be mined later',
    );
  }
}

/** Core's `PaysForRBF`: BIP 125 rule 3, no less than all it replaces, and rule 4, its own relay on top. */
function checkHigherFee({ vsize }: Candidate, fee: Nits, replaced: ReadonlySet<MempoolEntry>): void {
  let before: Nits = 0n;
  for (const { modifiedFee } of replaced) before += modifiedFee;
  const least = before + INCREMENTAL_FEE_RATE_NITS_PER_VB * BigInt(vsize);
  if (fee >= least) return;
  throw new RuleError(
    'insufficient fee',
    `${fee} < ${least}: ${before} of what it replaces, the rest for its own size`,
  );
}
