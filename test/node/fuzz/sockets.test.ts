import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { concatBytes, displayHash } from '../../../protocol/bytes.ts';
import { encodePeerMessage, INVENTORY, type PeerMessage } from '../../../protocol/peer-message.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { createLogger } from '../../../service/log.ts';
import { type KitBlock, TestClock } from '../../kit/chain-kit.ts';
import { mutated } from '../../kit/fuzz-bytes.ts';
import { anyMessage, FuzzSubject } from '../../kit/fuzz-messages.ts';
import { type FuzzRandom, fuzz } from '../../kit/fuzz-random.ts';
import type { TestNode } from '../node-kit.ts';
import { MAGIC, RawPeer } from '../peers/peers-kit.ts';
import { hasTip, startPeer } from '../sync/peer-kit.ts';

const subject = new FuzzSubject({ common: 20, honest: 5 });
const { kit } = subject;
/** Messages on one connection. */
const MESSAGES = 20;
const ERROR_LEVEL = 50;

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly rule?: string;
}

/** What a connection needs: the node, and the best block that it is known to have. */
interface Scene {
  readonly node: TestNode;
  readonly connect: () => Promise<RawPeer>;
  readonly introduce: () => Promise<RawPeer>;
  best: KitBlock;
}

type Visit = (scene: Scene, random: FuzzRandom) => Promise<void>;

/** Resolves when the node has done with the connection, or has handled all of it. */
async function handled(peer: RawPeer): Promise<void> {
  await Promise.race([peer.closed, peer.settled().catch(() => undefined)]);
  await left(peer);
}

/** Leaves in the middle of whatever is under way. */
async function left(peer: RawPeer): Promise<void> {
  peer.socket.end();
  await peer.closed;
}

function framesOf(random: FuzzRandom, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => encodePeerMessage(MAGIC, anyMessage(subject, random)));
}

/** A payment whose signature is another's. */
function forged(): Transaction {
  const [mine, theirs] = [kit.funds('alice'), kit.funds('bob')].map((coin) =>
    kit.payment(coin, 'carol', 1_000n),
  );
  const [input] = mine!.inputs;
  return { ...mine!, inputs: [{ ...input!, witness: theirs!.inputs[0]!.witness }] };
}

/** Good blocks, then one whose last transaction is forged. */
function rottenBranch({ best }: Scene, random: FuzzRandom): { good: KitBlock[]; all: KitBlock[] } {
  const tag = random.u32();
  const good = kit.mineBlocks(best, 2, { tag });
  const rotten = kit.mineBlock(good.at(-1)!, [forged()], { tag });
  return { good, all: [...good, rotten, ...kit.mineBlocks(rotten, 2, { tag })] };
}

const VISITS: readonly Visit[] = [
  // Whole messages of every type
  async ({ introduce }, random) => {
    const peer = await introduce();
    for (const frame of framesOf(random, MESSAGES)) peer.write(frame);
    await handled(peer);
  },
  // Damaged ones
  async ({ introduce }, random) => {
    const peer = await introduce();
    for (const frame of framesOf(random, MESSAGES))
      peer.write(random.once(4) ? mutated(frame, random) : frame);
    await left(peer);
  },
  // Before any handshake
  async ({ connect }, random) => {
    const peer = await connect();
    for (const frame of framesOf(random, MESSAGES)) peer.write(random.once(2) ? frame : random.bytes(100));
    await left(peer);
  },
  // One message, cut off anywhere
  async ({ introduce }, random) => {
    const peer = await introduce();
    const bytes = concatBytes(...framesOf(random, 2));
    peer.write(bytes.subarray(0, random.int(0, bytes.length)));
    await left(peer);
  },
  // The same a thousand times
  async ({ introduce }, random) => {
    const peer = await introduce();
    const types = ['ping', 'sendheaders', 'notfound', 'addr', 'getdata', 'tx', 'headers'] as const;
    const frame = encodePeerMessage(MAGIC, anyMessage(subject, random, random.pick(types)));
    if (frame.length < 3_000) peer.write(concatBytes(...Array.from({ length: 1_000 }, () => frame)));
    await handled(peer);
  },
  // Announced and never delivered
  async ({ introduce }, random) => {
    const peer = await introduce();
    const items = Array.from({ length: 1_000 }, () => ({
      kind: INVENTORY.transaction,
      hash: random.bytes(32),
    }));
    peer.send({ type: 'inv', items });
    await peer.next('getdata');
    await handled(peer);
  },
  // Transactions that conflict, are forged, or have no parents
  async ({ introduce, node }, random) => {
    const peer = await introduce();
    const transactions = [...subject.transactions, forged(), subject.transaction(random)];
    const items = transactions.map((each) => ({ kind: INVENTORY.transaction, hash: txid(each) }));
    peer.send({ type: 'inv', items });
    for (const transaction of transactions) peer.send({ type: 'tx', transaction });
    await handled(peer);
    assert.ok(node.node.mempool.size <= subject.transactions.length + 1);
  },
  // A block that turns out to be invalid in its last transaction
  async (scene, random) => {
    const peer = await scene.introduce();
    const { good, all } = rottenBranch(scene, random);
    const byHash = new Map(all.map((made) => [displayHash(made.hash), made]));
    const arrived = hasTip(scene.node, good.at(-1)!.hash);
    const announcement: PeerMessage = { type: 'headers', headers: all.map(({ block }) => block.header) };
    peer.send(announcement);
    const asked = await peer.next('getdata');
    for (const { hash } of asked.items) {
      peer.send({ type: 'block', bytes: encodeBlock(byHash.get(displayHash(hash))!.block) });
    }
    await Promise.all([peer.closed, arrived]);
    scene.best = good.at(-1)!;
  },
];

test('whatever strangers send, a node goes on, forgets them, and follows the best chain', async (context) => {
  const lines: LogLine[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
  const log = createLogger({ name: 'fuzz', level: 'info', pretty: false, destination });
  const node = await startPeer(context, [], { log, clock: new TestClock(kit.clock.seconds) });
  for (const { block } of subject.common) await node.node.chain.accept(block);
  const port = node.node.p2pPort!;
  const scene: Scene = {
    node,
    connect: () => RawPeer.connect(context, port),
    introduce: () => RawPeer.introduced(context, port),
    best: subject.common.at(-1)!,
  };

  await fuzz({ share: 0.03, casesPerRun: MESSAGES }, (random) => random.pick(VISITS)(scene, random));

  const faults = lines.filter(({ level, rule }) => level >= ERROR_LEVEL || rule === 'internal-error');
  assert.deepEqual(faults, []);
  assert.deepEqual(await node.call('getpeerinfo'), []);
  assert.equal(await node.call('getbestblockhash'), displayHash(scene.best.hash));

  const other = await startPeer(context, [node], { clock: new TestClock(kit.clock.seconds) });
  await hasTip(other, scene.best.hash);
  await other.mine(3);
  await hasTip(node, other.node.chain.tip.hash);
});
