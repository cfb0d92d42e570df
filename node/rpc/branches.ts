import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { none } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { hashArgument } from './arguments.ts';
import { entryOf } from './chain.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';
const params = [{ name: 'blockhash', schema: hashArgument, help: 'hash of the block' }] as const;
const result = none();

/** The methods by which an operator overrules which branch is best. Source: Bitcoin Core, src/rpc/blockchain.cpp. */
export function branchMethods({ chain }: NodeParts): RpcMethods {
  return {
    invalidateblock: rpcMethod({
      group,
      help:
        'Treats a block as if it broke a rule: it and all that stand on it leave the best chain and do not ' +
        'come back, also after a restart, until reconsiderblock is called.',
      params,
      result,
      run: async ({ blockhash }) => {
        const entry = entryOf(chain, blockhash);
        if (entry.parent === undefined) {
          throw new RpcError(RPC_ERRORS.invalidParameter, 'The genesis block cannot be invalidated');
        }
        await chain.invalidate(entry);
        return null;
      },
    }),

    preciousblock: rpcMethod({
      group,
      help:
        'Prefers a block to others of the same work, as if it had come before them. A later call may prefer ' +
        'another one; unlike in Bitcoin Core a restart does not undo it.',
      params,
      result,
      run: async ({ blockhash }) => {
        await chain.prefer(entryOf(chain, blockhash));
        return null;
      },
    }),

    reconsiderblock: rpcMethod({
      group,
      help:
        'Forgets that a block, the blocks below it and those that stand on it were found invalid or marked by ' +
        'invalidateblock; what of them is the best branch is checked again.',
      params,
      result,
      run: async ({ blockhash }) => {
        await chain.reconsider(entryOf(chain, blockhash));
        return null;
      },
    }),
  };
}
