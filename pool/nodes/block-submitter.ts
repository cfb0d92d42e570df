import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { assembleBlock } from '../../protocol/template-block.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { DatabaseError } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Terms } from '../accounting/scheme.ts';
import type { Clock } from '../clock.ts';
import { coinbaseOf } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BlockCandidate } from '../stratum/share.ts';
import { isJudgement } from './block-answer.ts';
import { BlockDelivery } from './block-delivery.ts';
import { type OwnMark, readOwnBlock } from './own-block.ts';

export interface BlockSubmitterOptions {
  /** All nodes, in order of preference. */
  readonly clients: readonly RpcClient[];
  readonly ledger: Ledger;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** By what our blocks are known. */
  readonly own: OwnMark;
  /** How rewards are divided: kept with each block. */
  readonly terms: Terms;
  /** A node took a block: the tip is about to change. */
  readonly onAccepted: () => void;
  /** A node that does not answer, and a ledger that cannot be written, are tried again after so long (default 5,000). */
  readonly retryMs?: number;
}

/** How far below what the ledger has seen of the chain it is searched for our own at start. */
const SEARCH_DEPTH = 100;
const RETRY_MS = 5_000;
/** How many submitted blocks are remembered, so that none is submitted twice. */
const MAX_SUBMITTED = 10_000;

/**
 * Brings blocks to the network. A block is handed to all nodes at once and entered into the ledger meanwhile;
 * what they said is written down when it is known.
 */
export class BlockSubmitter {
  readonly #options: BlockSubmitterOptions;
  readonly #stopping = new AbortController();
  /** By `hashKey`: a header that comes again is not submitted again. */
  readonly #submitted = new Set<string>();
  /** What is not settled yet. */
  readonly #running = new Set<Promise<void>>();
  #isRecovered = false;

  constructor(options: BlockSubmitterOptions) {
    this.#options = options;
  }

  /** Submits a block, once. */
  submit(candidate: BlockCandidate): void {
    const { jobs, ledger, clock, log, terms } = this.#options;
    const { job, hash, header, worker, credited } = candidate;
    const template = jobs.templateOf(job);
    if (template === undefined || !this.#isFirst(hash)) return;
    const coinbase = coinbaseOf(job, candidate.extranonce1, candidate.extranonce2);
    const raw = assembleBlock(template, header, coinbase);
    log.info(
      { height: job.height, hash: displayHash(hash), address: worker.address, worker: worker.name },
      'block found',
    );
    const block: LedgerBlock = {
      hash,
      previous: job.previousHash,
      height: job.height,
      bits: job.bits,
      timeMs: clock.wallMs(),
      reward: template.reward,
      worker,
      delivery: 'pending',
      reason: undefined,
      // Its own share, where it is credited, is recorded next.
      endSequence: ledger.shares.lastSequence + (credited ? 1 : 0),
      terms,
    };
    this.#track(this.#deliver({ hash, height: job.height, raw }, false, () => this.#enter(block, raw)));
  }

  /**
   * Goes on with what an earlier run left open, and enters blocks of ours that only the chain knows.
   * @param seenHeight up to where the ledger has seen the chain; undefined for one that has seen nothing
   */
  async recover(seenHeight?: Height): Promise<void> {
    const { ledger, log } = this.#options;
    for (const block of await ledger.blocks.pending()) {
      log.info(
        { height: block.height, hash: displayHash(block.hash) },
        'asking for a block of before the restart',
      );
      this.#track(this.#deliver(block, true));
    }
    await this.#searchChain(seenHeight);
  }

  /** Whether the chain was searched for blocks of ours of before the start, as far as a node shows it. */
  get isRecovered(): boolean {
    return this.#isRecovered;
  }

  /** Resolves when all blocks on their way have arrived or were refused, and the ledger says so. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Ends the attempts; what is still unknown is asked for at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the pool is stopping'));
    await this.settled();
  }

  #isFirst(hash: Hash): boolean {
    const key = hashKey(hash);
    if (this.#submitted.has(key)) return false;
    this.#submitted.add(key);
    const [oldest] = this.#submitted;
    if (this.#submitted.size > MAX_SUBMITTED && oldest !== undefined) this.#submitted.delete(oldest);
    return true;
  }

  #track(work: Promise<void>): void {
    const ended = work
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#options.log.error({ err: error }, 'a block is not settled');
      })
      .finally(() => this.#running.delete(ended));
    this.#running.add(ended);
  }

  /** Brings the block to all nodes, and writes down what they say when it is in the ledger. */
  async #deliver(
    block: { readonly hash: Hash; readonly height: Height; readonly raw: string },
    wasSubmitted: boolean,
    enter: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { clients, ledger, log, onAccepted } = this.#options;
    const { hash, height, raw } = block;
    const { signal } = this.#stopping;
    const delivery = new BlockDelivery({ clients, hash, raw, wasSubmitted, signal, log });
    const { outcome, finished } = delivery.start();
    // Nodes that have not answered yet are gone on with; what they say changes nothing any more.
    finished.catch(() => undefined);
    const [answer] = await Promise.all([
      outcome.then((given) => {
        if (given.kind === 'accepted') onAccepted();
        return given;
      }),
      enter(),
    ]);
    await ledger.blocks.settle(hash, answer.kind, answer.reason);
    const facts = { height, hash: displayHash(hash), reason: answer.reason };
    if (answer.kind === 'accepted') log.info(facts, 'block accepted');
    else log.error(facts, 'block rejected');
  }

  /** Writes a block down as soon as the ledger takes it: a full disk must not cost what was found. */
  async #enter(block: LedgerBlock, raw: string): Promise<void> {
    const { ledger, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await ledger.blocks.enter(block, raw);
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code === 'CLOSED') throw error;
        const facts = { hash: displayHash(block.hash), reason: error.message };
        if (attempt === 1) log.error(facts, 'a block cannot be written down yet');
      }
      await this.#pause();
    }
  }

  /** @throws the signal's reason when the pool stops meanwhile */
  async #pause(): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(this.#options.retryMs ?? RETRY_MS, undefined, { signal });
  }

  /** Enters the blocks of ours that are missing, as soon as a node shows its chain; gives up when none ever will. */
  async #searchChain(seenHeight: Height | undefined): Promise<void> {
    for (let attempt = 1; !(await this.#searchSomewhere(seenHeight, attempt === 1)); attempt++) {
      try {
        await this.#pause();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        throw error;
      }
    }
    this.#isRecovered = true;
  }

  /** Searches the chain of the first node that shows it. @returns false when it is worth trying again */
  async #searchSomewhere(seenHeight: Height | undefined, isFirst: boolean): Promise<boolean> {
    const { clients, log } = this.#options;
    let refusals = 0;
    for (const client of clients) {
      try {
        await this.#searchChainOf(client, seenHeight);
        return true;
      } catch (error) {
        if (this.#stopping.signal.aborted) return false;
        if (!(error instanceof UnreachableError || error instanceof RpcCallError)) throw error;
        if (isJudgement(error)) refusals += 1;
        const facts = { node: client.url, reason: error.message };
        if (isFirst) log.warn(facts, 'the chain could not be searched for blocks of ours yet');
      }
    }
    return refusals === clients.length;
  }

  /** Walks back from the tip. */
  async #searchChainOf(client: RpcClient, seenHeight: Height | undefined): Promise<void> {
    const { ledger, log, own } = this.#options;
    const { signal } = this.#stopping;
    const tip = await client.call('getblockcount', [], { signal, schema: z.int() });
    const below = Math.max(Math.min(tip, seenHeight ?? tip) - SEARCH_DEPTH, 0);
    for (let height = tip; height > below; height--) {
      const shown = await client.call('getblockhash', [height], { signal, schema: z.string() });
      const hex = await client.call('getblock', [shown, 0], { signal, schema: z.string() });
      const block = readOwnBlock(hex, height, own);
      // What this run has found is on its way into the ledger, with its finder.
      if (block === undefined || this.#submitted.has(hashKey(block.hash))) continue;
      if (await ledger.blocks.has(block.hash)) continue;
      await ledger.blocks.enter({ ...block, worker: (await ledger.rounds.finderOf(block)) ?? block.worker });
      // Handed in and killed before it was written down: mended here, nothing is left to be done about it.
      log.info({ height, hash: shown }, 'a block of ours that the ledger did not have yet was entered');
    }
  }
}
