import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import { checkTransaction, isFinal } from '../../protocol/check-transaction.ts';
import { inputKeys } from '../../protocol/coins.ts';
import { type Coin, checkInputs, verifyInputs } from '../../protocol/connect.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import { type OutPoint, type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Capacity } from './capacity.ts';
import { type Candidate, candidateOf, type MempoolEntry, parentKey } from './entry.ts';
import { checkFamily, type FamilyLimits, parentsOf } from './family.ts';
import type { Mempool, MempoolView } from './mempool.ts';
import { MAX_MISSING_PARENTS } from './orphanage.ts';
import { checkStandard, MAX_ANCESTORS, MAX_DESCENDANTS, MAX_FAMILY_VSIZE } from './policy.ts';
import { checkReplacement, conflictsOf, replacedBy } from './replacement.ts';
import { Supposition } from './supposition.ts';
import type { VerifiedTransactions } from './verified-transactions.ts';

/** What admission reads of the chain. */
export interface AdmissionChain {
  readonly profile: NetworkProfile;
  readonly tip: { readonly height: Height; readonly medianTime: number };
  /** The unspent coins at these outpoints, in their order. */
  coins(outPoints: readonly OutPoint[]): Promise<readonly (Coin | undefined)[]>;
  /** Where a transaction is confirmed, if it is. */
  transactionBlock(txid: Hash): Promise<object | undefined>;
}

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

/** A transaction that was in before, with when it had entered if that is known. */
export interface Returning {
  readonly transaction: Transaction;
  readonly addedSeconds?: number;
  readonly addedHeight?: Height;
}

const FIRST_ENTRY: Terms = {
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

/** Most transactions that share one look-up of coins; the event loop turns between two batches. */
const BATCH = 100;

/** What comes to be admitted: for the first time with a limit to its fee rate, or again. */
interface Arriving extends Returning {
  /** `outPointKey` of what it spends, in the order of its inputs. */
  readonly spends: readonly string[];
  readonly maxFeeRate?: Nits | undefined;
}

interface Waiting extends Arriving {
  readonly resolve: (verdict: Verdict<MempoolEntry>) => void;
  readonly reject: (error: unknown) => void;
}

/** What may enter, and what leaves for it. */
interface Admissible {
  readonly candidate: Candidate;
  readonly parents: ReadonlySet<MempoolEntry>;
  readonly replaced: ReadonlySet<MempoolEntry>;
}

/** Decides which transactions enter the mempool: those a block on the tip could hold and policy agrees with. */
export class Admission {
  readonly #chain: AdmissionChain;
  readonly #mempool: Mempool;
  readonly #capacity: Capacity;
  readonly #verify: Verify;
  readonly #verified: VerifiedTransactions;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #draining = false;
  #paused: Promise<void> = Promise.resolve();

  constructor(parts: {
    chain: AdmissionChain;
    mempool: Mempool;
    capacity: Capacity;
    verify: Verify;
    verified: VerifiedTransactions;
    clock: Clock;
  }) {
    this.#chain = parts.chain;
    this.#mempool = parts.mempool;
    this.#capacity = parts.capacity;
    this.#verify = parts.verify;
    this.#verified = parts.verified;
    this.#clock = parts.clock;
  }

  /**
   * Lets a transaction in, or says which rule keeps it out. Calls made at the same time share their look-ups.
   * @param maxFeeRate refuse a higher rate, in nits per 1,000 vbytes
   */
  accept(transaction: Transaction, maxFeeRate?: Nits): Promise<Verdict<MempoolEntry>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transaction, spends: inputKeys(transaction), maxFeeRate, resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  /** Lets nobody in until the returned function is called: the chain is between two branches. */
  pause(): () => void {
    let resume = (): void => undefined;
    this.#paused = new Promise((resolve) => {
      resume = resolve;
    });
    return resume;
  }

  /** Lets back in what was in before, parents before children, as far as there is room. */
  async readmit(returning: readonly Returning[], terms: Terms): Promise<Verdict<MempoolEntry>[]> {
    const verdicts: Verdict<MempoolEntry>[] = [];
    for (let start = 0; start < returning.length; start += BATCH) {
      const batch = returning.slice(start, start + BATCH);
      const items = batch.map((item) => ({ ...item, spends: inputKeys(item.transaction) }));
      verdicts.push(...(await this.#admit(items, terms)));
    }
    this.#capacity.enforce();
    return verdicts;
  }

  /** The entries that a block on the present tip could no longer hold, each by itself. */
  async unfit(entries: readonly MempoolEntry[]): Promise<MempoolEntry[]> {
    const coins = await this.#lookUp(entries);
    return entries.filter(({ transaction, spends }) => {
      try {
        this.#checkFinal(transaction);
        this.#checkCoins(transaction, coinsOf(spends, coins, this.#mempool));
        return false;
      } catch (error) {
        if (error instanceof RuleError) return true;
        throw error;
      }
    });
  }

  /**
   * Says of each transaction whether it would enter after those before it, and changes nothing
   * (`testmempoolaccept`).
   */
  async test(transactions: readonly Transaction[], maxFeeRate?: Nits): Promise<Verdict<Candidate>[]> {
    await this.#paused;
    const items = transactions.map((transaction) => ({
      transaction,
      spends: inputKeys(transaction),
      maxFeeRate,
    }));
    const coins = await this.#lookUp(items);
    const supposed = new Supposition(this.#mempool);
    const verdicts = items.map((item): Verdict<Candidate> => {
      const verdict = this.#judge(item, coins, FIRST_ENTRY, supposed);
      if ('rejected' in verdict) return verdict;
      const { candidate, parents, replaced } = verdict.accepted;
      supposed.suppose(candidate, parents, replaced);
      return { accepted: candidate };
    });
    return this.#explain(verdicts, items);
  }

  /** Admits what is waiting, batch by batch; while one batch looks up its coins the next one gathers. */
  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate);
      await this.#paused;
      const batch = this.#waiting.slice(0, BATCH);
      this.#waiting = this.#waiting.slice(BATCH);
      try {
        const verdicts = await this.#admit(batch, FIRST_ENTRY);
        for (const [index, { resolve }] of batch.entries()) resolve(verdicts[index] as Verdict<MempoolEntry>);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#draining = false;
  }

  async #admit(items: readonly Arriving[], terms: Terms): Promise<Verdict<MempoolEntry>[]> {
    const coins = await this.#lookUp(items);
    const verdicts = items.map((item): Verdict<MempoolEntry> => {
      const verdict = this.#judge(item, coins, terms, this.#mempool);
      return 'accepted' in verdict ? this.#enter(verdict.accepted, item, terms) : verdict;
    });
    return this.#explain(verdicts, items);
  }

  #enter({ candidate, replaced }: Admissible, item: Arriving, terms: Terms): Verdict<MempoolEntry> {
    const { addedSeconds = this.#clock.nowSeconds(), addedHeight = this.#chain.tip.height } = item;
    for (const entry of replaced) this.#mempool.removeWithDescendants(entry, 'replaced');
    const entry = this.#mempool.add(candidate, addedSeconds, addedHeight);
    if (!terms.policy) return { accepted: entry };
    this.#capacity.enforce();
    const isIn = this.#mempool.get(entry.key) === entry;
    return isIn ? { accepted: entry } : { rejected: new RuleError('mempool full') };
  }

  /** The coins of the chain that these transactions want, by outpoint, as of the tip that stands now. */
  async #lookUp(
    items: readonly Pick<Arriving, 'transaction' | 'spends'>[],
  ): Promise<ReadonlyMap<string, Coin>> {
    for (;;) {
      const { tip } = this.#chain;
      const wanted = new Map<string, OutPoint>();
      for (const { transaction, spends } of items) {
        for (const [index, { previous }] of transaction.inputs.entries()) {
          const key = spends[index] ?? '';
          if (!this.#mempool.get(parentKey(key))) wanted.set(key, previous);
        }
      }
      const found = await this.#chain.coins([...wanted.values()]);
      // A block that connected meanwhile may have spent one of them, or confirmed a parent.
      if (tip !== this.#chain.tip) continue;
      const coins = new Map<string, Coin>();
      let index = 0;
      for (const key of wanted.keys()) {
        const coin = found[index++];
        if (coin !== undefined) coins.set(key, coin);
      }
      return coins;
    }
  }

  /**
   * Every check, in the order of Bitcoin Core's `MemPoolAccept`; nothing is awaited and nothing changed.
   * @param confirmed the chain's coins that the inputs want
   * @param pool the mempool, or what is supposed to be in it
   */
  #judge(
    { transaction, spends, maxFeeRate }: Arriving,
    confirmed: ReadonlyMap<string, Coin>,
    terms: Terms,
    pool: MempoolView,
  ): Verdict<Admissible> {
    try {
      checkTransaction(transaction);
      if (terms.policy) checkStandard(transaction);
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
      if (terms.signatures && !this.#verified.has(transaction)) {
        verifyInputs(transaction, coins, this.#verify);
        this.#verified.add(transaction);
      }
      // Last, as it is the caller's wish: what is wrong with the transaction itself is said first.
      checkMaxFee(candidate, maxFeeRate);
      return { accepted: { candidate, parents, replaced } };
    } catch (error) {
      if (error instanceof RuleError) return { rejected: error };
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

  #explain<T>(verdicts: readonly Verdict<T>[], items: readonly Arriving[]): Promise<Verdict<T>[]> {
    return Promise.all(
      verdicts.map(async (verdict, index) => {
        const item = items[index];
        const isMissing = 'rejected' in verdict && verdict.rejected.code === 'bad-txns-inputs-missingorspent';
        return isMissing && item ? this.#explainMissing(item, verdict) : verdict;
      }),
    );
  }

  /**
   * A transaction whose inputs are gone because it is confirmed is known, not wrong. One whose parents nobody
   * knows may be right; but an output that is missing from a known parent was spent, or never was.
   */
  async #explainMissing(item: Arriving, refusal: Refusal): Promise<Refusal> {
    const { transaction, spends } = item;
    if (await this.#chain.transactionBlock(txid(transaction))) {
      return { rejected: new RuleError('txn-already-known') };
    }
    const coins = await this.#lookUp([item]);
    const unknown = new Map<string, Hash>();
    for (const [index, { previous }] of transaction.inputs.entries()) {
      const key = spends[index] ?? '';
      if (!coins.has(key) && !this.#mempool.get(parentKey(key))) unknown.set(parentKey(key), previous.txid);
    }
    if (unknown.size === 0 || unknown.size > MAX_MISSING_PARENTS) return refusal;
    const missing = [...unknown.values()];
    const places = await Promise.all(missing.map((parent) => this.#chain.transactionBlock(parent)));
    return places.some((place) => place !== undefined) ? refusal : { ...refusal, missing };
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

/** A caller's own limit, in nits per 1,000 virtual bytes. */
function checkMaxFee({ fee, vsize }: Candidate, maxFeeRate: Nits | undefined): void {
  if (maxFeeRate === undefined || fee * 1_000n <= maxFeeRate * BigInt(vsize)) return;
  throw new RuleError('max-fee-exceeded', `${fee} nits for ${vsize} vbytes`);
}
