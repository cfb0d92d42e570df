import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { blockHash } from '../../../protocol/header.ts';
import { startTestNode } from '../node-kit.ts';
import { alice, bob, genesisFunds, payOn } from '../payment-kit.ts';

describe('getchaintxstats', () => {
  test('counts transactions in all and in a window, and says how fast they came', async (t) => {
    const node = await startTestNode(t);
    await node.mine(3);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    const [fourth] = await node.mine(1);
    const [, sixth] = await node.mine(2);
    const header = await node.call('getblockheader', sixth);
    const start = await node.call('getblockheader', await node.call('getblockhash', 3));
    const stats = await node.call('getchaintxstats', 3);
    const seconds = header.mediantime - start.mediantime;
    assert.deepEqual(stats, {
      time: header.time,
      // A coinbase each, the genesis block's too, and the payment.
      txcount: 8,
      window_final_block_hash: sixth,
      window_final_block_height: 6,
      window_block_count: 3,
      window_interval: seconds,
      window_tx_count: 4,
      ...(seconds > 0 && { txrate: 4 / seconds }),
    });
    const whole = await node.call('getchaintxstats');
    assert.deepEqual([whole.window_block_count, whole.window_tx_count], [5, 6]);
    const earlier = await node.call('getchaintxstats', 2, fourth);
    assert.deepEqual([earlier.txcount, earlier.window_tx_count], [6, 3]);
    const none = await node.call('getchaintxstats', 0, fourth);
    assert.deepEqual(
      Object.keys(none).filter((key) => /interval|window_tx|rate/.test(key)),
      [],
    );
  });

  test('begins with an empty window on a new chain', async (t) => {
    const node = await startTestNode(t);
    const stats = await node.call('getchaintxstats');
    assert.deepEqual([stats.txcount, stats.window_block_count], [1, 0]);
    await node.mine(1);
    assert.equal((await node.call('getchaintxstats')).window_block_count, 0);
  });

  test('refuses windows that are too long and blocks off the best chain, in Bitcoin Core’s words', async (t) => {
    const node = await startTestNode(t);
    await node.mine(3);
    const message = "Invalid block count: should be between 0 and the block's height - 1";
    for (const count of [-1, 3, 4]) {
      assert.deepEqual(await node.failure('getchaintxstats', count), { code: -8, message });
    }
    const rival = await node.blockOn(await node.call('getblockhash', 0), [], 4);
    await node.call('submitblock', bytesToHex(encodeBlock(rival)));
    assert.deepEqual(await node.failure('getchaintxstats', 1, displayHash(blockHash(rival.header))), {
      code: -8,
      message: 'Block is not in main chain',
    });
    assert.equal((await node.failure('getchaintxstats', 1, 'ff'.repeat(32))).code, -5);
  });
});

describe('gettxoutsetinfo', () => {
  test('has what was paid out so far, and one hash for equal coins', async (t) => {
    const node = await startTestNode(t);
    const other = await startTestNode(t);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    await node.mine(3);
    const info = await node.call('gettxoutsetinfo');
    const genesis = await other.call('gettxoutsetinfo');
    assert.equal(info.bestblock, await node.call('getbestblockhash'));
    assert.deepEqual([info.height, info.txouts], [3, genesis.txouts + 3]);
    assert.equal(info.total_amount, genesis.total_amount + 3 * 50);
    for (let height = 1; height <= 3; height++) {
      assert.notEqual((await other.call('gettxoutsetinfo')).hash_serialized_3, info.hash_serialized_3);
      const hash = await node.call('getblockhash', height);
      assert.equal(await other.call('submitblock', await node.call('getblock', hash, 0)), null);
    }
    assert.deepEqual(await other.call('gettxoutsetinfo'), info);
    const { hash_serialized_3: hash, ...rest } = info;
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(await node.call('gettxoutsetinfo', 'none'), rest);
  });

  test('knows one hash and the tip only', async (t) => {
    const node = await startTestNode(t);
    const { code, message } = await node.failure('gettxoutsetinfo', 'muhash');
    assert.equal(code, -8);
    assert.match(message, /hash_serialized_3 or none/);
    assert.deepEqual(await node.failure('gettxoutsetinfo', 'none', 0), {
      code: -8,
      message: 'Querying specific block heights requires coinstatsindex',
    });
  });
});

describe('verifychain', () => {
  test('says whether the stored chain is right', async (t) => {
    const node = await startTestNode(t);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    await node.mine(4);
    for (const level of [0, 1, 2, 3, 4, 5, -1]) assert.equal(await node.call('verifychain', level, 0), true);
    assert.equal(await node.call('verifychain'), true);
    assert.equal((await node.failure('verifychain', 'all')).code, -3);
    assert.equal((await node.failure('verifychain', 0, -1)).code, -8);
  });
});
