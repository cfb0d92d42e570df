import type { Clock } from '../clock.ts';
import { type Random, shuffled } from '../random.ts';
import { type AddressBook, isHopeless, type KnownAddress } from './address-book.ts';
import type { Ban, BanList } from './ban-list.ts';
import type { PeerConnection } from './connection.ts';
import { type Connector, nameOf } from './connector.ts';
import type { GossipCounts } from './gossip.ts';
import type { Endpoint, HostAndPort } from './ip-address.ts';
import { MAX_MANUAL } from './limits.ts';
import type { Outbound } from './outbound.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { PeerFacts, PeerProgress } from './peer-network.ts';
import { PEER_RULES } from './peer-rules.ts';
import type { PeerStore } from './peer-store.ts';
import type { NetworkTotals, Peers } from './peers.ts';
import type { Subnet } from './subnet.ts';

/** All that is known of a connected peer. */
export interface PeerStatus {
  readonly facts: PeerFacts;
  readonly connection: PeerConnection;
  readonly gossip: GossipCounts | undefined;
  readonly progress: PeerProgress | undefined;
}

/** A peer the operator named, and the connections to it. */
export interface AddedPeer {
  readonly name: string;
  readonly connections: readonly PeerConnection[];
}

export interface PeerAdminOptions {
  readonly peers: Peers;
  readonly outbound: Outbound;
  readonly connector: Connector;
  readonly book: AddressBook;
  readonly bans: BanList;
  readonly own: OwnAddresses;
  readonly store: PeerStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the operator sees of the peers, and can order: what the RPC methods of the network group stand on. */
export class PeerAdmin {
  readonly #options: PeerAdminOptions;

  constructor(options: PeerAdminOptions) {
    this.#options = options;
  }

  /** The peers whose handshake is complete. */
  statuses(): PeerStatus[] {
    const { peers } = this.#options;
    return peers.connections.flatMap((connection) => {
      const { facts, id } = connection;
      if (facts === undefined) return [];
      return [{ facts, connection, gossip: peers.gossipCounts(id), progress: peers.progress(id) }];
    });
  }

  /**
   * Median of the seconds that the clocks of the peers we chose are ahead of this machine's: others may say what
   * they like. 0 where there are none.
   */
  get clockOffsetSeconds(): number {
    const offsets = this.#options.peers.connections
      .filter(({ facts }) => facts !== undefined && facts.kind !== 'inbound')
      .map((connection) => connection.clockOffsetSeconds)
      .sort((a, b) => a - b);
    return offsets[Math.floor(offsets.length / 2)] ?? 0;
  }

  get totals(): NetworkTotals {
    return this.#options.peers.totals;
  }

  /** By the clock of the bans, which no `setmocktime` holds. */
  nowSeconds(): number {
    return this.#options.clock.nowSeconds();
  }

  get isActive(): boolean {
    return this.#options.peers.isActive;
  }

  setActive(active: boolean): void {
    this.#options.peers.setActive(active);
  }

  pingAll(): void {
    this.#options.peers.pingAll();
  }

  /** What the operator says of where this node can be reached. */
  get externalAddresses(): readonly Endpoint[] {
    return this.#options.own.external;
  }

  /** Keeps a connection to somebody, unless it does so already, or there are MAX_MANUAL. */
  addPeer(peer: HostAndPort): 'added' | 'known' | 'full' {
    const { connector } = this.#options;
    if (connector.manual.length >= MAX_MANUAL) return 'full';
    return connector.addManual(peer) ? 'added' : 'known';
  }

  /** Keeps no connection to somebody any more; false when it did not. What is open stays. */
  removePeer(peer: HostAndPort): boolean {
    return this.#options.connector.removeManual(peer);
  }

  /** Connects to somebody once. */
  tryPeer(peer: HostAndPort): void {
    this.#options.outbound.dial({ kind: 'manual', ...peer });
  }

  addedPeers(): AddedPeer[] {
    const { connector, outbound } = this.#options;
    return connector.manual.map((peer) => ({
      name: nameOf(peer),
      connections: outbound.connectionsTo(nameOf(peer)),
    }));
  }

  /** Closes a connection; false when there is none. */
  disconnect(isMeant: (connection: PeerConnection) => boolean): boolean {
    const meant = this.#options.peers.connections.filter(isMeant);
    for (const connection of meant) close(connection, 'disconnect-requested', '');
    return meant.length > 0;
  }

  /** Some of the known addresses that are worth trying, in random order; 0: all. */
  addresses(count: number, isMeant: (address: KnownAddress) => boolean): KnownAddress[] {
    const { book, clock, random } = this.#options;
    const nowSeconds = clock.nowSeconds();
    const worthy = book.all().filter((address) => isMeant(address) && !isHopeless(address, nowSeconds));
    return shuffled(worthy, random).slice(0, count === 0 ? worthy.length : count);
  }

  bans(): readonly Ban[] {
    return this.#options.bans.bans(this.#options.clock.nowSeconds());
  }

  /** Refuses a range and closes what comes from it; false when it is refused already. Durable when it resolves. */
  async ban(subnet: Subnet, untilSeconds: number): Promise<boolean> {
    const { bans, clock, peers } = this.#options;
    const createdSeconds = clock.nowSeconds();
    if (bans.hasBan(subnet, createdSeconds)) return false;
    bans.ban({ subnet, createdSeconds, untilSeconds });
    for (const connection of peers.connections) {
      if (subnet.has(connection.remote.ip)) close(connection, 'banned', subnet.text);
    }
    await this.#saveBans();
    return true;
  }

  /** Lifts a ban; false when there is none in these words. Durable when it resolves. */
  async unban(subnet: Subnet): Promise<boolean> {
    if (!this.#options.bans.lift(subnet)) return false;
    await this.#saveBans();
    return true;
  }

  /** Lifts all bans, and forgets who was discouraged. Durable when it resolves. */
  async clearBans(): Promise<void> {
    this.#options.bans.clear();
    await this.#saveBans();
  }

  #saveBans(): Promise<void> {
    return this.#options.store.saveBans(this.bans());
  }
}

function close(connection: PeerConnection, rule: 'banned' | 'disconnect-requested', detail: string): void {
  connection.close({ rule, detail, discourage: PEER_RULES[rule].discourage });
}
