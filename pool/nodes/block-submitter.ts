import * as z from 'zod';
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Terms } from '../accounting/scheme.ts';
import type { Clock } from '../clock.ts';
import { assembleBlock, coinbaseOf } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BlockCandidate } from '../stratum/share.ts';
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
}

/** How many blocks back the chain is searched for our own at start. */
const SEARCH_DEPTH = 100;
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
    const enter = () => ledger.blocks.enter(block, raw);
    this.#track(this.#deliver({ hash, height: job.height, raw }, false, enter));
  }

  /** Goes on with what an earlier run left open, and enters blocks of ours that only the chain knows. */
  async recover(): Promise<void> {
    const { ledger, log } = this.#options;
    for (const block of await ledger.blocks.pending()) {
      log.info(
        { height: block.height, hash: displayHash(block.hash) },
        'asking for a block of before the restart',
      );
      this.#track(this.#deliver(block, true));
    }
    await this.#searchChain();
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

  /** Enters the blocks of ours that are missing, by the chain of the first node that shows it. */
  async #searchChain(): Promise<void> {
    for (const client of this.#options.clients) {
      try {
        return await this.#searchChainOf(client);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (!(error instanceof UnreachableError || error instanceof RpcCallError)) throw error;
        const facts = { node: client.url, reason: error.message };
        this.#options.log.warn(facts, 'the chain could not be searched for blocks of ours');
      }
    }
  }

  /** Walks back from the tip. */
  async #searchChainOf(client: RpcClient): Promise<void> {
    const { ledger, log, own } = this.#options;
    const { signal } = this.#stopping;
    const tip = await client.call('getblockcount', [], { signal, schema: z.int() });
    for (let height = tip; height > Math.max(tip - SEARCH_DEPTH, 0); height--) {
      const shown = await client.call('getblockhash', [height], { signal, schema: z.string() });
      const hex = await client.call('getblock', [shown, 0], { signal, schema: z.string() });
      const block = readOwnBlock(hex, height, own);
      if (block === undefined || (await ledger.blocks.has(block.hash))) continue;
      await ledger.blocks.enter(block);
      log.warn({ height, hash: shown }, 'a block of ours was missing in the ledger');
    }
  }
}
