/** client.reconnect: where a pool wants its miner to go, and whether the miner follows. */
import { StratumError } from '../../protocol/stratum.ts';
import { isBlank, numberOf } from './pool-message.ts';

/** The longest wait that client.reconnect can ask for. */
const RECONNECT_WAIT_SECONDS_MAX = 600;
/** A host name (RFC 1123, with the underscores that are in use) or an address; brackets are taken off before. */
const HOST_SHAPE = /^(?:[a-z0-9_](?:[a-z0-9._-]{0,252})|[0-9a-f:.]{2,45})$/i;

/** What client.reconnect asks for; undefined stands for the present host or port. */
export interface ReconnectRequest {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly waitSeconds: number;
}

/** Whether a pool at one host may send its miners to another. Never by address: whose it is, nobody can tell. */
export type IsSameDomain = (host: string, other: string) => boolean;

/**
 * Reads the parameters of client.reconnect: `[host?, port?, wait?]`, numbers also as text.
 *
 * @throws StratumError naming what is wrong
 */
export function parseReconnect(params: readonly unknown[]): ReconnectRequest {
  const [host, port, wait] = params;
  const portNumber = isBlank(port) ? undefined : numberOf(port);
  if (
    portNumber !== undefined &&
    !(Number.isInteger(portNumber) && portNumber >= 1 && portNumber <= 65_535)
  ) {
    throw new StratumError('other', 'port is not in 1 … 65535');
  }
  const waitSeconds = isBlank(wait) ? 0 : numberOf(wait);
  if (!(waitSeconds >= 0)) throw new StratumError('other', 'wait is not a number of seconds');
  return {
    host: isBlank(host) ? undefined : hostOf(host),
    port: portNumber,
    waitSeconds: Math.min(waitSeconds, RECONNECT_WAIT_SECONDS_MAX),
  };
}

function hostOf(value: unknown): string {
  const host = typeof value === 'string' ? normalHost(value.replace(/^\[(.*)\]$/, '$1')) : '';
  if (!HOST_SHAPE.test(host)) throw new StratumError('other', 'host is not the name of a host');
  return host;
}

/** The same host and no other: what can be told without knowing which suffixes are public. */
export function isSameHost(host: string, other: string): boolean {
  return normalHost(host) === normalHost(other);
}

/** Names are the same in either case, and with the dot of the root behind them (RFC 1034, 3.1). */
function normalHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
