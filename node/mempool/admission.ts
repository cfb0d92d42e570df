import type { Coin } from '../../protocol/coins.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Spend } from '../signatures/signature-batch.ts';
import type { SignatureChecks } from '../signatures/signature-checks.ts';
import type { Capacity } from './capacity.ts';
import { type CoinChain, CoinLookup } from './coin-lookup.ts';
import type { Candidate, MempoolEntry } from './entry.ts';
import {
  type Arriving,
  arriving,
  FIRST_ENTRY,
  Judge,
  type JudgeChain,
  maxFeeFault,
  type Returning,
  type Terms,
  type Verdict,
} from './judge.ts';
import type { Mempool } from './mempool.ts';
import { type Admissible, Supposition } from './supposition.ts';
import type { VerifiedTransactions } from './verified-transactions.ts';

export { RELOADED, RETURNING, type Returning, type Terms, type Verdict } from './judge.ts';

/** What admission reads of the chain. */
export type AdmissionChain = JudgeChain & CoinChain;

/** Most transactions, and about as many inputs, that are judged at once; the event loop turns between two batches. */
const BATCH = 200;
const BATCH_INPUTS = 1_000;

interface Waiting extends Arriving {
  readonly resolve: (verdict: Verdict<MempoolEntry>) => void;
  readonly reject: (error: unknown) => void;
}

/** Lets transactions into the mempool: those a block on the tip could hold and policy agrees with. */
export class Admission {
  readonly #chain: AdmissionChain;
  readonly #mempool: Mempool;
  readonly #capacity: Capacity;
  readonly #checks: SignatureChecks;
  readonly #verified: VerifiedTransactions;
  readonly #clock: Clock;
  readonly #judge: Judge;
  readonly #coins: CoinLookup;
  readonly #waiting: Waiting[] = [];
  #draining = false;
  #paused: Promise<void> = Promise.resolve();

  constructor(parts: {
    chain: AdmissionChain;
    mempool: Mempool;
    capacity: Capacity;
    checks: SignatureChecks;
    verified: VerifiedTransactions;
    clock: Clock;
  }) {
    this.#chain = parts.chain;
    this.#mempool = parts.mempool;
    this.#capacity = parts.capacity;
    this.#checks = parts.checks;
    this.#verified = parts.verified;
    this.#clock = parts.clock;
    this.#judge = new Judge(parts.chain, parts.capacity);
    this.#coins = new CoinLookup(parts.chain, parts.mempool);
  }

  /**
   * Lets a transaction in, or says which rule keeps it out. Calls made at the same time share their look-ups.
   * @param maxFeeRate refuse a higher rate, in nits per 1,000 vbytes
   */
  accept(transaction: Transaction, maxFeeRate?: Nits): Promise<Verdict<MempoolEntry>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(arriving({ transaction, maxFeeRate, resolve, reject }, FIRST_ENTRY));
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
    while (verdicts.length < returning.length) {
      const batch = returning.slice(
        verdicts.length,
        verdicts.length + batchLength(returning, verdicts.length),
      );
      verdicts.push(
        ...(await this.#admit(
          batch.map((each) => arriving(each, terms)),
          terms,
        )),
      );
    }
    this.#capacity.enforce();
    return verdicts;
  }

  /** The entries that a block on the present tip could no longer hold, each by itself. */
  async unfit(entries: readonly MempoolEntry[]): Promise<MempoolEntry[]> {
    const unfit: MempoolEntry[] = [];
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      const coins = await this.#coins.coinsFor(batch);
      unfit.push(...batch.filter((entry) => !this.#judge.isFit(entry, coins, this.#mempool)));
    }
    return unfit;
  }

  /**
   * Says of each transaction whether it would enter after those before it, and changes nothing
   * (`testmempoolaccept`).
   */
  async test(transactions: readonly Transaction[], maxFeeRate?: Nits): Promise<Verdict<Candidate>[]> {
    await this.#paused;
    const items = transactions.map((transaction) => arriving({ transaction, maxFeeRate }, FIRST_ENTRY));
    const coins = await this.#coins.coinsFor(items);
    const supposed = new Supposition(this.#mempool);
    const verdicts: Verdict<Candidate>[] = [];
    for (const item of items) {
      const verdict = this.#judge.judge(item, coins, FIRST_ENTRY, supposed);
      if ('rejected' in verdict) {
        verdicts.push(await this.#coins.explain(item, verdict));
        continue;
      }
      const { candidate } = verdict.accepted;
      await this.#checkSignatures([{ item, spend: candidate }]);
      const fault = item.fault ?? maxFeeFault(candidate, item);
      if (fault === undefined) supposed.suppose(verdict.accepted);
      verdicts.push(fault === undefined ? { accepted: candidate } : { rejected: fault });
    }
    return verdicts;
  }

  /** Admits what is waiting, batch by batch; while one batch looks up its coins the next one gathers. */
  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate);
      const batch = this.#waiting.splice(0, batchLength(this.#waiting, 0));
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
    const verdicts: Verdict<MempoolEntry>[] = [];
    while (verdicts.length < items.length) {
      const rest = items.slice(verdicts.length);
      const run = terms.signatures ? this.#admitTogether(rest, terms) : this.#admitKnown(rest, terms);
      verdicts.push(...(await run));
    }
    return Promise.all(
      verdicts.map((verdict, index) => {
        const item = items[index];
        return 'rejected' in verdict && item ? this.#coins.explain(item, verdict) : verdict;
      }),
    );
  }

  /** Admits transactions whose signatures are known to be right, one after the other. */
  async #admitKnown(items: readonly Arriving[], terms: Terms): Promise<Verdict<MempoolEntry>[]> {
    const coins = await this.#coins.coinsFor(items);
    return items.map((item) => {
      const verdict = this.#judge.judge(item, coins, terms, this.#mempool);
      return 'accepted' in verdict ? this.#enter(verdict.accepted, item, terms) : verdict;
    });
  }

  /**
   * Admits the first of some transactions: as many as can be judged together, so that their signatures are
   * checked at once and in other threads. All other rules come before, as if all signatures were right. Where
   * one is wrong, or the world has changed meanwhile, all are judged again; what is known by then about
   * signatures stays known.
   * @returns the verdicts so far; none if all must be judged again
   */
  async #admitTogether(items: readonly Arriving[], terms: Terms): Promise<Verdict<MempoolEntry>[]> {
    const paused = this.#paused;
    await paused;
    const coins = await this.#coins.coinsFor(items);
    const { tip } = this.#chain;
    const { changes } = this.#mempool;
    const judged = this.#judgeTogether(items, coins, terms);
    const isAllRight = await this.#checkSignatures(judged.flatMap(spendOf));
    const isSameWorld =
      tip === this.#chain.tip && changes === this.#mempool.changes && paused === this.#paused;
    if (!isAllRight || !isSameWorld) return [];
    const verdicts: Verdict<MempoolEntry>[] = [];
    let isAsSupposed = true;
    for (const { item, verdict: before } of judged) {
      const verdict = isAsSupposed ? before : this.#judge.judge(item, coins, terms, this.#mempool);
      if ('rejected' in verdict) {
        verdicts.push(verdict);
        continue;
      }
      // It was refused before, so nobody has looked at its signatures.
      if (!isAsSupposed && !this.#verified.has(item.transaction)) break;
      const expected = this.#mempool.size + 1 - verdict.accepted.replaced.size;
      verdicts.push(this.#enter(verdict.accepted, item, terms));
      // It did not enter, or room had to be made for it: the others were judged with that in mind.
      if (this.#mempool.size !== expected) isAsSupposed = false;
    }
    return verdicts;
  }

  /** Judges the first of some transactions as if each entered, up to one that competes with those before it. */
  #judgeTogether(items: readonly Arriving[], coins: ReadonlyMap<string, Coin>, terms: Terms): Judged[] {
    const supposed = new Supposition(this.#mempool);
    const judged: Judged[] = [];
    for (const item of items) {
      if (supposed.competes(item.spends)) break;
      const verdict = this.#judge.judge(item, coins, terms, supposed);
      if ('accepted' in verdict) supposed.suppose(verdict.accepted);
      judged.push({ item, verdict });
    }
    return judged;
  }

  /** Checks the signatures that nobody has checked yet, and notes whose are wrong; whether all are right. */
  async #checkSignatures(all: readonly { item: Arriving; spend: Spend }[]): Promise<boolean> {
    const unchecked = all.filter(({ item }) => !this.#verified.has(item.transaction));
    if (unchecked.length === 0) return true;
    const faults = await this.#checks.faultsOf(unchecked.map(({ spend }) => spend));
    for (const [index, { item }] of unchecked.entries()) {
      const fault = faults[index];
      if (fault) item.fault = fault;
      else this.#verified.add(item.transaction);
    }
    return faults.every((fault) => fault === undefined);
  }

  /** The last word: the sender's own limit, as what is wrong with the transaction itself is said first; and room. */
  #enter({ candidate, replaced }: Admissible, item: Arriving, terms: Terms): Verdict<MempoolEntry> {
    const fault = maxFeeFault(candidate, item);
    if (fault) return { rejected: fault };
    const { addedSeconds = this.#clock.nowSeconds(), addedHeight = this.#chain.tip.height } = item;
    for (const entry of replaced) this.#mempool.removeWithDescendants(entry, 'replaced');
    const entry = this.#mempool.add(candidate, addedSeconds, addedHeight);
    if (!terms.policy) return { accepted: entry };
    this.#capacity.enforce();
    const isIn = this.#mempool.get(entry.key) === entry;
    return isIn ? { accepted: entry } : { rejected: new RuleError('mempool full') };
  }
}

/** How many from `start` on make a batch: at least one. */
function batchLength(items: readonly Returning[], start: number): number {
  let inputs = 0;
  let end = start;
  while (end < items.length && end - start < BATCH && inputs < BATCH_INPUTS) {
    inputs += items[end]?.transaction.inputs.length ?? 0;
    end++;
  }
  return end - start;
}

interface Judged {
  readonly item: Arriving;
  readonly verdict: Verdict<Admissible>;
}

function spendOf({ item, verdict }: Judged): { item: Arriving; spend: Spend }[] {
  return 'accepted' in verdict ? [{ item, spend: verdict.accepted.candidate }] : [];
}
