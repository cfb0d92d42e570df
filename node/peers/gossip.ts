import { MAX_ADDRESSES, type PeerMessageOf, type TimedAddress } from '../../protocol/peer-message.ts';
import { type Random, shuffled } from '../random.ts';
import { type AddressBook, isHopeless, type KnownAddress } from './address-book.ts';
import { type Endpoint, endpointText, ipBytes, ipText, type Reach, reachOf } from './ip-address.ts';
import type { PeerId, PeerKind } from './peer-network.ts';

/** Our own address as we tell it. */
export interface OwnAddress {
  readonly endpoint: Endpoint;
  readonly services: bigint;
}

export interface GossipOptions {
  readonly book: AddressBook;
  readonly random: Random;
  /** Seconds since 1970. */
  readonly nowSeconds: () => number;
  /** Banned or discouraged: neither taken nor told. */
  readonly isRefused: (ip: string) => boolean;
  /** Where this node listens itself. */
  readonly isOwn: (endpoint: Endpoint) => boolean;
}

/** A peer whose handshake is complete. */
export interface NewGossipPeer {
  readonly id: PeerId;
  readonly kind: PeerKind;
  readonly ip: string;
  /** Where this peer, and others it tells, could reach us; undefined where we do not know or do not listen. */
  readonly own: OwnAddress | undefined;
}

/** Something to be sent. */
export interface GossipEffect {
  readonly peer: PeerId;
  readonly message: PeerMessageOf<'addr' | 'getaddr'>;
}

/** What `getpeerinfo` tells of it. */
export interface GossipCounts {
  readonly processed: number;
  readonly rateLimited: number;
}

interface GossipPeer extends NewGossipPeer {
  readonly reach: Reach;
  /** Addresses that may still be taken from it. */
  allowance: number;
  allowanceSeconds: number;
  /** What it knows; the oldest are forgotten first. */
  readonly known: Set<string>;
  /** To be told with the next tick. */
  readonly waiting: Map<string, TimedAddress>;
  hasAsked: boolean;
  nextOwnSeconds: number;
  processed: number;
  rateLimited: number;
}

/** Addresses a second that are taken from a peer unasked (Bitcoin Core: MAX_ADDR_RATE_PER_SECOND). */
const ADDRESSES_PER_SECOND = 0.1;
/** A peer says where it can be reached itself. */
const FIRST_ALLOWANCE = 1;
const MAX_ALLOWANCE = MAX_ADDRESSES;
/** News is passed on while it is fresh, if it comes in small messages, to two peers (Core: RelayAddress). */
const FRESH_SECONDS = 600;
const MAX_NEWS = 10;
const NEWS_PEERS = 2;
/** Part of the book that is told to who asks (Core: MAX_PCT_ADDR_TO_SEND); a small book is told whole. */
const ANSWER_SHARE = 0.23;
const ALWAYS_TOLD = 100;
/** Everybody who asks within a day is told the same, so that nobody can watch the book grow. */
const ANSWER_SECONDS = 86_400;
/** Unless there is so little to tell: a young network should grow together soon. */
const SHORT_ANSWER = 32;
/** Addresses a peer is remembered to know (Core: 5,000). */
const MAX_KNOWN = 5_000;
/** Our own address is repeated about once a day (Core: AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL). */
const OWN_SECONDS = 86_400;

/**
 * The exchange of addresses, as a reducer: what happens to peers gives what is sent. An address is told only
 * to those who could reach it, and believed only of those who could: what listens on loopback is nobody's
 * business beyond this machine.
 */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #peers = new Map<PeerId, GossipPeer>();
  readonly #answers = new Map<Reach, { readonly untilSeconds: number; readonly addresses: TimedAddress[] }>();

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  up(newcomer: NewGossipPeer): GossipEffect[] {
    const nowSeconds = this.#options.nowSeconds();
    const peer: GossipPeer = {
      ...newcomer,
      reach: reachOf(newcomer.ip),
      allowance: FIRST_ALLOWANCE,
      allowanceSeconds: nowSeconds,
      known: new Set(),
      waiting: new Map(),
      hasAsked: false,
      nextOwnSeconds: nowSeconds,
      processed: 0,
      rateLimited: 0,
    };
    this.#peers.set(peer.id, peer);
    const own = this.#ownNews(peer, nowSeconds);
    if (peer.kind === 'inbound') return own;
    // Bitcoin Core asks those it chose only: who connects to us must not decide what we know.
    peer.allowance += MAX_ADDRESSES;
    return [...own, { peer: peer.id, message: { type: 'getaddr' } }];
  }

  down(id: PeerId): void {
    this.#peers.delete(id);
  }

  counts(id: PeerId): GossipCounts | undefined {
    return this.#peers.get(id);
  }

  message(id: PeerId, message: PeerMessageOf<'addr' | 'getaddr'>): GossipEffect[] {
    const peer = this.#peers.get(id);
    if (peer === undefined) return [];
    if (message.type === 'getaddr') return this.#answer(peer);
    this.#take(peer, message.addresses);
    return [];
  }

  /** To be called every second or so: sends what waits, and our own address from time to time. */
  tick(): GossipEffect[] {
    const nowSeconds = this.#options.nowSeconds();
    return [...this.#peers.values()].flatMap((peer) => [
      ...this.#ownNews(peer, nowSeconds),
      ...this.#waitingNews(peer),
    ]);
  }

  /** Where we can be reached is told at first and then about once a day. */
  #ownNews(peer: GossipPeer, nowSeconds: number): GossipEffect[] {
    if (peer.own === undefined || nowSeconds < peer.nextOwnSeconds) return [];
    const ip = ipBytes(peer.own.endpoint.ip);
    if (ip === undefined || !isFor(peer.reach, peer.own.endpoint.ip)) return [];
    peer.nextOwnSeconds = nowSeconds + OWN_SECONDS * (0.5 + this.#options.random.fraction());
    const { services, endpoint } = peer.own;
    return [tell(peer.id, [{ ip, port: endpoint.port, services, lastSeenSeconds: nowSeconds }])];
  }

  #waitingNews(peer: GossipPeer): GossipEffect[] {
    if (peer.waiting.size === 0) return [];
    const addresses = [...peer.waiting.values()];
    peer.waiting.clear();
    return [tell(peer.id, addresses)];
  }

  /** Answered once, and only to who connected to us: otherwise our answers would tell of our own peers. */
  #answer(peer: GossipPeer): GossipEffect[] {
    if (peer.hasAsked || peer.kind !== 'inbound') return [];
    peer.hasAsked = true;
    const addresses = this.#answerFor(peer.reach);
    for (const address of addresses) remember(peer, keyOf(address));
    return addresses.length === 0 ? [] : [tell(peer.id, addresses)];
  }

  #answerFor(reach: Reach): TimedAddress[] {
    const { book, random, isRefused, nowSeconds } = this.#options;
    const now = nowSeconds();
    const earlier = this.#answers.get(reach);
    if (earlier !== undefined && now < earlier.untilSeconds) return earlier.addresses;
    const worthy = book
      .all()
      .filter(
        (address) =>
          isFor(reach, address.endpoint.ip) && !isHopeless(address, now) && !isRefused(address.endpoint.ip),
      );
    const count = Math.min(MAX_ADDRESSES, Math.max(ALWAYS_TOLD, Math.floor(worthy.length * ANSWER_SHARE)));
    const addresses = shuffled(worthy, random).slice(0, count).flatMap(timed);
    if (addresses.length >= SHORT_ANSWER) {
      this.#answers.set(reach, { untilSeconds: now + ANSWER_SECONDS, addresses });
    }
    return addresses;
  }

  #take(peer: GossipPeer, addresses: readonly TimedAddress[]): void {
    const now = this.#options.nowSeconds();
    const earned = Math.max(0, now - peer.allowanceSeconds) * ADDRESSES_PER_SECOND;
    // What was granted for an answer to our question is not cut.
    peer.allowance = Math.max(peer.allowance, Math.min(MAX_ALLOWANCE, peer.allowance + earned));
    peer.allowanceSeconds = now;
    const isNews = addresses.length <= MAX_NEWS;
    for (const address of shuffled(addresses, this.#options.random)) {
      if (peer.allowance < 1) {
        peer.rateLimited += 1;
        continue;
      }
      peer.allowance -= 1;
      peer.processed += 1;
      this.#takeOne(peer, address, isNews, now);
    }
  }

  #takeOne(peer: GossipPeer, address: TimedAddress, isNews: boolean, now: number): void {
    const { book, isRefused, isOwn } = this.#options;
    const ip = ipText(address.ip);
    const endpoint = { ip, port: address.port };
    if (address.port === 0 || !isFor(peer.reach, ip) || isRefused(ip) || isOwn(endpoint)) return;
    remember(peer, endpointText(endpoint));
    book.add(
      { endpoint, services: address.services, lastSeenSeconds: address.lastSeenSeconds },
      peer.ip,
      now,
    );
    const isFresh = Math.abs(now - address.lastSeenSeconds) <= FRESH_SECONDS;
    if (isNews && isFresh) this.#passOn(peer, address, ip);
  }

  #passOn(from: GossipPeer, address: TimedAddress, ip: string): void {
    const key = keyOf(address);
    const others = [...this.#peers.values()].filter(
      (peer) => peer.id !== from.id && isFor(peer.reach, ip) && !peer.known.has(key),
    );
    for (const peer of shuffled(others, this.#options.random).slice(0, NEWS_PEERS)) {
      if (peer.waiting.size >= MAX_ADDRESSES) continue;
      remember(peer, key);
      peer.waiting.set(key, address);
    }
  }
}

/** Whether an address means anything to somebody of that reach. */
function isFor(reach: Reach, ip: string): boolean {
  switch (reachOf(ip)) {
    case 'everywhere':
      return true;
    case 'site':
      return reach === 'site' || reach === 'loopback';
    case 'loopback':
      return reach === 'loopback';
    case 'nowhere':
      return false;
  }
}

function tell(peer: PeerId, addresses: readonly TimedAddress[]): GossipEffect {
  return { peer, message: { type: 'addr', addresses } };
}

function remember(peer: GossipPeer, key: string): void {
  peer.known.delete(key);
  peer.known.add(key);
  const [oldest] = peer.known;
  if (peer.known.size > MAX_KNOWN && oldest !== undefined) peer.known.delete(oldest);
}

function keyOf({ ip, port }: TimedAddress): string {
  return endpointText({ ip: ipText(ip), port });
}

function timed({ endpoint, services, lastSeenSeconds }: KnownAddress): TimedAddress[] {
  const ip = ipBytes(endpoint.ip);
  return ip === undefined
    ? []
    : [{ ip, port: endpoint.port, services, lastSeenSeconds: Math.max(0, lastSeenSeconds) }];
}
