import * as z from 'zod';
import type { AddressFormat } from '../../protocol/address.ts';
import {
  CORE_REGTEST_ADDRESS,
  type NodeNetwork,
  networkOf,
  regtestFormat,
} from '../../protocol/node-network.ts';
import { AddressValidation, BlockchainInfo } from '../../protocol/rpc.ts';
import { type CallOptions, RpcCallError, type RpcClient } from '../../service/rpc-client.ts';

export { NetworkError, type NodeNetwork } from '../../protocol/node-network.ts';

/**
 * Asks a node which network it is on.
 * @throws NetworkError, UnreachableError, RpcCallError
 */
export async function askNetwork(client: RpcClient, limits: CallOptions): Promise<NodeNetwork> {
  const info = await client.call('getblockchaininfo', [], { ...limits, schema: BlockchainInfo });
  const genesis = await client.call('getblockhash', [0], { ...limits, schema: z.string() });
  const isRegtest = info.nilzcoin === undefined && info.chain === 'regtest';
  return networkOf(info, genesis, isRegtest ? await askRegtestFormat(client, limits) : undefined);
}

async function askRegtestFormat(client: RpcClient, limits: CallOptions): Promise<AddressFormat> {
  const question = [CORE_REGTEST_ADDRESS];
  try {
    return regtestFormat(
      await client.call('validateaddress', question, { ...limits, schema: AddressValidation }),
    );
  } catch (error) {
    if (error instanceof RpcCallError) return regtestFormat(undefined);
    throw error;
  }
}
