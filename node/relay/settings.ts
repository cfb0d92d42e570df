/** What `nilz relay` can be told, and what `startRelay` makes of it. */
import { join } from 'node:path';
import { networkDirectory } from '../../protocol/network.ts';
import { chooseNetwork } from '../../protocol/network-choice.ts';
import {
  boolean,
  choice,
  integer,
  list,
  number,
  SettingError,
  string,
  type Values,
} from '../../service/config.ts';
import { ANY_ORIGIN, originsComplaint } from '../../service/http-server/cors.ts';
import { LOG_LEVELS } from '../../service/log.ts';
import { DEFAULT_RELAY_LIMITS, type RelayOptions } from './relay.ts';

const MANY = { min: 1, max: 1_000_000 };
const { connections, listeners, reading, writing } = DEFAULT_RELAY_LIMITS;

/** Settings of `nilz relay`. */
export const RELAY_SETTINGS = {
  network: string({
    help:
      'main, test, dev, regtest, bitcoin-regtest, or the JSON file of a private network: where the cookie file of ' +
      'the node is; which network it is on the node says itself',
    default: 'dev',
  }),
  datadir: string({ help: "the node's data directory, for its cookie file", default: './data' }),
  nodeUrl: string({
    help: 'the node, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT',
    default: 'http://127.0.0.1:5000',
    env: ['NILZ_NODE_UPSTREAM'],
  }),
  nodeCookie: string({ help: "the node's cookie file, if not in the data directory" }),
  httpBind: string({
    help: 'address the HTTP port listens on',
    default: '127.0.0.1',
    env: ['NILZ_PUBLIC_HOST'],
  }),
  httpPort: integer({
    help: 'port of the API and the explorer, 0 for any free one',
    default: 5010,
    env: ['NILZ_PUBLIC_PORT'],
    min: 0,
    max: 65_535,
  }),
  id: string({
    help: 'label of this instance, for /health',
    default: 'relay',
    env: ['NILZ_PUBLIC_ID'],
    check: idComplaint,
  }),
  trustedProxies: integer({
    help: 'proxies in front that add to X-Forwarded-For: so many entries from the right are believed',
    default: 0,
    min: 0,
    max: 10,
  }),
  corsOrigin: list({
    help: 'site whose pages may read the answers, as https://HOST; * for all',
    default: [ANY_ORIGIN],
    check: originsComplaint,
  }),
  readRate: number({
    help: 'requests per second that one client may send on average, an IPv4 address or an IPv6 /64',
    default: reading.perSecond,
    min: 0.1,
    max: 1e6,
  }),
  readBurst: integer({ help: 'requests that one client may send at once', default: reading.burst, ...MANY }),
  writeRate: number({
    help: 'transactions per second that one client may hand in on average',
    default: writing.perSecond,
    min: 0.001,
    max: 1e6,
  }),
  writeBurst: integer({
    help: 'transactions that one client may hand in at once',
    default: writing.burst,
    ...MANY,
  }),
  maxHttpConnections: integer({
    help: 'open connections of all clients',
    default: connections.total,
    ...MANY,
  }),
  maxHttpConnectionsPerAddress: integer({
    help: 'open connections from one IP address; behind proxies there is no such limit',
    default: connections.perAddress,
    ...MANY,
  }),
  maxListeners: integer({ help: 'open WebSockets of /events', default: listeners.total, ...MANY }),
  maxListenersPerAddress: integer({
    help: 'open WebSockets of /events of one client',
    default: listeners.perAddress,
    ...MANY,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

export type RelaySettings = Values<typeof RELAY_SETTINGS>;

/** Gives the text of a file: the JSON of a private network. */
export type ReadText = (file: string) => string;

/**
 * Turns settings into options of the relay.
 * @throws SettingError, ProfileError
 */
export function relayOptions(values: RelaySettings, readText: ReadText): Omit<RelayOptions, 'log'> {
  const profile = chooseNetwork(values, readText);
  return {
    node: nodeOf(values, join(values.datadir, networkDirectory(profile), '.cookie')),
    profile,
    host: values.httpBind,
    port: values.httpPort,
    id: values.id,
    trustedProxies: values.trustedProxies,
    corsOrigins: values.corsOrigin,
    limits: {
      connections: { total: values.maxHttpConnections, perAddress: values.maxHttpConnectionsPerAddress },
      listeners: { total: values.maxListeners, perAddress: values.maxListenersPerAddress },
      reading: { perSecond: values.readRate, burst: values.readBurst },
      writing: { perSecond: values.writeRate, burst: values.writeBurst },
    },
  };
}

/** The node with its login: from its URL, else from the cookie file. @throws SettingError */
function nodeOf({ nodeUrl: url, nodeCookie }: RelaySettings, cookieFile: string): RelayOptions['node'] {
  const urlSetting = '--node-url';
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new SettingError(`${urlSetting}: must have the form http://USER:PASSWORD@HOST:PORT`);
  }
  if (new URL(url).username === '') return { url, urlSetting, cookieFile: nodeCookie ?? cookieFile };
  if (nodeCookie === undefined) return { url, urlSetting };
  throw new SettingError('--node-cookie: the URL of the node has a password already');
}

function idComplaint(id: string): string | undefined {
  return /^[\w.:-]{1,64}$/.test(id) ? undefined : 'must be 1 to 64 letters, digits and -_.:';
}
