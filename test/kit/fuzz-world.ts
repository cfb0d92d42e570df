/** The reducer of a node with its chain and mempool in memory, at the mercy of a few peers. */
import assert from 'node:assert/strict';
import type { PeerFacts, PeerId, RelayedMessage } from '../../node/peers/peer-network.ts';
import { PEER_RULES } from '../../node/peers/peer-rules.ts';
import { Sync } from '../../node/sync/sync.ts';
import type { BlockVerdict, SyncEffect, SyncEvent } from '../../node/sync/sync-event.ts';
import { type Block, decodeBlock } from '../../protocol/block.ts';
import { CodecError } from '../../protocol/bytes.ts';
import { checkBlock } from '../../protocol/check-block.ts';
import { checkTransaction } from '../../protocol/check-transaction.ts';
import { blockHash } from '../../protocol/header.ts';
import { FRAME_HEADER_SIZE } from '../../protocol/peer-frame.ts';
import { decodePeerPayload, encodePeerMessage, maxPayloadBytes } from '../../protocol/peer-message.ts';
import { RULES, RuleError } from '../../protocol/rules.ts';
import { txid } from '../../protocol/transaction.ts';
import { TestClock } from './chain-kit.ts';
import type { FuzzSubject } from './fuzz-messages.ts';
import type { FuzzRandom } from './fuzz-random.ts';
import { BlockStore, SimulatedChain } from './simulated-chain.ts';
import { SimulatedMempool } from './simulated-network.ts';

/** Rules of synchronisation; those of headers, blocks and transactions are in RULES. */
const SYNC_RULES = [
  'block-stalled',
  'block-timeout',
  'headers-not-continuous',
  'headers-timeout',
  'invalid-block',
  'invalid-branch',
  'malformed-block',
  'unrequested-data',
];

/** Messages that one event may make the node send to each peer. */
const MAX_SENT_PER_PEER = 8;
const KINDS = ['outbound', 'inbound', 'inbound', 'manual'] as const;

export class FuzzWorld {
  readonly subject: FuzzSubject;
  readonly sync: Sync;
  readonly chain: SimulatedChain;
  readonly mempool = new SimulatedMempool();
  /** Peers that are connected. A rule that one breaks ends it, and another of its kind comes. */
  readonly peers = new Map<PeerId, PeerFacts>();
  nowMs = 0;
  readonly #random: FuzzRandom;
  readonly #store: BlockStore;
  #lastPeer = 0;
  /** What a chain has yet to answer: it takes its time. */
  readonly #checking: (() => SyncEvent[])[] = [];
  #heard: ((peer: PeerId, message: RelayedMessage) => void) | undefined;

  constructor(subject: FuzzSubject, random: FuzzRandom) {
    const { kit, common, honest } = subject;
    this.#random = random;
    this.subject = subject;
    this.#store = new BlockStore(kit);
    for (const made of [...common, ...honest]) this.#store.add(made);
    const clock = new TestClock(kit.clock.seconds);
    this.chain = new SimulatedChain(this.#store, clock);
    for (const { hash } of common) this.chain.accept(hash);
    const { chain, mempool } = this;
    this.sync = new Sync({ chain, mempool, clock, random: { fraction: random.fraction } });
    for (const kind of KINDS) this.#connect(kind);
  }

  /** One of the peers. */
  get somebody(): PeerId {
    return this.#random.pick([...this.peers.keys()]);
  }

  /** The peer that came last. */
  get newest(): PeerId {
    return this.#lastPeer;
  }

  message(peer: PeerId, message: RelayedMessage): void {
    this.#handle({ type: 'message', peer, message });
  }

  /** Time goes on, and the chain with what it has been given. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.#handle({ type: 'tick' });
    while (this.#checking.length > 0 && !this.#random.once(3)) this.#check();
  }

  disconnect(peer: PeerId): void {
    const kind = this.peers.get(peer)?.kind;
    if (kind === undefined) return;
    this.peers.delete(peer);
    this.#handle({ type: 'peer-down', peer });
    this.#connect(kind);
  }

  /** A node that keeps the rules comes and has the longest chain: the victim must still follow it. */
  heal(): void {
    const { common, honest } = this.subject;
    const branch = [this.subject.kit.genesis, ...common, ...honest];
    for (const peer of [...this.peers.keys()]) this.#leave(peer);
    while (this.#checking.length > 0) this.#check();
    const answers: RelayedMessage[] = [];
    this.#heard = (_peer, message) => {
      if (message.type === 'getheaders') {
        const at = branch.findLastIndex(({ hash }) =>
          message.locator.some((known) => Buffer.compare(known, hash) === 0),
        );
        answers.push({ type: 'headers', headers: branch.slice(at + 1).map(({ block }) => block.header) });
      }
      if (message.type !== 'getdata') return;
      for (const { hash } of message.items) answers.push({ type: 'block', bytes: this.#store.bytes(hash) });
    };
    const friend = this.#connect('outbound');
    answers.push({ type: 'inv', items: [{ kind: 2, hash: branch.at(-1)!.hash }] });
    for (let rounds = 0; rounds < 200; rounds++) {
      for (const answer of answers.splice(0)) this.message(friend, answer);
      while (this.#checking.length > 0) this.#check();
      this.nowMs += 100;
      this.#handle({ type: 'tick' });
      if (this.chain.tip === this.chain.entry(branch.at(-1)!.hash)) break;
    }
    this.#heard = undefined;
    assert.equal(this.chain.tip.height, branch.length - 1, 'it does not follow the best chain any more');
    assert.ok(this.peers.has(friend), 'a peer that keeps the rules is not disconnected');
  }

  #connect(kind: PeerFacts['kind']): PeerId {
    const id = ++this.#lastPeer;
    const facts: PeerFacts = {
      id,
      kind,
      address: `203.0.113.${id % 250}:5001`,
      loopback: false,
      version: 70_016,
      services: 9n,
      userAgent: '/fuzz/',
      startHeight: 0,
      relay: true,
    };
    this.peers.set(id, facts);
    this.#handle({ type: 'peer-up', peer: facts });
    return id;
  }

  #leave(peer: PeerId): void {
    if (this.peers.delete(peer)) this.#handle({ type: 'peer-down', peer });
  }

  #handle(event: SyncEvent): void {
    const effects = this.sync.handle(event, this.nowMs);
    const sent = new Map<PeerId, number>();
    for (const { type, peer } of effects) if (type === 'send') sent.set(peer, (sent.get(peer) ?? 0) + 1);
    for (const [peer, count] of sent) assert.ok(count <= MAX_SENT_PER_PEER, `${count} messages to ${peer}`);
    this.#assertBounded();
    for (const effect of effects) this.#run(effect);
  }

  #assertBounded(): void {
    for (const { what, count, limit } of this.sync.holdings()) {
      assert.ok(count <= limit, `${what}: ${count} are kept, at most ${limit} may be`);
    }
  }

  #run(effect: SyncEffect): void {
    switch (effect.type) {
      case 'send':
        assertWellFormed(this.chain.profile.magic, effect.message);
        this.#heard?.(effect.peer, effect.message);
        break;
      case 'misbehaved':
        assertKnownRule(effect);
        this.disconnect(effect.peer);
        break;
      case 'store-headers':
        this.#checking.push(() => [this.#storeHeaders(effect)]);
        break;
      case 'take-block':
        this.#checking.push(() => this.#takeBlock(effect));
        break;
      case 'take-transaction':
        this.#checking.push(() => this.#takeTransaction(effect));
        break;
      case 'serve':
        assert.ok(effect.items.length > 0);
        for (const served of effect.items) {
          if (served.kind === 'message') assertWellFormed(this.chain.profile.magic, served.message);
        }
        break;
      case 'delivered':
        break;
    }
  }

  #check(): void {
    for (const event of this.#checking.shift()!()) this.#handle(event);
  }

  #storeHeaders({ peer, headers, after }: SyncEffect & { type: 'store-headers' }): SyncEvent {
    const { entries, refused } = this.chain.acceptHeaders(headers);
    const error = refused && (refused.error ?? new RuleError('bad-prevblk'));
    return { type: 'headers-checked', peer, last: entries.at(-1), after, refused: error };
  }

  #takeBlock({ peer, hash, bytes }: SyncEffect & { type: 'take-block' }): SyncEvent[] {
    const before = this.chain.tip;
    const verdict = this.#judge(bytes);
    const checked: SyncEvent = { type: 'block-checked', peer, hash, ...verdict };
    return this.chain.tip === before ? [checked] : [{ type: 'tip-changed' }, checked];
  }

  /** The rules of a block by itself are the project's; what spends coins that are none is left to the chain. */
  #judge(bytes: Uint8Array): BlockVerdict {
    let block: Block;
    try {
      block = decodeBlock(bytes);
    } catch (error) {
      assert.ok(error instanceof CodecError, String(error));
      return { outcome: 'malformed' };
    }
    const hash = blockHash(block.header);
    try {
      checkBlock(block);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      if (error.mutated) return { outcome: 'invalid', error };
      this.#add(block).spoil();
    }
    if (!this.#store.has(hash)) this.#add(block);
    return this.chain.accept(hash);
  }

  #add(block: Block) {
    const hash = blockHash(block.header);
    const made = { block, hash, height: 0, parent: undefined };
    this.#store.add(made);
    return { spoil: () => this.#store.spoil(made) };
  }

  #takeTransaction({ peer, transaction }: SyncEffect & { type: 'take-transaction' }): SyncEvent[] {
    const checked = { type: 'transaction-checked', peer, txid: txid(transaction) } as const;
    try {
      checkTransaction(transaction);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      return [{ ...checked, result: { outcome: 'refused', error } }];
    }
    // Some have parents that nobody knows.
    if (this.#random.once(4)) {
      const parents = transaction.inputs.map(({ previous }) => previous.txid);
      return [{ ...checked, result: { outcome: 'orphan', parents } }];
    }
    const { result, entered } = this.mempool.take(transaction);
    return [
      ...entered.map((entry): SyncEvent => ({ type: 'transaction-entered', entry })),
      { ...checked, result },
      ...(this.#random.once(4)
        ? [{ type: 'transactions-confirmed', txids: [txid(transaction)] } as const]
        : []),
    ];
  }
}

/** What the node sends, it would take itself. */
function assertWellFormed(magic: Uint8Array, message: RelayedMessage): void {
  const bytes = encodePeerMessage(magic, message);
  assert.ok(bytes.length - FRAME_HEADER_SIZE <= (maxPayloadBytes(message.type) ?? 0), message.type);
  decodePeerPayload(message.type, bytes.subarray(FRAME_HEADER_SIZE));
}

function assertKnownRule({
  rule,
  discourage,
}: {
  readonly rule: string;
  readonly discourage: boolean;
}): void {
  const isCoinRule = Object.hasOwn(RULES, rule);
  assert.ok(isCoinRule || SYNC_RULES.includes(rule) || Object.hasOwn(PEER_RULES, rule), rule);
  if (isCoinRule) assert.equal(discourage, RULES[rule as keyof typeof RULES].action === 'ban');
}
