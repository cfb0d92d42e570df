/** What a connection of the miner says until it is closed, as lines that a test compares; and servers to connect to. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connectionProblem } from '../../miner/problem.ts';
import type { CloseCause, Connection, Connector, Endpoint } from '../../miner/transport/connection.ts';

export interface Transcript {
  /** `connected`, `line …` and in the end the cause. */
  readonly said: readonly string[];
  readonly detail: string | undefined;
}

/** Connects, and resolves when the connection is closed. @param onConnected may send, or close it */
export function transcript(
  connector: Connector,
  endpoint: Endpoint,
  onConnected: (connection: Connection) => void = () => {},
): Promise<Transcript> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const connection = connector(endpoint, {
      onConnected: () => {
        said.push('connected');
        onConnected(connection);
      },
      onLine: (line) => said.push(`line ${line}`),
      onClosed: (cause, detail) => resolve({ said: [...said, cause], detail }),
    });
  });
}

/** The sentence that the person at the screen reads. @param place as HOST:PORT */
export function sentenceOf(place: string, { said, detail }: Transcript): string {
  return connectionProblem(said.at(-1) as CloseCause, place, detail).text;
}

/** Has a server listen on a free port of this machine until the test ends. @returns the port */
export async function listening(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
