/** Which network a node is on, and whom its blocks are to pay there. */
import * as z from 'zod';
import { AddressError, type AddressFormat } from '../../protocol/address.ts';
import { PROFILES } from '../../protocol/network.ts';
import {
  CORE_REGTEST_ADDRESS,
  type NodeNetwork,
  networkOf,
  regtestFormat,
} from '../../protocol/node-network.ts';
import { readPayoutAddress } from '../../protocol/payout-address.ts';
import { AddressValidation, BlockchainInfo } from '../../protocol/rpc.ts';
import { type CallOptions, RpcCallError, type RpcClient } from '../../service/rpc-client.ts';
import { addressOfUser } from '../source/user-name.ts';

/** Whom the coinbase pays. */
export interface Payee {
  readonly script: Uint8Array;
  readonly network: NodeNetwork;
}

/** The address of a user name is none of the node's network. */
export class PayeeError extends Error {
  override readonly name = 'PayeeError';
}

/**
 * Asks a node for its network and reads the address of a user name as one of it.
 * @throws PayeeError for an address of elsewhere, NetworkError for a network that is unknown here,
 * UnreachableError, RpcCallError
 */
export async function askPayee(client: RpcClient, user: string, limits: CallOptions): Promise<Payee> {
  const info = await client.call('getblockchaininfo', [], { ...limits, schema: BlockchainInfo });
  const genesis = await client.call('getblockhash', [0], { ...limits, schema: z.string() });
  const isRegtest = info.nilzcoin === undefined && info.chain === 'regtest';
  const network = networkOf(info, genesis, isRegtest ? await askRegtestFormat(client, limits) : undefined);
  try {
    return { script: readPayoutAddress(addressOfUser(user), network).script, network };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new PayeeError(`${user} cannot be paid on the network ${network.name}: ${error.message}`);
  }
}

async function askRegtestFormat(client: RpcClient, limits: CallOptions): Promise<AddressFormat> {
  const validation = await client
    .call('validateaddress', [CORE_REGTEST_ADDRESS], { ...limits, schema: AddressValidation })
    .catch(unlessTold);
  return regtestFormat(validation);
}

/** A node without the method cannot tell. */
function unlessTold(error: unknown): undefined {
  if (!(error instanceof RpcCallError)) throw error;
}

/**
 * The least time between two blocks where they cost nothing, because their difficulty never changes: without it a
 * miner would flood its own chain with hundreds of blocks a second. 0 on all other networks.
 */
export function paceOf({ name }: NodeNetwork): number {
  const profile = Object.values(PROFILES).find((known) => known.name === name);
  return profile === undefined || profile.retarget ? 0 : profile.blockTimeSeconds * 1000;
}
