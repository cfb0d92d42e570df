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

/** The endpoints a name stands for. @throws what `dns.lookup` throws */
export async function endpointsOf({ host, port }: HostAndPort): Promise<Endpoint[]> {
  return (await addressesOf(host)).map((ip) => ({ ip, port }));
}

/**
 * Connects within DIAL_TIMEOUT_MS.
 * @param signal gives up earlier
 * @returns the socket, or why there is none
 */
export async function openSocket({ ip, port }: Endpoint, signal: AbortSignal): Promise<Socket | string> {
  const socket = connect({ host: ip, port });
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
  try {
    await once(socket, 'connect', { signal: giveUp });
    return socket;
  } catch (error) {
    socket.destroy();
    if (giveUp.aborted) return `no answer within ${DIAL_TIMEOUT_MS / 1000} s`;
    return error instanceof Error ? error.message : String(error);
  }
}
