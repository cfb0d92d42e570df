import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Where a node listens. `ip` as `ipText` writes it, so equal texts are equal addresses. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** IPv4 stands in the last four of sixteen bytes, after these (RFC 4291, 2.5.5.2). */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** The sixteen bytes of an IP address as the peer protocol carries it; undefined for what is none. */
export function ipBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.of(...MAPPED_PREFIX, ...text.split('.').map(Number));
  return isIPv6(text) && !text.includes('%') ? ipv6Bytes(text) : undefined;
}

function ipv6Bytes(text: string): Uint8Array {
  // The last four bytes may be written as those of IPv4.
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [a * 256 + Number(b), c * 256 + Number(d)].map((word) => word.toString(16)).join(':'),
  );
  const [head = '', tail = ''] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const words = [...before, ...zeros, ...after].map((word) => Number.parseInt(word, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** The one way an address is written: dotted for IPv4, also for one mapped into IPv6; RFC 5952 otherwise. */
export function ipText(bytes: Uint8Array): string {
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const words = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new SocketAddress({ address: words.join(':'), family: 'ipv6' }).address;
}

function isMapped(bytes: Uint8Array): boolean {
  return MAPPED_PREFIX.every((byte, at) => bytes[at] === byte);
}

/** An address in its one form; undefined for what is none. A zone (`%eth0`) is cut off. */
export function canonicalIp(text: string): string | undefined {
  const bytes = ipBytes(text.split('%')[0] ?? '');
  return bytes && ipText(bytes);
}

/** `203.0.113.7:5001`, `[2001:db8::1]:5001`. */
export function endpointText({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** A host by name or address, and a port. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const HOST_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/;

/** Reads `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; undefined for what is none of these. */
export function parseHostAndPort(text: string, defaultPort: number): HostAndPort | undefined {
  if (isIPv6(text)) return { host: text, port: defaultPort };
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  const isNumeric = name !== undefined && /^[\d.]+$/.test(name);
  const isHost = name !== undefined && (isNumeric ? isIPv4(name) : HOST_NAME.test(name));
  return isHost ? { host: name, port } : undefined;
}

/**
 * From how far an address can be reached: from its own machine, its own site, everywhere, or not at all.
 * An address is worth telling only to those who can reach it.
 */
export type Reach = 'loopback' | 'site' | 'everywhere' | 'nowhere';

const LOOPBACK = blockList('127.0.0.0/8', '::1/128');
/** RFC 1918, 3927 (link-local), 6598 (carrier NAT), 4193 and 4291 (the same of IPv6). */
const SITE = blockList(
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
);
/** RFC 1122 (this network), 5737 and 3849 (documentation), 2544 (benchmarks), multicast, reserved, ORCHID. */
const NOWHERE = blockList(
  '0.0.0.0/8',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/128',
  '2001:db8::/32',
  '2001:10::/28',
  '2001:20::/28',
  'ff00::/8',
);

function blockList(...networks: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    blocks.addSubnet(address, Number(bits), familyOf(address));
  }
  return blocks;
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return ip.includes(':') ? 'ipv6' : 'ipv4';
}

/** @param ip in its one form */
export function reachOf(ip: string): Reach {
  const family = familyOf(ip);
  if (LOOPBACK.check(ip, family)) return 'loopback';
  if (SITE.check(ip, family)) return 'site';
  return NOWHERE.check(ip, family) ? 'nowhere' : 'everywhere';
}

/**
 * The range an address is counted with: whoever has one address of it may have all of them. The /16 of IPv4,
 * the /32 of IPv6 (Bitcoin Core: NetGroupManager::GetGroup without a map of autonomous systems).
 * @param ip in its one form
 */
export function rangeOf(ip: string): string {
  const bytes = ipBytes(ip) ?? new Uint8Array(16);
  if (isMapped(bytes)) return `${bytes[12]}.${bytes[13]}.0.0/16`;
  const network = new Uint8Array(16);
  network.set(bytes.subarray(0, 4));
  return `${ipText(network)}/32`;
}
