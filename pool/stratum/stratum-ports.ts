import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { listen, reachable } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import type { Certificate } from './certificate.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import type { Door, Guest } from './door.ts';
import { type ProxyList, type Source, takeProxyHeader } from './proxy-protocol.ts';
import { SocketWire } from './socket-wire.ts';
import type { Wire } from './wire.ts';

/** Where a port listens. */
export interface PortAddress {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

export interface TlsPort extends PortAddress {
  readonly certificate: Certificate;
}

export interface StratumPortsOptions {
  readonly tcp: PortAddress;
  readonly tls: TlsPort | undefined;
  /** Connections of these begin with a PROXY header. */
  readonly proxies: ProxyList;
  /** How long a proxy may take for it. */
  readonly headerMs: number;
  readonly door: Door;
  readonly counters: Record<ConnectionCounter, number>;
  readonly log: Logger;
  /** Told of every connection that was let in. */
  readonly onWire: (wire: Wire, guest: Guest) => void;
}

const KEEP_ALIVE_MS = 60_000;
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

/** The TCP port and the TLS port that miners connect to. */
export class StratumPorts {
  readonly #options: StratumPortsOptions;
  readonly #tcp: Server;
  readonly #tls: Server | undefined;
  /** Connections whose PROXY header has not come yet. */
  readonly #waiting = new Set<Socket>();

  constructor(options: StratumPortsOptions) {
    this.#options = options;
    this.#tcp = createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket, 'tcp'));
    // A server of plain TCP: what a proxy says comes in front of the TLS handshake.
    if (options.tls) this.#tls = createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket, 'tls'));
  }

  /** @throws ListenError when a port is taken; none is open then */
  async open(): Promise<void> {
    const { tcp, tls, log } = this.#options;
    const onAcceptError = (error: Error) => log.error({ err: error }, 'a miner could not be accepted');
    await listen(this.#tcp, { ...tcp, portSetting: '--stratum-port', onAcceptError });
    if (tls === undefined || this.#tls === undefined) return;
    try {
      await listen(this.#tls, { ...tls, portSetting: '--stratum-tls-port', onAcceptError });
    } catch (error) {
      this.#tcp.close();
      throw error;
    }
  }

  /** Where miners connect to; from this machine, when it listens on all addresses. */
  get tcpUrl(): string {
    return urlOf('stratum+tcp', this.#options.tcp, this.#tcp);
  }

  get tlsUrl(): string | undefined {
    const { tls } = this.#options;
    return tls && this.#tls && urlOf('stratum+ssl', tls, this.#tls);
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#tcp.close();
    this.#tls?.close();
    for (const socket of this.#waiting) socket.destroy();
  }

  #accept(socket: Socket, transport: 'tcp' | 'tls'): void {
    const { proxies, headerMs, counters, log } = this.#options;
    socket.on('error', ignore);
    const address = socket.remoteAddress ?? '';
    if (!proxies.has(address)) {
      this.#admit(socket, transport, { address, port: socket.remotePort });
      return;
    }
    this.#waiting.add(socket);
    takeProxyHeader(socket, headerMs, (source) => {
      this.#waiting.delete(socket);
      if (typeof source !== 'string') return this.#admit(socket, transport, source);
      counters.refused_proxy_header += 1;
      log.warn({ proxy: address }, `a proxy sent no valid PROXY header: ${source}`);
      socket.destroy();
    });
  }

  #admit(socket: Socket, transport: 'tcp' | 'tls', source: Source): void {
    const { door, tls, onWire } = this.#options;
    const guest = door.enter(source.address);
    if (guest === undefined) socket.destroy();
    else if (transport === 'tcp' || tls === undefined) onWire(new SocketWire(socket, 'tcp', source), guest);
    else {
      const { context: secureContext } = tls.certificate;
      onWire(new SocketWire(new TLSSocket(socket, { isServer: true, secureContext }), 'tls', source), guest);
    }
  }
}

/** Who hangs up in the middle of something is noticed by its end. */
function ignore(): void {}

function urlOf(scheme: string, { host }: PortAddress, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${reachable(host)}:${port}`;
}
