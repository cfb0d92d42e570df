import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Clock } from '../clock.ts';
import { assembleBlock, coinbaseOf } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Delivery, LedgerBlock } from '../ledger/accounts-schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BlockCandidate } from '../stratum/share.ts';
import { readOwnBlock } from './own-block.ts';

export interface BlockSubmitterOptions {
  readonly client: RpcClient;
  readonly ledger: Ledger;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** Script that our coinbases pay to. */
  readonly payoutScript: Uint8Array;
  /** A node took a block: the tip is about to change. */
  readonly onAccepted: () => void;
}

/** What a node said of a block. */
interface Answer {
  readonly delivery: Exclude<Delivery, 'pending'>;
  readonly reason: string | undefined;
}

const SUBMIT_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** How many blocks back the chain is searched for our own at start. */
const SEARCH_DEPTH = 100;
/** How many submitted blocks are remembered, so that none is submitted twice. */
const MAX_SUBMITTED = 10_000;

/**
 * Brings blocks to the network. A block is handed to the node at once and entered into the ledger meanwhile;
 * what the node said is written down when it is known. No answer means that nothing is known: then the node
 * is asked whether it has the block, until it says so or takes it.
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
    const { jobs, ledger, clock, log } = this.#options;
    const { job, hash, header, worker } = candidate;
    const template = jobs.templateOf(job);
    if (template === undefined || !this.#isFirst(hash)) return;
    const coinbase = coinbaseOf(job, candidate.extranonce1, candidate.extranonce2);
    const raw = assembleBlock(template, header, coinbase);
    const answered = this.#submitUntilKnown(hash, raw);
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
    };
    const entered = ledger.blocks.enter(block, raw);
    this.#track(this.#settle(hash, job.height, answered, entered));
  }

  /** Goes on with what an earlier run left open, and enters blocks of ours that only the chain knows. */
  async recover(): Promise<void> {
    const { ledger, log } = this.#options;
    for (const { hash, height, raw } of await ledger.blocks.pending()) {
      log.info({ height, hash: displayHash(hash) }, 'asking for a block of before the restart');
      this.#track(this.#settle(hash, height, this.#askUntilKnown(hash, raw), Promise.resolve()));
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

  async #settle(
    hash: Hash,
    height: Height,
    answered: Promise<Answer>,
    entered: Promise<void>,
  ): Promise<void> {
    const { ledger, log, onAccepted } = this.#options;
    const [answer] = await Promise.all([
      answered.then((given) => {
        if (given.delivery === 'accepted') onAccepted();
        return given;
      }),
      entered,
    ]);
    await ledger.blocks.settle(hash, answer.delivery, answer.reason);
    const facts = { height, hash: displayHash(hash), reason: answer.reason };
    if (answer.delivery === 'accepted') log.info(facts, 'block accepted');
    else log.error(facts, 'block rejected');
  }

  async #submitUntilKnown(hash: Hash, raw: string): Promise<Answer> {
    const { client } = this.#options;
    try {
      const options = { timeoutMs: SUBMIT_MS, signal: this.#stopping.signal };
      return judge(await client.call('submitblock', [raw], options));
    } catch (error) {
      const refusal = refusalIn(error);
      return refusal ?? this.#askUntilKnown(hash, raw, error);
    }
  }

  /** Asks whether the node has the block and submits it again if not, with growing pauses. */
  async #askUntilKnown(hash: Hash, raw: string, reason?: unknown): Promise<Answer> {
    const { client, log } = this.#options;
    const { signal } = this.#stopping;
    if (reason !== undefined)
      log.warn({ hash: displayHash(hash), reason: String(reason) }, 'block unanswered');
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        if (await this.#isKnown(hash)) return { delivery: 'accepted', reason: undefined };
        return judge(await client.call('submitblock', [raw], { timeoutMs: SUBMIT_MS, signal }));
      } catch (error) {
        signal.throwIfAborted();
        const refusal = refusalIn(error);
        if (refusal !== undefined) return refusal;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  }

  async #isKnown(hash: Hash): Promise<boolean> {
    try {
      await this.#options.client.call('getblockheader', [displayHash(hash)], {
        signal: this.#stopping.signal,
      });
      return true;
    } catch (error) {
      if (error instanceof RpcCallError && error.code === RPC_ERRORS.notFound) return false;
      throw error;
    }
  }

  /** Walks back from the tip and enters the blocks of ours that are missing. */
  async #searchChain(): Promise<void> {
    const { client, ledger, log, payoutScript } = this.#options;
    const { signal } = this.#stopping;
    try {
      const tip = await client.call('getblockcount', [], { signal, schema: z.int() });
      for (let height = tip; height > Math.max(tip - SEARCH_DEPTH, 0); height--) {
        const shown = await client.call('getblockhash', [height], { signal, schema: z.string() });
        const hex = await client.call('getblock', [shown, 0], { signal, schema: z.string() });
        const block = readOwnBlock(hex, height, payoutScript);
        if (block === undefined || (await ledger.blocks.has(block.hash))) continue;
        await ledger.blocks.enter(block);
        log.warn({ height, hash: shown }, 'a block of ours was missing in the ledger');
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof UnreachableError || error instanceof RpcCallError)) throw error;
      log.warn({ reason: error.message }, 'the chain could not be searched for blocks of ours');
    }
  }
}

/** Errors that say nothing of the block: the node is not ready, or has a trouble of its own. */
const PASSING_ERRORS: ReadonlySet<number> = new Set([
  RPC_ERRORS.inWarmup,
  RPC_ERRORS.inInitialDownload,
  RPC_ERRORS.notConnected,
  RPC_ERRORS.outOfMemory,
  RPC_ERRORS.databaseError,
  RPC_ERRORS.internalError,
]);

/** What an error says of the block; undefined when nothing is known. */
function refusalIn(error: unknown): Answer | undefined {
  if (!(error instanceof RpcCallError)) return undefined;
  return PASSING_ERRORS.has(error.code) ? undefined : { delivery: 'rejected', reason: error.message };
}

/** The answers of `submitblock` (BIP 22): null is accepted, a text says why not. */
function judge(result: unknown): Answer {
  if (result === null || result === undefined) return { delivery: 'accepted', reason: undefined };
  const reason = String(result);
  // The node has it: twice submitted, or on a branch that is not the best.
  const isKnown = reason === 'duplicate' || reason === 'inconclusive' || reason === 'duplicate-inconclusive';
  return { delivery: isKnown ? 'accepted' : 'rejected', reason };
}
