/**
 * The TCP side of the Stratum client: bytes to lines and back. It knows no message;
 * the client (client.ts) decides what to send and when to connect again.
 */
import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { MAX_LINE_BYTES } from '../../protocol/stratum.ts';

/** Silence after which the operating system probes whether the pool's host is still there. */
const KEEP_ALIVE_DELAY_MS = 30_000;

/**
 * Why a connection is no more, or never was.
 * - `refused`, `unknown-host`, `unreachable`: it could not be opened
 * - `ended`: the pool closed it in order; `lost`: it broke
 * - `tls`, `http`: what answered speaks another protocol
 * - `line-too-long`: more than {@link MAX_LINE_BYTES} without an end of line
 */
export type CloseCause =
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'ended'
  | 'lost'
  | 'tls'
  | 'http'
  | 'line-too-long';

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

/** Opens a connection; how is the transport's matter. */
export type Connector = (
  endpoint: { readonly host: string; readonly port: number },
  handlers: ConnectionHandlers,
) => Connection;

/** Cuts a stream of text into lines. LF ends a line; a CR before it is dropped; empty lines are skipped. */
export class LineSplitter {
  #rest = '';

  /**
   * Takes the next piece of the stream.
   *
   * @returns the lines that it completed, or `undefined` when a line grew beyond
   *   {@link MAX_LINE_BYTES}: the stream is of no use after that
   */
  push(text: string): string[] | undefined {
    const pieces = text.split('\n');
    pieces[0] = this.#rest + (pieces[0] ?? '');
    this.#rest = pieces.pop() ?? '';
    if (this.#rest.length > MAX_LINE_BYTES) return undefined;
    const lines: string[] = [];
    for (const piece of pieces) {
      if (piece.length > MAX_LINE_BYTES) return undefined;
      const line = piece.endsWith('\r') ? piece.slice(0, -1) : piece;
      if (line !== '') lines.push(line);
    }
    return lines;
  }
}

/**
 * The protocol that the first bytes of an answer give away, when it is not Stratum: a TLS
 * record (RFC 8446 §5.1: alert 21 or handshake 22, then version 3.x) or an HTTP status line.
 */
export function foreignProtocol(firstBytes: Uint8Array): 'tls' | 'http' | undefined {
  if ((firstBytes[0] === 21 || firstBytes[0] === 22) && firstBytes[1] === 3) return 'tls';
  const isHttp = [...'HTTP/'].every((character, i) => firstBytes[i] === character.charCodeAt(0));
  return isHttp ? 'http' : undefined;
}

const ERROR_CAUSES: Readonly<Record<string, CloseCause>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
};

function causeOf(error: NodeJS.ErrnoException): CloseCause {
  return ERROR_CAUSES[error.code ?? ''] ?? 'lost';
}

/** Opens a Stratum connection over plain TCP. */
export const connectTcp: Connector = (endpoint, handlers) => {
  const socket: Socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  const decoder = new StringDecoder('utf8');
  const splitter = new LineSplitter();
  let isOpen = true;
  let isFirstChunk = true;

  function finish(cause: CloseCause, detail?: string): void {
    if (!isOpen) return;
    isOpen = false;
    socket.destroy();
    handlers.onClosed(cause, detail);
  }

  socket.on('connect', () => {
    if (isOpen) handlers.onConnected();
  });
  socket.on('data', (chunk: Uint8Array) => {
    if (!isOpen) return;
    if (isFirstChunk) {
      isFirstChunk = false;
      const foreign = foreignProtocol(chunk);
      if (foreign !== undefined) return finish(foreign);
    }
    const lines = splitter.push(decoder.write(chunk as Buffer));
    if (lines === undefined) return finish('line-too-long');
    for (const line of lines) {
      // A line may make the client close the connection: the ones behind it are not for it then.
      if (isOpen) handlers.onLine(line);
    }
  });
  socket.on('end', () => finish('ended'));
  socket.on('error', (error: NodeJS.ErrnoException) => finish(causeOf(error), error.message));
  socket.on('close', () => finish('lost'));

  return {
    send(line) {
      if (isOpen) socket.write(`${line}\n`);
    },
    close() {
      isOpen = false;
      if (socket.connecting) socket.destroy();
      else socket.destroySoon();
    },
  };
};
