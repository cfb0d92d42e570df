/** Five nodes, five processes: they find each other, agree, split, and heal. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeTransaction, txid } from '../../protocol/transaction.ts';
import { MeshNode, until } from '../kit/mesh-node.ts';
import { processorShare } from '../kit/processor-share.ts';
import { temporaryDirectory } from '../kit/surroundings.ts';
import { addressOf, alice, bob, carol, genesisFunds, payOn, stranger } from '../node/payment-kit.ts';

const NETWORK = ['--network', 'regtest'];
const NODES = 5;
const FEE = 1_000n;

/** Starts a node and sees to it that it does not outlive the test. */
async function start(test: TestContext, directory: string, flags: readonly string[]): Promise<MeshNode> {
  const node = await MeshNode.start(directory, [...NETWORK, ...flags]);
  test.after(() => node.end('SIGKILL'));
  return node;
}

async function peerCount(node: MeshNode): Promise<number> {
  const peers = (await node.rpc.call('getpeerinfo')) as { addr: string; inbound: boolean }[];
  return peers.length;
}

function generate(node: MeshNode, count: number): Promise<string[]> {
  return node.rpc.call('generatetoaddress', [count, addressOf(stranger)]) as Promise<string[]>;
}

function allAt(nodes: readonly MeshNode[], hash: string): Promise<void> {
  return until(`${nodes.length} nodes at ${hash}`, async () => {
    const tips = await Promise.all(nodes.map((node) => node.tip()));
    return tips.every((tip) => tip === hash);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

test('five nodes that know one boot node form a mesh, agree within 500 ms, and heal a split of 3 and 2', async (t) => {
  const directory = await temporaryDirectory(t);
  const place = (index: number): string => join(directory, `node-${index}`);
  const first = await start(t, place(0), []);
  const mesh = [first];
  for (let index = 1; index < NODES; index++) {
    mesh.push(await start(t, place(index), ['--boot-node', first.address]));
  }
  // Only the first address was given: whoever has more than one peer has learned of it from another.
  await until('each node has at least three peers', async () => {
    const counts = await Promise.all(mesh.map(peerCount));
    return counts.every((count) => count >= 3);
  });

  const delaysMs: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < 15; round++) {
    const [hash = ''] = await generate(mesh[round % NODES] as MeshNode, 1);
    const foundMs = performance.now();
    await allAt(mesh, hash);
    delaysMs.push(performance.now() - foundMs);
    shares.push(processorShare());
  }
  t.diagnostic(
    `a block is everybody's tip after ${median(delaysMs).toFixed(0)} ms (median of ${delaysMs.length})`,
  );
  const share = median(shares);
  assert.ok(median(delaysMs) <= 500 / share, `median ${median(delaysMs)} ms with ${share} of a processor`);

  // The split: two nodes start again on ports that the other three do not know, and know nobody but each other.
  const [three, two] = [mesh.slice(0, 3), [] as MeshNode[]];
  for (const node of mesh.slice(3)) assert.equal(await node.end('SIGINT'), 0, node.stderr);
  two.push(await start(t, place(3), ['--connect', '127.0.0.1:1']));
  two.push(await start(t, place(4), ['--no-listen', '--connect', (two[0] as MeshNode).address]));
  await until('the two are connected', async () => (await peerCount(two[0] as MeshNode)) > 0);

  const common = await first.height();
  const payment = payOn(genesisFunds(alice), bob, FEE);
  const elsewhere = payOn(genesisFunds(carol), bob, FEE);
  await two[0]?.rpc.call('sendrawtransaction', [bytesToHex(encodeTransaction(payment))]);
  await first.rpc.call('sendrawtransaction', [bytesToHex(encodeTransaction(elsewhere))]);
  // Payments take their time, so as not to tell where they began; blocks do not wait for them.
  await until('the payment is known to the miner of the branch that will lose', async () => {
    const waiting = (await two[1]?.rpc.call('getrawmempool')) as readonly string[];
    return waiting.includes(displayHash(txid(payment)));
  });
  const lost = await generate(two[1] as MeshNode, 29);
  const lostTip = lost.at(-1) ?? '';
  await allAt(two, lostTip);
  const won = (await generate(mesh[2] as MeshNode, 31)).at(-1) ?? '';
  await allAt(three, won);
  const paid = displayHash(txid(payment));
  const inLostBranch = (await two[0]?.rpc.call('getrawtransaction', [paid, 1])) as { confirmations: number };
  assert.ok(inLostBranch.confirmations > 0, 'the payment was confirmed in the branch that will lose');

  // One connection between the two groups is enough.
  await two[0]?.rpc.call('addnode', [first.address, 'onetry']);
  const everybody = [...three, ...two];
  await allAt(everybody, won);
  for (const node of everybody) assert.equal(await node.height(), common + 31);
  for (const node of two) {
    const tips = (await node.rpc.call('getchaintips')) as {
      hash: string;
      status: string;
      branchlen: number;
    }[];
    const losing = tips.find(({ hash }) => hash === lostTip);
    assert.deepEqual([losing?.status, losing?.branchlen], ['valid-fork', 29]);
  }
  // The loser's payment is back in the mempool, goes to the others, and is confirmed by the next block of any node.
  await until('the payment waits at every node', async () => {
    const pools = await Promise.all(everybody.map((node) => node.rpc.call('getrawmempool')));
    return pools.every((pool) => (pool as string[]).includes(paid));
  });
  const [last = ''] = await generate(mesh[1] as MeshNode, 1);
  await allAt(everybody, last);
  const confirmed = (await two[1]?.rpc.call('getrawtransaction', [paid, 1])) as { blockhash: string };
  assert.equal(confirmed.blockhash, last);
  for (const node of everybody) assert.equal(await node.end('SIGINT'), 0, node.stderr);
});
