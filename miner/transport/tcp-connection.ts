/** Stratum over TCP: one message a line. What carries the bytes may be TLS as well (tls-connection.ts). */
import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { closeReasonOf } from './close-cause.ts';
import {
  type CloseCause,
  type Connection,
  type ConnectionHandlers,
  type Connector,
  type Endpoint,
  LineSplitter,
  SEND_BACKLOG_MAX,
} from './connection.ts';

/** Silence after which the operating system probes whether the pool's host is still there. */
const KEEP_ALIVE_DELAY_MS = 30_000;
/** For one address of a host with several; Node's own 250 ms are too short for a pool on another continent. */
const ADDRESS_ATTEMPT_MS = 2_500;
/** For what was sent last to leave, once the connection is closed on our side. */
const LINGER_MS = 1_000;

/** How sockets are opened, of TLS too. */
export const SOCKET_OPTIONS = { autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS } as const;

/** Lets small messages leave at once, and notices a host that has gone. */
export function tune(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
}

/** Opens a socket of plain TCP. */
export function openTcp({ host, port }: Endpoint): Socket {
  return tune(connect({ ...SOCKET_OPTIONS, host, port }));
}

/** Stratum over plain TCP. */
export const connectTcp: Connector = (endpoint, handlers) =>
  lineConnection(openTcp(endpoint), 'connect', handlers);

/**
 * The protocol that the first bytes of an answer give away, when it is not Stratum: a TLS
 * record (RFC 8446 §5.1: alert 21 or handshake 22, then version 3.x) or an HTTP status line.
 */
export function foreignProtocol(firstBytes: Uint8Array): 'tls' | 'http' | undefined {
  if ((firstBytes[0] === 21 || firstBytes[0] === 22) && firstBytes[1] === 3) return 'tls';
  const isHttp = [...'HTTP/'].every((character, i) => firstBytes[i] === character.charCodeAt(0));
  return isHttp ? 'http' : undefined;
}

/**
 * A connection over a socket that is being opened.
 * @param readyEvent what the socket emits once lines may be sent
 */
export function lineConnection(
  socket: Socket,
  readyEvent: 'connect' | 'secureConnect',
  handlers: ConnectionHandlers,
): Connection {
  const decoder = new StringDecoder('utf8');
  const splitter = new LineSplitter();
  let isOpen = true;
  let isReached = false;
  let isReady = false;
  let isFirstChunk = true;

  function finish(cause: CloseCause, detail?: string): void {
    if (!isOpen) return;
    isOpen = false;
    socket.destroy();
    // Who gives up a handshake of TLS without an error has not understood it.
    const isForeign = isReached && !isReady && (cause === 'ended' || cause === 'lost');
    handlers.onClosed(isForeign ? 'not-tls' : cause, detail);
  }

  socket.once('connect', () => {
    isReached = true;
  });
  socket.once(readyEvent, () => {
    isReady = true;
    if (isOpen) handlers.onConnected();
  });
  socket.on('data', (chunk: Buffer) => {
    if (!isOpen) return;
    if (isFirstChunk) {
      isFirstChunk = false;
      const foreign = foreignProtocol(chunk);
      if (foreign !== undefined) return finish(foreign);
    }
    const lines = splitter.push(decoder.write(chunk));
    if (lines === undefined) return finish('line-too-long');
    for (const line of lines) {
      // A line may make the client close the connection: the ones behind it are not for it then.
      if (isOpen) handlers.onLine(line);
    }
  });
  socket.on('end', () => finish('ended'));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const { cause, detail } = closeReasonOf(error);
    finish(cause, detail);
  });
  socket.on('close', () => finish('lost'));

  return {
    send(line) {
      if (!isOpen) return;
      socket.write(`${line}\n`);
      if (socket.writableLength > SEND_BACKLOG_MAX) finish('stalled');
    },
    close() {
      isOpen = false;
      if (!isReady) {
        socket.destroy();
        return;
      }
      const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(deadline));
      socket.destroySoon();
    },
  };
}
