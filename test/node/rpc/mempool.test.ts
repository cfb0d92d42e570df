import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { displayHash, hashKey } from '../../../protocol/bytes.ts';
import { type Transaction, txid, vsize, wtxid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { alice, bob, carol, genesisFunds, outputOf, payOn } from '../payment-kit.ts';

const idOf = (transaction: Transaction) => displayHash(txid(transaction));
const UNKNOWN = '11'.repeat(32);

/** Three payments in a row, and one beside them. */
function family() {
  const first = payOn(genesisFunds(alice), bob, 500n);
  const second = payOn(outputOf(first, 0, bob), carol, 700n);
  const third = payOn(outputOf(second, 0, carol), alice, 900n);
  const other = payOn(genesisFunds(bob), carol, 300n);
  return { first, second, third, other, all: [first, second, third, other] };
}

describe('the methods that show the mempool', () => {
  test('tell an entry with its family', async (t) => {
    const node = await startTestNode(t);
    const { first, second, third, all } = family();
    for (const each of all) await node.send(each);
    const entry = await node.call('getmempoolentry', idOf(second));
    const size = vsize(second);
    assert.deepEqual(entry, {
      vsize: size,
      weight: entry.weight,
      time: entry.time,
      height: 0,
      descendantcount: 2,
      descendantsize: 2 * size,
      ancestorcount: 2,
      ancestorsize: 2 * size,
      wtxid: displayHash(wtxid(second)),
      fees: { base: 0.000007, modified: 0.000007, ancestor: 0.000012, descendant: 0.000016 },
      depends: [idOf(first)],
      spentby: [idOf(third)],
      'bip125-replaceable': true,
      unbroadcast: false,
    });
    assert.deepEqual(await node.call('getmempoolancestors', idOf(third)), [idOf(second), idOf(first)]);
    assert.deepEqual(await node.call('getmempooldescendants', idOf(first)), [idOf(second), idOf(third)]);
    const verbose = await node.call('getmempoolancestors', idOf(third), true);
    assert.deepEqual(verbose[idOf(second)], entry);
    assert.deepEqual((await node.call('getrawmempool', true))[idOf(second)], entry);
  });

  test('say that a transaction is not there', async (t) => {
    const node = await startTestNode(t);
    for (const method of ['getmempoolentry', 'getmempoolancestors', 'getmempooldescendants']) {
      const error = await node.failure(method, UNKNOWN);
      assert.deepEqual(error, { code: -5, message: 'Transaction not in mempool' });
    }
    assert.equal((await node.failure('getmempoolentry', 'beef')).code, -8);
  });

  test('give ids with or without the sequence number, which grows with what comes and goes', async (t) => {
    const node = await startTestNode(t);
    const { all } = family();
    for (const each of all) await node.send(each);
    assert.deepEqual((await node.call('getrawmempool')).sort(), all.map(idOf).sort());
    const { txids, mempool_sequence: sequence } = await node.call('getrawmempool', false, true);
    assert.deepEqual([txids.length, sequence], [4, 4]);
    await node.mine(1);
    assert.deepEqual(await node.call('getrawmempool', false, true), { txids: [], mempool_sequence: 8 });
    const { code, message } = await node.failure('getrawmempool', true, true);
    assert.deepEqual([code, message], [-8, 'Verbose results cannot contain mempool sequence values.']);
  });

  test('tell size, fees and limits', async (t) => {
    const node = await startTestNode(t);
    const { all } = family();
    for (const each of all) await node.send(each);
    const { usage, ...info } = await node.call('getmempoolinfo');
    assert.ok(usage > 0 && usage < 64 * 1024 * 1024);
    assert.deepEqual(info, {
      loaded: true,
      size: 4,
      bytes: 4 * vsize(all[0]!),
      total_fee: 0.000024,
      maxmempool: 64 * 1024 * 1024,
      mempoolminfee: 0.00001,
      minrelaytxfee: 0.00001,
      incrementalrelayfee: 0.00001,
      unbroadcastcount: 0,
      fullrbf: true,
      permitbaremultisig: false,
      maxdatacarriersize: 83,
    });
  });

  test('save it to the database', async (t) => {
    const node = await startTestNode(t);
    await node.send(family().first);
    const { filename } = await node.call('savemempool');
    assert.match(filename, /node\.sqlite$/);
  });
});

describe('prioritisetransaction', () => {
  test('decides what a full block holds, and shows in the entry and its family', async (t) => {
    const node = await startTestNode(t);
    const { first, second, other, all } = family();
    for (const each of all) await node.send(each);
    const before = await node.call('getblocktemplate');
    assert.equal(before.transactions.at(-1).txid, idOf(other), 'the lowest rate comes last');
    assert.equal(await node.call('prioritisetransaction', idOf(other), 0, 100_000), true);
    const after = await node.call('getblocktemplate');
    assert.equal(after.transactions[0].txid, idOf(other));
    assert.equal(after.coinbasevalue, before.coinbasevalue, 'nothing more is paid');
    assert.equal((await node.call('getmempoolinfo')).total_fee, 0.000024);

    await node.call('prioritisetransaction', idOf(second), null, -200);
    const { fees } = await node.call('getmempoolentry', idOf(second));
    assert.deepEqual(fees, { base: 0.000007, modified: 0.000005, ancestor: 0.00001, descendant: 0.000014 });
    assert.equal((await node.call('getmempoolentry', idOf(first))).fees.descendant, 0.000019);
  });

  test('lets in what pays too little, when it comes first; it lasts until a block holds the transaction', async (t) => {
    const node = await startTestNode(t);
    const free = payOn(genesisFunds(alice), bob, 0n);
    await node.call('prioritisetransaction', idOf(free), 0, 1_000);
    await node.send(free);
    await node.node.stop();
    const again = await startTestNode(t, { dataDirectory: node.dataDirectory });
    assert.equal((await again.call('getmempoolentry', idOf(free))).fees.modified, 0.00001);
    await again.mine(1);
    assert.equal(again.node.mempool.delta(hashKey(txid(free))), 0n);
    assert.deepEqual(await again.call('getrawmempool'), []);
  });

  test('refuses a dummy, and sums beyond all money', async (t) => {
    const node = await startTestNode(t);
    const dummy = await node.failure('prioritisetransaction', UNKNOWN, 1, 5);
    assert.equal(dummy.code, -8);
    assert.match(dummy.message, /dummy argument to prioritisetransaction must be 0/);
    await node.call('prioritisetransaction', UNKNOWN, 0, 2_000_000_000_000_000);
    const sum = await node.failure('prioritisetransaction', UNKNOWN, 0, 2_000_000_000_000_000);
    assert.deepEqual([sum.code, /4000000000000000/.test(sum.message)], [-8, true]);
    assert.equal((await node.failure('prioritisetransaction', UNKNOWN, 0, 1.5)).code, -3);
  });
});

describe('estimatesmartfee', () => {
  test('says that it does not know, and refuses what is no target or mode', async (t) => {
    const node = await startTestNode(t);
    assert.deepEqual(await node.call('estimatesmartfee', 6), {
      errors: ['Insufficient data or no feerate found'],
      blocks: 0,
    });
    for (const target of [0, 1_009]) {
      const error = await node.failure('estimatesmartfee', target);
      assert.deepEqual(error, { code: -8, message: 'Invalid conf_target, must be between 1 and 1008' });
    }
    const { code, message } = await node.failure('estimatesmartfee', 6, 'constructor');
    assert.equal(code, -8);
    assert.match(message, /Invalid estimate_mode parameter, must be one of: "unset", "economical"/);
  });
});

describe('a payment with a higher fee', () => {
  test('takes the place of the first one, for its sender and for whoever looks', async (t) => {
    const node = await startTestNode(t);
    const { first, second, third } = family();
    for (const each of [first, second, third]) await node.send(each);
    const raised = payOn(genesisFunds(alice), carol, 5_000n);
    await node.send(raised);
    assert.deepEqual(await node.call('getrawmempool'), [idOf(raised)]);
    assert.equal((await node.failure('getmempoolentry', idOf(second))).code, -5);
    await node.mine(1);
    assert.equal((await node.call('gettxout', idOf(raised), 0)).confirmations, 1);
  });
});
