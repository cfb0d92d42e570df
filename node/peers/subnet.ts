import { isIPv4 } from 'node:net';
import { ipBytes, ipText } from './ip-address.ts';

const MAPPED_BITS = 96;

/** A range of IP addresses, as `setban` and `listbanned` write it: `192.0.2.0/24`, `2001:db8::/32`. */
export class Subnet {
  /** The one way it is written. */
  readonly text: string;
  readonly #network: Uint8Array;
  /** Of the sixteen bytes. */
  readonly #bits: number;

  private constructor(network: Uint8Array, bits: number) {
    this.#network = network;
    this.#bits = bits;
    const ip = ipText(network);
    this.text = `${ip}/${isIPv4(ip) && bits >= MAPPED_BITS ? bits - MAPPED_BITS : bits}`;
  }

  /** Reads an address, alone or with a prefix length or, for IPv4, a netmask; undefined for what is none. */
  static parse(text: string): Subnet | undefined {
    const [address = '', mask, ...rest] = text.split('/');
    const bytes = ipBytes(address);
    if (bytes === undefined || rest.length > 0) return undefined;
    const isShort = isIPv4(address);
    const length = prefixLength(mask, isShort ? 32 : 128);
    if (length === undefined) return undefined;
    const bits = length + (isShort ? MAPPED_BITS : 0);
    return new Subnet(masked(bytes, bits), bits);
  }

  /** The range that is one address only. @param ip in its one form */
  static ofAddress(ip: string): Subnet | undefined {
    return Subnet.parse(ip);
  }

  has(ip: string): boolean {
    const bytes = ipBytes(ip);
    if (bytes === undefined) return false;
    const candidate = masked(bytes, this.#bits);
    return candidate.every((byte, at) => byte === this.#network[at]);
  }
}

function prefixLength(mask: string | undefined, most: number): number | undefined {
  if (mask === undefined) return most;
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= most ? Number(mask) : undefined;
  if (most !== 32 || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, at) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * at))));
}
