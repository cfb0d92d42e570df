import { equalBytes } from '../../protocol/bytes.ts';
import { checkHeader } from '../../protocol/check-header.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import { MAX_HEADERS, PROTOCOL_VERSION } from '../../protocol/peer-message.ts';
import type { RuleError } from '../../protocol/rules.ts';
import type { Hash, Height, Work } from '../../protocol/units.ts';
import { workOf } from '../../protocol/work.ts';
import { faultOf } from '../chain/acceptance.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { PeerId } from '../peers/peer-network.ts';
import { isStored, locatorOf, windowOn, workThreshold } from './chain-view.ts';
import { HeaderPresync, type PresyncStep } from './header-presync.ts';
import type { Holding, SyncContext, SyncPeer } from './sync-context.ts';

/** Headers a peer may send unasked: those of new blocks (Core: MAX_BLOCKS_TO_ANNOUNCE). */
const MAX_ANNOUNCED_HEADERS = 8;
/** How long a peer has for an answer to getheaders (Core: HEADERS_RESPONSE_TIME, for blocks of ten minutes). */
export const HEADERS_TIMEOUT_MS = 20_000;
/**
 * Headers without blocks that are kept, about 50 MB of memory. On a network where work is cheap, branches that
 * have enough of it are cheap too; what is above this is taken from peers that we chose alone, and from others
 * only if it builds on a block that is at hand.
 */
const MAX_MISSING_BLOCKS = 100_000;
/** Batches of announced headers that wait for the chain, of one peer. */
const MAX_STORING = 8;
/** Headers that are too far in the future are asked for again after this. */
const EARLY_RETRY_MS = 5_000;
/** Inbound peers whose branches are followed at the same time before they have shown their work. */
const MAX_INBOUND_PRESYNCS = 8;
const NO_STOP: Hash = new Uint8Array(32);
const HEADER_BYTES = 81;

/** The exchange of headers with one peer. */
interface Talk {
  readonly peer: SyncPeer;
  /** When getheaders was sent, until it is answered. */
  askedMs: number | undefined;
  /** The branch it sends has not shown enough work yet. */
  presync: HeaderPresync | undefined;
  /** Batches that are on their way into the chain. */
  storing: number;
  /** Height of the last known header that was sent since it was asked for all. */
  reached: Height;
  /** Something was announced while it could not be asked. */
  askAgain: boolean;
  /** When to ask again. */
  retryMs: number | undefined;
}

/** The first headers after the start come from one peer, so that nothing long is sent twice. */
type FirstSync =
  | { readonly name: 'waiting' }
  | { readonly name: 'asking'; readonly peer: PeerId }
  | { readonly name: 'done' };

/** Learns which blocks there are: asks peers for their headers, judges these, and has the chain store them. */
export class HeaderSync {
  readonly #context: SyncContext;
  readonly #talks = new Map<PeerId, Talk>();
  #first: FirstSync = { name: 'waiting' };

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** The peer that is asked for the first headers since the start. */
  get firstPeer(): PeerId | undefined {
    return this.#first.name === 'asking' ? this.#first.peer : undefined;
  }

  /** Whether a peer that says it has more is sending the first headers since the start. */
  get isWaiting(): boolean {
    const talk = this.firstPeer === undefined ? undefined : this.#talks.get(this.firstPeer);
    return talk !== undefined && this.#claimsMore(talk);
  }

  /** Whether a peer has sent all headers it has since the start. */
  get isDone(): boolean {
    return this.#first.name === 'done';
  }

  /** Height up to which the headers of a peer were followed that are not stored yet. */
  presyncHeight(peer: PeerId): number | undefined {
    return this.#talks.get(peer)?.presync?.height;
  }

  /** What is kept for peers, at the peer that has most of it. */
  holdings(): Holding[] {
    const talks = [...this.#talks.values()];
    const presyncs = talks.flatMap(({ presync }) => (presync === undefined ? [] : [presync]));
    const inbound = talks.filter(
      ({ peer, presync }) => peer.facts.kind === 'inbound' && presync !== undefined,
    );
    const most = (counts: readonly number[]): number => Math.max(0, ...counts);
    return [
      {
        what: 'batches of headers being stored',
        count: most(talks.map(({ storing }) => storing)),
        limit: MAX_STORING,
      },
      { what: 'inbound pre-syncs', count: inbound.length, limit: MAX_INBOUND_PRESYNCS },
      {
        what: 'headers of a pre-sync',
        count: most(presyncs.map(({ heldHeaders }) => heldHeaders)),
        limit: 3 * MAX_HEADERS,
      },
    ];
  }

  peerUp(peer: SyncPeer): void {
    const idle = {
      askedMs: undefined,
      presync: undefined,
      storing: 0,
      reached: 0,
      askAgain: false,
      retryMs: undefined,
    };
    const talk = { peer, ...idle };
    this.#talks.set(peer.facts.id, talk);
    if (this.isDone) this.#askForAll(talk);
    else if (this.firstPeer === undefined) this.#beginFirst();
    else if (!this.isWaiting && this.#claimsMore(talk)) this.#askFirst(talk);
  }

  peerDown(id: PeerId): void {
    this.#talks.delete(id);
    if (this.firstPeer === id) this.#restartFirst();
  }

  /** Asks a peer that has said something about its chain that is not known here. */
  ask(id: PeerId): void {
    const talk = this.#talks.get(id);
    if (talk !== undefined) this.#askForAll(talk);
  }

  /** A peer has announced blocks by their hashes. */
  announced(peer: SyncPeer, hashes: readonly Hash[]): void {
    for (const hash of hashes) {
      const entry = this.#context.chain.entry(hash);
      // A copy: it would keep the whole message in memory.
      if (entry === undefined) peer.unknown = hash.slice();
      else this.#context.learn(peer, entry);
    }
    if (peer.unknown !== undefined) this.ask(peer.facts.id);
  }

  headers(peer: SyncPeer, headers: readonly Header[]): void {
    const talk = this.#talks.get(peer.facts.id);
    if (talk === undefined) return;
    const wasAsked = talk.askedMs !== undefined;
    if (!wasAsked) {
      this.#context.unrequested(peer, 'headers', headers.length * HEADER_BYTES);
      if (headers.length > MAX_ANNOUNCED_HEADERS || talk.storing >= MAX_STORING) return;
    }
    if (!this.#areContinuous(peer, headers)) return;
    if (wasAsked) talk.askedMs = undefined;
    if (wasAsked && talk.presync !== undefined) {
      this.#continuePresync(talk, talk.presync, headers, headers.length < MAX_HEADERS);
    } else {
      this.#take(talk, headers, wasAsked);
    }
  }

  /**
   * The chain has taken in headers of a peer, up to the first that was refused.
   * @param last of them that is in the chain's index now
   * @param after what to ask for next, as `store-headers` had it
   */
  checked(
    id: PeerId,
    last: BlockEntry | undefined,
    after: Hash | undefined,
    refused: RuleError | undefined,
  ): void {
    const talk = this.#talks.get(id);
    if (talk === undefined) return;
    talk.storing -= 1;
    if (last !== undefined) this.#context.learn(talk.peer, last);
    if (refused !== undefined) {
      talk.presync = undefined;
      this.#refused(talk, refused);
    } else if (after === undefined) this.#finish(talk);
    else this.#askAfter(talk, after, last);
  }

  /** Headers of one message follow each other. */
  #areContinuous(peer: SyncPeer, headers: readonly Header[]): boolean {
    let previous: Header | undefined;
    for (const header of headers) {
      if (previous !== undefined && !equalBytes(header.previous, blockHash(previous))) {
        const detail = 'headers of one message do not follow each other';
        const rule = 'headers-not-continuous';
        this.#context.emit({ type: 'misbehaved', peer: peer.facts.id, rule, detail, discourage: true });
        return false;
      }
      previous = header;
    }
    return true;
  }

  tick(): void {
    const { nowMs } = this.#context;
    for (const talk of this.#talks.values()) {
      if (talk.retryMs !== undefined && nowMs >= talk.retryMs) {
        talk.retryMs = undefined;
        this.#askForAll(talk);
      }
      if (talk.askedMs !== undefined && nowMs - talk.askedMs >= HEADERS_TIMEOUT_MS) this.#timedOut(talk);
    }
    if (this.#first.name === 'waiting') this.#beginFirst();
  }

  /**
   * Headers that stand by themselves, one following the other. The work they claim counts only if each has it
   * (Core: CheckHeadersPoW): a last one that lies would have those before it stored.
   */
  #take(talk: Talk, headers: readonly Header[], wasAsked: boolean): void {
    const { chain } = this.#context;
    const [first] = headers;
    const newest = headers.at(-1);
    if (first === undefined || newest === undefined) {
      this.#finish(talk);
      return;
    }
    const parent = chain.entry(first.previous);
    if (parent === undefined) {
      // Every question names the genesis block: what follows nothing known here answers none. It may be an
      // announcement that crossed the question, so it costs the sender no more than one.
      if (wasAsked) this.#context.unrequested(talk.peer, 'headers', headers.length * HEADER_BYTES);
      talk.peer.unknown = blockHash(newest);
      this.#askForAll(talk);
      return;
    }
    const isLast = headers.length < MAX_HEADERS;
    const after = wasAsked && !isLast ? blockHash(newest) : undefined;
    const known = chain.entry(blockHash(newest));
    if (known !== undefined && known.status !== 'invalid') {
      this.#context.learn(talk.peer, known);
      // Who sends the same again and again is not asked again and again.
      const isFurther = known.height > talk.reached;
      talk.reached = known.height;
      if (after === undefined || !isFurther) this.#finish(talk);
      else this.#askAfter(talk, after, known);
      return;
    }
    const fault = faultOf(() => {
      for (const header of headers) checkHeader(header, chain.profile);
    });
    if (fault !== undefined) this.#refused(talk, fault);
    else if (parent.chainWork + workIn(headers) >= workThreshold(chain)) {
      this.#store(talk, headers, after);
    } else if (after !== undefined && this.#mayPresync(talk.peer)) {
      talk.presync = new HeaderPresync({
        profile: chain.profile,
        hash: parent.hash,
        chainWork: parent.chainWork,
        window: windowOn(chain, parent),
      });
      this.#continuePresync(talk, talk.presync, headers, isLast);
    } else {
      // A branch with too little work that has ended: of no interest, and no crime.
      this.#finish(talk);
    }
  }

  #hasRoom({ peer }: Talk, headers: readonly Header[]): boolean {
    const { chain } = this.#context;
    if (peer.facts.kind !== 'inbound' || chain.missingBlocks < MAX_MISSING_BLOCKS) return true;
    const parent = headers[0] && chain.entry(headers[0].previous);
    return parent !== undefined && isStored(parent) && headers.length <= MAX_ANNOUNCED_HEADERS;
  }

  #mayPresync({ facts }: SyncPeer): boolean {
    if (facts.kind !== 'inbound') return true;
    let running = 0;
    for (const { peer, presync } of this.#talks.values()) {
      if (presync !== undefined && peer.facts.kind === 'inbound') running += 1;
    }
    return running < MAX_INBOUND_PRESYNCS;
  }

  #continuePresync(talk: Talk, presync: HeaderPresync, headers: readonly Header[], isLast: boolean): void {
    const { chain, clock } = this.#context;
    const step = presync.take(headers, isLast, workThreshold(chain), clock.nowSeconds());
    this.#presyncStep(talk, step);
  }

  #presyncStep(talk: Talk, step: PresyncStep): void {
    switch (step.kind) {
      case 'ask':
        this.#send(talk, [step.after]);
        break;
      case 'store':
        if (step.done) talk.presync = undefined;
        this.#store(talk, step.headers, step.after);
        break;
      case 'refused':
        talk.presync = undefined;
        this.#refused(talk, step.error);
        break;
      case 'abandoned':
        talk.presync = undefined;
        this.#finish(talk);
        break;
    }
  }

  #store(talk: Talk, headers: readonly Header[], after: Hash | undefined): void {
    if (!this.#hasRoom(talk, headers)) {
      talk.presync = undefined;
      this.#finish(talk);
      return;
    }
    talk.storing += 1;
    this.#context.emit({ type: 'store-headers', peer: talk.peer.facts.id, headers, after });
  }

  /**
   * A header broke a rule. One that is merely early may be right, and this clock wrong. Who follows a block
   * that is invalid here, perhaps at the operator's word, is not blamed for it, but no peer to choose.
   */
  #refused(talk: Talk, error: RuleError): void {
    const { id, kind } = talk.peer.facts;
    if (error.code !== 'bad-prevblk') this.#context.blame(id, error);
    else if (kind === 'outbound') this.#context.drop(talk.peer, 'invalid-branch', error.detail);
    if (error.code === 'time-too-new') talk.retryMs = this.#context.nowMs + EARLY_RETRY_MS;
    this.#finish(talk);
  }

  /** The peer has no more headers for now. */
  #finish(talk: Talk): void {
    this.#resolveUnknown(talk.peer);
    if (talk.askAgain) this.#askForAll(talk);
    if (this.firstPeer !== talk.peer.facts.id) return;
    this.#first = { name: 'done' };
    for (const other of this.#talks.values()) if (other !== talk) this.#askForAll(other);
  }

  #resolveUnknown(peer: SyncPeer): void {
    const entry = peer.unknown && this.#context.chain.entry(peer.unknown);
    if (entry === undefined) return;
    peer.unknown = undefined;
    this.#context.learn(peer, entry);
  }

  #timedOut(talk: Talk): void {
    talk.askedMs = undefined;
    talk.presync = undefined;
    const { id, kind } = talk.peer.facts;
    // A node that is itself catching up may keep silent; only what was chosen to sync from is given up for it.
    if (kind === 'outbound' && this.#claimsMore(talk))
      this.#context.drop(talk.peer, 'headers-timeout', `none within ${HEADERS_TIMEOUT_MS} ms`);
    if (this.firstPeer !== id) return;
    // Strangers cannot keep a node waiting for headers by saying nothing.
    if (this.#idleTalks().some(({ peer }) => peer !== talk.peer && peer.facts.kind !== 'inbound')) {
      this.#restartFirst(id);
    } else this.#finish(talk);
  }

  /** Asks for everything above what is known, from one block below on, so that the answer shows what the peer has. */
  #askForAll(talk: Talk): void {
    const { chain } = this.#context;
    talk.askAgain = talk.askedMs !== undefined || talk.storing > 0;
    if (talk.askAgain) return;
    talk.presync = undefined;
    talk.reached = 0;
    this.#send(talk, locatorOf(chain, chain.bestHeader.parent ?? chain.bestHeader));
  }

  #askAfter(talk: Talk, after: Hash, known: BlockEntry | undefined): void {
    const { chain } = this.#context;
    const isLast = known !== undefined && equalBytes(known.hash, after);
    this.#send(talk, isLast ? locatorOf(chain, known) : [after]);
  }

  #send(talk: Talk, locator: Hash[]): void {
    talk.askedMs = this.#context.nowMs;
    this.#context.send(talk.peer, { type: 'getheaders', version: PROTOCOL_VERSION, locator, stop: NO_STOP });
  }

  #beginFirst(): void {
    if (this.#first.name !== 'waiting') return;
    const talk = this.#bestTalk();
    if (talk !== undefined) this.#askFirst(talk);
  }

  #askFirst(talk: Talk): void {
    this.#first = { name: 'asking', peer: talk.peer.facts.id };
    this.#askForAll(talk);
  }

  /** @param silent the peer that did not answer; it comes last now */
  #restartFirst(silent?: PeerId): void {
    this.#first = { name: 'waiting' };
    const talk = silent === undefined ? undefined : this.#talks.get(silent);
    if (talk !== undefined) {
      this.#talks.delete(talk.peer.facts.id);
      this.#talks.set(talk.peer.facts.id, talk);
    }
    this.#beginFirst();
  }

  /**
   * Whom to ask first: one that says it has more than we know, rather one that we chose ourselves, and of those
   * the first that does not owe an answer.
   */
  #bestTalk(): Talk | undefined {
    const idle = this.#idleTalks();
    const withMore = idle.filter((talk) => this.#claimsMore(talk));
    const candidates = withMore.length > 0 ? withMore : idle;
    return candidates.find(({ peer }) => peer.facts.kind !== 'inbound') ?? candidates[0];
  }

  /**
   * Whether a peer says that it has blocks which are not known here: by its height at the handshake, or by an
   * announcement. Nobody waits for the others: one that has none may leave getheaders unanswered (bcoin never sends
   * empty `headers`).
   */
  #claimsMore({ peer }: Talk): boolean {
    return peer.unknown !== undefined || peer.facts.startHeight > this.#context.chain.bestHeader.height;
  }

  #idleTalks(): Talk[] {
    return [...this.#talks.values()].filter(({ askedMs, storing }) => askedMs === undefined && storing === 0);
  }
}

/** Work of headers that have passed `checkHeader`. */
function workIn(headers: readonly Header[]): Work {
  return headers.reduce((sum, { bits }) => sum + workOf(bits), 0n);
}
