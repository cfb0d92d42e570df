import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { vsize } from '../../../protocol/transaction.ts';
import { alice, bob, carol, outputOf, pay, payOn } from '../payment-kit.ts';
import { entryOf, mempoolKit, reasonOf, withBadSignature } from './mempool-kit.ts';

describe('admission', () => {
  test('takes a valid payment and knows its fee, sizes and time', async () => {
    const { chain, mempool, admission } = mempoolKit();
    const payment = payOn(chain.fund(alice, COIN), bob, 500n);
    const entry = entryOf(await admission.accept(payment));
    assert.equal(entry.fee, 500n);
    assert.equal(entry.vsize, vsize(payment));
    assert.equal(entry.addedSeconds, 1_800_000_100);
    assert.equal(entry.addedHeight, 200);
    assert.equal(mempool.size, 1);
    assert.equal(mempool.totalFees, 500n);
  });

  test('takes a payment of unconfirmed coins and links it to its parent', async () => {
    const { chain, admission } = mempoolKit();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const parent = entryOf(await admission.accept(first));
    const child = entryOf(await admission.accept(second));
    assert.deepEqual([...child.parents], [parent]);
    assert.deepEqual([...parent.children], [child]);
  });

  test('admits what is sent at the same time in the order in which it was sent', async () => {
    const { chain, admission } = mempoolKit();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const verdicts = await Promise.all([admission.accept(first), admission.accept(second)]);
    assert.deepEqual(verdicts.map(reasonOf), [undefined, undefined]);
  });

  test('says that a transaction is there already', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const payment = payOn(coin, bob, 500n);
    await admission.accept(payment);
    assert.equal(reasonOf(await admission.accept(payment)), 'txn-already-in-mempool');
    const otherWitness = withBadSignature(payment);
    assert.equal(reasonOf(await admission.accept(otherWitness)), 'txn-same-nonwitness-data-in-mempool');
  });

  test('tells unknown coins from transactions that are confirmed', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const payment = payOn(coin, bob, 500n);
    chain.connect(payment);
    assert.equal(reasonOf(await admission.accept(payment)), 'txn-already-known');
    assert.equal(
      reasonOf(await admission.accept(payOn(coin, carol, 900n))),
      'bad-txns-inputs-missingorspent',
    );
  });

  test('does not let an OP_RETURN output be spent', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const note = pay(
      [coin],
      [
        { value: COIN - 500n, script: bob.script },
        { value: 0n, script: Uint8Array.of(0x6a, 1, 7) },
      ],
    );
    await admission.accept(note);
    const spend = pay(
      [outputOf(note, 0, bob), outputOf(note, 1, bob)],
      [{ value: COIN / 2n, script: carol.script }],
    );
    assert.equal(reasonOf(await admission.accept(spend)), 'bad-txns-inputs-missingorspent');
  });

  test('asks for maturity at the height of the next block', async () => {
    const { chain, admission } = mempoolKit();
    const { height } = chain.tip;
    const young = chain.fund(alice, COIN, { coinbase: true, height: height + 1 - 99 });
    const ripe = chain.fund(alice, COIN, { coinbase: true, height: height + 1 - 100 });
    assert.equal(
      reasonOf(await admission.accept(payOn(young, bob, 500n))),
      'bad-txns-premature-spend-of-coinbase',
    );
    assert.equal(reasonOf(await admission.accept(payOn(ripe, bob, 500n))), undefined);
  });

  test('measures lock times by the next block and the median time of the tip', async () => {
    const { chain, admission } = mempoolKit();
    const { height, medianTime } = chain.tip;
    const locked = (lockTime: number) =>
      pay([chain.fund(alice, COIN)], [{ value: COIN / 2n, script: bob.script }], { lockTime });
    assert.equal(reasonOf(await admission.accept(locked(height + 1))), 'non-final');
    assert.equal(reasonOf(await admission.accept(locked(height))), undefined);
    assert.equal(reasonOf(await admission.accept(locked(medianTime))), 'non-final');
    assert.equal(reasonOf(await admission.accept(locked(medianTime - 1))), undefined);
  });

  test('refuses a fee below one nit per virtual byte, and one above the caller’s own limit', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const size = BigInt(vsize(payOn(coin, bob, 1n)));
    assert.equal(reasonOf(await admission.accept(payOn(coin, bob, size - 1n))), 'min relay fee not met');
    const limit = 10_000n;
    assert.equal(
      reasonOf(await admission.accept(payOn(coin, bob, 10n * size + 1n), limit)),
      'max-fee-exceeded',
    );
    assert.equal(reasonOf(await admission.accept(payOn(coin, bob, 10n * size), limit)), undefined);
  });

  test('refuses a wrong signature, coins out of nothing and a relative lock time', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const forged = withBadSignature(payOn(coin, bob, 500n));
    assert.equal(reasonOf(await admission.accept(forged)), 'mandatory-script-verify-flag-failed');
    const inflated = pay([coin], [{ value: COIN + 1n, script: bob.script }]);
    assert.equal(reasonOf(await admission.accept(inflated)), 'bad-txns-in-belowout');
    const relative = pay([coin], [{ value: COIN / 2n, script: bob.script }], { sequence: 5 });
    assert.equal(reasonOf(await admission.accept(relative)), 'non-BIP68-final');
  });

  test('names what is wrong with a transaction rather than that its fee is above the caller’s limit', async () => {
    const { chain, admission } = mempoolKit();
    const forged = withBadSignature(payOn(chain.fund(alice, COIN), bob, 50_000_000n));
    const reason = reasonOf(await admission.accept(forged, 10_000n));
    assert.equal(reason, 'mandatory-script-verify-flag-failed');
  });

  test('keeps a family of unconfirmed transactions at 25, up and down', async () => {
    const { chain, admission } = mempoolKit();
    let last = payOn(chain.fund(alice, COIN), alice, 500n);
    for (let count = 1; count <= 25; count++) {
      entryOf(await admission.accept(last));
      last = payOn(outputOf(last, 0, alice), alice, 500n);
    }
    assert.equal(reasonOf(await admission.accept(last)), 'too-long-mempool-chain');

    const outputs = Array.from({ length: 25 }, () => ({ value: COIN / 50n, script: bob.script }));
    const fan = pay([chain.fund(alice, COIN)], outputs);
    entryOf(await admission.accept(fan));
    for (let index = 0; index < 24; index++)
      entryOf(await admission.accept(payOn(outputOf(fan, index, bob), carol, 500n)));
    assert.equal(
      reasonOf(await admission.accept(payOn(outputOf(fan, 24, bob), carol, 500n))),
      'too-long-mempool-chain',
    );
  });

  test('looks again when the tip moves while it looks coins up', async () => {
    const { chain, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    chain.whileLookingUp = () => {
      chain.whileLookingUp = () => undefined;
      chain.connect(payOn(coin, carol, 700n));
    };
    assert.equal(reasonOf(await admission.accept(payOn(coin, bob, 500n))), 'bad-txns-inputs-missingorspent');
  });

  test('looks nothing up for what is wrong by itself', async () => {
    const { chain, admission } = mempoolKit();
    const coins = Array.from({ length: 1_600 }, (_, index) => ({ ...chain.fund(alice, COIN), index }));
    const inputs = coins.map(({ txid, index }) => ({
      previous: { txid, index },
      scriptSig: new Uint8Array(),
      sequence: 0xffff_ffff,
      witness: [new Uint8Array(71), new Uint8Array(33)],
    }));
    const large = { version: 2, inputs, outputs: [{ value: COIN, script: bob.script }], lockTime: 0 };
    assert.equal(reasonOf(await admission.accept(large)), 'tx-size');
    assert.equal(Math.max(...chain.lookedUp), 0);
  });

  test('judges many inputs in several batches, and few payments at once', async () => {
    const { chain, admission } = mempoolKit();
    const wide = Array.from({ length: 8 }, () =>
      pay(
        Array.from({ length: 300 }, () => chain.fund(alice, COIN)),
        [{ value: COIN, script: bob.script }],
      ),
    );
    await Promise.all(wide.map((each) => admission.accept(each)));
    assert.deepEqual(chain.lookedUp, [1_200, 1_200]);
  });

  test('lets nobody in while it is paused', async () => {
    const { chain, mempool, admission } = mempoolKit();
    const resume = admission.pause();
    const accepted = admission.accept(payOn(chain.fund(alice, COIN), bob, 500n));
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    assert.equal(mempool.size, 0);
    resume();
    entryOf(await accepted);
    assert.equal(mempool.size, 1);
  });

  test('remembers whose signatures it has checked', async () => {
    const { chain, verified, admission } = mempoolKit();
    const payment = payOn(chain.fund(alice, COIN), bob, 500n);
    const forged = withBadSignature(payment);
    await admission.accept(payment);
    await admission.accept(forged);
    assert.ok(verified.has(payment));
    assert.ok(!verified.has(forged));
  });
});

describe('a test of admission', () => {
  test('judges each transaction as if those before it had entered, and changes nothing', async () => {
    const { chain, mempool, admission } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const verdicts = await admission.test([first, second, payOn(coin, carol, 900n), first]);
    assert.deepEqual(verdicts.map(reasonOf), [
      undefined,
      undefined,
      'txn-mempool-conflict',
      'txn-already-in-mempool',
    ]);
    assert.equal(mempool.size, 0);
    assert.equal(mempool.sequence, 0);
    assert.equal(reasonOf((await admission.test([second]))[0]!), 'bad-txns-inputs-missingorspent');
  });
});
