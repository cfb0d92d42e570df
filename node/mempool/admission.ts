import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import { checkTransaction, isFinal } from '../../protocol/check-transaction.ts';
import { type Coin, checkInputs, verifyInputs } from '../../protocol/connect.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import { type OutPoint, outPointKey, type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import { type Candidate, candidateOf, descendantsOf, Mempool, type MempoolEntry } from './mempool.ts';
import { MAX_MISSING_PARENTS } from './orphanage.ts';
import { checkFeeRate, checkStandard, MAX_ANCESTORS, MAX_DESCENDANTS, MAX_MEMPOOL_BYTES } from './policy.ts';
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
  /** Standard form, fee rate, chain length and room (false: the transaction comes back, or is reloaded). */
  readonly policy: boolean;
  /** Signatures (false: they were checked when its block connected, or when it entered). */
  readonly signatures: boolean;
}

/** A transaction that was in before, with when it had entered if that is known. */
export interface Returning {
  readonly transaction: Transaction;
  readonly addedSeconds?: number;
  readonly addedHeight?: Height;
}

/** What comes to be admitted: for the first time with a limit to its fee rate, or again. */
type Arriving = Returning & { readonly maxFeeRate?: Nits | undefined };

const FIRST_ENTRY: Terms = { policy: true, signatures: true };
/** Out of a block that left the best chain: its signatures are known, and policy does not undo what was mined. */
export const RETURNING: Terms = { policy: false, signatures: false };
/** Out of the database: what was taken once is not asked about policy again, but a file can be damaged. */
export const RELOADED: Terms = { policy: false, signatures: true };

/** Most transactions that share one look-up of coins; the event loop turns between two batches. */
const BATCH = 100;

interface Waiting {
  readonly transaction: Transaction;
  readonly maxFeeRate: Nits | undefined;
  readonly resolve: (verdict: Verdict<MempoolEntry>) => void;
  readonly reject: (error: unknown) => void;
}

/** Decides which transactions enter the mempool: those a block on the tip could hold and policy agrees with. */
export class Admission {
  readonly #chain: AdmissionChain;
  readonly #mempool: Mempool;
  readonly #verify: Verify;
  readonly #verified: VerifiedTransactions;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #draining = false;
  #paused: Promise<void> = Promise.resolve();

  constructor(parts: {
    chain: AdmissionChain;
    mempool: Mempool;
    verify: Verify;
    verified: VerifiedTransactions;
    clock: Clock;
  }) {
    this.#chain = parts.chain;
    this.#mempool = parts.mempool;
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
      this.#waiting.push({ transaction, maxFeeRate, resolve, reject });
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

  /** Lets back in what was in before, parents before children. */
  async readmit(returning: readonly Returning[], terms: Terms): Promise<Verdict<MempoolEntry>[]> {
    const verdicts: Verdict<MempoolEntry>[] = [];
    for (let start = 0; start < returning.length; start += BATCH) {
      verdicts.push(...(await this.#admit(returning.slice(start, start + BATCH), terms)));
    }
    return verdicts;
  }

  /** The entries that a block on the present tip could no longer hold, each by itself. */
  async unfit(entries: readonly MempoolEntry[]): Promise<MempoolEntry[]> {
    const coins = await this.#lookUp(entries);
    return entries.filter(({ transaction }) => {
      try {
        this.#checkFinal(transaction);
        this.#checkCoins(transaction, coinsOf(transaction, coins, [this.#mempool]));
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
    const coins = await this.#lookUp(transactions.map((transaction) => ({ transaction })));
    const supposed = new Mempool();
    const verdicts = transactions.map((transaction) => {
      const item = { transaction, maxFeeRate };
      const verdict = this.#judge(item, coins, FIRST_ENTRY, [this.#mempool, supposed]);
      if ('accepted' in verdict) this.#enter(verdict.accepted, supposed, {});
      return verdict;
    });
    return this.#explain(verdicts, transactions);
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
      const verdict = this.#judge(item, coins, terms, [this.#mempool]);
      return 'accepted' in verdict
        ? { accepted: this.#enter(verdict.accepted, this.#mempool, item) }
        : verdict;
    });
    return this.#explain(
      verdicts,
      items.map(({ transaction }) => transaction),
    );
  }

  #enter(candidate: Candidate, mempool: Mempool, entered: Partial<Returning>): MempoolEntry {
    const { addedSeconds = this.#clock.nowSeconds(), addedHeight = this.#chain.tip.height } = entered;
    return mempool.add(candidate, addedSeconds, addedHeight);
  }

  /** The coins of the chain that these transactions want, by outpoint, as of the tip that stands now. */
  async #lookUp(items: readonly { readonly transaction: Transaction }[]): Promise<ReadonlyMap<string, Coin>> {
    for (;;) {
      const { tip } = this.#chain;
      const wanted = new Map<string, OutPoint>();
      for (const { transaction } of items) {
        for (const { previous } of transaction.inputs) {
          if (!this.#mempool.get(hashKey(previous.txid))) wanted.set(outPointKey(previous), previous);
        }
      }
      const found = await this.#chain.coins([...wanted.values()]);
      // A block that connected meanwhile may have spent one of them, or confirmed a parent.
      if (tip !== this.#chain.tip) continue;
      const coins = [...wanted.keys()].map((key, index) => [key, found[index]] as const);
      return new Map(coins.filter((pair): pair is [string, Coin] => pair[1] !== undefined));
    }
  }

  /**
   * Every check, in the order of Bitcoin Core's `MemPoolAccept`; nothing is awaited and nothing changed.
   * @param confirmed the chain's coins that the inputs want
   * @param pools the mempool, and in a test what is supposed to be in it
   */
  #judge(
    { transaction, maxFeeRate }: Arriving,
    confirmed: ReadonlyMap<string, Coin>,
    terms: Terms,
    pools: readonly Mempool[],
  ): Verdict<Candidate> {
    try {
      checkTransaction(transaction);
      if (terms.policy) checkStandard(transaction);
      this.#checkFinal(transaction);
      checkNoConflict(transaction, pools);
      const coins = coinsOf(transaction, confirmed, pools);
      const fee = this.#checkCoins(transaction, coins);
      const candidate = candidateOf(transaction, coins, fee);
      if (terms.policy) {
        checkFeeRate(candidate.fee, candidate.vsize);
        checkFamily(transaction, pools);
        checkRoom(candidate, this.#mempool);
      }
      if (terms.signatures && !this.#verified.has(transaction)) {
        verifyInputs(transaction, coins, this.#verify);
        this.#verified.add(transaction);
      }
      // Last, as it is the caller's wish: what is wrong with the transaction itself is said first.
      checkMaxFee(candidate, maxFeeRate);
      return { accepted: candidate };
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

  #explain<T>(verdicts: readonly Verdict<T>[], transactions: readonly Transaction[]): Promise<Verdict<T>[]> {
    return Promise.all(
      verdicts.map(async (verdict, index) => {
        const transaction = transactions[index];
        if (!('rejected' in verdict) || verdict.rejected.code !== 'bad-txns-inputs-missingorspent')
          return verdict;
        return transaction ? this.#explainMissing(transaction, verdict) : verdict;
      }),
    );
  }

  /**
   * A transaction whose inputs are gone because it is confirmed is known, not wrong. One whose parents nobody
   * knows may be right; but an output that is missing from a known parent was spent, or never was.
   */
  async #explainMissing(transaction: Transaction, refusal: Refusal): Promise<Refusal> {
    if (await this.#chain.transactionBlock(txid(transaction))) {
      return { rejected: new RuleError('txn-already-known') };
    }
    const unknown = new Map<string, Hash>();
    for (const { previous } of transaction.inputs) {
      const key = hashKey(previous.txid);
      if (!this.#mempool.get(key)) unknown.set(key, previous.txid);
    }
    const coins = await this.#lookUp([{ transaction }]);
    for (const { previous } of transaction.inputs) {
      if (coins.has(outPointKey(previous))) unknown.delete(hashKey(previous.txid));
    }
    if (unknown.size === 0 || unknown.size > MAX_MISSING_PARENTS) return refusal;
    const missing = [...unknown.values()];
    const known = await Promise.all(missing.map((parent) => this.#chain.transactionBlock(parent)));
    return known.some((place) => place !== undefined) ? refusal : { ...refusal, missing };
  }
}

/** No entry is the transaction itself, with these witnesses or others, and none spends a coin that it spends. */
function checkNoConflict(transaction: Transaction, pools: readonly Mempool[]): void {
  const key = hashKey(txid(transaction));
  for (const pool of pools) {
    const known = pool.get(key);
    if (known === undefined) continue;
    const isSame = equalBytes(known.wtxid, wtxid(transaction));
    throw new RuleError(isSame ? 'txn-already-in-mempool' : 'txn-same-nonwitness-data-in-mempool');
  }
  for (const { previous } of transaction.inputs) {
    const outPoint = outPointKey(previous);
    if (pools.some((pool) => pool.spender(outPoint))) throw new RuleError('txn-mempool-conflict');
  }
}

/** The coins the inputs spend, confirmed or made by an entry. */
function coinsOf(
  transaction: Transaction,
  confirmed: ReadonlyMap<string, Coin>,
  pools: readonly Mempool[],
): Coin[] {
  return transaction.inputs.map(({ previous }) => {
    let coin = confirmed.get(outPointKey(previous));
    for (const pool of pools) coin ??= pool.output(hashKey(previous.txid), previous.index);
    if (!coin) throw new RuleError('bad-txns-inputs-missingorspent');
    return coin;
  });
}

/** At most 25 unconfirmed transactions in any chain of them that ends or begins with one (Core's limits). */
function checkFamily(transaction: Transaction, pools: readonly Mempool[]): void {
  const ancestors = new Set(parentsOf(transaction, pools));
  for (const ancestor of ancestors) {
    for (const parent of parentsOf(ancestor.transaction, pools)) ancestors.add(parent);
    if (ancestors.size + 1 > MAX_ANCESTORS) {
      throw new RuleError('too-long-mempool-chain', `more than ${MAX_ANCESTORS - 1} unconfirmed ancestors`);
    }
  }
  for (const ancestor of ancestors) {
    if (descendantsOf([ancestor], { atMost: MAX_DESCENDANTS - 1 }) === undefined) {
      throw new RuleError('too-long-mempool-chain', `an ancestor has ${MAX_DESCENDANTS - 1} descendants`);
    }
  }
}

function* parentsOf(transaction: Transaction, pools: readonly Mempool[]): Generator<MempoolEntry> {
  for (const { previous } of transaction.inputs) {
    for (const pool of pools) {
      const parent = pool.get(hashKey(previous.txid));
      if (parent) yield parent;
    }
  }
}

/** A caller's own limit, in nits per 1,000 virtual bytes. */
function checkMaxFee({ fee, vsize }: Candidate, maxFeeRate: Nits | undefined): void {
  if (maxFeeRate === undefined || fee * 1_000n <= maxFeeRate * BigInt(vsize)) return;
  throw new RuleError('max-fee-exceeded', `${fee} nits for ${vsize} vbytes`);
}

function checkRoom(candidate: Candidate, mempool: Mempool): void {
  if (mempool.totalBytes + candidate.size > MAX_MEMPOOL_BYTES) throw new RuleError('mempool full');
}
