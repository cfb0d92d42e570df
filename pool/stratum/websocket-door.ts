import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { MAX_LINE_BYTES } from '../../protocol/stratum.ts';
import { forwardedSource } from '../../service/http-server/client-address.ts';
import type { NetworkList } from '../../service/network-list.ts';
import { refuseUpgrade, type UpgradeHandler } from '../../service/upgrade.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import type { Door, Guest } from './door.ts';
import { WebSocketWire } from './websocket-wire.ts';
import type { Wire } from './wire.ts';

export interface WebSocketDoorOptions {
  readonly door: Door;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: NetworkList;
  readonly counters: Record<ConnectionCounter, number>;
  readonly onWire: (wire: Wire, guest: Guest) => void;
}

const KEEP_ALIVE_MS = 60_000;
/** Pieces of one message, and chunks of it that wait; a message has at most 16 KiB. */
const MAX_PIECES = 64;

/** Takes over the connections of `/stratum` on the HTTP port, where a browser or a firmware speaks WebSocket. */
export function webSocketDoor({ door, proxies, counters, onWire }: WebSocketDoorOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: MAX_LINE_BYTES,
    maxFragments: MAX_PIECES,
    maxBufferedChunks: MAX_PIECES * 1024,
  });
  server.on('wsClientError', (error: Error, socket) => {
    counters.refused_handshake += 1;
    refuseUpgrade(socket as Socket, '400 Bad Request', error.message);
  });
  return (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const forwardedFor = request.headers['x-forwarded-for'];
    const hops = Array.isArray(forwardedFor) ? forwardedFor.join(',') : (forwardedFor ?? '');
    const caller = { address: socket.remoteAddress ?? '', port: socket.remotePort };
    const source = forwardedSource(caller, hops, proxies);
    const guest = door.enter(source.address);
    if (guest === undefined) {
      refuseUpgrade(socket, '503 Service Unavailable', 'too many connections, or banned');
      return;
    }
    let entered = false;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    server.handleUpgrade(request, socket, head, (websocket) => {
      entered = true;
      onWire(new WebSocketWire(websocket, socket, source), guest);
    });
    if (!entered) door.leave(guest);
  };
}
