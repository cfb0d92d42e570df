import { AddressError, decodeAddress } from '../../protocol/address.ts';

/** What is wrong with an address of this network, as a sentence; undefined when nothing is. */
export function addressComplaint(address: string, prefix: string): string | undefined {
  try {
    decodeAddress(address, { hrp: prefix });
    return undefined;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const { message } = error;
    return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  }
}
