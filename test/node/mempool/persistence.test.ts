import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openNodeDatabase } from '../../../node/storage/node-database.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { blockHash } from '../../../protocol/header.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';
import { alice, bob, carol, genesisFunds, outputOf, payOn } from '../payment-kit.ts';

const idsOf = (transactions: readonly Transaction[]) =>
  transactions.map((each) => displayHash(txid(each))).sort();
const waitingIn = async (node: TestNode) => (await node.call('getrawmempool')).sort();

describe('a restart', () => {
  test('keeps the mempool, families included, with the times of entry', async (t) => {
    const node = await startTestNode(t);
    const first = payOn(genesisFunds(alice), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const other = payOn(genesisFunds(bob), carol, 500n);
    for (const payment of [first, second, other]) await node.send(payment);
    const before = await node.call('getrawmempool', true);
    await node.node.stop();

    const again = await startTestNode(t, { dataDirectory: node.dataDirectory });
    assert.deepEqual(await again.call('getrawmempool', true), before);
    await again.mine(1);
    assert.deepEqual(await waitingIn(again), []);
    await again.node.stop();

    const third = await startTestNode(t, { dataDirectory: node.dataDirectory });
    assert.deepEqual(await waitingIn(third), []);
    assert.equal(await third.call('getblockcount'), 1);
  });
});

describe('a reorganisation that a crash cuts short', () => {
  test('loses none of the payments it took off the chain', async (t) => {
    const node = await startTestNode(t);
    const first = payOn(genesisFunds(alice), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const gone = payOn(genesisFunds(bob), carol, 500n);
    for (const payment of [first, gone]) await node.send(payment);
    await node.mine(1);
    await node.send(second);
    await node.mine(1);
    let parent = await node.call('getblockhash', 0);
    for (let height = 1; height <= 3; height++) {
      const rivals = height === 2 ? [payOn(genesisFunds(bob), alice, 900n)] : [];
      const block = await node.blockOn(parent, rivals, 77);
      await node.call('submitblock', bytesToHex(encodeBlock(block)));
      parent = displayHash(blockHash(block.header));
    }
    await node.node.stop();
    // As if the mempool had not been written before the crash.
    const database = await openNodeDatabase(node.node.directory, 16);
    assert.equal(await database.run('DELETE FROM mempool'), 2);
    await database.close();

    const again = await startTestNode(t, { dataDirectory: node.dataDirectory });
    assert.equal(await again.call('getblockcount'), 3);
    assert.deepEqual(await waitingIn(again), idsOf([first, second]));
  });
});

describe('a reorganisation of 20 blocks with payments in both branches', () => {
  test('ends with exactly the right coins and mempool, also after a restart', async (t) => {
    const node = await startTestNode(t);
    const genesis = await node.call('getblockhash', 0);

    // The first branch: alice pays bob block after block, each time from the change of the last payment;
    // and bob's own funds move once.
    const payments: Transaction[] = [];
    let funds = genesisFunds(alice);
    for (let height = 1; height <= 20; height++) {
      const payment = payOn(funds, alice, 500n);
      payments.push(payment);
      funds = outputOf(payment, 0, alice);
      await node.send(payment);
      if (height === 10) await node.send(payOn(genesisFunds(bob), carol, 500n));
      await node.mine(1);
    }
    const waiting = payOn(funds, carol, 500n);
    await node.send(waiting);

    // The second branch, one block longer: confirms the first five of alice's payments at once, and spends
    // bob's funds another way.
    const rival = payOn(genesisFunds(bob), alice, 900n);
    let parent: string = genesis;
    for (let height = 1; height <= 21; height++) {
      const transactions = height === 3 ? payments.slice(0, 5) : height === 7 ? [rival] : [];
      const block = await node.blockOn(parent, transactions, 77);
      const answer = await node.call('submitblock', bytesToHex(encodeBlock(block)));
      assert.equal(answer, height <= 20 ? 'inconclusive' : null, `height ${height}`);
      parent = displayHash(blockHash(block.header));
    }
    assert.equal(await node.call('getbestblockhash'), parent);

    const expected = idsOf([...payments.slice(5), waiting]);
    const check = async (where: TestNode) => {
      assert.deepEqual(await waitingIn(where), expected);
      const rivalId = displayHash(txid(rival));
      assert.equal((await where.call('gettxout', rivalId, 0)).confirmations, 15);
      const fifth = displayHash(txid(payments[4]!));
      assert.equal(await where.call('gettxout', fifth, 0), null, 'spent in the mempool');
      assert.equal((await where.call('gettxout', fifth, 0, false)).confirmations, 19);
      const { transactions } = await where.call('getblocktemplate');
      assert.equal(transactions.length, 16);
    };
    await check(node);
    await node.node.stop();
    const again = await startTestNode(t, { dataDirectory: node.dataDirectory });
    await check(again);
    await again.mine(1);
    assert.deepEqual(await waitingIn(again), []);
  });
});
