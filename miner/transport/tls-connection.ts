/** Stratum over TLS: the lines of TCP, encrypted, with the pool's certificate checked. */
import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import type { Connector, Endpoint } from './connection.ts';
import { lineConnection, SOCKET_OPTIONS, tune } from './tcp-connection.ts';
import { type TlsTrust, tlsOptions } from './tls-trust.ts';

/**
 * Opens sockets of TLS.
 * @throws TlsTrustError when the certificates of the trust cannot be read
 */
export function tlsOpener(trust: TlsTrust): (endpoint: Endpoint) => Socket {
  const options = tlsOptions(trust);
  return ({ host, port }) => {
    // The name is part of the handshake, so that hosts of many pools show the right certificate; RFC 6066 §3
    // allows no address there.
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ ...SOCKET_OPTIONS, ...options, ...servername, host, port });
    return tune(socket);
  };
}

/**
 * Stratum over TLS.
 * @throws TlsTrustError when the certificates of the trust cannot be read
 */
export function tlsConnector(trust: TlsTrust): Connector {
  const open = tlsOpener(trust);
  return (endpoint, handlers) => lineConnection(open(endpoint), 'secureConnect', handlers);
}
