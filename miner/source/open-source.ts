/** The sources that Node.js can reach, by the scheme of their address. */
import type { Difficulty } from '../../protocol/units.ts';
import { createNodeSource, type NodePlace } from '../solo/node-source.ts';
import { createStratumSource } from '../stratum/stratum-source.ts';
import type { Connector } from '../transport/connection.ts';
import { connectTcp } from '../transport/tcp-connection.ts';
import { tlsConnector } from '../transport/tls-connection.ts';
import { readCertificates, type TlsTrust } from '../transport/tls-trust.ts';
import { webSocketConnector } from '../transport/websocket-connection.ts';
import { type BackOffLimits, FAILOVER_BACK_OFF } from './back-off.ts';
import { createFailoverSource } from './failover-source.ts';
import {
  formatPoolUrl,
  type NodeEndpoint,
  parsePoolUrl,
  type SocketEndpoint,
  type WebSocketEndpoint,
} from './pool-url.ts';
import { isSameDomain } from './same-domain.ts';
import type { SourceListener, SourceTools, WorkSource } from './work-source.ts';

/** Where to mine and for whom. */
export interface PoolPlace {
  /** As {@link parsePoolUrl} reads it. */
  readonly url: string;
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  /** Most pools ignore it but want one: `x` unless given. */
  readonly password?: string;
  /** Of a node: the file with its `user:password`, read when it is needed, where the address names neither. */
  readonly cookieFile?: string | undefined;
  /** Of a node: least time from one block to the work on the next; that of its network unless given. */
  readonly paceMs?: number | undefined;
}

const DEFAULT_PASSWORD = 'x';

export interface SourceSettings {
  /** Name and version of this program, as told to pools. */
  readonly agent: string;
  /** Share difficulty to ask pools for. */
  readonly suggestedDifficulty?: Difficulty | undefined;
  readonly backOff?: BackOffLimits | undefined;
  /** Whose certificates are believed, where an address asks for TLS. */
  readonly tls?: TlsTrust | undefined;
}

/**
 * The source of a place; nothing is connected before its `start`.
 * @throws PoolUrlError when the address is no use, TlsTrustError when the certificates of the settings are none
 */
function openSource(
  place: PoolPlace,
  settings: SourceSettings,
  tools: SourceTools,
  listener: SourceListener,
): WorkSource {
  const { url, user, password = DEFAULT_PASSWORD } = place;
  const { agent, suggestedDifficulty, backOff, tls = {} } = settings;
  const endpoint = parsePoolUrl(url);
  if ('credentials' in endpoint) {
    return createNodeSource(
      { place: nodePlaceOf(endpoint, place, tls), user, backOff, paceMs: place.paceMs },
      tools,
      listener,
    );
  }
  const { host, port } = endpoint;
  const connector = connectorFor(endpoint, tls);
  const options = { host, port, user, password, agent, suggestedDifficulty, connector, isSameDomain };
  return createStratumSource({ ...options, ...(backOff === undefined ? {} : { backOff }) }, tools, listener);
}

function nodePlaceOf(endpoint: NodeEndpoint, { cookieFile }: PoolPlace, tls: TlsTrust): NodePlace {
  const shown = formatPoolUrl(endpoint);
  return { url: shown.replace(/^gbt\+/, ''), shown, credentials: endpoint.credentials, cookieFile, tls };
}

function connectorFor(endpoint: SocketEndpoint | WebSocketEndpoint, trust: TlsTrust): Connector {
  switch (endpoint.scheme) {
    case 'stratum+tcp':
      return connectTcp;
    case 'stratum+ssl':
      return tlsConnector(trust);
    case 'ws':
    case 'wss':
      return webSocketConnector({ ...endpoint, trust });
  }
}

/**
 * The source of several places, most preferred first. One alone is mined for without further ado.
 * @throws PoolUrlError, TlsTrustError before anything is connected; RangeError without any place
 */
export function openSources(
  places: readonly PoolPlace[],
  settings: SourceSettings,
  tools: SourceTools,
  listener: SourceListener,
): WorkSource {
  const [only, ...others] = places;
  if (only === undefined) throw new RangeError('a miner needs at least one pool');
  // Before an hour has passed and the second place is needed.
  if (settings.tls?.ca !== undefined) readCertificates(settings.tls.ca);
  if (others.length === 0) return openSource(only, settings, tools, listener);
  const { backOff = FAILOVER_BACK_OFF } = settings;
  const named = places.map((place) => ({
    pool: formatPoolUrl(parsePoolUrl(place.url)),
    user: place.user,
    open: (inner: SourceListener) => openSource(place, { ...settings, backOff }, tools, inner),
  }));
  return createFailoverSource(named, tools, listener);
}
