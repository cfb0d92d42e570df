import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayHash } from '../../../protocol/bytes.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { alice, bob, carol, genesisFunds, outputOf, pay, payOn } from '../payment-kit.ts';

const idOf = (transaction: Transaction): string => displayHash(txid(transaction));

test('what spends an output is found in a block and in the mempool, and follows reorganisations', async (t) => {
  const node = await startTestNode(t);
  const funds = genesisFunds(alice);
  const split = pay(
    [funds],
    [bob, bob, carol].map(({ script }) => ({ value: (funds.value - 1_000n) / 3n, script })),
  );
  const joined = payOn(outputOf(split, 2, carol), alice, 1_000n);
  const spent = (index: number | readonly number[], of = split) =>
    node.call('getspentinfo', { txid: idOf(of), index });
  await node.send(split);
  assert.deepEqual(await spent([0, 1, 2]), [{}, {}, {}]);
  const genesis = displayHash(funds.txid);
  const waiting = { txid: idOf(split), index: 0, height: -1 };
  assert.deepEqual(await node.call('getspentinfo', { txid: genesis, index: funds.index }), waiting);

  const [block] = await node.mine(1);
  assert.deepEqual(await node.call('getspentinfo', { txid: genesis, index: funds.index }), {
    ...waiting,
    height: 1,
  });
  await node.send(joined);
  await node.mine(1);
  const both = pay(
    [outputOf(split, 1, bob), outputOf(split, 0, bob)],
    [{ value: (2n * (funds.value - 1_000n)) / 3n - 1_000n, script: carol.script }],
  );
  await node.send(both);
  assert.deepEqual(await spent([0, 1, 2]), [
    { txid: idOf(both), index: 1, height: -1 },
    { txid: idOf(both), index: 0, height: -1 },
    { txid: idOf(joined), index: 0, height: 2 },
  ]);
  await node.mine(1);
  assert.deepEqual(await spent(1), { txid: idOf(both), index: 0, height: 3 });

  await node.call('invalidateblock', block);
  assert.deepEqual(await spent(2), { txid: idOf(joined), index: 0, height: -1 });
});

test('an output without a spender, without a transaction, and none at all are told apart', async (t) => {
  const node = await startTestNode(t);
  const payment = payOn(genesisFunds(alice), bob, 700n);
  await node.send(payment);
  await node.mine(1);
  const asked = (output: unknown) => node.failure('getspentinfo', output);
  const unspent = await asked({ txid: idOf(payment), index: 0 });
  assert.deepEqual(unspent, { code: -5, message: 'Unable to get spent info' });
  assert.equal((await asked({ txid: '11'.repeat(32), index: 0 })).code, -5);
  const beyond = await asked({ txid: idOf(payment), index: 1 });
  assert.deepEqual([beyond.code, /has 1 outputs, and none of index 1$/.test(beyond.message)], [-8, true]);
  for (const index of [-1, 1.5, [], Array.from({ length: 101 }, () => 0)]) {
    const { code, message } = await asked({ txid: idOf(payment), index });
    assert.ok(code === -8 || code === -3, JSON.stringify(index));
    assert.match(message, /output\.index/);
  }
  assert.equal((await asked({ txid: idOf(payment), index: 'x' })).code, -3);
  assert.equal((await asked({ txid: 'beef', index: 0 })).code, -8);
});
