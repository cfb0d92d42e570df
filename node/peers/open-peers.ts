import { createServer, type Server } from 'node:net';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Database } from '../../service/database.ts';
import { listen } from '../../service/http.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Random, systemRandom } from '../random.ts';
import { PeersTable } from '../storage/peers-table.ts';
import { AddressBook } from './address-book.ts';
import { Connector } from './connector.ts';
import { addressesOf } from './dial.ts';
import { canonicalIp, type Endpoint, endpointText, type HostAndPort } from './ip-address.ts';
import { Outbound } from './outbound.ts';
import { OwnAddresses } from './own-addresses.ts';
import { PeerAdmin } from './peer-admin.ts';
import type { PeerListener, PeerNetwork } from './peer-network.ts';
import { PeerStore } from './peer-store.ts';
import { Peers } from './peers.ts';

/** How a node takes part in its network. */
export interface PeerSettings {
  /** Where connections are taken; undefined: nowhere. Port 0 picks a free one. */
  readonly listen: Endpoint | undefined;
  /** Ways into the network. */
  readonly bootNodes: readonly HostAndPort[];
  /** Connect to these, and to nobody else; empty: to whoever is known. */
  readonly connect: readonly HostAndPort[];
  /** Where others can reach this node. */
  readonly externalAddresses: readonly HostAndPort[];
}

export const DEFAULT_P2P_PORT = 5001;

/** Takes no connections and opens none but those asked for by RPC. */
export const NO_PEERS: PeerSettings = {
  listen: undefined,
  bootNodes: [],
  connect: [],
  externalAddresses: [],
};

/** Networks for trying out are nobody's business beyond this machine. */
export function defaultP2pBind({ mockTime, fundedAccounts }: NetworkProfile): string {
  return mockTime || fundedAccounts.length > 0 ? '127.0.0.1' : '0.0.0.0';
}

export interface OpenPeersOptions {
  readonly settings: PeerSettings;
  readonly profile: NetworkProfile;
  readonly database: Database;
  /** Height of our best block. */
  readonly height: () => number;
  readonly log: Logger;
  /** For ages and bans; default: the machine's. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The peers of a node. */
export interface OpenPeers extends Stoppable {
  readonly network: PeerNetwork;
  readonly admin: PeerAdmin;
  /** Where connections are taken; undefined while nowhere. */
  readonly listening: () => Endpoint | undefined;
  /**
   * Opens the port; from now on connections are taken and opened, and `listener` is told of them.
   * @throws ListenError
   */
  start(listener: PeerListener): Promise<void>;
}

/** How often connections are looked at and new ones decided on. */
const TICK_MS = 500;
/**
 * How often what has changed in the address book is written. Bitcoin Core writes the whole book every 15 minutes;
 * a young node that is killed before would know nobody but its boot node.
 */
const SAVE_MS = 10_000;

/**
 * Reads address book and bans, and waits to be started.
 * @throws DatabaseError
 */
export async function openPeers(options: OpenPeersOptions): Promise<OpenPeers> {
  const { settings, profile, database, height, log, clock = systemClock, random = systemRandom } = options;
  const nowMs = (): number => performance.now();
  const book = new AddressBook();
  const store = new PeerStore({ table: new PeersTable(database), book, log });
  const bans = await store.load();
  const own = new OwnAddresses(await externalEndpoints(settings.externalAddresses, log));
  const peers = new Peers({ profile, book, bans, own, height, clock, nowMs, random, log });
  const isRefused = (ip: string): boolean => bans.isRefused(ip, clock.nowSeconds());
  const connector = new Connector(
    {
      book,
      random,
      bootNodes: settings.bootNodes,
      manualOnly: settings.connect.length > 0,
      isRefused,
      isOwn: (endpoint) => own.has(endpoint),
    },
    clock.nowSeconds(),
  );
  for (const peer of settings.connect) connector.addManual(peer);
  const outbound = new Outbound({ peers, connector, book, isRefused, clock, log });
  const server = createServer((socket) => peers.accept(socket));
  const timers: NodeJS.Timeout[] = [];
  return {
    network: peers,
    admin: new PeerAdmin({ peers, outbound, connector, book, bans, own, store, clock, random }),
    listening: () => own.listening,
    start: async (listener) => {
      peers.listen(listener);
      if (settings.listen) own.listenAt(await openPort(server, settings.listen, log));
      const tick = (): void => {
        peers.tick();
        outbound.tick();
      };
      timers.push(
        setInterval(tick, TICK_MS),
        setInterval(() => void store.saveBook(), SAVE_MS),
      );
      outbound.tick();
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      server.close();
      await Promise.all([outbound.stop(), peers.stop()]);
      await store.saveBook();
    },
  };
}

async function openPort(server: Server, { ip, port }: Endpoint, log: Logger): Promise<Endpoint> {
  await listen(server, {
    host: ip,
    port,
    portSetting: '--p2p-port',
    onAcceptError: (error) => log.error({ err: error }, 'a peer could not be accepted'),
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port of the peers has no number');
  const listening = { ip: canonicalIp(address.address) ?? address.address, port: address.port };
  log.info({ address: endpointText(listening) }, 'listening for peers');
  return listening;
}

/** What cannot be looked up now is left out: the node is of use without it. */
async function externalEndpoints(hosts: readonly HostAndPort[], log: Logger): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const { host, port } of hosts) {
    try {
      endpoints.push(...(await addressesOf(host)).map((ip) => ({ ip, port })));
    } catch (error) {
      log.warn({ err: error, host }, '--external-address could not be looked up, and is not told to peers');
    }
  }
  return endpoints;
}
