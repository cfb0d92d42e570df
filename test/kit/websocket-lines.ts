/** A WebSocket as a stream of lines, so that a scripted miner plays the same on every transport. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** @param url `ws://host:port/path`. @throws Error when the handshake is refused */
export async function connectWebSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Duplex> {
  const websocket = new WebSocket(url, { headers });
  await once(websocket, 'open');
  const lines = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().split('\n')) if (line !== '') websocket.send(line);
      done();
    },
    destroy: (error, done) => {
      websocket.terminate();
      done(error);
    },
  });
  websocket.on('message', (data) => lines.push(`${data.toString()}\n`));
  websocket.on('error', (error) => lines.destroy(error));
  websocket.on('close', () => lines.destroy());
  return lines;
}
