import assert from 'node:assert/strict';
import { test } from 'node:test';
import { send } from '../../service/raw-http.ts';
import { alice, bob, carol, genesisFunds, outputOf, pay } from '../payment-kit.ts';
import { hasInMempool, hasTip, startPeer } from './peer-kit.ts';

test('a node that joins fetches the chain of its peer, then hears of every block', async (context) => {
  const first = await startPeer(context);
  await first.mine(250);
  const second = await startPeer(context, [first]);
  await hasTip(second, first.node.chain.tip.hash);
  await first.mine(1);
  await hasTip(second, first.node.chain.tip.hash);
  await second.mine(1);
  await hasTip(first, second.node.chain.tip.hash);
  const { body } = await send({ url: `${second.node.rpcUrl}/health`, method: 'GET' });
  const { peers, sync_state: state, height } = JSON.parse(body);
  assert.deepEqual({ state, height }, { state: 'synced', height: 252 });
  assert.ok(peers >= 1);
});

test('payments reach the other node, and so do those that build on them', async (context) => {
  const first = await startPeer(context);
  const second = await startPeer(context, [first]);
  await first.mine(1);
  await hasTip(second, first.node.chain.tip.hash);
  const payment = pay([genesisFunds(alice)], [{ value: 9_999_99990000n, script: bob.script }]);
  const onward = pay([outputOf(payment, 0, bob)], [{ value: 9_999_99980000n, script: carol.script }]);
  await first.send(payment);
  await first.send(onward);
  await Promise.all([hasInMempool(second, payment), hasInMempool(second, onward)]);
  await second.mine(1);
  await hasTip(first, second.node.chain.tip.hash);
  assert.equal(first.node.mempool.size, 0);
});

test('a split heals: the losers follow the longer branch, and their payments come back', async (context) => {
  const left = await startPeer(context);
  const right = await startPeer(context, [left]);
  await left.mine(5);
  await hasTip(right, left.node.chain.tip.hash);
  await right.call('setnetworkactive', false);

  const lost = pay([genesisFunds(alice)], [{ value: 9_999_99990000n, script: bob.script }]);
  const unseen = pay([genesisFunds(carol)], [{ value: 9_999_99990000n, script: bob.script }]);
  await right.send(lost);
  await right.mine(60);
  await left.send(unseen);
  await left.mine(70);
  assert.notEqual(right.node.chain.tip.hash, left.node.chain.tip.hash);

  await right.call('setnetworkactive', true);
  await hasTip(right, left.node.chain.tip.hash);
  assert.equal(right.node.chain.tip.height, 75);
  await Promise.all([hasInMempool(right, lost), hasInMempool(left, lost)]);
  await left.mine(1);
  await hasTip(right, left.node.chain.tip.hash);
  assert.equal(right.node.mempool.size, 0);
});
