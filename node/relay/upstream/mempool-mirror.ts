import * as z from 'zod';
import type { FeeBin } from '../../../protocol/relay.ts';
import type { Nits } from '../../../protocol/units.ts';
import type { Logger } from '../../../service/log.ts';
import { RpcCallError } from '../../../service/rpc-client.ts';
import { MempoolEntryAnswer, type RemovalNotice, type TransactionNotice } from './node-answers.ts';
import type { NodeCalls } from './node-calls.ts';
import type { NodeListener } from './node-link.ts';

/** What is known of a transaction that waits. */
export interface WaitingTransaction {
  readonly txid: string;
  readonly vsize: number;
  readonly fee: Nits;
  /** Unix seconds. */
  readonly time: number;
  /** Rises with every arrival: the place in the list, whatever leaves. */
  readonly arrival: number;
}

/** Lower bounds of the bins of fee rates, in nits per virtual byte. */
const BIN_BOUNDS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987];
/** Entries that are asked for together. */
const ENTRIES_PER_STEP = 200;
const RETRY_MS = 1_000;

/**
 * The mempool of the node, kept in step by what it tells: so that looking at it costs the node nothing. It is as
 * large as the node's, which is bounded there.
 */
export class MempoolMirror implements NodeListener {
  readonly #calls: NodeCalls;
  readonly #log: Logger;
  readonly #waiting = new Map<string, WaitingTransaction>();
  readonly #bins = BIN_BOUNDS.map(() => ({ transactions: 0, vsize: 0 }));
  #vsize = 0;
  #fees: Nits = 0n;
  #arrivals = 0;
  /** What has left while the node is asked what there is: its answer may be older. */
  #goneMeanwhile: Set<string> | undefined;
  /** What was there before the node went away, and has not been heard of since. */
  #doubtful: Set<string> = new Set();
  #fill = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(calls: NodeCalls, log: Logger) {
    this.#calls = calls;
    this.#log = log;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Virtual bytes of all. */
  get vsize(): number {
    return this.#vsize;
  }

  /** What all pay. */
  get fees(): Nits {
    return this.#fees;
  }

  get(txid: string): WaitingTransaction | undefined {
    return this.#waiting.get(txid);
  }

  /** The newest that arrived before a place in the list, newest first. */
  newest(limit: number, before = Number.POSITIVE_INFINITY): WaitingTransaction[] {
    const older = [...this.#waiting.values()].filter(({ arrival }) => arrival < before);
    return older.slice(-limit).reverse();
  }

  /** How many wait by fee rate, highest first, without the empty bins above the highest. */
  histogram(): FeeBin[] {
    const bins = this.#bins.map((bin, index) => ({
      from: BIN_BOUNDS[index] ?? 0,
      to: BIN_BOUNDS[index + 1] ?? null,
      ...bin,
    }));
    return bins.slice(0, bins.findLastIndex(({ transactions }) => transactions > 0) + 1).reverse();
  }

  onUp(): void {
    void this.#fillUp();
  }

  onAway(): void {
    this.stop();
  }

  onTransaction({ txid, vsize, fee, time }: TransactionNotice): void {
    this.#goneMeanwhile?.delete(txid);
    this.#doubtful.delete(txid);
    this.#add({ txid, vsize, fee, time });
  }

  onRemoval({ txid }: RemovalNotice): void {
    this.#goneMeanwhile?.add(txid);
    this.#remove(txid);
  }

  /** Asks nothing any more. */
  stop(): void {
    this.#fill += 1;
    clearTimeout(this.#timer);
  }

  /** Brings the mirror into step with a node of which some news was missed. */
  async #fillUp(): Promise<void> {
    this.stop();
    const fill = this.#fill;
    const gone = new Set<string>();
    this.#goneMeanwhile = gone;
    const doubtful = new Set(this.#waiting.keys());
    this.#doubtful = doubtful;
    try {
      const txids = await this.#calls.call('getrawmempool', [], z.array(z.string()));
      if (fill !== this.#fill) return;
      const there = new Set(txids);
      for (const txid of doubtful) if (!there.has(txid)) this.#remove(txid);
      const unknown = txids.filter((txid) => !this.#waiting.has(txid));
      const found: Omit<WaitingTransaction, 'arrival'>[] = [];
      for (let at = 0; at < unknown.length; at += ENTRIES_PER_STEP) {
        const step = unknown.slice(at, at + ENTRIES_PER_STEP);
        for (const entry of await Promise.all(step.map((txid) => this.#entry(txid))))
          if (entry) found.push(entry);
        if (fill !== this.#fill) return;
      }
      found.sort((a, b) => a.time - b.time);
      for (const entry of found) if (!gone.has(entry.txid)) this.#add(entry);
      this.#goneMeanwhile = undefined;
    } catch (error) {
      if (fill !== this.#fill) return;
      this.#log.warn({ err: error }, 'the mempool could not be read; trying again');
      this.#timer = setTimeout(() => void this.#fillUp(), RETRY_MS);
    }
  }

  /** Undefined for one that has left meanwhile. */
  async #entry(txid: string): Promise<Omit<WaitingTransaction, 'arrival'> | undefined> {
    try {
      const { vsize, time, fees } = await this.#calls.quick('getmempoolentry', [txid], MempoolEntryAnswer);
      return { txid, vsize, fee: fees.base, time };
    } catch (error) {
      if (error instanceof RpcCallError) return undefined;
      throw error;
    }
  }

  #add(entry: Omit<WaitingTransaction, 'arrival'>): void {
    if (this.#waiting.has(entry.txid)) return;
    this.#arrivals += 1;
    this.#waiting.set(entry.txid, { ...entry, arrival: this.#arrivals });
    this.#count(entry, 1);
  }

  #remove(txid: string): void {
    const entry = this.#waiting.get(txid);
    if (entry === undefined) return;
    this.#waiting.delete(txid);
    this.#count(entry, -1);
  }

  #count({ vsize, fee }: Omit<WaitingTransaction, 'arrival'>, by: 1 | -1): void {
    this.#vsize += by * vsize;
    this.#fees += by === 1 ? fee : -fee;
    const bin = this.#bins[BIN_BOUNDS.findLastIndex((bound) => Number(fee) >= bound * vsize)];
    if (bin === undefined) return;
    bin.transactions += by;
    bin.vsize += by * vsize;
  }
}
