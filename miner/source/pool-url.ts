/** Where a pool is: the address that `--url` and `pool_address` take. */

/** A pool reached by Stratum over plain TCP. */
export interface PoolEndpoint {
  readonly scheme: 'stratum+tcp';
  readonly host: string;
  /** 1 … 65535 */
  readonly port: number;
}

/** Thrown for an address that names no pool this miner can reach. */
export class PoolUrlError extends Error {
  override readonly name = 'PoolUrlError';
  /** What is wrong with it and what to write instead, without the address. */
  readonly reason: string;

  constructor(url: string, reason: string) {
    super(`pool address "${url}": ${reason}`);
    this.reason = reason;
  }
}

const SHAPE = 'stratum+tcp://HOST:PORT';

/** Schemes that name ways to mine which this miner does not offer, and what each is. */
const NOT_OFFERED: Readonly<Record<string, string>> = {
  'stratum+ssl': 'Stratum over TLS is',
  'stratum+tls': 'Stratum over TLS is',
  ssl: 'Stratum over TLS is',
  ws: 'Stratum over WebSocket is',
  wss: 'Stratum over WebSocket is',
  http: "http:// stands for the pool's WebSocket, which is",
  https: "https:// stands for the pool's WebSocket, which is",
  'gbt+http': 'mining straight on a node is',
  'gbt+https': 'mining straight on a node is',
  'stratum2+tcp': 'Stratum V2 is',
};

/** Names that other miners accept for Stratum over TCP; no scheme at all means the same. */
const TCP_SCHEMES: ReadonlySet<string> = new Set(['stratum+tcp', 'stratum', 'tcp']);

/**
 * Reads a pool address: `stratum+tcp://HOST:PORT`, or just `HOST:PORT`. An IPv6 host
 * stands in brackets.
 *
 * @throws PoolUrlError saying what is wrong and what to write instead
 */
export function parsePoolUrl(text: string): PoolEndpoint {
  const parts = /^(?:([a-z0-9+.-]+):\/\/)?(.*)$/i.exec(text.trim());
  const scheme = (parts?.[1] ?? 'stratum+tcp').toLowerCase();
  if (!TCP_SCHEMES.has(scheme)) {
    const known = NOT_OFFERED[scheme];
    const reason = known === undefined ? `the scheme ${scheme}:// is unknown` : `${known} not offered yet`;
    throw new PoolUrlError(text, `${reason}; write ${SHAPE}`);
  }
  const authority = (parts?.[2] ?? '').replace(/\/$/, '');
  if (authority.includes('@')) throw new PoolUrlError(text, 'names a user; that belongs into --user');
  const place = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/?#\s]+))(?::(\d{1,5}))?$/i.exec(authority);
  const host = place?.[1] ?? place?.[2];
  if (host === undefined) throw new PoolUrlError(text, `is no host and port; write ${SHAPE}`);
  if (place?.[3] === undefined)
    throw new PoolUrlError(text, `names no port; write ${SHAPE}, often port 3333`);
  const port = Number(place[3]);
  if (port < 1 || port > 65_535) throw new PoolUrlError(text, `port ${port} is not in 1 … 65535`);
  return { scheme: 'stratum+tcp', host, port };
}

/** A place as `HOST:PORT`, an IPv6 host in brackets. */
export function formatHostPort(place: { readonly host: string; readonly port: number }): string {
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

/** The address in the form that {@link parsePoolUrl} reads. */
export function formatPoolUrl(endpoint: PoolEndpoint): string {
  return `${endpoint.scheme}://${formatHostPort(endpoint)}`;
}
