/** What an operator can set about the HTTP port. */
import { integer, string, type Values } from '../../service/config.ts';
import type { ConnectionLimits } from '../../service/limits.ts';

/** What clients of the HTTP port may take. */
export interface HttpLimits {
  /** Open connections of all clients, beside those of miners that speak WebSocket, and those of one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Open feeds of all clients, and of one address. */
  readonly live: ConnectionLimits;
  /** Wrong admin tokens that one address may send in a minute. */
  readonly wrongTokensPerMinute: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  connections: 1_000,
  connectionsPerAddress: 256,
  live: { total: 500, perAddress: 32 },
  wrongTokensPerMinute: 10,
};

const MANY = { min: 1, max: 1_000_000 };

export const HTTP_SETTINGS = {
  httpBind: string({ help: 'address the HTTP port listens on', default: '127.0.0.1', keys: ['host'] }),
  httpPort: integer({
    help: 'port of the dashboard and the HTTP API, 0 for any free one',
    default: 8000,
    keys: ['port'],
    min: 0,
    max: 65_535,
  }),
  maxHttpConnections: integer({
    help: "open connections of all HTTP clients, beside those of miners' WebSockets",
    default: DEFAULT_HTTP_LIMITS.connections,
    ...MANY,
  }),
  maxHttpConnectionsPerAddress: integer({
    help: "open connections of HTTP clients from one IP address, beside those of its miners' WebSockets",
    default: DEFAULT_HTTP_LIMITS.connectionsPerAddress,
    ...MANY,
  }),
  maxLiveConnections: integer({
    help: 'open WebSockets of /live',
    default: DEFAULT_HTTP_LIMITS.live.total,
    ...MANY,
  }),
  maxLiveConnectionsPerAddress: integer({
    help: 'open WebSockets of /live from one IP address',
    default: DEFAULT_HTTP_LIMITS.live.perAddress,
    ...MANY,
  }),
  maxWrongTokensPerMinute: integer({
    help: 'wrong admin tokens from one IP address in a minute, before it is told to wait',
    default: DEFAULT_HTTP_LIMITS.wrongTokensPerMinute,
    ...MANY,
  }),
};

/** Turns the settings into options of the HTTP port. */
export function httpOptions(values: Values<typeof HTTP_SETTINGS>) {
  const httpLimits: HttpLimits = {
    connections: values.maxHttpConnections,
    connectionsPerAddress: values.maxHttpConnectionsPerAddress,
    live: { total: values.maxLiveConnections, perAddress: values.maxLiveConnectionsPerAddress },
    wrongTokensPerMinute: values.maxWrongTokensPerMinute,
  };
  return { http: { host: values.httpBind, port: values.httpPort }, httpLimits };
}
