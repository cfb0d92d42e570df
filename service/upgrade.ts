/** One HTTP port, several WebSockets: hands a request to change the protocol to whoever owns its path. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Takes over a connection whose client asks for another protocol (RFC 9110, 7.8).
 * @param head bytes that came behind the request already
 */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

const DISCARD_MS = 1_000;

/**
 * The paths of one HTTP server where the protocol may change. A path is compared exactly, without its query;
 * any other is answered with 404 and closed, a protocol other than WebSocket with 426.
 */
export class Upgrades {
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #onRefused: () => void;

  /** @param onRefused told of every request that nobody takes */
  constructor(onRefused: () => void = () => undefined) {
    this.#onRefused = onRefused;
  }

  /** Names who takes the connections of one path, `/live`. @throws Error when the path has an owner */
  route(path: string, handler: UpgradeHandler): void {
    if (this.#handlers.has(path)) throw new Error(`${path} has two handlers of upgrades`);
    this.#handlers.set(path, handler);
  }

  /** Answers the server's upgrades from now on; routes may still be added. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // An HTTP server hands over the very socket it accepted (over TLS a TLSSocket, which is one too).
      this.#dispatch(request, socket as Socket, head);
    });
  }

  #dispatch(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#onRefused();
      refuseUpgrade(socket, '426 Upgrade Required', 'only WebSocket is spoken here', 'Upgrade: websocket');
      return;
    }
    const [path = ''] = (request.url ?? '').split('?');
    const handler = this.#handlers.get(path);
    if (handler === undefined) {
      this.#onRefused();
      const paths = [...this.#handlers.keys()].join(', ');
      refuseUpgrade(
        socket,
        '404 Not Found',
        `no WebSocket here; there are: ${paths === '' ? 'none' : paths}`,
      );
    } else handler(request, socket, head);
  }
}

/**
 * Answers an upgrade with an HTTP status and one line of text, and closes the connection.
 * @param status `403 Forbidden`
 * @param header one more header line
 */
export function refuseUpgrade(socket: Socket, status: string, message: string, header?: string): void {
  const body = `${message}\n`;
  const lines = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(header === undefined ? [] : [header]),
  ];
  // The client may be gone already, and may go on sending: neither must hold anything here.
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), DISCARD_MS);
  socket.once('close', () => clearTimeout(timer));
}
