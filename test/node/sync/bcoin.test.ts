/** A node and what bcoin once said to one, byte for byte; see docs/interop.md. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { displayHash, hexToBytes, parseDisplayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { FRAME_HEADER_SIZE } from '../../../protocol/peer-frame.ts';
import { decodePeerPayload } from '../../../protocol/peer-message.ts';
import { type RecordedFrame, RecordedPeer } from '../../kit/recorded-peer.ts';
import { readVectors } from '../../protocol/vectors.ts';
import { type TestNode, testClock } from '../node-kit.ts';
import { addressOf, stranger } from '../payment-kit.ts';
import { hasInMempool, hasTip, startPeer } from './peer-kit.ts';

const PROFILE = PROFILES['bitcoin-regtest'];
/** After everything that was recorded. */
const LATER_SECONDS = 1_795_300_000;

interface RecordedSync {
  readonly synced: string;
  readonly spentIn102: string;
  readonly payment: string;
  readonly block103: string;
  readonly otherBranch: string;
  readonly frames: readonly RecordedFrame[];
}

function startNode(t: TestContext): Promise<TestNode> {
  return startPeer(t, [], { profile: PROFILE, clock: testClock(LATER_SECONDS) });
}

test('a chain of bcoin is fetched, its payment and its blocks are taken, and its other branch followed', async (t) => {
  const recorded = readVectors<RecordedSync>('peer/bcoin-sync.json');
  const { frames } = recorded;
  const node = await startNode(t);
  const bcoin = await RecordedPeer.connect(t, node.node.p2pPort!, PROFILE.magic, frames);
  await hasTip(node, parseDisplayHash(recorded.synced));
  const spent = await node.call('gettxout', recorded.spentIn102, 0);
  assert.deepEqual([spent.confirmations, spent.scriptPubKey.type], [1, 'witness_v0_keyhash']);

  const relayed = frames.find(({ command }) => command === 'tx')!;
  const message = decodePeerPayload('tx', hexToBytes(relayed.hex).slice(FRAME_HEADER_SIZE));
  assert.ok(message?.type === 'tx');
  bcoin.say('inv');
  await hasInMempool(node, message.transaction);
  assert.deepEqual(await node.call('getrawmempool'), [recorded.payment]);

  bcoin.say('headers', 1);
  await hasTip(node, parseDisplayHash(recorded.block103));
  assert.equal(node.node.mempool.size, 0);

  bcoin.say('headers', 2);
  bcoin.say('headers', 3);
  await hasTip(node, parseDisplayHash(recorded.otherBranch));
  await hasInMempool(node, message.transaction);
  assert.equal(node.node.chain.tip.height, 104);
});

test("bcoin's getblocks is answered with the hashes of the chain, and its blocks with a version that signals", async (t) => {
  const { frames } = readVectors<RecordedSync>('peer/bcoin-regtest.json');
  const node = await startNode(t);
  const mined = await node.call('generatetoaddress', 20, addressOf(stranger, PROFILE));
  const requests = frames.filter(({ command }) => ['version', 'verack', 'getblocks'].includes(command));
  const bcoin = await RecordedPeer.connect(t, node.node.p2pPort!, PROFILE.magic, requests);
  await bcoin.heard('verack');
  bcoin.say('getblocks');
  const { items } = await bcoin.heard('inv');
  assert.deepEqual(
    items.map(({ hash }) => displayHash(hash)),
    mined,
  );
  const block = await node.block(mined[0]);
  assert.equal(block.header.version, 0x2000_0002);
  assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, []);
});
