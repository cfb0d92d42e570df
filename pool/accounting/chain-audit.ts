import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { ChainStart, KeptBatch, KeptShare } from '../ledger/chain-reader.ts';
import { batchDigest, FIRST_HEAD, nextHead } from '../ledger/share-chain.ts';
import type { LedgerShare } from '../ledger/share-log-schema.ts';

/** A head that somebody noted, and the number of its batch if that was noted too. */
export interface NotedHead {
  readonly head: Hash;
  readonly batch?: number;
}

/** What can be said of a noted head. */
export type HeadVerdict =
  /** It is in the chain, and everything up to it is as it was. */
  | { readonly outcome: 'confirmed'; readonly batch: number; readonly timeMs?: number }
  /** The batch has another head, or is not there: something that the head covers was changed or removed. */
  | { readonly outcome: 'changed' }
  /** Its batch is older than what is kept. */
  | { readonly outcome: 'too-old' }
  /** No batch that is kept has it; only its number would tell whether it is too old. */
  | { readonly outcome: 'unknown' };

/** What the audit of the share log found. */
export interface ChainReport {
  /** What does not add up, in words; the first of many. */
  readonly findings: readonly string[];
  readonly findingsTotal: number;
  readonly batches: number;
  /** Shares that are kept. */
  readonly shares: number;
  /** Of the first and the last batch that are kept. */
  readonly first: { readonly batch: number; readonly timeMs: number } | undefined;
  readonly last: { readonly batch: number; readonly timeMs: number } | undefined;
  /** The end of the chain. */
  readonly head: Hash;
  /** Undefined when no head was asked for. */
  readonly noted: HeadVerdict | undefined;
}

const MOST_FINDINGS = 20;

/**
 * Follows the hash chain of the share log over all that is kept: every batch must follow from the one before it,
 * and every share that is not yet dropped must be the one that was written, in its place. See share-chain.ts for
 * what a head covers. Give it all batches in their order, then ask for the report.
 */
export class ChainAudit {
  readonly #start: ChainStart;
  readonly #noted: NotedHead | undefined;
  readonly #findings: string[] = [];
  #findingsTotal = 0;
  #findingsAtNoted = 0;
  #found: { readonly batch: number; readonly timeMs?: number } | undefined;
  #batch: number;
  #sequence: number;
  #head: Hash;
  #batches = 0;
  #shares = 0;
  #first: ChainReport['first'];
  #last: ChainReport['last'];

  constructor(start: ChainStart, noted?: NotedHead) {
    this.#start = start;
    this.#noted = noted;
    const { base, dropped } = start;
    this.#batch = base.batch;
    this.#sequence = base.sequence;
    this.#head = base.head;
    const isUntouched = base.sequence === 0 && equalBytes(base.head, FIRST_HEAD);
    if (base.batch === 0 && !isUntouched) this.#find('the chain does not begin where every chain begins');
    if (dropped.batch < base.batch || dropped.sequence < base.sequence) {
      this.#find('batches are gone of which it is not written that their shares are gone');
    }
    this.#compare(base.batch, base.head);
  }

  /** The next batch. */
  add(batch: KeptBatch): void {
    const name = `batch ${batch.batch}`;
    if (batch.batch !== this.#batch + 1) {
      this.#find(`${missing(this.#batch + 1, batch.batch - 1)} not there`);
    }
    if (batch.firstSequence <= this.#sequence || batch.lastSequence < batch.firstSequence) {
      this.#find(
        `${name} begins with share ${batch.firstSequence}, the one before it ends with ${this.#sequence}`,
      );
    }
    this.#checkShares(batch, name);
    const head = headAfter(this.#head, batch);
    if (head === undefined || !equalBytes(head, batch.head)) {
      this.#find(
        `${name} does not follow from the batch before it: its row, or that one, is not as it was written`,
      );
    }
    this.#batches += 1;
    this.#first ??= { batch: batch.batch, timeMs: batch.timeMs };
    this.#last = { batch: batch.batch, timeMs: batch.timeMs };
    this.#batch = batch.batch;
    this.#sequence = batch.lastSequence;
    this.#head = batch.head;
    this.#compare(batch.batch, batch.head, batch.timeMs);
  }

  /**
   * @param rest shares after the last batch
   * @param count shares in the file
   */
  report(rest: readonly KeptShare[], count: number): ChainReport {
    const [stray] = rest;
    if (stray !== undefined) {
      this.#find(`share ${stray.sequence} and ${rest.length - 1} more stand after the last batch, in none`);
    }
    const read = this.#shares + rest.length;
    if (count !== read) this.#find(`${count - read} shares name a worker or a tip that is not there`);
    if (this.#start.dropped.batch > this.#batch) this.#find('the last batches are not there');
    return {
      findings: this.#findings,
      findingsTotal: this.#findingsTotal,
      batches: this.#batches,
      shares: this.#shares,
      first: this.#first,
      last: this.#last,
      head: this.#head,
      noted: this.#noted && this.#verdictOn(this.#noted),
    };
  }

  #checkShares(batch: KeptBatch, name: string): void {
    const { shares, count } = batch;
    const { dropped } = this.#start;
    this.#shares += shares.length;
    if (batch.batch <= dropped.batch) {
      if (shares.length > 0) this.#find(`${name} has shares, though they are said to be dropped`);
      if (batch.batch === dropped.batch && batch.lastSequence !== dropped.sequence) {
        this.#find(`shares are said to be dropped up to ${dropped.sequence}, ${name} ends elsewhere`);
      }
      return;
    }
    for (const { sequence, defect } of shares) {
      if (defect !== undefined) this.#find(`share ${sequence} is not as it was written: ${defect}`);
    }
    if (shares.length !== count) {
      this.#find(`${name} was written with ${count} shares, there are ${shares.length}`);
      return;
    }
    const intact = shares.flatMap(({ share }) => (share === undefined ? [] : [share]));
    if (intact.length < count) return;
    const ends =
      shares[0]?.sequence === batch.firstSequence && shares.at(-1)?.sequence === batch.lastSequence;
    const digest = digestOf(intact);
    if (!ends || digest === undefined || !equalBytes(digest, batch.digest)) {
      this.#find(`the shares of ${name} are not those that were written, or not in that order`);
    }
  }

  /** Whether this is the head that was noted. */
  #compare(batch: number, head: Hash, timeMs?: number): void {
    if (this.#noted === undefined || !equalBytes(head, this.#noted.head)) return;
    this.#found = { batch, ...(timeMs !== undefined && { timeMs }) };
    this.#findingsAtNoted = this.#findingsTotal;
  }

  #verdictOn({ batch }: NotedHead): HeadVerdict {
    if (this.#found !== undefined) {
      const isIntact = this.#findingsAtNoted === 0 && (batch === undefined || batch === this.#found.batch);
      return isIntact ? { outcome: 'confirmed', ...this.#found } : { outcome: 'changed' };
    }
    if (batch === undefined) return { outcome: 'unknown' };
    return { outcome: batch < this.#start.base.batch ? 'too-old' : 'changed' };
  }

  #find(text: string): void {
    this.#findingsTotal += 1;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(text);
  }
}

/** Undefined when a value is none that can have been written. */
function digestOf(shares: readonly LedgerShare[]): Hash | undefined {
  return valueOrUndefined(() => batchDigest(shares));
}

function headAfter(head: Hash, batch: KeptBatch): Hash | undefined {
  return valueOrUndefined(() => nextHead(head, batch, batch.digest));
}

/** The canonical form has no room for values that were never written: a number too large, a text that is none. */
function valueOrUndefined<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function missing(first: number, last: number): string {
  return first === last ? `batch ${first} is` : `batches ${first} to ${last} are`;
}
