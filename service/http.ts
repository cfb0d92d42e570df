/**
 * What every HTTP server of the house shares: listening with limits, stopping promptly, reading a body
 * without trusting its length, and Basic authentication (RFC 7617).
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, isIPv6, type Server as NetServer, type Socket } from 'node:net';

export interface HttpOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly handler: RequestListener;
  /** Further connections are closed at once (default 1,000). */
  readonly maxConnections?: number;
  /** Accept header lines that end in a bare LF. Lenient parsing can be abused behind a proxy; off by default. */
  readonly lenientParser?: boolean;
  /** The setting that changes the port, for the message when it is taken: `--rpc-port`. */
  readonly portSetting?: string;
  /** See {@link listen}. */
  readonly onAcceptError?: (error: Error) => void;
  /** Called first when stopping, to end what would otherwise wait: long polls, WebSockets. */
  readonly onStop?: () => void;
  readonly timeouts?: Partial<HttpTimeouts>;
}

/** How long a client may keep us waiting. None of these ends a request whose answer is being prepared. */
export interface HttpTimeouts {
  /** For the whole header, counted from the connection or the end of the last answer's idle time. */
  readonly headersMs: number;
  /** For the whole request with its body. */
  readonly requestMs: number;
  /** Between two requests on one connection. */
  readonly keepAliveMs: number;
  /** Without reading anything of an answer that waits to be read. */
  readonly stalledReaderMs: number;
  /** How often the first two are looked at. */
  readonly checkMs: number;
}

const DEFAULT_TIMEOUTS: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 65_000,
  stalledReaderMs: 60_000,
  checkMs: 2_000,
};

export interface HttpListener {
  /** `http://host:port` with the port that was really taken; loopback if it listens on all addresses. */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Refuses new connections, gives running requests half a second, then closes every socket. */
  stop(): Promise<void>;
}

/** What an answer may say beside its status and sentence. */
export interface HttpErrorDetails {
  /** What went wrong, as a word that programs can compare; by default that of the status. */
  readonly code?: string;
  /** The parameter or field that is wrong. */
  readonly field?: string;
  /** When to come back, for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Further facts. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A request that is answered with an HTTP status and one line of text. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly details: HttpErrorDetails;

  constructor(status: number, message: string, details: HttpErrorDetails = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** The port could not be opened; the message says which one and what to change. */
export class ListenError extends Error {
  override name = 'ListenError';
  readonly port: number;

  constructor(port: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.port = port;
  }
}

/** A name and a password as Basic authentication carries them. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const DEFAULT_MAX_CONNECTIONS = 1_000;
const STOP_GRACE_MS = 500;
const STOP_CHECK_MS = 20;
const DISCARD_LIMIT_BYTES = 64 * 1024 * 1024;
const DISCARD_TIMEOUT_MS = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Credentials are compared as if they were a multiple of this long: their length is a secret too. */
const CREDENTIAL_STEP_BYTES = 256;

/**
 * Starts an HTTP server.
 * @throws ListenError when the port is taken, forbidden or the address is not of this machine.
 */
export async function listenHttp(options: HttpOptions): Promise<HttpListener> {
  const timeouts: HttpTimeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const server = createServer(
    {
      insecureHTTPParser: options.lenientParser ?? false,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    options.handler,
  );
  server.maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  const sockets = openSockets(server);
  await listen(server, options);
  const stalledReaders = closeStalledReaders(sockets, timeouts.stalledReaderMs);
  const { port } = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${reachable(options.host)}:${port}`,
    port,
    server,
    stop: () => {
      clearInterval(stalledReaders);
      stopped ??= stop(server, sockets, options.onStop);
      return stopped;
    },
  };
}

/** Where a server listens. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly portSetting?: string | undefined;
  /**
   * Told when somebody could not be let in: too many open files, for one. Those who are connected must not
   * suffer from it, so the server stays (default: a warning of the process).
   */
  readonly onAcceptError?: ((error: Error) => void) | undefined;
}

/**
 * Opens a server's port.
 * @throws ListenError with a sentence about what to change.
 */
export function listen(server: NetServer, options: ListenOptions): Promise<void> {
  return new Promise((accept, reject) => {
    const refused = (error: Error): void => reject(explainListen(error, options));
    server.once('error', refused);
    server.once('listening', () => {
      server.off('error', refused);
      server.on('error', options.onAcceptError ?? ((error) => process.emitWarning(error)));
      accept();
    });
    server.listen(options.port, options.host);
  });
}

/**
 * Reads a request's body.
 * @throws HttpError 413 when it is longer than `limitBytes`, before more than that is kept in memory; 400
 * when the client goes away in the middle of it.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((accept, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.removeAllListeners('data');
        reject(tooLarge(limitBytes));
      } else chunks.push(chunk);
    });
    request.once('end', accept);
    request.once('error', () => reject(new HttpError(400, 'the request was cut off')));
  });
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
}

/**
 * Lets a refused body run to its end unread, so that the client gets to read the refusal instead of a
 * reset connection. Gives up after a second or 64 MB; where the connection is gone there is nothing to wait for.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((accept) => {
    let length = 0;
    const timer = setTimeout(accept, DISCARD_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      accept();
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > DISCARD_LIMIT_BYTES) done();
    });
    request.once('end', done);
    request.once('close', done);
    request.resume();
  });
}

/** Whether a request failed because its client went away, was too slow or sent no HTTP: nothing that an operator can mend. */
export function isBrokenOff(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return /^(HPE_.*|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ERR_HTTP_REQUEST_TIMEOUT)$/.test(code);
}

/** The answer to an oversized body, naming the limit. */
export function tooLarge(limitBytes: number): HttpError {
  return new HttpError(413, `the request body exceeds ${sizeText(limitBytes)}`);
}

function sizeText(bytes: number): string {
  if (bytes % 1_000_000 === 0) return `${bytes / 1_000_000} MB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

/** Gives the user's name for an `Authorization` header, or undefined when it is missing or wrong. */
export type Authorize = (header: string | undefined) => string | undefined;

/**
 * Checks an `Authorization` header against the known credentials in a time that does not depend on them:
 * what is sent and what is known are filled up with zeros to one size and compared whole.
 */
export function basicAuth(known: readonly Credentials[]): Authorize {
  const texts = known.map(({ user, password }) => ({ user, text: Buffer.from(`${user}:${password}`) }));
  const longest = Math.max(0, ...texts.map(({ text }) => text.length));
  const given = Buffer.alloc(Math.ceil(longest / CREDENTIAL_STEP_BYTES) * CREDENTIAL_STEP_BYTES);
  const accepted = texts.map(({ user, text }) => ({
    user,
    length: text.length,
    padded: Buffer.concat([text], given.length),
  }));
  return (header) => {
    const encoded = /^Basic +([A-Za-z0-9+/]+=*)\s*$/i.exec(header ?? '')?.[1];
    if (encoded === undefined || Buffer.byteLength(encoded, 'base64') > given.length) return undefined;
    const length = given.fill(0).write(encoded, 'base64');
    let user: string | undefined;
    for (const candidate of accepted) {
      if (timingSafeEqual(candidate.padded, given) && candidate.length === length) user = candidate.user;
    }
    return user;
  };
}

/** The host as it stands in a URL that works from this machine. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}

async function stop(
  server: Server,
  sockets: ReadonlySet<Socket>,
  onStop: (() => void) | undefined,
): Promise<void> {
  const closed = new Promise<void>((accept) => server.close(() => accept()));
  onStop?.();
  // Node counts a connection that has never sent anything as busy.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  const idle = setInterval(() => server.closeIdleConnections(), STOP_CHECK_MS);
  const grace = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, STOP_GRACE_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(grace);
}

/** The open connections, also those that have become WebSockets. */
function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Node's own time-outs end with the request; this one watches for answers that nobody reads. */
function closeStalledReaders(sockets: ReadonlySet<Socket>, limitMs: number): NodeJS.Timeout {
  let before = new Map<Socket, number>();
  const look = (): void => {
    const now = new Map<Socket, number>();
    for (const socket of sockets) {
      if (socket.writableLength === 0) continue;
      if (socket.writableLength === before.get(socket)) socket.destroy();
      else now.set(socket, socket.writableLength);
    }
    before = now;
  };
  return setInterval(look, limitMs).unref();
}

function explainListen(
  error: Error,
  { host, port, portSetting }: { host: string; port: number; portSetting?: string | undefined },
): ListenError {
  const code = 'code' in error ? error.code : undefined;
  const change = portSetting === undefined ? 'choose another' : `choose another with ${portSetting}`;
  const airplay =
    process.platform === 'darwin' && (port === 5000 || port === 7000)
      ? ' (on macOS this is likely the AirPlay Receiver: System Settings > General > AirDrop & Handoff)'
      : '';
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(port, `port ${port} on ${host} is in use${airplay}; ${change}`, {
        cause: error,
      });
    case 'EACCES':
      return new ListenError(port, `port ${port} on ${host} is not allowed to this user; ${change}`, {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(port, `${host} is not an address of this machine`, { cause: error });
    default:
      return new ListenError(port, `cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
  }
}
