import { setTimeout as sleep } from 'node:timers/promises';
import { type BlockAnswer, BlockPlace, readSubmission } from '../../protocol/block-answer.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import { isJudgement, readSubmissionError } from './block-answer.ts';

/** What the nodes together said of a block. */
export type Outcome = Exclude<BlockAnswer, { kind: 'too-early' }>;

export interface BlockDeliveryOptions {
  readonly clients: readonly RpcClient[];
  readonly hash: Hash;
  /** The block as hex. */
  readonly raw: string;
  /** An earlier run may have handed it in: ask first. */
  readonly wasSubmitted: boolean;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const SUBMIT_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Attempts with a node that does not answer, or cannot judge, once another has spoken: about ten minutes. */
const LAST_ATTEMPTS = 45;

/**
 * Brings one block to all nodes at once. It has arrived when one of them has it; it is refused when all have
 * said so. No answer means that nothing is known: then the node is asked whether it has the block, until it says
 * so or takes it. A node that stays away does not hold up for ever what another has refused.
 */
export class BlockDelivery {
  readonly #options: BlockDeliveryOptions;
  readonly #shown: string;
  #refusal: Outcome | undefined;
  #isAccepted = false;

  constructor(options: BlockDeliveryOptions) {
    this.#options = options;
    this.#shown = displayHash(options.hash);
  }

  /**
   * Starts with all nodes.
   * @returns `outcome` resolves as soon as it is known, `finished` when no node is asked any more; both reject
   * with the signal's reason
   */
  start(): { readonly outcome: Promise<Outcome>; readonly finished: Promise<unknown> } {
    const all = this.#options.clients.map((client) => this.#bring(client));
    const finished = Promise.all(all);
    const outcome = new Promise<Outcome>((accept, reject) => {
      for (const one of all) one.then((answer) => answer?.kind === 'accepted' && accept(answer), reject);
      finished.then((answers) => {
        const refused = answers.find((answer) => answer?.kind === 'rejected');
        if (refused !== undefined) accept(refused);
      }, reject);
    });
    return { outcome, finished };
  }

  /** Goes on until the node has judged the block. @returns undefined when it was given up */
  async #bring(client: RpcClient): Promise<Outcome | undefined> {
    const { log, signal, wasSubmitted } = this.#options;
    let ask = wasSubmitted;
    let pauseMs = FIRST_PAUSE_MS;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(client, ask);
      signal.throwIfAborted();
      if (answer !== undefined && answer.kind !== 'too-early') return this.#note(answer);
      if (attempt === 1)
        log.warn({ hash: this.#shown, node: client.url }, 'a node has not judged a block yet');
      if (attempt >= LAST_ATTEMPTS) {
        if (answer !== undefined) return this.#note({ kind: 'rejected', reason: answer.reason });
        if (this.#isAccepted || this.#refusal !== undefined) return undefined;
      }
      ask = true;
      await sleep(pauseMs, undefined, { signal });
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  #note(answer: Outcome): Outcome {
    if (answer.kind === 'accepted') this.#isAccepted = true;
    else this.#refusal ??= answer;
    return answer;
  }

  /** One try: asks for the block if it may have arrived, and hands it in. @returns undefined without an answer */
  async #attempt(client: RpcClient, ask: boolean): Promise<BlockAnswer | undefined> {
    const { raw, signal } = this.#options;
    try {
      if (ask && (await this.#isInChain(client))) return { kind: 'accepted', reason: undefined };
      return readSubmission(await client.call('submitblock', [raw], { timeoutMs: SUBMIT_MS, signal }));
    } catch (error) {
      return readSubmissionError(error);
    }
  }

  async #isInChain(client: RpcClient): Promise<boolean> {
    const { signal } = this.#options;
    try {
      const place = await client.call('getblockheader', [this.#shown], { signal, schema: BlockPlace });
      return place.confirmations > 0;
    } catch (error) {
      // Nodes differ in the code for a block they do not have.
      if (isJudgement(error)) return false;
      throw error;
    }
  }
}
