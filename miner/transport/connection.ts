/**
 * The seam between the Stratum client and its transports: lines come and go, however they travel. What follows from
 * them is the client's matter (client.ts). Nothing here needs Node.js: a browser's transport implements it too.
 */
import { MAX_POOL_LINE_BYTES } from '../../protocol/stratum.ts';

/**
 * Why a connection is no more, or never was.
 * - `refused`, `unknown-host`, `unreachable`: it could not be opened
 * - `ended`: the pool closed it in order; `lost`: it broke
 * - `tls`, `http`: what answered speaks another protocol
 * - `not-tls`, `no-websocket`: what answered does not speak the protocol that we do
 * - `untrusted`: its certificate is not known to be its own; `invalid-certificate`: it is no use to anybody
 * - `tls-failed`: both sides speak TLS but do not agree
 * - `line-too-long`: more than {@link MAX_POOL_LINE_BYTES} without an end of line
 * - `not-text`: bytes that are no message
 * - `stalled`: it takes nothing any more, see {@link SEND_BACKLOG_MAX}
 */
export type CloseCause =
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'ended'
  | 'lost'
  | 'tls'
  | 'http'
  | 'not-tls'
  | 'no-websocket'
  | 'untrusted'
  | 'invalid-certificate'
  | 'tls-failed'
  | 'line-too-long'
  | 'not-text'
  | 'stalled';

/** Bytes that wait to be sent until a pool that reads nothing is left: a share has some 150. */
export const SEND_BACKLOG_MAX = 256 * 1024;

/** What a connection tells its owner. After `onClosed`, nothing more. */
export interface ConnectionHandlers {
  onConnected(): void;
  /** One line without its end. */
  onLine(line: string): void;
  /** @param detail the system's own words, if it had any */
  onClosed(cause: CloseCause, detail?: string): void;
}

/** A connection to a pool, of whatever transport. */
export interface Connection {
  /** Sends one line; the end of line is added. Without effect once closed. */
  send(line: string): void;
  /** Closes without a further call of any handler. What was sent before is still delivered. */
  close(): void;
}

/** Where a pool is; a pool may send its miners to another one of its places. */
export interface Endpoint {
  /** A name or an address; an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Opens a connection; how is the transport's matter. */
export type Connector = (endpoint: Endpoint, handlers: ConnectionHandlers) => Connection;

/** A connection that cannot even be tried; says so once its caller has heard of it. */
export function neverOpened(handlers: ConnectionHandlers, cause: CloseCause): Connection {
  const timer = setTimeout(() => handlers.onClosed(cause), 0);
  return { send: () => {}, close: () => clearTimeout(timer) };
}

/** Cuts a stream of text into lines. LF ends a line; a CR before it is dropped; empty lines are skipped. */
export class LineSplitter {
  #rest = '';

  /**
   * Takes the next piece of the stream.
   *
   * @returns the lines that it completed, or `undefined` when a line grew beyond
   *   {@link MAX_POOL_LINE_BYTES}: the stream is of no use after that
   */
  push(text: string): string[] | undefined {
    const pieces = text.split('\n');
    pieces[0] = this.#rest + (pieces[0] ?? '');
    this.#rest = pieces.pop() ?? '';
    if (this.#rest.length > MAX_POOL_LINE_BYTES) return undefined;
    const lines: string[] = [];
    for (const piece of pieces) {
      if (piece.length > MAX_POOL_LINE_BYTES) return undefined;
      const line = piece.endsWith('\r') ? piece.slice(0, -1) : piece;
      if (line !== '') lines.push(line);
    }
    return lines;
  }
}
