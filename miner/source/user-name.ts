/** The user name that a miner gives to a pool: a payment address, with a worker's name behind it or not. */
import { type AddressFormat, BITCOIN_FORMATS, decodeAddress } from '../../protocol/address.ts';
import { type NetworkProfile, PROFILES } from '../../protocol/network.ts';

/** The address in a user name: what stands before the first `.` or `_`, as pools split it. */
export function addressOfUser(user: string): string {
  return user.split(/[._]/, 1)[0] ?? '';
}

/** `ADDRESS.WORKER`, unless the user name has a worker already or there is none to add. */
export function userName(user: string, workerName: string | undefined): string {
  return workerName === undefined || user !== addressOfUser(user) ? user : `${user}.${workerName}`;
}

/**
 * Checks the address of a user name, so that a mistyped one is found before an hour of
 * mining is lost to it. On a known network it must be an address of that network. Without
 * one, only what carries the prefix of a network known here can be judged: elsewhere a
 * user name need not be an address at all.
 *
 * @throws AddressError saying what is wrong with it
 */
export function checkAddress(user: string, network: NetworkProfile | undefined): void {
  const address = addressOfUser(user);
  const format = network?.address ?? formatByPrefix(address);
  if (format !== undefined) decodeAddress(address, format);
}

/** The networks' prefixes of the addresses in user names, each once, where they are known here. */
export function knownPrefixes(users: readonly string[]): readonly string[] {
  const prefixes = users.flatMap((user) => formatByPrefix(addressOfUser(user))?.hrp ?? []);
  return [...new Set(prefixes)];
}

function formatByPrefix(address: string): AddressFormat | undefined {
  const formats = [
    ...Object.values(PROFILES).map((profile) => profile.address),
    ...Object.values(BITCOIN_FORMATS),
  ];
  return formats.find(({ hrp }) => address.toLowerCase().startsWith(`${hrp}1`));
}
