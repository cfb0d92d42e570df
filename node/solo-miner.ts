import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { Block } from '../protocol/block.ts';
import { displayHash } from '../protocol/bytes.ts';
import { compactToTarget } from '../protocol/compact.ts';
import { blockHash, encodeHeader } from '../protocol/header.ts';
import { targetBytes } from '../protocol/work.ts';
import type { Logger } from '../service/log.ts';
import { startWorker } from '../service/worker.ts';
import type { AcceptResult } from './chain/chain.ts';
import { type LongPoll, longPollId } from './long-poll.ts';
import { assembleBlock, type TemplateSource } from './template.ts';

/** A header to find a nonce for. */
export interface MiningJob {
  readonly id: number;
  /** 80 bytes; the worker writes its nonces into its own copy. */
  readonly header: Uint8Array;
  /** As `targetBytes` gives it. */
  readonly target: Uint8Array;
}

/** The nonce that solves job `id`, or undefined when none of the 2³² does. */
export interface MiningResult {
  readonly id: number;
  readonly nonce: number | undefined;
}

export interface SoloMinerOptions {
  readonly templates: TemplateSource;
  readonly longPoll: LongPoll;
  readonly accept: (block: Block) => Promise<AcceptResult>;
  /** Output script that is paid. */
  readonly script: Uint8Array;
  /** Least time between two blocks, for networks whose blocks cost nothing; 0 mines as fast as it can. */
  readonly paceMs: number;
  readonly log: Logger;
}

/**
 * Mines on the node's own tip without a pause, in a worker thread, so that the node goes on answering.
 * Plain hashing: it is there to keep a small network moving, not to compete.
 */
export class SoloMiner {
  readonly #options: SoloMinerOptions;
  readonly #worker: Worker;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #jobs = 0;
  /** The job the worker is on, and who waits for it. */
  #pending: { readonly id: number; readonly resolve: (nonce: number | undefined) => void } | undefined;

  constructor(options: SoloMinerOptions) {
    this.#options = options;
    this.#worker = startWorker(new URL('./solo-miner-worker.ts', import.meta.url));
    this.#worker.on('message', ({ id, nonce }: MiningResult) => {
      if (this.#pending?.id === id) this.#pending.resolve(nonce);
    });
    this.#worker.on('error', (error) => {
      options.log.error({ err: error }, 'the mining thread failed; mining stops');
      this.#stopping.abort();
    });
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) options.log.error({ err: error }, 'mining stops');
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#worker.terminate();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const solved = await this.#mineUntilOutdated(signal);
      if (solved === undefined || signal.aborted) continue;
      const { outcome, error } = await this.#options.accept(solved);
      const hash = displayHash(blockHash(solved.header));
      if (error) this.#options.log.warn({ hash, outcome, reason: error.message }, 'mined block refused');
      if (this.#options.paceMs > 0) await sleep(this.#options.paceMs, undefined, { signal });
    }
  }

  /** Works on the present template until it is solved, used up or no longer the best. */
  async #mineUntilOutdated(signal: AbortSignal): Promise<Block | undefined> {
    const { templates, longPoll, script } = this.#options;
    const template = templates.current();
    const moment = templates.moment();
    const id = ++this.#jobs;
    const block = assembleBlock({
      ...template,
      ...moment,
      payouts: [{ value: template.coinbaseValue, script }],
      transactions: template.entries.map(({ transaction }) => transaction),
      extra: extraNonce(id),
    });
    const outdated = new AbortController();
    const solved = this.#solve({
      id,
      header: encodeHeader(block.header),
      target: targetBytes(compactToTarget(block.header.bits)),
    });
    const changed = longPoll.wait(longPollId(template, moment), AbortSignal.any([signal, outdated.signal]));
    const nonce = await Promise.race([solved, changed.then(() => undefined)]);
    outdated.abort();
    return nonce === undefined ? undefined : { ...block, header: { ...block.header, nonce } };
  }

  /** Gives the worker this job in place of its last one. */
  #solve(job: MiningJob): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.#pending = { id: job.id, resolve };
      this.#worker.postMessage(job);
    });
  }
}

/** Eight bytes that no other job of this process has, as a push. */
function extraNonce(id: number): Uint8Array {
  const push = new Uint8Array(9);
  push[0] = 8;
  new DataView(push.buffer).setBigUint64(1, BigInt(id));
  return push;
}
