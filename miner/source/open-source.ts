/** The sources that Node.js can reach, by the scheme of their address. */
import { createStratumSource } from '../stratum/stratum-source.ts';
import { connectTcp } from '../transport/tcp-connection.ts';
import type { BackOffLimits } from './back-off.ts';
import { parsePoolUrl } from './pool-url.ts';
import type { SourceListener, SourceTools, WorkSource } from './work-source.ts';

/** Where to mine and for whom. */
export interface PoolPlace {
  /** As {@link parsePoolUrl} reads it. */
  readonly url: string;
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  /** Most pools ignore it but want one: `x` unless given. */
  readonly password?: string;
}

const DEFAULT_PASSWORD = 'x';

export interface SourceSettings {
  /** Name and version of this program, as told to pools. */
  readonly agent: string;
  readonly backOff?: BackOffLimits | undefined;
}

/**
 * The source of a place; nothing is connected before its `start`.
 * @throws PoolUrlError when the address is no use
 */
export function openSource(
  { url, user, password = DEFAULT_PASSWORD }: PoolPlace,
  { agent, backOff }: SourceSettings,
  tools: SourceTools,
  listener: SourceListener,
): WorkSource {
  const { host, port } = parsePoolUrl(url);
  const options = { host, port, user, password, agent, connector: connectTcp };
  return createStratumSource({ ...options, ...(backOff === undefined ? {} : { backOff }) }, tools, listener);
}
