import { test } from 'node:test';
import type { PeerId } from '../../../node/peers/peer-network.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { FRAME_HEADER_SIZE } from '../../../protocol/peer-frame.ts';
import {
  decodePeerPayload,
  encodePeerMessage,
  INVENTORY,
  MAX_HEADERS,
  MAX_INVENTORY,
  type PeerMessage,
  WireError,
} from '../../../protocol/peer-message.ts';
import { txid } from '../../../protocol/transaction.ts';
import type { KitBlock } from '../../kit/chain-kit.ts';
import { mutated } from '../../kit/fuzz-bytes.ts';
import { anyMessage, FuzzSubject, isRelayed } from '../../kit/fuzz-messages.ts';
import { type FuzzRandom, fuzz } from '../../kit/fuzz-random.ts';
import { FuzzWorld } from '../../kit/fuzz-world.ts';

const { magic } = PROFILES.regtest;
/** Messages of one story: what is left behind by one is there for the next. */
const MESSAGES = 150;

type Move = (world: FuzzWorld, random: FuzzRandom) => void;

/** Blocks with work and good headers, the last of which nobody accepts. */
function rottenBranch(subject: FuzzSubject, random: FuzzRandom): KitBlock[] {
  const { kit } = subject;
  const root = random.pick(subject.common.slice(-8));
  const branch = kit.mineBlocks(root, random.int(1, 8), { tag: random.u32() });
  // A signature that is missing in the last transaction; a coinbase that repeats; no transaction at all.
  const transactions = random.pick([
    [subject.transaction(random), subject.transaction(random)],
    [subject.kit.genesis.block.transactions[0]!],
    [],
  ]);
  const rotten = kit.mineBlock(branch.at(-1) ?? root, transactions, { tag: random.u32() });
  return [...branch, rotten, ...kit.mineBlocks(rotten, random.int(0, 4), { tag: random.u32() })];
}

const announce = (world: FuzzWorld, peer: PeerId, branch: readonly KitBlock[]): void =>
  world.message(peer, { type: 'headers', headers: branch.slice(0, 8).map(({ block }) => block.header) });

const MOVES: readonly Move[] = [
  // Any message
  (world, random) => tell(world, world.somebody, anyMessage(world.subject, random)),
  (world, random) => tell(world, world.somebody, anyMessage(world.subject, random)),
  // One that was damaged on the way
  (world, random) => {
    const peer = world.somebody;
    const { type, bytes } = framed(anyMessage(world.subject, random));
    try {
      const message = decodePeerPayload(type, mutated(bytes, random));
      if (message) tell(world, peer, message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      world.disconnect(peer);
    }
  },
  // The same over and over
  (world, random) => {
    const message = anyMessage(world.subject, random);
    const peer = world.somebody;
    for (let left = random.int(2, 40); left > 0; left--) tell(world, peer, message);
  },
  // Headers with an invalid block behind them, with and without the blocks
  (world, random) => {
    const peer = world.somebody;
    const branch = rottenBranch(world.subject, random);
    announce(world, peer, branch);
    world.pass(random.int(0, 500));
    if (random.once(3)) return;
    for (const { block } of branch) world.message(peer, { type: 'block', bytes: encodeBlock(block) });
  },
  // A good header, and a body that is another's
  (world, random) => {
    const peer = world.somebody;
    const branch = world.subject.honest.slice(0, random.int(1, 8));
    announce(world, peer, branch);
    world.pass(random.int(0, 500));
    for (const { block } of branch) {
      const { transactions } = world.subject.block(random).block;
      world.message(peer, { type: 'block', bytes: encodeBlock({ ...block, transactions }) });
    }
  },
  // Honest blocks, in any order
  (world, random) => {
    const peer = world.somebody;
    const from = random.int(0, 20);
    const branch = world.subject.honest.slice(from, from + 8);
    announce(world, peer, branch);
    world.pass(random.int(0, 500));
    for (const { block } of random.once(2) ? branch : [...branch].reverse()) {
      world.message(peer, { type: 'block', bytes: encodeBlock(block) });
    }
  },
  // Announced and never delivered
  (world, random) => {
    const kind = random.pick([INVENTORY.block, INVENTORY.transaction]);
    const items = Array.from({ length: random.int(1, 300) }, () => ({ kind, hash: random.bytes(32) }));
    world.message(world.somebody, { type: 'inv', items });
    world.pass(random.int(0, 60_000));
  },
  // Transactions that conflict, delivered by whoever
  (world, random) => {
    const items = world.subject.transactions.map((each) => ({
      kind: INVENTORY.transaction,
      hash: txid(each),
    }));
    const peer = world.somebody;
    world.message(peer, { type: 'inv', items });
    world.pass(random.int(0, 1_000));
    for (const transaction of world.subject.transactions) {
      world.message(random.once(2) ? peer : world.somebody, { type: 'tx', transaction });
    }
  },
  // What was asked for is not there
  (world, random) => {
    const items = world.subject.honest.map(({ hash }) => ({ kind: INVENTORY.witnessBlock, hash }));
    world.message(world.somebody, { type: 'notfound', items: items.slice(random.int(0, 50)) });
  },
  // The longest messages there are
  (world, random) => {
    if (!random.once(40)) return;
    const item = { kind: random.pick(Object.values(INVENTORY)), hash: world.subject.hash(random) };
    const items = Array.from({ length: MAX_INVENTORY }, () => item);
    world.message(world.somebody, { type: random.pick(['inv', 'getdata', 'notfound']), items });
  },
  // A long branch that goes on, breaks off or begins anew
  (world, random) => {
    if (!random.once(20)) return;
    const { bodiless } = world.subject;
    // A new peer has been asked for its headers.
    world.disconnect(world.somebody);
    const peer = world.newest;
    for (let from = 0, left = 4; left > 0; left--) {
      const length = random.once(3) ? random.int(1, MAX_HEADERS) : MAX_HEADERS;
      world.message(peer, { type: 'headers', headers: bodiless.slice(from, from + length) });
      from = random.once(4) ? 0 : from + length;
      world.pass(100);
    }
  },
  (world, random) => world.disconnect(random.pick([...world.peers.keys()])),
  (world, random) => world.pass(random.pick([0, 100, 1_000, 25_000, 60_000])),
];

function tell(world: FuzzWorld, peer: PeerId, message: PeerMessage): void {
  if (isRelayed(message)) world.message(peer, message);
}

function framed(message: PeerMessage): { type: string; bytes: Uint8Array } {
  return { type: message.type, bytes: encodePeerMessage(magic, message).subarray(FRAME_HEADER_SIZE) };
}

function story(subject: FuzzSubject, random: FuzzRandom): void {
  const world = new FuzzWorld(subject, random);
  for (let left = MESSAGES; left > 0; left--) {
    random.pick(MOVES)(world, random);
    if (random.once(3)) world.pass(random.int(0, 300));
  }
  world.heal();
}

test('whatever peers say, synchronisation stays within its bounds and then still follows the best chain', () => {
  const young = new FuzzSubject({ bodiless: 5_000 });
  return fuzz({ share: 0.17, casesPerRun: MESSAGES }, (random) => story(young, random));
});

test('so it does where branches have to show their work first', () => {
  const old = new FuzzSubject({ common: 6_000, honest: 20, bodiless: 5_500 });
  return fuzz({ share: 0.01, casesPerRun: MESSAGES }, (random) => story(old, random));
});
