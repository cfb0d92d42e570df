import { hashKey } from '../../protocol/bytes.ts';
import { HEADER_SIZE, hashHeaderBytes } from '../../protocol/header.ts';
import { INVENTORY } from '../../protocol/peer-message.ts';
import type { RuleError } from '../../protocol/rules.ts';
import type { Hash } from '../../protocol/units.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { PeerId } from '../peers/peer-network.ts';
import { branchBetween, forkOf, isOnBranch, isStored } from './chain-view.ts';
import type { Holding, SyncContext, SyncPeer } from './sync-context.ts';
import type { BlockVerdict } from './sync-event.ts';

/** Blocks above the last one at hand that may be asked for (Core: BLOCK_DOWNLOAD_WINDOW). */
export const WINDOW_BLOCKS = 1_024;
/** Blocks asked of one peer at a time: as many as are expected to fill this, within these bounds (Core: 16). */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MIN_IN_FLIGHT = 16;
const MAX_IN_FLIGHT = 512;
/** Blocks of which it is remembered who brought them, until they are known to be valid. */
const MAX_SOURCES = 4 * WINDOW_BLOCKS;
/** After so many blocks the window has moved far enough to ask for more. */
const REFILL_BLOCKS = 64;
/** How many blocks the average size looks back, roughly, and what it is at first. */
const AVERAGE_BLOCKS = 16;
const FIRST_AVERAGE_BYTES = 256 * 1024;
/** A block that others wait for is asked of a second and a third peer after this. */
export const HEDGE_AFTER_MS = 2_000;
const MAX_ASKED = 3;
/** A peer that keeps the window from moving has so long; twice as long after each that was dropped (Core: 2 s, 64 s). */
export const STALL_TIMEOUT_MS = 2_000;
const MAX_STALL_TIMEOUT_MS = 64_000;
/** And back towards the first value with each block that comes. */
const STALL_TIMEOUT_DECAY = 0.85;
/** A peer has so long for the next block, and half as much more for every other peer that sends blocks too. */
export const BLOCK_TIMEOUT_MS = 30_000;
const BLOCK_TIMEOUT_PER_PEER_MS = 15_000;

/** What was asked of one peer. */
interface Download {
  readonly peer: SyncPeer;
  /** By the keys of their hashes, in the order they were asked for. */
  readonly asked: Map<string, BlockEntry>;
  /** Since when the first of them is the next to come. */
  nextSinceMs: number;
  /** Since when it keeps the window from moving. */
  stallsSinceMs: number | undefined;
  /** It was asked for all there is in the window; more when the window has moved. */
  hasAll: boolean;
  /** Up to here, nothing of its branch is missing. */
  common: BlockEntry | undefined;
}

/**
 * Fetches the blocks whose headers are known: each from a peer that has it, from several peers at the same
 * time, in a window above the last block at hand that moves as they come. A peer that keeps the window from
 * moving, or does not deliver what it announced, is dropped, and others are asked.
 * Source: Bitcoin Core, FindNextBlocksToDownload and the stalling logic of SendMessages.
 */
export class BlockDownload {
  readonly #context: SyncContext;
  readonly #downloads = new Map<PeerId, Download>();
  /** Peers a block was asked of, by the key of its hash. */
  readonly #askedOf = new Map<string, Set<PeerId>>();
  /** Blocks that came and are being checked. */
  readonly #taken = new Set<string>();
  /** Who brought a block that is not known to be valid yet. */
  readonly #sources = new Map<string, { readonly entry: BlockEntry; readonly peer: PeerId }>();
  /** Peers that have blocks we miss, as of the last look at all. */
  #useful = 0;
  /** Blocks that the chain has looked at. */
  #checked = 0;
  #averageBytes = FIRST_AVERAGE_BYTES;
  #stallTimeoutMs = STALL_TIMEOUT_MS;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** What is kept for peers, at the peer that has most of it. */
  holdings(): Holding[] {
    const asked = [...this.#downloads.values()].map((download) => download.asked.size);
    const inFlight = asked.reduce((sum, count) => sum + count, 0);
    return [
      { what: 'blocks in flight', count: Math.max(0, ...asked), limit: MAX_IN_FLIGHT },
      { what: 'blocks asked for', count: this.#askedOf.size, limit: inFlight },
      { what: 'sources of blocks', count: this.#sources.size, limit: MAX_SOURCES },
    ];
  }

  /** Whether a block was asked of a peer that has not come. */
  wants(id: PeerId): boolean {
    return (this.#downloads.get(id)?.asked.size ?? 0) > 0;
  }

  /** The last block up to which nothing is missing of what a peer has. */
  common(id: PeerId): BlockEntry | undefined {
    const { peer, common } = this.#downloads.get(id) ?? {};
    const { chain } = this.#context;
    return peer?.best !== undefined && chain.isOnBestChain(peer.best) ? peer.best : common;
  }

  /** Heights of the blocks that were asked of a peer. */
  askedHeights(id: PeerId): number[] {
    return [...(this.#downloads.get(id)?.asked.values() ?? [])].map(({ height }) => height);
  }

  peerUp(peer: SyncPeer): void {
    const idle = { nextSinceMs: 0, stallsSinceMs: undefined, hasAll: false, common: undefined };
    this.#downloads.set(peer.facts.id, { peer, asked: new Map(), ...idle });
  }

  peerDown(id: PeerId): void {
    const download = this.#downloads.get(id);
    if (download === undefined) return;
    this.#downloads.delete(id);
    for (const key of download.asked.keys()) this.#noLongerAsked(key, id);
    this.askAll();
  }

  /** Asks every peer for what it has and we miss. */
  askAll(): void {
    this.#useful = this.#countUseful();
    // Those with the least to do come first.
    const all = [...this.#downloads.values()].sort((a, b) => a.asked.size - b.asked.size);
    for (const download of all) this.#ask(download);
  }

  /** Asks one peer, as when new headers of its have come. */
  ask(id: PeerId): void {
    const download = this.#downloads.get(id);
    if (download === undefined) return;
    this.#useful = this.#countUseful();
    this.#ask(download);
  }

  /** A block has come. */
  block(peer: SyncPeer, bytes: Uint8Array): void {
    const download = this.#downloads.get(peer.facts.id);
    if (download === undefined) return;
    const hash = hashHeaderBytes(bytes.subarray(0, HEADER_SIZE));
    const key = hashKey(hash);
    const entry = download.asked.get(key);
    if (entry === undefined) {
      this.#context.unrequested(peer, 'a block', bytes.length);
      return;
    }
    this.#answered(download, key);
    this.#noLongerAsked(key, peer.facts.id);
    this.#averageBytes += (bytes.length - this.#averageBytes) / AVERAGE_BLOCKS;
    this.#stallTimeoutMs = Math.max(STALL_TIMEOUT_MS, this.#stallTimeoutMs * STALL_TIMEOUT_DECAY);
    // Others may have been faster.
    if (!this.#taken.has(key) && !isStored(entry)) {
      this.#taken.add(key);
      this.#note(key, entry, peer.facts.id);
      this.#context.emit({ type: 'take-block', peer: peer.facts.id, hash, bytes });
    }
    if (download.asked.size <= this.#maxInFlight / 2 && !download.hasAll) this.#ask(download);
  }

  /** The peer does not have a block it seemed to have. @returns whether it was asked for it */
  notFound(peer: SyncPeer, hash: Hash): boolean {
    const download = this.#downloads.get(peer.facts.id);
    const key = hashKey(hash);
    if (!download?.asked.has(key)) return false;
    this.#answered(download, key);
    this.#noLongerAsked(key, peer.facts.id);
    // Until it announces something new.
    peer.best = undefined;
    return true;
  }

  /** The chain has looked at a block that a peer sent. */
  checked(id: PeerId, hash: Hash, { outcome, error }: BlockVerdict): void {
    const key = hashKey(hash);
    this.#taken.delete(key);
    if (outcome === 'connected') this.#context.emit({ type: 'delivered', peer: id, what: 'block' });
    this.#checked += 1;
    if (this.#checked % REFILL_BLOCKS === 0) this.askAll();
    if (outcome === 'malformed') {
      this.#sources.delete(key);
      const detail = 'the bytes of a block are none';
      this.#context.emit({ type: 'misbehaved', peer: id, rule: 'malformed-block', detail, discourage: true });
    }
    if (outcome !== 'invalid' || error === undefined) return;
    // Of a block whose ancestor is invalid, the sender of the ancestor is to blame: `#blameSources` finds it.
    if (error.code !== 'bad-prevblk') {
      this.#sources.delete(key);
      this.#blame(id, error);
    }
    this.#forgetInvalid();
    this.askAll();
  }

  /**
   * Whatever makes a block invalid is provable, since its ancestors say what it may spend, also where the same
   * fault of a transaction by itself may be due to another branch. Source: Bitcoin Core, BLOCK_CONSENSUS.
   */
  #blame(peer: PeerId, { code, detail, action }: RuleError): void {
    if (action === 'ignore') return;
    this.#context.emit({ type: 'misbehaved', peer, rule: code, detail, discourage: true });
  }

  tick(): void {
    this.#blameSources();
    const { nowMs } = this.#context;
    for (const download of this.#downloads.values()) {
      const { peer, stallsSinceMs, nextSinceMs, asked } = download;
      if (stallsSinceMs !== undefined && nowMs - stallsSinceMs >= this.#stallTimeoutMs) {
        this.#context.drop(peer, 'block-stalled', `kept others waiting for ${nowMs - stallsSinceMs} ms`);
        this.#stallTimeoutMs = Math.min(MAX_STALL_TIMEOUT_MS, 2 * this.#stallTimeoutMs);
        download.stallsSinceMs = undefined;
      } else if (asked.size > 0 && nowMs - nextSinceMs >= this.#blockTimeoutMs()) {
        this.#context.drop(peer, 'block-timeout', `no block for ${nowMs - nextSinceMs} ms`);
      } else if (asked.size > 0 && nowMs - nextSinceMs >= HEDGE_AFTER_MS) this.#hedge(download);
    }
    this.askAll();
  }

  #countUseful(): number {
    let useful = 0;
    for (const { peer } of this.#downloads.values()) {
      if (peer.best !== undefined && this.#isWorthFetching(peer.best)) useful += 1;
    }
    return useful;
  }

  #blockTimeoutMs(): number {
    let others = -1;
    for (const { asked } of this.#downloads.values()) if (asked.size > 0) others += 1;
    return BLOCK_TIMEOUT_MS + Math.max(0, others) * BLOCK_TIMEOUT_PER_PEER_MS;
  }

  /** Blocks that may be asked of one peer at a time: no more than its share of the window. */
  get #maxInFlight(): number {
    const bySize = Math.floor(IN_FLIGHT_BYTES / this.#averageBytes);
    const share = Math.floor(WINDOW_BLOCKS / Math.max(1, this.#useful));
    return Math.max(MIN_IN_FLIGHT, Math.min(MAX_IN_FLIGHT, bySize, share));
  }

  /** Asks a peer for the next blocks of its branch that nobody else was asked for. */
  #ask(download: Download): void {
    const room = this.#maxInFlight - download.asked.size;
    const { best } = download.peer;
    if (room <= 0 || best === undefined || !this.#isWorthFetching(best)) return;
    const { missing, isWindowFull } = this.#missing(download, best);
    const free = missing.filter(({ key }) => !this.#askedOf.has(key) && !this.#taken.has(key));
    this.#request(download, free.slice(0, room));
    download.hasAll = free.length <= room;
    if (free.length === 0 && isWindowFull) this.#noteStall(download, missing[0]);
  }

  /** Branches as good as the tip or better; on a network with a minimum of work, those alone that reach it. */
  #isWorthFetching(best: BlockEntry): boolean {
    const { chain } = this.#context;
    if (best.status === 'invalid' || chain.isOnBestChain(best)) return false;
    return best.chainWork >= chain.tip.chainWork && best.chainWork >= chain.profile.minimumChainWork;
  }

  /** The blocks of the window that are not at hand, and whether there are more beyond it. */
  #missing(download: Download, best: BlockEntry): { missing: BlockEntry[]; isWindowFull: boolean } {
    const { chain } = this.#context;
    for (;;) {
      const bottom = this.#commonWith(download, best);
      const window = branchBetween(chain, best, bottom.height, bottom.height + WINDOW_BLOCKS);
      const firstMissing = window.findIndex((entry) => !isStored(entry));
      download.common = (firstMissing < 0 ? window.at(-1) : window[firstMissing - 1]) ?? bottom;
      if (firstMissing < 0 && download.common !== best) continue;
      const missing = window.slice(firstMissing).filter((entry) => !isStored(entry));
      return { missing, isWindowFull: best.height > bottom.height + WINDOW_BLOCKS };
    }
  }

  /** A block of the branch, as high as is known, up to which nothing is missing. */
  #commonWith({ common }: Download, best: BlockEntry): BlockEntry {
    const { chain } = this.#context;
    const low = common !== undefined && isOnBranch(chain, best, common) ? common : forkOf(chain, best);
    return chain.tip.height > low.height && isOnBranch(chain, best, chain.tip) ? chain.tip : low;
  }

  #request(download: Download, entries: readonly BlockEntry[]): void {
    if (entries.length === 0) return;
    if (download.asked.size === 0) download.nextSinceMs = this.#context.nowMs;
    for (const entry of entries) {
      download.asked.set(entry.key, entry);
      const peers = this.#askedOf.get(entry.key);
      if (peers === undefined) this.#askedOf.set(entry.key, new Set([download.peer.facts.id]));
      else peers.add(download.peer.facts.id);
    }
    const items = entries.map(({ hash }) => ({ kind: INVENTORY.witnessBlock, hash }));
    this.#context.send(download.peer, { type: 'getdata', items });
  }

  /** This peer could send more, were it not for those that were asked for the lowest missing block. */
  #noteStall({ peer }: Download, lowest: BlockEntry | undefined): void {
    if (lowest === undefined || this.#taken.has(lowest.key)) return;
    for (const id of this.#askedOf.get(lowest.key) ?? []) {
      const staller = this.#downloads.get(id);
      if (staller !== undefined && id !== peer.facts.id) staller.stallsSinceMs ??= this.#context.nowMs;
    }
  }

  /** Asks another peer, too, for the block that the next ones wait for. */
  #hedge({ peer, asked }: Download): void {
    const [next] = asked.values();
    if (next?.parent === undefined || !isStored(next.parent)) return;
    const already = this.#askedOf.get(next.key);
    if (already === undefined || already.size >= MAX_ASKED) return;
    for (const other of this.#downloads.values()) {
      const hasRoom = other.asked.size < this.#maxInFlight && other.peer !== peer;
      if (!hasRoom || already.has(other.peer.facts.id)) continue;
      if (!isOnBranch(this.#context.chain, other.peer.best, next)) continue;
      this.#request(other, [next]);
      return;
    }
  }

  #note(key: string, entry: BlockEntry, peer: PeerId): void {
    this.#sources.set(key, { entry, peer });
    if (this.#sources.size <= MAX_SOURCES) return;
    for (const oldest of this.#sources.keys()) {
      this.#sources.delete(oldest);
      return;
    }
  }

  #answered(download: Download, key: string): void {
    const [next] = download.asked.keys();
    download.asked.delete(key);
    if (next === key) download.nextSinceMs = this.#context.nowMs;
    download.stallsSinceMs = undefined;
  }

  #noLongerAsked(key: string, id: PeerId): void {
    const peers = this.#askedOf.get(key);
    peers?.delete(id);
    if (peers?.size === 0) this.#askedOf.delete(key);
  }

  /** A block may turn out to be invalid long after it came, when its turn to connect has come. */
  #blameSources(): void {
    let found = false;
    for (const [key, { entry, peer }] of this.#sources) {
      // Its rule is told when it has been checked.
      if (this.#taken.has(key)) continue;
      if (entry.status === 'valid') this.#sources.delete(key);
      else if (entry.status === 'invalid') {
        this.#sources.delete(key);
        found = true;
        if (entry.parent?.status !== 'invalid') {
          const detail = `block at height ${entry.height} turned out to be invalid`;
          this.#context.emit({ type: 'misbehaved', peer, rule: 'invalid-block', detail, discourage: true });
        }
      }
    }
    if (found) this.#forgetInvalid();
  }

  /** What peers have of a branch that is invalid is of no use. */
  #forgetInvalid(): void {
    for (const download of this.#downloads.values()) {
      const { peer, asked } = download;
      if (peer.best?.status === 'invalid') peer.best = undefined;
      if (download.common?.status === 'invalid') download.common = undefined;
      for (const [key, entry] of asked) {
        if (entry.status !== 'invalid') continue;
        asked.delete(key);
        this.#noLongerAsked(key, peer.facts.id);
      }
    }
  }
}
