import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IP networks that somebody named: those that are believed, or let in. */
export class NetworkList {
  readonly isEmpty: boolean;
  readonly #networks = new BlockList();

  /** @param networks `192.0.2.0/24`, `2001:db8::/32` or single addresses. @throws RangeError naming a wrong one */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = '', bits, ...rest] = network.split('/');
      const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
      const most = family === 'ipv4' ? 32 : 128;
      const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
      if (family === undefined || !isPrefix || rest.length > 0) {
        throw new RangeError(`"${network}" is no network such as 192.0.2.0/24 or 2001:db8::/32`);
      }
      this.#networks.addSubnet(address, bits === undefined ? most : Number(bits), family);
    }
  }

  /** Whether an address is in one of them; an IPv4 address also in its IPv6 clothing (`::ffff:…`). */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
    if (isIPv4(plain)) return this.#networks.check(plain, 'ipv4');
    return isIPv6(plain) && this.#networks.check(plain, 'ipv6');
  }
}

/** What is wrong with a setting that lists networks, as "must be …"; undefined when nothing is. */
export function networksComplaint(networks: readonly string[]): string | undefined {
  try {
    new NetworkList(networks);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return `must be networks: ${error.message}`;
    throw error;
  }
}
