import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectionLimiter } from '../limits.ts';

export interface ConnectionLimitOptions {
  /** Open connections of one IP address, its WebSockets among them. */
  readonly perAddress: number;
  /** Proxies speak for many: they are not limited here, but by all that their clients may do. */
  readonly isProxy: (address: string) => boolean;
  /** Told of each connection that was refused. */
  readonly onRefused: () => void;
}

/** Keeps one client of an HTTP server from taking all the connections there are. */
export function limitConnections(server: Server, options: ConnectionLimitOptions): void {
  const { perAddress, isProxy, onRefused } = options;
  const limiter = new ConnectionLimiter({ total: Number.POSITIVE_INFINITY, perAddress });
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isProxy(address)) return;
    const release = limiter.admit(address);
    if (release !== undefined) {
      socket.once('close', release);
      return;
    }
    onRefused();
    socket.destroy();
  });
}
