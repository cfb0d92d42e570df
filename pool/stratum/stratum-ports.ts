import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { listen, reachable } from '../../service/http.ts';
import type { Source } from '../../service/http-server/client-address.ts';
import type { Logger } from '../../service/log.ts';
import type { NetworkList } from '../../service/network-list.ts';
import type { Clock } from '../clock.ts';
import { type Certificate, openCertificate, type TlsSettings } from './certificate.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import type { Door, Guest } from './door.ts';
import { takeProxyHeader } from './proxy-protocol.ts';
import { SocketWire } from './socket-wire.ts';
import type { Wire } from './wire.ts';

/** Where miners are listened to. */
export interface StratumPlaces {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly tls?: TlsSettings | undefined;
  /** Networks of the load balancers in front, whose PROXY headers and `X-Forwarded-For` are believed. */
  readonly proxies?: readonly string[];
}

export interface StratumPortsOptions {
  readonly places: StratumPlaces;
  /** Connections of these begin with a PROXY header. */
  readonly proxies: NetworkList;
  /** How long a proxy may take for it. */
  readonly headerMs: number;
  readonly door: Door;
  readonly clock: Clock;
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
  #certificate: Certificate | undefined;
  /** Connections whose PROXY header has not come yet. */
  readonly #waiting = new Set<Socket>();

  constructor(options: StratumPortsOptions) {
    this.#options = options;
    this.#tcp = createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket, 'tcp'));
    // A server of plain TCP: what a proxy says comes in front of the TLS handshake.
    if (options.places.tls) this.#tls = createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket, 'tls'));
  }

  /** @throws ListenError when a port is taken, CertificateError; no port is open then */
  async open(): Promise<void> {
    const { places, clock, log } = this.#options;
    const { host, port, tls } = places;
    const onAcceptError = (error: Error) => log.error({ err: error }, 'a miner could not be accepted');
    if (tls !== undefined) this.#certificate = await openCertificate(tls, clock, log);
    try {
      await listen(this.#tcp, { host, port, portSetting: '--stratum-port', onAcceptError });
      if (tls === undefined || this.#tls === undefined) return;
      await listen(this.#tls, { host, port: tls.port, portSetting: '--stratum-tls-port', onAcceptError });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Where miners connect to; from this machine, when it listens on all addresses. */
  get tcpUrl(): string {
    return `stratum+tcp://${this.#authorityOf(this.#tcp)}`;
  }

  /** The same over TLS; undefined without such a port. */
  get tlsUrl(): string | undefined {
    return this.#tls && `stratum+ssl://${this.#authorityOf(this.#tls)}`;
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#tcp.close();
    this.#tls?.close();
    this.#certificate?.stop();
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
      if (source === undefined) return;
      if (typeof source !== 'string') return this.#admit(socket, transport, source);
      counters.refused_proxy_header += 1;
      log.warn({ proxy: address }, `a proxy sent no valid PROXY header: ${source}`);
      socket.destroy();
    });
  }

  #admit(socket: Socket, transport: 'tcp' | 'tls', source: Source): void {
    const { door, onWire } = this.#options;
    const guest = door.enter(source.address);
    if (guest === undefined) socket.destroy();
    else
      onWire(new SocketWire(transport === 'tcp' ? socket : this.#secured(socket), transport, source), guest);
  }

  #secured(socket: Socket): Socket {
    if (this.#certificate === undefined) throw new Error('the TLS port is open without a certificate');
    return new TLSSocket(socket, { isServer: true, secureContext: this.#certificate.context });
  }

  #authorityOf(server: Server): string {
    const { port } = server.address() as AddressInfo;
    return `${reachable(this.#options.places.host)}:${port}`;
  }
}

/** Who hangs up in the middle of something is noticed by its end. */
function ignore(): void {}
