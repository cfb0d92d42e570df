/** The RPC of a node whose chain is a {@link ModelChain}, as far as payouts of a pool ask it. */

import { formatAmount } from '../../../protocol/amount.ts';
import { displayHash, hexToBytes, parseDisplayHash } from '../../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../../protocol/rpc.ts';
import { decodeTransaction, txid } from '../../../protocol/transaction.ts';
import { RpcCallError, type RpcClient } from '../../../service/rpc-client.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import type { ModelChain } from './model-chain.ts';

export function modelNode(chain: ModelChain): Pick<RpcClient, 'call'> {
  const answers: Readonly<Record<string, (...params: never[]) => unknown>> = {
    getblockchaininfo: () => ({
      chain: chain.profile.chainName,
      blocks: chain.height,
      headers: chain.height,
      bestblockhash: displayHash(chain.hashAt(chain.height)),
      difficulty: 1,
    }),
    getbestblockhash: () => displayHash(chain.hashAt(chain.height)),
    getblockhash: (height: number) => {
      if (height <= chain.height) return displayHash(chain.hashAt(height));
      throw new RpcCallError(RPC_ERRORS.invalidParameter, 'Block height out of range');
    },
    gettxout: (id: string, index: number) => {
      const coin = chain.unspent({ txid: parseDisplayHash(id), index });
      if (coin === undefined) return null;
      return {
        confirmations: chain.height - coin.height + 1,
        value: Number(formatAmount(coin.value)),
        scriptPubKey: { hex: Buffer.from(coin.script).toString('hex') },
        coinbase: coin.isCoinbase,
      };
    },
    getrawtransaction: (id: string) => {
      const place = chain.placeOf(parseDisplayHash(id));
      if (place !== undefined) return { blockhash: displayHash(place.block), confirmations: place.depth };
      if (chain.mempool.some((transaction) => displayHash(txid(transaction)) === id)) return {};
      throw new RpcCallError(RPC_ERRORS.notFound, 'No such mempool or blockchain transaction');
    },
    sendrawtransaction: async (raw: string) => {
      try {
        await chain.broadcast(decodeTransaction(hexToBytes(raw)));
      } catch (error) {
        if (!(error instanceof PaymentRejectedError)) throw error;
        throw new RpcCallError(RPC_ERRORS.verifyRejected, error.reason);
      }
    },
  };
  return {
    async call(method: string, params: readonly unknown[] = [], options = {}) {
      await chain.chain();
      const answer = await answers[method]?.(...(params as never[]));
      const { schema } = options as { schema?: { parse(value: unknown): unknown } };
      return schema === undefined ? answer : schema.parse(answer);
    },
  } as Pick<RpcClient, 'call'>;
}
