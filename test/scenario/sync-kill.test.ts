/** A node that is new fetches a long chain from a peer, and is killed on the way. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesToHex } from '../../protocol/bytes.ts';
import { encodeTransaction } from '../../protocol/transaction.ts';
import { MeshNode, until } from '../kit/mesh-node.ts';
import { temporaryDirectory } from '../kit/surroundings.ts';
import { addressOf, alice, bob, carol, genesisFunds, payOn, stranger } from '../node/payment-kit.ts';

const NETWORK = ['--network', 'regtest'];
const BLOCKS = 10_000;
const AT_ONCE = 1_000;
const KILLS = 3;
const FEE = 1_000n;

interface CoinSet {
  readonly height: number;
  readonly bestblock: string;
  readonly txouts: number;
  readonly hash_serialized_3: string;
}

function coinSet(node: MeshNode): Promise<CoinSet> {
  return node.rpc.call('gettxoutsetinfo', [], { timeoutMs: 60_000 }) as Promise<CoinSet>;
}

test('a new node syncs 10,000 blocks, killed three times on the way, and has the same coins', async (t) => {
  const directory = await temporaryDirectory(t);
  const source = await MeshNode.start(join(directory, 'source'), NETWORK);
  t.after(() => source.end('SIGKILL'));
  const payments = [alice, carol].map((owner) => payOn(genesisFunds(owner), bob, FEE));
  for (let made = 0; made < BLOCKS; made += AT_ONCE) {
    const payment = payments.pop();
    if (payment) await source.rpc.call('sendrawtransaction', [bytesToHex(encodeTransaction(payment))]);
    await source.rpc.call('generatetoaddress', [AT_ONCE, addressOf(stranger)], { timeoutMs: 300_000 });
  }

  const flags = [...NETWORK, '--no-listen', '--connect', source.address];
  const heights: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const fresh = await MeshNode.start(join(directory, 'fresh'), flags);
    t.after(() => fresh.end('SIGKILL'));
    const started = await fresh.height();
    // Anywhere in this quarter of the way.
    const from = Math.max(started, Math.floor((BLOCKS * kill) / (KILLS + 1)));
    const goal = Math.floor(from + 1 + Math.random() * (BLOCKS / (KILLS + 1)));
    await until(`height ${goal}`, async () => (await fresh.height()) >= Math.min(goal, BLOCKS - 1));
    heights.push(await fresh.height());
    await fresh.end('SIGKILL');
  }
  t.diagnostic(`killed at heights ${heights.join(', ')}`);
  assert.ok((heights[0] ?? BLOCKS) < BLOCKS, 'the first kill came on the way');

  const fresh = await MeshNode.start(join(directory, 'fresh'), flags);
  t.after(() => fresh.end('SIGKILL'));
  await until('the whole chain is there', async () => (await fresh.height()) === BLOCKS);
  const [own, theirs] = await Promise.all([coinSet(fresh), coinSet(source)]);
  assert.equal(own.height, BLOCKS);
  assert.equal(own.bestblock, theirs.bestblock);
  assert.equal(own.txouts, theirs.txouts);
  assert.equal(own.hash_serialized_3, theirs.hash_serialized_3);
  assert.equal(await fresh.end('SIGINT'), 0, fresh.stderr);
  assert.equal(await source.end('SIGINT'), 0, source.stderr);
});
