import type { Socket } from 'node:net';
import { LineReader, LineTooLongError } from './line-reader.ts';
import type { Wire, WireListener } from './wire.ts';

/** One message a line over TCP, or over TLS on top of it. */
export class SocketWire implements Wire {
  readonly transport: 'tcp' | 'tls';
  readonly address: string;
  readonly port: number | undefined;
  readonly #socket: Socket;

  /** @param from whom a proxy speaks for; by default the other end of the socket */
  constructor(
    socket: Socket,
    transport: 'tcp' | 'tls',
    from: { readonly address: string; readonly port: number | undefined },
  ) {
    this.transport = transport;
    this.address = from.address;
    this.port = from.port;
    this.#socket = socket;
  }

  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  listen(listener: WireListener): void {
    const lines = new LineReader();
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) listener.onLine(line);
      } catch (error) {
        if (!(error instanceof LineTooLongError)) throw error;
        listener.onFault('closed_long_line', error.message);
        return;
      }
      listener.onRead();
    });
    this.#socket.on('error', (error) => {
      // A reset of the connection is no fault; an error of TLS is one of the handshake or its records.
      const { code } = error as NodeJS.ErrnoException;
      if (this.transport === 'tls' && !isNetworkError(code)) listener.onFault('closed_tls', error.message);
    });
    this.#socket.once('close', () => listener.onClose());
  }

  send(lines: string): void {
    this.#socket.write(lines);
  }

  broadcast(line: Uint8Array): void {
    this.#socket.write(line);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
    // The other side's end has to be read to be noticed.
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Whether the operating system reports it (ECONNRESET, EPIPE, …), not OpenSSL (ERR_SSL_…, ERR_TLS_…). */
function isNetworkError(code: string | undefined): boolean {
  return code === undefined || (code.startsWith('E') && !code.startsWith('ERR_') && code !== 'EPROTO');
}
