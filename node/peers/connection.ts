import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Frame } from '../../protocol/peer-frame.ts';
import {
  decodePeerPayload,
  maxPayloadBytes,
  type PeerMessage,
  type PeerMessageOf,
  type VersionPayload,
  WireError,
} from '../../protocol/peer-message.ts';
import { TokenBucket } from '../../service/limits.ts';
import type { Logger } from '../../service/log.ts';
import type { SharedSlice } from '../../service/time-slice.ts';
import { describeMagic } from './foreign-magic.ts';
import {
  advanceHandshake,
  agreedVersion,
  beginHandshake,
  type Handshake,
  type HandshakeStep,
  type HandshakeTerms,
} from './handshake.ts';
import { type Endpoint, endpointText, ipText, reachOf } from './ip-address.ts';
import { MESSAGE_RATE, messageCost } from './limits.ts';
import { checkLiveness, established, type Liveness, newLiveness, ponged, received } from './liveness.ts';
import type { PeerFacts, PeerId, PeerKind, RelayedMessage } from './peer-network.ts';
import { PEER_RULES, type PeerRule } from './peer-rules.ts';
import { PeerSocket } from './peer-socket.ts';

/** Messages about addresses. */
export type GossipMessage = PeerMessageOf<'addr' | 'getaddr'>;

/** Whoever owns the connections. */
export interface ConnectionOwner {
  /** How much may wait for the peer before it is sent nothing more. */
  queueAllowance(connection: PeerConnection): number;
  /** The handshake is complete. */
  established(connection: PeerConnection, facts: PeerFacts): void;
  gossip(connection: PeerConnection, message: GossipMessage): void;
  /** The next message waits until the promise has settled. */
  message(connection: PeerConnection, message: RelayedMessage): void | Promise<void>;
  /** Whether a block was asked of the peer. */
  wantsBlock(connection: PeerConnection): boolean;
  /** It is over. `why` is undefined when the other side ended it. */
  closed(connection: PeerConnection, why: Closing | undefined): void;
}

/** Why a connection was closed from this side. */
export interface Closing {
  readonly rule: string;
  readonly detail: string;
  readonly discourage: boolean;
}

export interface ConnectionOptions {
  readonly id: PeerId;
  readonly kind: PeerKind;
  readonly socket: Socket;
  readonly remote: Endpoint;
  readonly profile: NetworkProfile;
  readonly terms: HandshakeTerms;
  readonly owner: ConnectionOwner;
  /** A steady clock. */
  readonly nowMs: () => number;
  /** Seconds since 1970. */
  readonly nowSeconds: () => number;
  readonly nonce: () => bigint;
  /** What messages of all connections together may take of a turn of the event loop. */
  readonly turns: SharedSlice;
  readonly log: Logger;
}

/** One peer: handshake, ping, rate and queue. What its other messages mean is its owner's business. */
export class PeerConnection {
  readonly id: PeerId;
  readonly kind: PeerKind;
  readonly remote: Endpoint;
  readonly terms: HandshakeTerms;
  readonly connectedSeconds: number;
  readonly liveness: Liveness;
  readonly wire: PeerSocket;
  lastSentSeconds = 0;
  lastReceivedSeconds = 0;
  /** When it was last first with something new and valid; 0: never. */
  lastBlockSeconds = 0;
  lastTransactionSeconds = 0;
  /** Of the peer's `version`, also when that was refused. */
  theirNonce: bigint | undefined;
  /** Messages without consequence: not understood, not asked for, too early or repeated. */
  ignoredMessages = 0;
  readonly #options: ConnectionOptions;
  readonly #budget: TokenBucket;
  readonly #ended = new AbortController();
  #handshake: Handshake = { stage: 'awaiting-version' };
  #facts: PeerFacts | undefined;
  #clockOffsetSeconds = 0;
  #localAsSeen: Endpoint | undefined;
  #why: Closing | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    this.kind = options.kind;
    this.remote = options.remote;
    this.terms = options.terms;
    this.connectedSeconds = options.nowSeconds();
    this.liveness = newLiveness(options.nowMs());
    this.#budget = new TokenBucket(MESSAGE_RATE, options.nowMs());
    this.wire = new PeerSocket({
      socket: options.socket,
      magic: options.profile.magic,
      maxPayloadBytes: (command) => this.#maxPayloadBytes(command),
      onArrival: (unfinishedBytes) => received(this.liveness, unfinishedBytes, options.nowMs()),
    });
  }

  /** What the handshake has told; undefined before it is complete. */
  get facts(): PeerFacts | undefined {
    return this.#facts;
  }

  /** Our end as the peer sees it; undefined where it does not say. */
  get localAsSeen(): Endpoint | undefined {
    return this.#localAsSeen;
  }

  /** How far the peer's clock was ahead of ours, in seconds. Told, never used: the clock is our own. */
  get clockOffsetSeconds(): number {
    return this.#clockOffsetSeconds;
  }

  /** Runs the connection until it is over; never rejects. */
  async run(): Promise<void> {
    try {
      this.#follow(beginHandshake(this.terms));
      for await (const frame of this.wire.frames()) {
        await this.#take(frame);
        if (!this.wire.isOpen) break;
      }
    } catch (error) {
      // Any other error is the socket's: a reset is the other side's way of leaving.
      if (error instanceof WireError) this.#failOnBytes(error);
    } finally {
      this.wire.close();
      this.#ended.abort();
      this.#options.owner.closed(this, this.#why);
    }
  }

  /** False when the peer is gone or has too much to read already. */
  send(message: PeerMessage): boolean {
    if (!this.wire.isOpen || this.#isQueueFull) return false;
    this.wire.send(message);
    this.lastSentSeconds = this.#options.nowSeconds();
    return true;
  }

  /** Ends the connection from this side; the first reason stands. */
  close(why: Closing): void {
    this.#why ??= why;
    this.#ended.abort();
    this.wire.close();
  }

  /** To be called every second or so: pings, and closes what does not live. */
  tick(): void {
    const { queuedBytes, takenBytes } = this.wire;
    const { nowMs, nonce } = this.#options;
    const effect = checkLiveness(this.liveness, { queuedBytes, takenBytes }, nowMs(), nonce);
    if (effect?.type === 'ping') this.send(effect);
    else if (effect?.type === 'fail') this.#fail(effect.rule, effect.detail);
  }

  /** Sends a ping with the next tick, whatever the time. */
  pingSoon(): void {
    this.liveness.nextPingMs = this.#options.nowMs();
  }

  get #isQueueFull(): boolean {
    return this.wire.queuedBytes >= this.#options.owner.queueAllowance(this);
  }

  /** What is not wanted now is skipped while it arrives: strangers introduce themselves first. */
  #maxPayloadBytes(command: string): number | undefined {
    const isIntroduction = command === 'version' || command === 'verack';
    if (this.#handshake.stage !== 'complete' && !isIntroduction) return undefined;
    if (command === 'block' && !this.#options.owner.wantsBlock(this)) return undefined;
    return maxPayloadBytes(command);
  }

  async #take(frame: Frame): Promise<void> {
    const { nowMs, nowSeconds, turns } = this.#options;
    this.lastReceivedSeconds = nowSeconds();
    const waitMs = this.#budget.take(messageCost(frame), MESSAGE_RATE, nowMs());
    if (waitMs > 0) await this.#pause(waitMs);
    // Many messages come in one chunk, and many peers send them: everything else has its turn between them.
    while (turns.isUsedUp) await turns.renew();
    // What is still done for a peer that is gone must not keep its end from being told: that is what stops it.
    await this.wire.unlessClosed(this.#handled(frame));
    // Bitcoin Core: fPauseSend. Who does not read its answers asks no more questions; unless it owes us a
    // block: two nodes that send each other blocks would wait for each other for ever.
    const { owner } = this.#options;
    while (this.wire.isOpen && this.#isQueueFull && !owner.wantsBlock(this)) await this.wire.drained();
  }

  async #handled(frame: Frame): Promise<void> {
    try {
      await this.#handle(frame);
    } catch (error) {
      if (error instanceof WireError) throw error;
      this.#failInternally(error);
    }
  }

  #pause(waitMs: number): Promise<void> {
    const { signal } = this.#ended;
    return delay(waitMs, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #handle({ command, payload }: Frame): void | Promise<void> {
    const isStarting = this.#handshake.stage !== 'complete';
    const message = payload && decodePeerPayload(command, payload);
    if (message?.type === 'version') this.theirNonce ??= message.nonce;
    if (message?.type === 'version' || message?.type === 'verack') {
      return this.#follow(advanceHandshake(this.#handshake, message, this.terms));
    }
    if (isStarting) {
      return this.#follow(advanceHandshake(this.#handshake, { type: 'other', command }, this.terms));
    }
    if (message === undefined) {
      this.ignoredMessages += 1;
      return;
    }
    switch (message.type) {
      case 'ping':
        this.send({ type: 'pong', nonce: message.nonce });
        return;
      case 'pong':
        return ponged(this.liveness, message.nonce, this.#options.nowMs());
      case 'addr':
      case 'getaddr':
        return this.#options.owner.gossip(this, message);
      default:
        return this.#options.owner.message(this, message);
    }
  }

  #follow({ state, effects }: HandshakeStep): void {
    this.#handshake = state;
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.send(effect.message);
          break;
        case 'ignore':
          this.ignoredMessages += 1;
          break;
        case 'fail':
          this.#fail(effect.rule, effect.detail);
          break;
        case 'complete':
          this.#complete(effect.theirs);
          break;
      }
    }
  }

  #complete(theirs: VersionPayload): void {
    const { nowMs, nowSeconds, owner } = this.#options;
    established(this.liveness, nowMs());
    this.#clockOffsetSeconds = Number(theirs.timeSeconds) - nowSeconds();
    const { ip, port } = theirs.receiver;
    if (ip.some((byte) => byte !== 0)) this.#localAsSeen = { ip: ipText(ip), port };
    this.#facts = {
      id: this.id,
      kind: this.kind,
      address: endpointText(this.remote),
      loopback: reachOf(this.remote.ip) === 'loopback',
      version: agreedVersion(theirs),
      services: theirs.services,
      userAgent: printable(theirs.userAgent),
      startHeight: theirs.startHeight,
      relay: theirs.relay,
    };
    owner.established(this, this.#facts);
  }

  #failOnBytes({ rule, detail }: WireError): void {
    this.#fail(rule, rule === 'wrong-magic' ? describeMagic(detail, this.#options.profile) : detail);
  }

  #fail(rule: PeerRule, detail: string): void {
    this.close({ rule, detail, discourage: PEER_RULES[rule].discourage });
  }

  #failInternally(error: unknown): void {
    this.#options.log.error(
      { err: error, peer: endpointText(this.remote) },
      'a message could not be handled',
    );
    this.#fail('internal-error', 'see the error above');
  }
}

/** What a stranger calls itself, without what could mean something to a terminal or a page (Core: SanitizeString). */
function printable(text: string): string {
  return text.replace(/[^a-zA-Z0-9 .,;\-_/:?@()]/g, '');
}
