/** Requests without a client library in between, so that tests see what is really on the wire. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Sends one request on a connection of its own. */
export function send({ url, method = 'POST', headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((accept, reject) => {
    const outgoing = request(url, { method, headers: { ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        accept({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Opens a socket, writes the text and resolves to it once connected. */
export function openSocket(port: number, text = ''): Promise<Socket> {
  return new Promise((accept, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (text !== '') socket.write(text);
      accept(socket);
    });
    socket.once('error', reject);
  });
}

/** Everything the other side sends until it closes the connection. */
export function readUntilClosed(socket: Socket): Promise<string> {
  return new Promise((accept) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => accept(Buffer.concat(chunks).toString('latin1')));
  });
}

/** The header of Basic authentication. */
export function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
