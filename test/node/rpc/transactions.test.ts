import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { RawTransaction } from '../../../protocol/rpc.ts';
import { encodeTransaction, type Transaction, txid, vsize, wtxid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, carol, genesisFunds, outputOf, pay, payOn } from '../payment-kit.ts';

const hexOf = (transaction: Transaction) => bytesToHex(encodeTransaction(transaction));
const idOf = (transaction: Transaction) => displayHash(txid(transaction));

describe('a payment', () => {
  test('lives: sent, waiting, mined, found by its id', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const id = await node.send(payment);
    assert.equal(id, idOf(payment));
    assert.equal(await node.send(payment), id, 'sending again is no error');
    assert.deepEqual(await node.call('getrawmempool'), [id]);
    assert.equal((await node.call('getmempoolinfo')).size, 1);
    assert.equal(await node.call('getrawtransaction', id), hexOf(payment));
    const waiting = await node.call('getrawtransaction', id, 1);
    assert.ok(RawTransaction.safeParse(waiting).success);
    assert.equal('blockhash' in waiting, false);

    const [hash] = await node.mine(1);
    assert.deepEqual(await node.call('getrawmempool'), []);
    const mined = await node.call('getrawtransaction', id, true);
    assert.equal(mined.blockhash, hash);
    assert.equal(mined.confirmations, 1);
    assert.equal(mined.hash, displayHash(wtxid(payment)));
    assert.equal((await node.call('getrawtransaction', id, 1, hash)).in_active_chain, true);
    const { code, message } = await node.failure('sendrawtransaction', hexOf(payment));
    assert.deepEqual([code, message], [-27, 'Transaction already in block chain']);
  });

  test('is shown with its fee and the coins it spends at verbosity 2, waiting or mined', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const id = await node.send(payment);
    const expected = { generated: true, height: 0, value: 10_000 };
    const check = async () => {
      const { fee, vin } = await node.call('getrawtransaction', id, 2);
      const { scriptPubKey, ...prevout } = vin[0].prevout;
      assert.equal(fee, 0.000005);
      assert.deepEqual(prevout, expected);
      assert.equal(scriptPubKey.address, addressOf(alice));
    };
    await check();
    const child = await node.send(payOn(outputOf(payment, 0, bob), carol, 500n));
    const { vin } = await node.call('getrawtransaction', child, 2);
    assert.equal('height' in vin[0].prevout, false);
    await node.mine(1);
    await check();
  });

  test('is described in the mempool with its family', async (t) => {
    const node = await startTestNode(t);
    const first = payOn(genesisFunds(alice), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 900n);
    await node.send(first);
    await node.send(second);
    const entries = await node.call('getrawmempool', true);
    assert.deepEqual(entries[idOf(second)].depends, [idOf(first)]);
    assert.deepEqual(entries[idOf(first)].spentby, [idOf(second)]);
    assert.equal(entries[idOf(first)].fees.descendant, 0.000014);
    assert.equal(entries[idOf(second)].ancestorcount, 2);
    assert.equal(entries[idOf(second)].ancestorsize, vsize(first) + vsize(second));
    const listed = await node.call('getrawmempool', false, true);
    assert.deepEqual(listed, { txids: [idOf(first), idOf(second)], mempool_sequence: 2 });
  });
});

describe('decoderawtransaction', () => {
  test('shows what a transaction says', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const decoded = await node.call('decoderawtransaction', hexOf(payment));
    assert.equal(decoded.txid, idOf(payment));
    assert.equal(decoded.vsize, vsize(payment));
    assert.equal(decoded.vin[0].txinwitness.length, 2);
    assert.equal(decoded.vout[0].value, 9_999.999995);
    assert.equal('hex' in decoded, false);
  });

  test('answers −22 to what is no transaction', async (t) => {
    const node = await startTestNode(t);
    const good = hexOf(payOn(genesisFunds(alice), bob, 500n));
    for (const bad of ['', 'zz', '0', good.slice(0, -2), `${good}00`, '01000000ffffffffff']) {
      const { code, message } = await node.failure('decoderawtransaction', bad);
      assert.equal(code, -22, bad);
      assert.match(message, /^TX decode failed/);
    }
    assert.equal((await node.failure('decoderawtransaction', 5)).code, -3);
  });
});

describe('sendrawtransaction', () => {
  test('names the rule that a transaction breaks, with Bitcoin Core’s codes', async (t) => {
    const node = await startTestNode(t);
    const funds = genesisFunds(alice);
    const failure = (transaction: Transaction, ...more: unknown[]) =>
      node.failure('sendrawtransaction', hexOf(transaction), ...more);

    const unknown = payOn({ ...funds, txid: new Uint8Array(32).fill(7) }, bob, 500n);
    assert.deepEqual(await failure(unknown), { code: -25, message: 'bad-txns-inputs-missingorspent' });

    const cheap = await failure(payOn(funds, bob, 10n));
    assert.deepEqual([cheap.code, cheap.message], [-26, 'min relay fee not met, 10 < 110']);

    const dust = pay([funds], [{ value: 100n, script: bob.script }]);
    assert.match((await failure(dust, 0)).message, /^dust/);

    const forged = payOn({ ...funds, owner: bob }, bob, 500n);
    assert.match((await failure(forged)).message, /^mandatory-script-verify-flag-failed/);
    assert.equal((await failure(forged)).code, -26);

    await node.send(payOn(funds, bob, 500n));
    const rival = await failure(payOn(funds, carol, 600n));
    assert.deepEqual(rival.code, -26);
    assert.match(rival.message, /^insufficient fee, 600 < 610/);
    assert.equal((await node.failure('sendrawtransaction', 'ff')).code, -22);
    assert.equal((await node.failure('sendrawtransaction')).code, -1);
    for (const amount of ['much', '', -1, 0.123456789, 1e9, true]) {
      assert.equal((await node.failure('sendrawtransaction', 'ff', amount)).code, -3);
    }
  });

  test('refuses coins of a young block reward until the next block may spend them', async (t) => {
    const node = await startTestNode(t);
    const [hash] = await node.mine(1, alice);
    const reward = outputOf((await node.block(hash!)).transactions[0]!, 0, alice);
    const payment = payOn(reward, bob, 500n);
    await node.mine(98);
    const { code, message } = await node.failure('sendrawtransaction', hexOf(payment));
    assert.equal(code, -26);
    assert.match(message, /^bad-txns-premature-spend-of-coinbase/);
    await node.mine(1);
    await node.send(payment);
  });

  test('keeps to the caller’s limits of fee rate and burning', async (t) => {
    const node = await startTestNode(t);
    const funds = genesisFunds(alice);
    const rich = payOn(funds, bob, COIN);
    const { code, message } = await node.failure('sendrawtransaction', hexOf(rich));
    assert.equal(code, -25);
    assert.match(message, /^Fee exceeds maximum/);
    assert.equal((await node.failure('sendrawtransaction', hexOf(rich), 1)).code, -8);

    const burning = pay(
      [funds],
      [
        { value: funds.value - COIN - 500n, script: bob.script },
        { value: COIN, script: Uint8Array.of(0x6a, 1, 1) },
      ],
    );
    assert.match((await node.failure('sendrawtransaction', hexOf(burning))).message, /maxburnamount/);
    assert.match((await node.failure('sendrawtransaction', hexOf(burning), 0.1, 1)).message, /^scriptpubkey/);

    await node.call('sendrawtransaction', hexOf(rich), 0);
  });

  test('takes parameters by name', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const request = {
      jsonrpc: '2.0',
      id: 'a',
      method: 'sendrawtransaction',
      params: { hexstring: hexOf(payment) },
    };
    const { body } = await node.post(JSON.stringify(request));
    assert.deepEqual(JSON.parse(body), { jsonrpc: '2.0', result: idOf(payment), id: 'a' });
  });
});

describe('testmempoolaccept', () => {
  test('says what would happen and why, and sends nothing', async (t) => {
    const node = await startTestNode(t);
    const first = payOn(genesisFunds(alice), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const size = vsize(first);
    const [alone] = await node.call('testmempoolaccept', [hexOf(second)]);
    assert.equal(alone.allowed, false);
    assert.equal(alone['reject-reason'], 'missing-inputs');
    const both = await node.call('testmempoolaccept', [hexOf(first), hexOf(second)]);
    assert.deepEqual(both[0], {
      txid: idOf(first),
      wtxid: displayHash(wtxid(first)),
      allowed: true,
      vsize: size,
      fees: {
        base: 0.000005,
        'effective-feerate': Math.floor(500_000 / size) / 1e8,
        'effective-includes': [displayHash(wtxid(first))],
      },
    });
    assert.equal(both[1].allowed, true);
    assert.deepEqual(await node.call('getrawmempool'), []);

    await node.send(first);
    const [again] = await node.call('testmempoolaccept', [hexOf(first)]);
    assert.equal(again['reject-reason'], 'txn-already-in-mempool');
    await node.mine(1);
    const [known] = await node.call('testmempoolaccept', [hexOf(first)]);
    assert.equal(known['reject-reason'], 'txn-already-known');
    const [dear] = await node.call('testmempoolaccept', [hexOf(second)], 0.00001);
    assert.equal(dear['reject-reason'], 'max-fee-exceeded');
  });

  test('takes 1 to 25 transactions', async (t) => {
    const node = await startTestNode(t);
    assert.equal((await node.failure('testmempoolaccept', [])).code, -8);
    assert.equal((await node.failure('testmempoolaccept', Array(26).fill('00'))).code, -8);
    assert.equal((await node.failure('testmempoolaccept', ['00'])).code, -22);
    assert.equal((await node.failure('testmempoolaccept', '00')).code, -3);
  });
});

describe('getrawtransaction', () => {
  test('answers −5 to an id nobody knows, and looks into a given block only', async (t) => {
    const node = await startTestNode(t);
    const id = await node.send(payOn(genesisFunds(alice), bob, 500n));
    const genesis = await node.call('getblockhash', 0);
    assert.equal((await node.failure('getrawtransaction', '11'.repeat(32))).code, -5);
    assert.equal((await node.failure('getrawtransaction', id, 1, genesis)).code, -5);
    assert.equal((await node.failure('getrawtransaction', id, 1, '11'.repeat(32))).code, -5);
    assert.equal((await node.failure('getrawtransaction', 'xyz')).code, -8);
    assert.equal((await node.failure('getrawtransaction', id, 'much')).code, -3);
  });
});
