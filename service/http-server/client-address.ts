import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkList } from '../network-list.ts';

/** Says whom a request comes from. */
export type ClientAddress = (request: IncomingMessage) => string;

/** Where a connection comes from. */
export interface Source {
  readonly address: string;
  /** Undefined when it is not known. */
  readonly port: number | undefined;
}

/** The address that counts for limits: what a listed proxy says in `X-Forwarded-For`, else the caller's own. */
export function clientAddressBehind(proxies: NetworkList): ClientAddress {
  return ({ headers, socket }) => {
    const caller = { address: socket.remoteAddress ?? '', port: socket.remotePort };
    return forwardedSource(caller, forwardedFor(headers['x-forwarded-for']), proxies).address;
  };
}

/**
 * The address that counts for limits behind a number of proxies, whatever theirs are: each adds whom it was called
 * by to the right of `X-Forwarded-For`, so that many entries from the right are true and all others anybody's
 * invention. Where there are fewer, or one is no address, the last one that is true counts.
 * @param proxies how many there are in front; 0 believes nothing
 */
export function clientAddressBehindCount(proxies: number): ClientAddress {
  return ({ headers, socket }) => {
    let address = socket.remoteAddress ?? '';
    if (proxies === 0) return address;
    const hops = forwardedFor(headers['x-forwarded-for']).split(',').slice(-proxies);
    for (const hop of hops.reverse()) {
      const forwarded = hop.trim();
      if (!(isIPv4(forwarded) || isIPv6(forwarded))) break;
      address = forwarded;
    }
    return address;
  };
}

/**
 * Whom an HTTP request comes from: of the addresses in `X-Forwarded-For`, to which each proxy adds the one it was
 * called from, the last that is no proxy of ours.
 */
export function forwardedSource(caller: Source, forwardedFor: string, proxies: NetworkList): Source {
  let source = caller;
  for (const hop of forwardedFor.split(',').reverse()) {
    const address = hop.trim();
    if (!proxies.has(source.address) || !(isIPv4(address) || isIPv6(address))) break;
    source = { address, port: undefined };
  }
  return source;
}

function forwardedFor(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '');
}
