import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { blockHash } from '../../../protocol/header.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';
import { alice, bob, genesisFunds, payOn } from '../payment-kit.ts';

/** Hands in a branch of empty blocks on top of a block; returns their hashes. */
async function branch(node: TestNode, parent: string, length: number, tag: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let made = 0; made < length; made++) {
    const block = await node.blockOn(hashes.at(-1) ?? parent, [], tag);
    const answer = await node.call('submitblock', bytesToHex(encodeBlock(block)));
    assert.ok(answer === null || answer === 'inconclusive', answer);
    hashes.push(displayHash(blockHash(block.header)));
  }
  return hashes;
}

describe('which branch is best, at a caller’s word', () => {
  test('invalidateblock takes a block back with its payments, reconsiderblock brings it again', async (t) => {
    const node = await startTestNode(t);
    const [first] = (await node.mine(1)) as [string];
    const payment = await node.send(payOn(genesisFunds(alice), bob, 1_000n));
    const [paying, above] = (await node.mine(2)) as [string, string];
    assert.deepEqual(await node.call('getrawmempool'), []);

    assert.equal(await node.call('invalidateblock', paying), null);
    assert.equal(await node.call('getbestblockhash'), first);
    assert.deepEqual(await node.call('getrawmempool'), [payment]);
    const tips = await node.call('getchaintips');
    assert.deepEqual(tips, [
      { height: 3, hash: above, branchlen: 2, status: 'invalid' },
      { height: 1, hash: first, branchlen: 0, status: 'active' },
    ]);
    assert.equal((await node.call('getblockchaininfo')).headers, 1);
    assert.equal((await node.call('getblockheader', paying)).confirmations, -1);
    assert.equal(await node.call('submitblock', await node.call('getblock', paying, 0)), 'duplicate-invalid');

    assert.equal(await node.call('reconsiderblock', paying), null);
    assert.equal(await node.call('getbestblockhash'), above);
    assert.deepEqual(await node.call('getrawmempool'), []);
  });

  test('preciousblock chooses between branches of the same work', async (t) => {
    const node = await startTestNode(t);
    const genesis = displayHash(PROFILES.regtest.genesisHash);
    const [, a] = (await branch(node, genesis, 2, 1)) as [string, string];
    const [, b] = (await branch(node, genesis, 2, 2)) as [string, string];
    assert.equal(await node.call('getbestblockhash'), a);
    assert.equal(await node.call('preciousblock', b), null);
    assert.equal(await node.call('getbestblockhash'), b);
    assert.equal(await node.call('preciousblock', a), null);
    assert.equal(await node.call('getbestblockhash'), a);
    const statuses = (await node.call('getchaintips')).map(({ status }: { status: string }) => status);
    assert.deepEqual(statuses.sort(), ['active', 'valid-fork']);
  });

  test('a block that is unknown, no hash, or the genesis block is refused', async (t) => {
    const node = await startTestNode(t);
    for (const method of ['invalidateblock', 'reconsiderblock', 'preciousblock']) {
      const unknown = await node.failure(method, 'ab'.repeat(32));
      assert.deepEqual(unknown, { code: -5, message: 'Block not found' });
      assert.equal((await node.failure(method, 'abc')).code, -8);
      assert.equal((await node.failure(method, 7)).code, -3);
      assert.equal((await node.failure(method)).code, -1);
    }
    const genesis = await node.call('getbestblockhash');
    assert.equal((await node.failure('invalidateblock', genesis)).code, -8);
    assert.equal(await node.call('reconsiderblock', genesis), null);
    assert.equal(await node.call('getblockcount'), 0);
  });
});

test('nobody who asks sees the chain go back while it changes to a longer branch', async (t) => {
  const node = await startTestNode(t);
  const genesis = displayHash(PROFILES.regtest.genesisHash);
  await node.mine(40);
  const longer = await branch(node, genesis, 40, 3);
  const last = await node.blockOn(longer.at(-1) ?? '', [], 3);
  const template = await node.call('getblocktemplate');
  let changed = false;
  const change = node.call('submitblock', bytesToHex(encodeBlock(last))).finally(() => {
    changed = true;
  });
  const heights = new Set<number>();
  const workedOn = new Set<number>();
  const uptimes: number[] = [];
  const longPoll = node.call('getblocktemplate', { longpollid: template.longpollid });
  while (!changed) {
    heights.add(await node.call('getblockcount'));
    workedOn.add((await node.call('getblocktemplate')).height);
    uptimes.push(await node.call('uptime'));
  }
  await change;
  assert.deepEqual(
    [...heights].filter((height) => height < 40),
    [],
  );
  assert.deepEqual(
    [...workedOn].filter((height) => height <= 40),
    [],
  );
  assert.equal((await longPoll).height, 42);
  assert.ok(uptimes.length > 0, 'nothing was asked');
});
