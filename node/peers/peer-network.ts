import type { PeerMessage, PeerMessageOf } from '../../protocol/peer-message.ts';

/** Of one connection; never used twice while the node runs. */
export type PeerId = number;

/**
 * How a connection came about:
 * - `inbound`: the other side opened it;
 * - `outbound`: chosen from the address book, one of few;
 * - `manual`: named by `--connect` or `addnode`;
 * - `feeler`: opened to see whether an address answers, and closed after the handshake (`up` is not called).
 */
export type PeerKind = 'inbound' | 'outbound' | 'manual' | 'feeler';

/** What is known of a peer since its handshake. */
export interface PeerFacts {
  readonly id: PeerId;
  readonly kind: PeerKind;
  /** IP and port as text: `203.0.113.7:5001`, `[2001:db8::1]:5001`. */
  readonly address: string;
  /** On this machine: disconnected for what it does, never discouraged. */
  readonly loopback: boolean;
  /** The lower of both protocol versions. */
  readonly version: number;
  /** Bits of SERVICES. */
  readonly services: bigint;
  readonly userAgent: string;
  /** Of the best block it said to have. */
  readonly startHeight: number;
  /** Whether it wants to hear of transactions (BIP 37). */
  readonly relay: boolean;
}

/** A message that is not the business of the connection itself. */
export type RelayedMessage = Exclude<
  PeerMessage,
  PeerMessageOf<'version' | 'verack' | 'ping' | 'pong' | 'addr' | 'getaddr'>
>;

/** What synchronisation and relay know of a peer, for `getpeerinfo`. Heights are −1 where nothing is known. */
export interface PeerProgress {
  readonly presyncedHeaders: number;
  readonly syncedHeaders: number;
  readonly syncedBlocks: number;
  /** Heights of the blocks asked of it. */
  readonly inflight: readonly number[];
  /** The lowest fee rate it wants to hear of, in nits per 1,000 vB. */
  readonly feeFilter: bigint;
}

/** Told of peers that have completed the handshake. */
export interface PeerListener {
  up(peer: PeerFacts): void;
  down(peer: PeerId): void;
  /**
   * One message. Until what it returns has settled, the peer's next message is not delivered and its socket is
   * not read, so that a node that is busy holds its peers back instead of their data in memory.
   */
  message(peer: PeerId, message: RelayedMessage): void | Promise<void>;
  /** Whether a block was asked of the peer: one that was not is skipped while it arrives, nothing of it is kept. */
  wantsBlock(peer: PeerId): boolean;
  progress(peer: PeerId): PeerProgress | undefined;
}

/** The connected peers, as synchronisation and relay see them. Ids of peers that are gone may be given. */
export interface PeerNetwork {
  /** False when nothing was sent: the peer is gone, or its write queue is full. Try again when it has drained. */
  send(peer: PeerId, message: RelayedMessage): boolean;
  /** Bytes that wait for the peer to read them. While they are many, the peer is not listened to either. */
  queued(peer: PeerId): number;
  /** Resolves when the peer's queue takes more, or the peer is gone: for answers of many messages. */
  drained(peer: PeerId): Promise<void>;
  /** Peers with a completed handshake, in the order of their arrival. */
  peers(): readonly PeerFacts[];
  /**
   * Closes the connection and logs why.
   * @param rule short name of what was broken, such as `high-hash` or `block-stalled`
   * @param options `discourage`: it was provably invalid, so its address is refused for a day; `detail`: what
   * was found
   */
  disconnect(
    peer: PeerId,
    rule: string,
    options?: { readonly discourage?: boolean; readonly detail?: string },
  ): void;
  /** A peer was first with something new and valid; such peers keep their inbound slot. */
  delivered(peer: PeerId, what: 'block' | 'transaction'): void;
}
