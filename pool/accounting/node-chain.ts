/** What accounts and payouts ask of a node about its best chain. */
import * as z from 'zod';
import { bytesToHex, displayHash, equalBytes } from '../../protocol/bytes.ts';
import { BlockchainInfo, RPC_ERRORS } from '../../protocol/rpc.ts';
import { amount, displayedHash, hexBytes } from '../../protocol/schema.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { RpcCallError, type RpcClient } from '../../service/rpc-client.ts';
import { ChainMovedError, type TransactionPlace } from '../../wallet/services/payout-chain.ts';
import type { BlockPlace } from '../../wallet/services/payout-state.ts';

/** An unspent output of the best chain; what waits in the mempool does not count. */
export interface ChainCoin {
  readonly value: Nits;
  readonly script: Uint8Array;
  readonly height: Height;
  /** Made by a coinbase, the genesis block's included. */
  readonly isCoinbase: boolean;
}

/** What a node says to a transaction that is handed in. */
export type SendAnswer = { readonly accepted: true } | { readonly accepted: false; readonly reason: string };

const Coin = z
  .object({
    confirmations: z.int().positive(),
    value: amount,
    scriptPubKey: z.object({ hex: hexBytes }),
    coinbase: z.boolean(),
  })
  .nullable();

const Placed = z.object({ blockhash: displayedHash.optional(), confirmations: z.int().optional() });

/** How many calls are under way at once. */
const CALLS_AT_ONCE = 50;

/** All methods throw UnreachableError when the node does not answer, and RpcCallError when it refuses to. */
export class NodeChain {
  readonly #client: Pick<RpcClient, 'call'>;
  readonly #signal: AbortSignal;

  constructor(client: Pick<RpcClient, 'call'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async tip(): Promise<BlockPlace> {
    const info = await this.#call('getblockchaininfo', [], BlockchainInfo);
    return { hash: info.bestblockhash, height: info.blocks };
  }

  /** @throws ChainMovedError unless the tip is still this one */
  async requireTip({ hash }: BlockPlace): Promise<void> {
    const now = await this.#call('getbestblockhash', [], displayedHash);
    if (!equalBytes(now, hash)) throw new ChainMovedError('a new block came meanwhile');
  }

  /** Hash of the best chain's block at each height; undefined above the tip. */
  async hashesAt(heights: readonly Height[]): Promise<ReadonlyMap<Height, Hash>> {
    const wanted = [...new Set(heights)];
    const found = new Map<Height, Hash>();
    for (let start = 0; start < wanted.length; start += CALLS_AT_ONCE) {
      const some = wanted.slice(start, start + CALLS_AT_ONCE);
      const hashes = await Promise.all(some.map((height) => this.#hashAt(height)));
      for (const [index, height] of some.entries()) {
        const hash = hashes[index];
        if (hash !== undefined) found.set(height, hash);
      }
    }
    return found;
  }

  async #hashAt(height: Height): Promise<Hash | undefined> {
    try {
      return await this.#call('getblockhash', [height], displayedHash);
    } catch (error) {
      // Core and ours: out of range is an invalid parameter; others say that there is no such block.
      const outOfRange: readonly number[] = [RPC_ERRORS.invalidParameter, RPC_ERRORS.notFound];
      if (error instanceof RpcCallError && outOfRange.includes(error.code)) return undefined;
      throw error;
    }
  }

  /** An output, unless it is spent or was never made. */
  async coin({ txid, index }: OutPoint, tip: BlockPlace): Promise<ChainCoin | undefined> {
    const coin = await this.#call('gettxout', [displayHash(txid), index, false], Coin);
    if (coin === null) return undefined;
    const height = tip.height - coin.confirmations + 1;
    const { value, scriptPubKey, coinbase } = coin;
    return { value, script: scriptPubKey.hex, height, isCoinbase: coinbase || height === 0 };
  }

  async transaction(txid: Hash): Promise<TransactionPlace> {
    const found = await this.#unlessUnknown('getrawtransaction', [displayHash(txid), true], Placed);
    if (found === undefined) return { state: 'unknown' };
    const { blockhash, confirmations = 0 } = found;
    if (blockhash === undefined || confirmations <= 0) return { state: 'waiting' };
    return { state: 'in-block', block: blockhash, confirmations };
  }

  /** Hands a transaction in; having it already is as good. */
  async send(raw: Uint8Array): Promise<SendAnswer> {
    try {
      await this.#call('sendrawtransaction', [bytesToHex(raw)], z.unknown());
      return { accepted: true };
    } catch (error) {
      if (!(error instanceof RpcCallError)) throw error;
      const isThere =
        error.code === RPC_ERRORS.alreadyInChain || /txn-already-(known|in-mempool)/.test(error.message);
      return isThere ? { accepted: true } : { accepted: false, reason: error.message };
    }
  }

  async #unlessUnknown<S extends z.ZodType>(
    method: string,
    params: readonly unknown[],
    schema: S,
  ): Promise<z.output<S> | undefined> {
    try {
      return await this.#call(method, params, schema);
    } catch (error) {
      if (error instanceof RpcCallError && error.code === RPC_ERRORS.notFound) return undefined;
      throw error;
    }
  }

  #call<S extends z.ZodType>(method: string, params: readonly unknown[], schema: S): Promise<z.output<S>> {
    return this.#client.call(method, params, { schema, signal: this.#signal });
  }
}
