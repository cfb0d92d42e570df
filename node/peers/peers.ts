import type { Socket } from 'node:net';
import type { NetworkProfile } from '../../protocol/network.ts';
import { PROTOCOL_VERSION, type VersionPayload } from '../../protocol/peer-message.ts';
import type { Logger } from '../../service/log.ts';
import { SharedSlice } from '../../service/time-slice.ts';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { VERSION } from '../version.ts';
import type { AddressBook } from './address-book.ts';
import type { BanList } from './ban-list.ts';
import { type Closing, type ConnectionOwner, type GossipMessage, PeerConnection } from './connection.ts';
import { Gossip, type GossipCounts, type GossipEffect } from './gossip.ts';
import { admitInbound, type SlotHolder } from './inbound-slots.ts';
import { canonicalIp, type Endpoint, endpointText, ipBytes, reachOf } from './ip-address.ts';
import { QUEUE_BYTES, TOTAL_BYTES } from './limits.ts';
import { OUR_SERVICES, type OwnAddresses } from './own-addresses.ts';
import { PeerLog } from './peer-log.ts';
import type {
  PeerFacts,
  PeerId,
  PeerKind,
  PeerListener,
  PeerNetwork,
  PeerProgress,
  RelayedMessage,
} from './peer-network.ts';
import { PEER_RULES, type PeerRule } from './peer-rules.ts';

/** How this node calls itself (BIP 14). */
export const USER_AGENT = `/NilzCoin:${VERSION}/`;

const NO_IP = new Uint8Array(16);

export interface PeersOptions {
  readonly profile: NetworkProfile;
  readonly book: AddressBook;
  readonly bans: BanList;
  readonly own: OwnAddresses;
  /** Height of our best block, for `version`. */
  readonly height: () => number;
  readonly clock: Clock;
  /** A steady clock. */
  readonly nowMs: () => number;
  readonly random: Random;
  readonly log: Logger;
}

/** Why connections were not taken in, counted. */
export interface Refusals {
  /** It was over before it was looked at. */
  gone: number;
  inactive: number;
  banned: number;
  'client-limit': number;
  'range-limit': number;
  'no-slot': number;
}

/** Bytes of all connections there have been. */
export interface NetworkTotals {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** All connections: lets them in, hands their messages on, and ends them by the rules. */
export class Peers implements PeerNetwork, ConnectionOwner {
  readonly refusals: Refusals = {
    gone: 0,
    inactive: 0,
    banned: 0,
    'client-limit': 0,
    'range-limit': 0,
    'no-slot': 0,
  };
  readonly #options: PeersOptions;
  readonly #log: PeerLog;
  readonly #gossip: Gossip;
  readonly #connections = new Map<PeerId, PeerConnection>();
  readonly #runs = new Set<Promise<void>>();
  readonly #turns = new SharedSlice();
  /** Nonces of connections we have opened: who meets one has met itself. */
  readonly #nonces = new Map<bigint, PeerConnection>();
  #listener: PeerListener | undefined;
  #nextId: PeerId = 1;
  #isActive = true;
  /** Of connections that are over. */
  #past: NetworkTotals = { sentBytes: 0, receivedBytes: 0 };

  constructor(options: PeersOptions) {
    const { book, bans, own, clock, random, nowMs, log } = options;
    this.#options = options;
    this.#log = new PeerLog(log, nowMs);
    const nowSeconds = (): number => clock.nowSeconds();
    const isRefused = (ip: string): boolean => bans.isRefused(ip, nowSeconds());
    this.#gossip = new Gossip({
      book,
      random,
      nowSeconds,
      isRefused,
      isOwn: (endpoint) => own.has(endpoint),
    });
  }

  /** Who is told of peers and their messages from now on, those that are here already first. */
  listen(listener: PeerListener): void {
    this.#listener = listener;
    for (const facts of this.peers()) listener.up(facts);
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Every connection, also those whose handshake is not complete. */
  get connections(): readonly PeerConnection[] {
    return [...this.#connections.values()];
  }

  get totals(): NetworkTotals {
    let { sentBytes, receivedBytes } = this.#past;
    for (const { wire } of this.#connections.values()) {
      sentBytes += wire.sent.totalBytes;
      receivedBytes += wire.received.totalBytes;
    }
    return { sentBytes, receivedBytes };
  }

  gossipCounts(peer: PeerId): GossipCounts | undefined {
    return this.#gossip.counts(peer);
  }

  progress(peer: PeerId): PeerProgress | undefined {
    return this.#listener?.progress(peer);
  }

  // Connections begin

  /** Takes in a connection that somebody opened to us, or closes it. */
  accept(socket: Socket): void {
    const ip = canonicalIp(socket.remoteAddress ?? '');
    const refused = ip === undefined ? 'gone' : this.#refusalOf(ip);
    if (ip === undefined || refused !== undefined) {
      if (refused !== undefined) this.refusals[refused] += 1;
      this.#log.debug({ ip, why: refused }, 'connection refused');
      socket.destroy();
      return;
    }
    this.start(socket, 'inbound', { ip, port: socket.remotePort ?? 0 });
  }

  #refusalOf(ip: string): keyof Refusals | undefined {
    if (!this.#isActive) return 'inactive';
    if (this.#options.bans.isRefused(ip, this.#options.clock.nowSeconds())) return 'banned';
    const inbound = this.connections.filter(({ kind, wire }) => kind === 'inbound' && wire.isOpen);
    const admission = admitInbound(ip, inbound.map(slotHolder));
    if (admission.type === 'refuse') return admission.why;
    if (admission.type === 'evict') this.#breakRule(admission.id, 'evicted', `for ${ip}`);
    return undefined;
  }

  /** Runs a connection; `over` resolves when it has ended. */
  start(
    socket: Socket,
    kind: PeerKind,
    remote: Endpoint,
  ): { readonly connection: PeerConnection; readonly over: Promise<void> } {
    const { clock, nowMs, random, log } = this.#options;
    const ours = this.#version(remote);
    const isOpened = kind !== 'inbound';
    const connection = new PeerConnection({
      id: this.#nextId++,
      kind,
      socket,
      remote,
      profile: this.#options.profile,
      terms: {
        opened: isOpened,
        needsServices: kind === 'outbound',
        ours,
        isOurNonce: (nonce) => this.#nonces.has(nonce),
      },
      owner: this,
      nowMs,
      nowSeconds: () => clock.nowSeconds(),
      nonce: () => random.u64(),
      turns: this.#turns,
      log,
    });
    this.#connections.set(connection.id, connection);
    if (isOpened) this.#nonces.set(ours.nonce, connection);
    const over = connection.run().finally(() => this.#runs.delete(over));
    this.#runs.add(over);
    return { connection, over };
  }

  #version({ ip, port }: Endpoint): VersionPayload {
    const { clock, random, height } = this.#options;
    return {
      version: PROTOCOL_VERSION,
      services: OUR_SERVICES,
      timeSeconds: BigInt(clock.nowSeconds()),
      receiver: { services: 0n, ip: ipBytes(ip) ?? NO_IP, port },
      // As Bitcoin Core does: where we can be reached is told by `addr`.
      sender: { services: OUR_SERVICES, ip: NO_IP, port: 0 },
      nonce: random.u64(),
      userAgent: USER_AGENT,
      startHeight: height(),
      relay: true,
    };
  }

  // What connections tell

  queueAllowance(): number {
    return QUEUE_BYTES;
  }

  established(connection: PeerConnection, facts: PeerFacts): void {
    const { own } = this.#options;
    const { id, kind, remote } = connection;
    this.#nonces.delete(connection.terms.ours.nonce);
    this.#enterInBook(connection, facts);
    if (kind === 'feeler') {
      this.#breakRule(id, 'feeler-done', '');
      return;
    }
    const { address: peer, userAgent, version, startHeight } = facts;
    this.#log.info({ peer, id, kind, userAgent, version, startHeight }, 'peer connected', kind === 'inbound');
    this.#send(this.#gossip.up({ id, kind, ip: remote.ip, own: own.addressFor(connection.wire.local.ip) }));
    this.#listener?.up(facts);
  }

  /** Of what we have chosen or been led to; whom the operator named is not for others to know. */
  #enterInBook({ kind, remote: endpoint }: PeerConnection, { services }: PeerFacts): void {
    if (kind === 'inbound') return;
    const { book, clock } = this.#options;
    const nowSeconds = clock.nowSeconds();
    if (kind === 'outbound')
      book.add({ endpoint, services, lastSeenSeconds: nowSeconds }, endpoint.ip, nowSeconds);
    book.succeeded(endpoint, services, nowSeconds);
  }

  gossip(connection: PeerConnection, message: GossipMessage): void {
    this.#send(this.#gossip.message(connection.id, message));
  }

  message(connection: PeerConnection, message: RelayedMessage): void | Promise<void> {
    return this.#listener?.message(connection.id, message);
  }

  wantsBlock(connection: PeerConnection): boolean {
    return this.#listener?.wantsBlock(connection.id) ?? false;
  }

  closed(connection: PeerConnection, why: Closing | undefined): void {
    const { id, facts, remote, wire } = connection;
    this.#connections.delete(id);
    this.#nonces.delete(connection.terms.ours.nonce);
    this.#past = {
      sentBytes: this.#past.sentBytes + wire.sent.totalBytes,
      receivedBytes: this.#past.receivedBytes + wire.received.totalBytes,
    };
    if (why !== undefined) this.#judge(connection, why);
    this.#tellClosed(connection, why);
    if (facts === undefined || connection.kind === 'feeler') return;
    this.#gossip.down(id);
    this.#listener?.down(id);
    this.#options.log.trace({ peer: endpointText(remote) }, 'peer is forgotten');
  }

  /** What follows for the address from how a connection ended. */
  #judge(connection: PeerConnection, { rule, discourage }: Closing): void {
    const { book, bans, clock, own } = this.#options;
    const { remote, theirNonce, kind } = connection;
    if (discourage) bans.discourage(remote.ip, clock.nowSeconds());
    const isUseless = rule === 'wrong-magic' || rule === 'obsolete-version' || rule === 'missing-services';
    if (kind !== 'inbound' && (isUseless || discourage)) book.forget(remote);
    const self = rule === 'self-connection' ? this.#nonces.get(theirNonce ?? 0n) : undefined;
    if (self === undefined) return;
    own.add(self.remote);
    book.forget(self.remote);
    this.#breakRule(self.id, 'self-connection', endpointText(self.remote));
  }

  #tellClosed({ id, kind, facts, remote }: PeerConnection, why: Closing | undefined): void {
    const peer = endpointText(remote);
    const isInbound = kind === 'inbound';
    if (why === undefined) {
      if (facts === undefined) this.#log.debug({ peer, kind }, 'connection ended before its handshake');
      else this.#log.info({ peer, id, kind }, 'peer left', isInbound);
      return;
    }
    const { rule, detail, discourage } = why;
    const discouraged = discourage && reachOf(remote.ip) !== 'loopback';
    const fields = { peer, id, kind, rule, detail, discouraged };
    if (rule === 'feeler-done') this.#log.debug(fields, 'peer disconnected');
    else if (discourage) this.#log.warn(fields, 'peer disconnected', isInbound);
    else this.#log.info(fields, 'peer disconnected', isInbound);
  }

  // What the rest of the node asks

  send(peer: PeerId, message: RelayedMessage): boolean {
    return this.#connections.get(peer)?.send(message) ?? false;
  }

  queued(peer: PeerId): number {
    return this.#connections.get(peer)?.wire.queuedBytes ?? 0;
  }

  async drained(peer: PeerId): Promise<void> {
    await this.#connections.get(peer)?.wire.drained();
  }

  peers(): readonly PeerFacts[] {
    return this.connections.flatMap(({ facts, kind }) => (facts && kind !== 'feeler' ? [facts] : []));
  }

  disconnect(
    peer: PeerId,
    rule: string,
    { discourage = false, detail = '' }: { readonly discourage?: boolean; readonly detail?: string } = {},
  ): void {
    this.#connections.get(peer)?.close({ rule, detail, discourage });
  }

  delivered(peer: PeerId, what: 'block' | 'transaction'): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    const nowSeconds = this.#options.clock.nowSeconds();
    if (what === 'block') connection.lastBlockSeconds = nowSeconds;
    else connection.lastTransactionSeconds = nowSeconds;
  }

  // Time, and the operator

  /** To be called every half second or so. */
  tick(): void {
    for (const connection of this.connections) connection.tick();
    this.#boundMemory();
    this.#send(this.#gossip.tick());
  }

  /** Pings every peer with the next tick. */
  pingAll(): void {
    for (const connection of this.connections) connection.pingSoon();
  }

  /** Switches the network on or off; off closes every connection. */
  setActive(active: boolean): void {
    this.#isActive = active;
    if (!active) this.closeAll('network-inactive');
  }

  closeAll(rule: PeerRule): void {
    for (const { id } of this.connections) this.#breakRule(id, rule, '');
  }

  /** Closes all connections; resolves when they are over. */
  async stop(): Promise<void> {
    this.#isActive = false;
    this.closeAll('node-stopping');
    await Promise.all(this.#runs);
  }

  #boundMemory(): void {
    let total = 0;
    let largest: { readonly id: PeerId; readonly bytes: number } | undefined;
    for (const { id, kind, wire } of this.connections) {
      const bytes = wire.heldBytes + wire.queuedBytes;
      total += bytes;
      if (kind === 'inbound' && bytes > (largest?.bytes ?? 0)) largest = { id, bytes };
    }
    if (total > TOTAL_BYTES && largest)
      this.#breakRule(largest.id, 'held-too-much', `${largest.bytes} bytes`);
  }

  #breakRule(peer: PeerId, rule: PeerRule, detail: string): void {
    this.disconnect(peer, rule, { detail, discourage: PEER_RULES[rule].discourage });
  }

  #send(effects: readonly GossipEffect[]): void {
    for (const { peer, message } of effects) this.#connections.get(peer)?.send(message);
  }
}

function slotHolder(connection: PeerConnection): SlotHolder {
  const { id, remote, connectedSeconds, liveness, lastBlockSeconds, lastTransactionSeconds } = connection;
  const { leastPingMs } = liveness;
  return { id, ip: remote.ip, connectedSeconds, leastPingMs, lastBlockSeconds, lastTransactionSeconds };
}
