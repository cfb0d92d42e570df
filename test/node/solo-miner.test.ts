import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../node/clock.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { PROFILES } from '../../protocol/network.ts';
import { txid } from '../../protocol/transaction.ts';
import { startTestNode, type TestNode } from './node-kit.ts';
import { addressOf, alice, bob, genesisFunds, payOn, stranger } from './payment-kit.ts';

const { dev, regtest } = PROFILES;

/** A new tip for which `isIt` holds. */
function tipWhere({ node }: TestNode, isIt: (height: number) => boolean): Promise<void> {
  return new Promise((resolve) => {
    node.chain.on('tip', ({ height }) => {
      if (isIt(height)) resolve();
    });
  });
}

async function startMining(t: TestContext): Promise<TestNode> {
  return startTestNode(t, { profile: dev, clock: systemClock, mineTo: addressOf(stranger, dev) });
}

describe('the node’s own miner', () => {
  test('mines to the address without a pause, payments included, while the RPC answers', async (t) => {
    const node = await startMining(t);
    await tipWhere(node, (height) => height >= 3);
    const payment = payOn(genesisFunds(alice, dev), bob, 500n);
    const id = await node.send(payment);
    await tipWhere(node, () => node.node.mempool.size === 0);
    const { blockhash } = await node.call('getrawtransaction', id, 1);
    const { tx } = await node.call('getblock', blockhash, 2);
    assert.equal(tx[1].txid, displayHash(txid(payment)));
    assert.equal(tx[0].vout[0].scriptPubKey.address, addressOf(stranger, dev));
    assert.equal(tx[0].vout[0].value, 50.000005);
    const started = performance.now();
    await node.node.stop();
    assert.ok(performance.now() - started < 2_000);
  });

  test('does not flood a network whose blocks cost nothing', async (t) => {
    const node = await startTestNode(t, { mineTo: addressOf(stranger) });
    if ((await node.call('getblockcount')) === 0) await tipWhere(node, (height) => height === 1);
    for (let call = 0; call < 20; call++) assert.equal(await node.call('getblockcount'), 1);
  });

  test('is not started for an address of another network', async (t) => {
    await assert.rejects(startTestNode(t, { profile: regtest, mineTo: addressOf(stranger, dev) }), /dnilz/);
  });
});
