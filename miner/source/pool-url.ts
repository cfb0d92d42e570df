/** Where a pool or a node is: the address that `--url` and `pool_address` take. */

/** A pool by Stratum over TCP or TLS. */
export interface SocketEndpoint {
  readonly scheme: 'stratum+tcp' | 'stratum+ssl';
  /** A name in ASCII, or an address; an IPv6 one without brackets. */
  readonly host: string;
  /** 1 … 65535 */
  readonly port: number;
}

/** A pool by Stratum over WebSocket. */
export interface WebSocketEndpoint extends Omit<SocketEndpoint, 'scheme'> {
  readonly scheme: 'ws' | 'wss';
  /** Begins with a slash. */
  readonly path: string;
}

/** Who asks a node. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A node, mined on directly by getblocktemplate. */
export interface NodeEndpoint extends Omit<SocketEndpoint, 'scheme'> {
  readonly scheme: 'gbt+http' | 'gbt+https';
  /** Undefined where the address names none. Never shown. */
  readonly credentials: Credentials | undefined;
}

export type PoolEndpoint = SocketEndpoint | WebSocketEndpoint | NodeEndpoint;
type Scheme = PoolEndpoint['scheme'];

/** Thrown for an address that names no pool this miner can reach. */
export class PoolUrlError extends Error {
  override readonly name = 'PoolUrlError';
  /** What is wrong with it and what to write instead, without the address. */
  readonly reason: string;

  constructor(url: string, reason: string) {
    super(`pool address "${withoutCredentials(url)}": ${reason}`);
    this.reason = reason;
  }
}

/** What each way to mine is called in an address; other miners' names for the same are taken too. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ...(['stratum+tcp', 'stratum', 'tcp'] as const).map((name) => [name, 'stratum+tcp'] as const),
  ...(['stratum+ssl', 'stratum+tls', 'stratums', 'ssl', 'tls'] as const).map(
    (name) => [name, 'stratum+ssl'] as const,
  ),
  // A pool's or an edge's web address: its WebSocket is there too.
  ...(['ws', 'stratum+ws', 'http'] as const).map((name) => [name, 'ws'] as const),
  ...(['wss', 'stratum+wss', 'https'] as const).map((name) => [name, 'wss'] as const),
  ['gbt+http', 'gbt+http'],
  ['gbt+https', 'gbt+https'],
]);

/** What an address of each scheme looks like. */
const SHAPES: Readonly<Record<Scheme, string>> = {
  'stratum+tcp': 'stratum+tcp://HOST:PORT, often port 3333',
  'stratum+ssl': 'stratum+ssl://HOST:PORT, often port 3443',
  ws: 'ws://HOST:PORT/stratum',
  wss: 'wss://HOST/stratum',
  'gbt+http': 'gbt+http://USER:PASSWORD@HOST:PORT, often port 5000',
  'gbt+https': 'gbt+https://USER:PASSWORD@HOST:PORT',
};
const EVERY_SCHEME =
  'stratum+tcp://, stratum+ssl://, ws://, wss://, http://, https://, gbt+http://, gbt+https://';

/** Ports that need not be written: those of the web (RFC 6455 §3). */
const DEFAULT_PORTS: Readonly<Partial<Record<Scheme, number>>> = { ws: 80, wss: 443 };
/** Where pools speak Stratum over WebSocket. */
const STRATUM_PATH = '/stratum';

/**
 * Reads the address of a pool or a node:
 * - `stratum+tcp://HOST:PORT`, or just `HOST:PORT`; over TLS `stratum+ssl://HOST:PORT`
 * - `ws://HOST:PORT`, `wss://HOST` and a path, if it is not `/stratum`
 * - `http://HOST:PORT`, `https://HOST`, the web address of a pool or an edge, for the WebSocket there
 * - `gbt+http://USER:PASSWORD@HOST:PORT`, a node; both escaped as in any URL (RFC 3986 §2.1)
 *
 * An IPv6 host stands in brackets.
 *
 * @throws PoolUrlError saying what is wrong and what to write instead
 */
export function parsePoolUrl(text: string): PoolEndpoint {
  const parts = /^(?:([a-z0-9+.-]+):\/\/)?(?:(.*)@)?([^/]*)(.*)$/is.exec(text.trim());
  const name = (parts?.[1] ?? 'stratum+tcp').toLowerCase();
  const [login, authority = '', path = ''] = parts?.slice(2) ?? [];
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) throw new PoolUrlError(text, unknownScheme(name));
  const place = placeOf(text, scheme, authority);
  if (/[?#\s]/.test(path)) throw new PoolUrlError(text, `has a query or a space; write ${SHAPES[scheme]}`);
  switch (scheme) {
    case 'gbt+http':
    case 'gbt+https':
      if (!isBlank(path)) throw new PoolUrlError(text, `has a path; write ${SHAPES[scheme]}`);
      return { scheme, ...place, credentials: credentialsOf(text, login) };
    case 'ws':
    case 'wss':
      assertNoLogin(text, login);
      return { scheme, ...place, path: name.startsWith('http') ? pathUnder(path) : pathOr(path) };
    case 'stratum+tcp':
    case 'stratum+ssl':
      assertNoLogin(text, login);
      if (!isBlank(path)) throw new PoolUrlError(text, `has a path; write ${SHAPES[scheme]}`);
      return { scheme, ...place };
  }
}

function unknownScheme(name: string): string {
  const known = name.startsWith('stratum2') ? 'Stratum V2 is not spoken' : `the scheme ${name}:// is unknown`;
  return `${known}; one of ${EVERY_SCHEME}`;
}

function placeOf(
  text: string,
  scheme: Scheme,
  authority: string,
): { readonly host: string; readonly port: number } {
  const place = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d*))?$/i.exec(authority);
  const host = hostOf(place?.[1] ?? '');
  if (host === undefined) throw new PoolUrlError(text, `is no host and port; write ${SHAPES[scheme]}`);
  const digits = place?.[2] ?? '';
  const port = digits === '' ? DEFAULT_PORTS[scheme] : Number(digits);
  if (port === undefined) throw new PoolUrlError(text, `names no port; write ${SHAPES[scheme]}`);
  if (port < 1 || port > 65_535) throw new PoolUrlError(text, `port ${digits} is not in 1 … 65535`);
  return { host, port };
}

/** A host as the network knows it: lower case, names of other scripts in ASCII (WHATWG URL §3.5). */
function hostOf(written: string): string | undefined {
  if (written === '' || /[\\<>^|%?#]/.test(written)) return undefined;
  try {
    return new URL(`http://${written}`).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}

function assertNoLogin(text: string, login: string | undefined): void {
  if (login !== undefined) throw new PoolUrlError(text, 'names a user; that belongs into --user');
}

function credentialsOf(text: string, login: string | undefined): Credentials | undefined {
  if (login === undefined) return undefined;
  const colon = login.indexOf(':');
  if (colon < 1)
    throw new PoolUrlError(text, 'names no user and password; write USER:PASSWORD@ before the host');
  try {
    const [user, password] = [login.slice(0, colon), login.slice(colon + 1)].map(decodeURIComponent);
    return { user: user ?? '', password: password ?? '' };
  } catch {
    throw new PoolUrlError(text, 'has a % in its user or password that escapes nothing; write %25 for it');
  }
}

function isBlank(path: string): boolean {
  return path === '' || path === '/';
}

function pathOr(path: string): string {
  return isBlank(path) ? STRATUM_PATH : path;
}

/** Where a web server has its pages under a path, its WebSocket is under it too. */
function pathUnder(path: string): string {
  const base = path.replace(/\/+$/, '');
  return base.endsWith(STRATUM_PATH) ? base : `${base}${STRATUM_PATH}`;
}

/** An address as it may be shown: what stands before the host could be a password. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([^/]*:\/\/)?.*@/s, '$1…@');
}

/** A place as `HOST:PORT`, an IPv6 host in brackets. */
export function formatHostPort(place: { readonly host: string; readonly port: number }): string {
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

/** The address in the form that {@link parsePoolUrl} reads; without credentials, so that it may be shown. */
export function formatPoolUrl(endpoint: PoolEndpoint): string {
  const path = 'path' in endpoint ? endpoint.path : '';
  return `${endpoint.scheme}://${formatHostPort(endpoint)}${path}`;
}
