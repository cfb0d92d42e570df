import type * as z from 'zod';
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { BlockHeaderInfo } from '../../protocol/rpc.ts';
import type { Hash } from '../../protocol/units.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';

/** What is read of a header: every node tells so much. */
const ChainHeader = BlockHeaderInfo.pick({
  hash: true,
  height: true,
  time: true,
  difficulty: true,
  nTx: true,
  previousblockhash: true,
});
export type ChainHeader = z.infer<typeof ChainHeader>;

/** Blocks that are shown at most, and kept. */
export const CHAIN_LIMIT = 100;
/** Reading the chain must not wait longer than a reader of the page would. */
const ANSWER_MS = 5_000;

/** The last blocks of the chain, read from the node header by header and kept: a block never changes. */
export class ChainWindow {
  readonly #client: Pick<RpcClient, 'call'>;
  readonly #known = new Map<string, ChainHeader>();

  constructor(client: Pick<RpcClient, 'call'>) {
    this.#client = client;
  }

  /**
   * The headers of a tip and the blocks before it, newest first.
   * @throws UnreachableError, RpcCallError while the node does not answer
   */
  async last(tip: Hash, limit: number): Promise<ChainHeader[]> {
    const headers: ChainHeader[] = [];
    let next: Hash | undefined = tip;
    while (next !== undefined && headers.length < limit) {
      const header: ChainHeader = await this.#header(next);
      headers.push(header);
      next = header.previousblockhash;
    }
    return headers;
  }

  async #header(hash: Hash): Promise<ChainHeader> {
    const key = hashKey(hash);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const header = await this.#client.call('getblockheader', [displayHash(hash), true], {
      schema: ChainHeader,
      timeoutMs: ANSWER_MS,
    });
    this.#known.set(key, header);
    const [oldest] = this.#known.keys();
    // Twice the window: a reorganisation reads the blocks of both branches.
    if (this.#known.size > 2 * CHAIN_LIMIT && oldest !== undefined) this.#known.delete(oldest);
    return header;
  }
}

/** Whether the chain could not be read because of the node, and why. */
export function chainTrouble(error: unknown): string | undefined {
  if (error instanceof UnreachableError || error instanceof RpcCallError) return error.message;
  return undefined;
}
