import type { IncomingMessage } from 'node:http';
import type { NetworkList } from '../../service/network-list.ts';
import { forwardedSource } from '../stratum/proxy-protocol.ts';

/** Says whom a request comes from. */
export type ClientAddress = (request: IncomingMessage) => string;

/** The address that counts for limits: what a listed proxy says in `X-Forwarded-For`, else the caller's own. */
export function clientAddressBehind(proxies: NetworkList): ClientAddress {
  return ({ headers, socket }) => {
    const forwarded = headers['x-forwarded-for'];
    const hops = Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '');
    return forwardedSource({ address: socket.remoteAddress ?? '', port: socket.remotePort }, hops, proxies)
      .address;
  };
}
