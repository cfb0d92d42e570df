import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { canonicalIp, type Endpoint, type HostAndPort } from './ip-address.ts';
import { DIAL_TIMEOUT_MS } from './limits.ts';

/** The addresses a host has; itself when it is one. @throws what `dns.lookup` throws */
export async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.flatMap(({ address }) => canonicalIp(address) ?? []);
}

/**
 * The endpoint a name stands for: of several, the first that may be connected to.
 * @returns undefined when none may
 * @throws when the name cannot be looked up
 */
export async function endpointOf(
  { host, port }: HostAndPort,
  mayConnect: (ip: string) => boolean,
): Promise<Endpoint | undefined> {
  const ip = (await addressesOf(host)).find(mayConnect);
  return ip === undefined ? undefined : { ip, port };
}

/**
 * Connects within DIAL_TIMEOUT_MS.
 * @param signal gives up earlier
 * @throws the socket's error, or AbortError
 */
export async function openSocket({ ip, port }: Endpoint, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: ip, port });
  try {
    await once(socket, 'connect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]),
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
