import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import { checkTransaction, isFinal } from '../../protocol/check-transaction.ts';
import { inputKeys } from '../../protocol/coins.ts';
import { type Coin, checkInputs } from '../../protocol/connect.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import { type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Capacity } from './capacity.ts';
import { type Candidate, candidateOf, type MempoolEntry } from './entry.ts';
import { checkFamily, type FamilyLimits, parentsOf } from './family.ts';
import type { MempoolView } from './mempool.ts';
import { checkStandard, MAX_ANCESTORS, MAX_DESCENDANTS, MAX_FAMILY_VSIZE } from './policy.ts';
import { checkReplacement, conflictsOf, replacedBy } from './replacement.ts';
import type { Admissible } from './supposition.ts';

/** A transaction that may enter, or the rule it breaks. */
export type Verdict<T> = { readonly accepted: T } | Refusal;

export interface Refusal {
  readonly rejected: RuleError;
  /** Txids of parents that nobody knows here, where nothing else is known to be wrong: at most 24. */
  readonly missing?: readonly Hash[];
}

/** What is not asked again of a transaction that the chain or the mempool has already taken once. */
export interface Terms {
  /** Standard form, fee, replacement (false: the transaction comes back, or is reloaded). */
  readonly policy: boolean;
  readonly family: FamilyLimits;
  /** Signatures (false: they were checked when its block connected, or when it entered). */
  readonly signatures: boolean;
}

export const FIRST_ENTRY: Terms = {
  policy: true,
  family: { ancestors: MAX_ANCESTORS, descendants: MAX_DESCENDANTS, vsize: MAX_FAMILY_VSIZE },
  signatures: true,
};
/** What was in blocks may be a long chain of payments; the work it makes grows with the square of its length. */
const LONG_FAMILY: FamilyLimits = { ancestors: 1_000, descendants: 1_000, vsize: Number.POSITIVE_INFINITY };
/** Out of a block that left the best chain: its signatures are known, and policy does not undo what was mined. */
export const RETURNING: Terms = { policy: false, family: LONG_FAMILY, signatures: false };
/** Out of the database: what was taken once is not asked about policy again, but a file can be damaged. */
export const RELOADED: Terms = { policy: false, family: LONG_FAMILY, signatures: true };

/** A transaction that was in before, with when it had entered if that is known. */
export interface Returning {
  readonly transaction: Transaction;
  readonly addedSeconds?: number;
  readonly addedHeight?: Height;
}

/** A transaction that comes to be admitted, for the first time or again. */
export interface Arriving extends Returning {
  /** `outPointKey` of what it spends, in the order of its inputs. */
  readonly spends: readonly string[];
  /** The rule it breaks by itself, whatever the chain and the mempool are: nothing is looked up for it. */
  readonly flaw: RuleError | undefined;
  /** Its sender wants no higher rate, in nits per 1,000 virtual bytes. */
  readonly maxFeeRate?: Nits | undefined;
  /** Set once its signatures were found to be wrong. */
  fault?: RuleError;
}

/** Checks what can be said of a transaction by itself. */
export function arriving<T extends Returning>(item: T, terms: Terms): T & Arriving {
  const flaw = flawOf(item.transaction, terms);
  return { ...item, flaw, spends: flaw ? [] : inputKeys(item.transaction) };
}

function flawOf(transaction: Transaction, terms: Terms): RuleError | undefined {
  try {
    checkTransaction(transaction);
    if (terms.policy) checkStandard(transaction);
    return undefined;
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
}

/** The tip that a block with the transactions would follow. */
export interface JudgeChain {
  readonly profile: NetworkProfile;
  readonly tip: { readonly height: Height; readonly medianTime: number };
}

/** Says which rule keeps a transaction out of the mempool. It awaits nothing and changes nothing. */
export class Judge {
  readonly #chain: JudgeChain;
  readonly #capacity: Capacity;

  constructor(chain: JudgeChain, capacity: Capacity) {
    this.#chain = chain;
    this.#capacity = capacity;
  }

  /**
   * Every check, in the order of Bitcoin Core's `MemPoolAccept`; of the signatures only what was found out
   * before (`Arriving.fault`).
   * @param confirmed the chain's coins that the inputs want
   * @param pool the mempool, or what is supposed to be in it
   */
  judge(
    { transaction, spends, flaw, fault }: Arriving,
    confirmed: ReadonlyMap<string, Coin>,
    terms: Terms,
    pool: MempoolView,
  ): Verdict<Admissible> {
    try {
      if (flaw) throw flaw;
      this.#checkFinal(transaction);
      checkUnknown(transaction, pool);
      const conflicts = conflictsOf(spends, pool);
      if (conflicts.size > 0 && !terms.policy) throw new RuleError('txn-mempool-conflict');
      const coins = coinsOf(spends, confirmed, pool);
      const candidate = candidateOf(transaction, coins, this.#checkCoins(transaction, coins), spends);
      const fee = candidate.fee + pool.delta(candidate.key);
      if (terms.policy) this.#capacity.checkFee(fee, candidate.vsize);
      const parents = parentsOf(spends, pool);
      const replaced = replacedBy(conflicts);
      checkFamily(candidate.vsize, parents, replaced, pool, terms.family);
      if (conflicts.size > 0) checkReplacement(candidate, fee, parents, conflicts, replaced);
      if (fault) throw fault;
      return { accepted: { candidate, parents, replaced } };
    } catch (error) {
      if (error instanceof RuleError) return { rejected: error };
      throw error;
    }
  }

  /** Whether a block on the present tip could hold an entry, as far as the tip decides. */
  isFit(
    { transaction, spends }: MempoolEntry,
    confirmed: ReadonlyMap<string, Coin>,
    pool: MempoolView,
  ): boolean {
    try {
      this.#checkFinal(transaction);
      this.#checkCoins(transaction, coinsOf(spends, confirmed, pool));
      return true;
    } catch (error) {
      if (error instanceof RuleError) return false;
      throw error;
    }
  }

  /** The lock time must have passed for the next block: BIP 113 measures it by the median time of the tip. */
  #checkFinal(transaction: Transaction): void {
    const { height, medianTime } = this.#chain.tip;
    if (!isFinal(transaction, height + 1, medianTime)) throw new RuleError('non-final');
  }

  /** Maturity, range and sum of the coins for the next block; returns the fee. */
  #checkCoins(transaction: Transaction, coins: readonly Coin[]): Nits {
    return checkInputs(transaction, coins, this.#chain.tip.height + 1, this.#chain.profile);
  }
}

/** No entry is the transaction itself, with these witnesses or others. */
function checkUnknown(transaction: Transaction, pool: MempoolView): void {
  const known = pool.get(hashKey(txid(transaction)));
  if (known === undefined) return;
  const isSame = equalBytes(known.wtxid, wtxid(transaction));
  throw new RuleError(isSame ? 'txn-already-in-mempool' : 'txn-same-nonwitness-data-in-mempool');
}

/** The coins the inputs spend, confirmed or made by an entry. */
function coinsOf(spends: readonly string[], confirmed: ReadonlyMap<string, Coin>, pool: MempoolView): Coin[] {
  return spends.map((outPoint) => {
    const coin = confirmed.get(outPoint) ?? pool.output(outPoint);
    if (!coin) throw new RuleError('bad-txns-inputs-missingorspent');
    return coin;
  });
}

/** What a sender's own limit says of a transaction that would be admitted otherwise. */
export function maxFeeFault(
  { fee, vsize }: Candidate,
  { maxFeeRate }: Pick<Arriving, 'maxFeeRate'>,
): RuleError | undefined {
  if (maxFeeRate === undefined || fee * 1_000n <= maxFeeRate * BigInt(vsize)) return undefined;
  return new RuleError('max-fee-exceeded', `${fee} nits for ${vsize} vbytes`);
}
