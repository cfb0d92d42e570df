import * as z from 'zod';
import { amountFields } from '../../protocol/amount-fields.ts';
import { rewardAt } from '../../protocol/connect.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { BlockRow } from '../../protocol/relay.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { HttpError } from '../../service/http.ts';
import { KeptFacts } from '../../service/kept-facts.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { BlockAnswer, HeaderAnswer, TransactionAnswer } from './upstream/node-answers.ts';
import type { NodeCalls } from './upstream/node-calls.ts';
import type { NodeLink, NodeListener } from './upstream/node-link.ts';

/** What never changes of a block and is known without its transactions. */
export type BlockOutline = Omit<BlockAnswer, 'confirmations' | 'nextblockhash' | 'tx'>;

/** The same, and what its coinbase says. */
export interface BlockFacts {
  readonly row: BlockRow;
  readonly header: BlockOutline;
}

/** Blocks whose facts are kept, and ids of transactions over all blocks that are listed. */
const KEPT_BLOCKS = 20_000;
const KEPT_IDS = 200_000;
const KEPT_HEIGHTS = 50_000;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Reads blocks from the node, each once: what a hash stands for never changes. */
export class ChainReader implements NodeListener {
  readonly #calls: NodeCalls;
  readonly #link: NodeLink;
  readonly #outlines = new KeptFacts<BlockOutline>(KEPT_BLOCKS);
  readonly #blocks = new KeptFacts<BlockFacts>(KEPT_BLOCKS);
  readonly #ids = new KeptFacts<readonly string[]>(KEPT_IDS, (ids) => ids.length);
  /** Of the best chain: forgotten when a block leaves it. */
  readonly #hashes = new KeptFacts<string>(KEPT_HEIGHTS);

  constructor(calls: NodeCalls, link: NodeLink) {
    this.#calls = calls;
    this.#link = link;
  }

  onUp(): void {
    this.#hashes.clear();
  }

  onBlockGone(): void {
    this.#hashes.clear();
  }

  /**
   * The hash of the best chain at a height.
   * @throws HttpError 404 above the tip
   */
  async hashAt(height: number): Promise<string> {
    const { tip } = this.#link.facts;
    if (height > tip.height) throw notFound(`there is no block ${height}: the tip is at ${tip.height}`);
    return await this.#hashes.get(String(height), () => this.#findHash(height));
  }

  async #findHash(height: number): Promise<string> {
    try {
      return await this.#calls.quick('getblockhash', [height], Hash);
    } catch (error) {
      // A reorganisation has just made the chain shorter.
      if (!isRefusal(error, RPC_ERRORS.invalidParameter)) throw error;
      throw notFound(`there is no block ${height}`);
    }
  }

  /** Whether a block is on the best chain. */
  async isOnBestChain({ height, hash }: Pick<BlockRow, 'height' | 'hash'>): Promise<boolean> {
    if (height > this.#link.facts.tip.height) return false;
    return (await this.hashAt(height)) === hash;
  }

  /** A header, with where it stands now. @throws HttpError 404 when there is none of this hash */
  async header(hash: string): Promise<HeaderAnswer> {
    return await found(
      this.#calls.quick('getblockheader', [hash, true], HeaderAnswer),
      `there is no block ${hash}`,
    );
  }

  /** What is known of a block without its transactions. @throws HttpError 404 when there is none of this hash */
  outline(hash: string): Promise<BlockOutline> {
    return this.#outlines.get(hash, async () => {
      const { tx, confirmations, nextblockhash, ...outline } = await this.#block(hash);
      this.#ids.set(hash, tx);
      return outline;
    });
  }

  /** What is known of a block. @throws HttpError 404 when there is none of this hash */
  facts(hash: string): Promise<BlockFacts> {
    return this.#blocks.get(hash, async () => {
      const header = await this.outline(hash);
      const [first = ''] = await this.ids(hash);
      const coinbase = await this.#calls.quick('getrawtransaction', [first, 1, hash], TransactionAnswer);
      return { row: blockRow(header, coinbase, this.#link.facts.profile), header };
    });
  }

  /** The ids of a block's transactions, in their order. @throws HttpError 404 when there is none of this hash */
  ids(hash: string): Promise<readonly string[]> {
    return this.#ids.get(hash, async () => (await this.#block(hash)).tx);
  }

  async #block(hash: string): Promise<BlockAnswer> {
    try {
      return await found(this.#calls.quick('getblock', [hash, 1], BlockAnswer), `there is no block ${hash}`);
    } catch (error) {
      // As for a branch whose blocks were never fetched.
      if (!isRefusal(error, RPC_ERRORS.misc)) throw error;
      throw notFound(`of the block ${hash} only the header is at hand`);
    }
  }
}

function blockRow(
  block: BlockOutline,
  { vin, vout }: TransactionAnswer,
  profile: NetworkProfile | undefined,
): BlockRow {
  const reward = vout.reduce((sum, { value }) => sum + value, 0n);
  const subsidy = profile && (block.height === 0 ? reward : rewardAt(block.height, profile));
  return {
    hash: block.hash,
    height: block.height,
    time: block.time,
    difficulty: block.difficulty,
    transactions: block.nTx,
    size: block.size,
    weight: block.weight,
    ...amountFields('reward', reward),
    // A miner may take less than is due: then nothing is beyond the subsidy.
    ...amountFields('fees', subsidy === undefined ? undefined : reward > subsidy ? reward - subsidy : 0n),
    finder: vout.find(({ scriptPubKey }) => scriptPubKey.address !== undefined)?.scriptPubKey.address ?? null,
    coinbase_hex: vin[0]?.coinbase ?? '',
  };
}

/** What a call answers. @throws HttpError 404 with this sentence where the node says that there is no such thing */
export async function found<T>(call: Promise<T>, missing: string): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!isRefusal(error, RPC_ERRORS.notFound)) throw error;
    throw notFound(missing);
  }
}

function isRefusal(error: unknown, code: number): boolean {
  return error instanceof RpcCallError && error.code === code;
}

/** The answer where there is nothing of this name. */
export function notFound(sentence: string): HttpError {
  return new HttpError(404, sentence);
}
