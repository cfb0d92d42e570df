/** Stratum over TCP. */
import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { type CloseCause, type Connector, LineSplitter } from './connection.ts';

/** Silence after which the operating system probes whether the pool's host is still there. */
const KEEP_ALIVE_DELAY_MS = 30_000;

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
