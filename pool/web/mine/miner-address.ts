/** Whether somebody can be paid by this pool, told before anything is mined. By the rule of the pool itself. */
import { AddressError } from '../../../protocol/address.ts';
import { type PayeeNetwork, readPayoutAddress } from '../../../protocol/payout-address.ts';
import { parseUser } from '../../stratum/worker-name.ts';
import type { Stats } from '../answers.ts';

/** How the pool's network writes addresses; undefined where the pool does not say. */
export function payeeNetwork({ address }: Stats['network']): PayeeNetwork | undefined {
  if (address === null) return undefined;
  const { hrp, p2pkh, p2sh, only_p2wpkh: onlyP2wpkh } = address;
  return { format: { hrp, ...(p2pkh !== null && { p2pkh }), ...(p2sh !== null && { p2sh }) }, onlyP2wpkh };
}

/** What is wrong with an address, as a sentence; undefined when it can be paid on this network. */
export function addressComplaint(text: string, network: Stats['network']): string | undefined {
  if (text === '') return 'An address is missing: where should your earnings go?';
  const payee = payeeNetwork(network);
  // The pool has the last word in any case.
  if (payee === undefined) return undefined;
  try {
    readPayoutAddress(text, payee);
    return undefined;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const { message } = error;
    return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}. This pool mines on the network ${network.name}.`;
  }
}

/** What is wrong with the name of a worker; undefined when nothing is. It may be left out. */
export function workerComplaint(name: string): string | undefined {
  const read = parseUser(name === '' ? 'address' : `address.${name}`);
  return typeof read === 'string'
    ? 'A name has 1 to 64 letters, digits, dots, dashes and underscores.'
    : undefined;
}

/** The user name of a worker at the pool. */
export function userOf(address: string, worker: string): string {
  return worker === '' ? address : `${address}.${worker}`;
}
