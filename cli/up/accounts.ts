/** The funded accounts of a network for trying out, with what they have now. */
import * as z from 'zod';
import { encodeAddress } from '../../protocol/address.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { AddressBalance } from '../../protocol/rpc.ts';
import type { RpcClient } from '../../service/rpc-client.ts';

export interface Account {
  readonly name: string;
  readonly address: string;
  /** As in "m/84'/1'/0'/0/0" (BIP 84). */
  readonly path: string;
  readonly balance: AddressBalance;
}

/** The address of the funded account of that name. Throws RangeError where the network has none. */
export function accountAddress(profile: NetworkProfile, name: string): string {
  const account = profile.fundedAccounts.find((candidate) => candidate.name === name);
  const address = account && encodeAddress(account.script, profile.address);
  if (address === undefined) throw new RangeError(`${profile.name} has no funded account "${name}"`);
  return address;
}

/** All of them in the order of the key tree. */
export async function readAccounts(profile: NetworkProfile, node: RpcClient): Promise<Account[]> {
  const places = profile.fundedAccounts.map(({ name, index }) => ({
    name,
    address: accountAddress(profile, name),
    path: `m/84'/${profile.coinType}'/0'/0/${index}`,
  }));
  const answers = await node.batch(
    places.map(({ address }) => ({ method: 'getaddressbalance', params: [{ addresses: [address] }] })),
  );
  const balances = z.array(AddressBalance).parse(
    answers.map((answer) => {
      if (answer instanceof Error) throw answer;
      return answer.result;
    }),
  );
  return places.map((place, index) => {
    const balance = balances[index];
    if (balance === undefined) throw new RangeError(`no balance for ${place.name}`);
    return { ...place, balance };
  });
}
