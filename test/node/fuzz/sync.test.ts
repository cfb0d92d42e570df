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

const subject = new FuzzSubject();
const { magic } = PROFILES.regtest;
/** Messages of one story: what is left behind by one is there for the next. */
const MESSAGES = 150;

type Move = (world: FuzzWorld, random: FuzzRandom) => void;

/** Blocks with work and good headers, the last of which nobody accepts. */
function rottenBranch(random: FuzzRandom): KitBlock[] {
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
  (world, random) => tell(world, world.somebody, anyMessage(subject, random)),
  (world, random) => tell(world, world.somebody, anyMessage(subject, random)),
  // One that was damaged on the way
  (world, random) => {
    const peer = world.somebody;
    const { type, bytes } = framed(anyMessage(subject, random));
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
    const message = anyMessage(subject, random);
    const peer = world.somebody;
    for (let left = random.int(2, 40); left > 0; left--) tell(world, peer, message);
  },
  // Headers with an invalid block behind them, with and without the blocks
  (world, random) => {
    const peer = world.somebody;
    const branch = rottenBranch(random);
    announce(world, peer, branch);
    world.pass(random.int(0, 500));
    if (random.once(3)) return;
    for (const { block } of branch) world.message(peer, { type: 'block', bytes: encodeBlock(block) });
  },
  // A good header, and a body that is another's
  (world, random) => {
    const peer = world.somebody;
    const branch = subject.honest.slice(0, random.int(1, 8));
    announce(world, peer, branch);
    world.pass(random.int(0, 500));
    for (const { block } of branch) {
      const { transactions } = subject.block(random).block;
      world.message(peer, { type: 'block', bytes: encodeBlock({ ...block, transactions }) });
    }
  },
  // Honest blocks, in any order
  (world, random) => {
    const peer = world.somebody;
    const from = random.int(0, 20);
    const branch = subject.honest.slice(from, from + 8);
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
    const items = subject.transactions.map((each) => ({ kind: INVENTORY.transaction, hash: txid(each) }));
    const peer = world.somebody;
    world.message(peer, { type: 'inv', items });
    world.pass(random.int(0, 1_000));
    for (const transaction of subject.transactions) {
      world.message(random.once(2) ? peer : world.somebody, { type: 'tx', transaction });
    }
  },
  // What was asked for is not there
  (world, random) => {
    const items = subject.honest.map(({ hash }) => ({ kind: INVENTORY.witnessBlock, hash }));
    world.message(world.somebody, { type: 'notfound', items: items.slice(random.int(0, 50)) });
  },
  // The longest messages there are
  (world, random) => {
    if (!random.once(40)) return;
    const item = { kind: random.pick(Object.values(INVENTORY)), hash: subject.hash(random) };
    const items = Array.from({ length: MAX_INVENTORY }, () => item);
    world.message(world.somebody, { type: random.pick(['inv', 'getdata', 'notfound']), items });
  },
  // A long branch that is not followed by anything, or by too little work
  (world, random) => {
    if (!random.once(40)) return;
    const peer = world.somebody;
    for (let left = 3; left > 0; left--) {
      world.message(peer, {
        type: 'headers',
        headers: LONG.slice(random.int(0, 2) * 10).slice(0, MAX_HEADERS),
      });
      world.pass(100);
    }
  },
  (world, random) => world.disconnect(random.pick([...world.peers.keys()])),
  (world, random) => world.pass(random.pick([0, 100, 1_000, 25_000, 60_000])),
];

/** Low enough in number to be made before the first case, and long enough to fill a message. */
const LONG = subject.kit
  .mineBlocks(subject.kit.mineBlock(subject.kit.genesis), MAX_HEADERS + 20)
  .map(({ block }) => block.header);

function tell(world: FuzzWorld, peer: PeerId, message: PeerMessage): void {
  if (isRelayed(message)) world.message(peer, message);
}

function framed(message: PeerMessage): { type: string; bytes: Uint8Array } {
  return { type: message.type, bytes: encodePeerMessage(magic, message).subarray(FRAME_HEADER_SIZE) };
}

test('whatever peers say, synchronisation stays within its bounds and then still follows the best chain', async () => {
  await fuzz({ share: 0.3, casesPerRun: MESSAGES }, (random) => {
    const world = new FuzzWorld(subject, random);
    for (let left = MESSAGES; left > 0; left--) {
      random.pick(MOVES)(world, random);
      if (random.once(3)) world.pass(random.int(0, 300));
    }
    world.heal();
  });
});
