import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildCoinbase } from '../../../protocol/coinbase.ts';
import { p2wpkhProgram } from '../../../protocol/script.ts';
import { isCoinbase, type Transaction, txid } from '../../../protocol/transaction.ts';
import {
  eachKeyHash,
  eachSpend,
  hashOf,
  isRewardText,
  textOf,
  transactionOf,
  transactionText,
  valueAt,
} from '../../../wallet/history/transaction-text.ts';
import { arbitraryTransaction } from '../../protocol/arbitraries.ts';

/** What is read of a text, and what the transaction says itself. */
function bothSides(transaction: Transaction) {
  const text = transactionText(transaction);
  const spends: unknown[] = [];
  eachSpend(text, (at, name, index) => spends.push([at, hashOf(name), index]));
  const paid: unknown[] = [];
  eachKeyHash(text, (at, keyHash, where) => paid.push([at, keyHash, valueAt(text, where)]));
  return {
    read: { spends, paid, isReward: isRewardText(text) },
    said: {
      spends: transaction.inputs.map(({ previous }, at) => [
        at,
        Uint8Array.from(previous.txid),
        previous.index,
      ]),
      paid: transaction.outputs.flatMap(({ script, value }, at) => {
        const program = p2wpkhProgram(script);
        return program === undefined ? [] : [[at, textOf(program), value]];
      }),
      isReward: isCoinbase(transaction),
    },
  };
}

const keyHashScript = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((hash) => Uint8Array.of(0, 20, ...hash));
const output = fc.record({
  value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  script: fc.oneof(keyHashScript, fc.uint8Array({ maxLength: 300 })),
});

test('a text tells what its transaction spends and pays, whatever its form', () => {
  fc.assert(
    fc.property(arbitraryTransaction, fc.array(output, { minLength: 1, maxLength: 5 }), (any, outputs) => {
      for (const transaction of [any, { ...any, outputs: [...any.outputs, ...outputs] }]) {
        if (transaction.inputs.length === 0) continue;
        const { read, said } = bothSides(transaction);
        assert.deepEqual(read, said);
        assert.deepEqual(txid(transactionOf(transactionText(transaction))), txid(transaction));
      }
    }),
  );
});

test('counts above one byte are read as such', () => {
  for (const count of [252, 253, 300, 66_000]) {
    const script = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(count));
    const outputs = Array.from({ length: count }, (_, n) => ({ value: BigInt(n), script }));
    const previous = { txid: new Uint8Array(32).fill(3), index: count };
    const input = { previous, scriptSig: new Uint8Array(count % 300), sequence: 1, witness: [] };
    const few = { version: 2, inputs: [input], outputs, lockTime: 0 };
    const inputs = Array.from({ length: Math.min(count, 300) }, () => input);
    for (const transaction of [few, { ...few, inputs, outputs: outputs.slice(-2) }]) {
      const { read, said } = bothSides(transaction);
      assert.deepEqual(read, said);
    }
  }
});

test('a block’s reward is told from a payment, also from one that spends the highest index', () => {
  const reward = buildCoinbase({ height: 7, outputs: [{ value: 1n, script: Uint8Array.of(0x51) }] });
  assert.ok(bothSides(reward).read.isReward);
  for (const previous of [
    { txid: new Uint8Array(32), index: 0 },
    { txid: new Uint8Array(32).fill(1), index: 0xffff_ffff },
  ]) {
    const payment = { ...reward, inputs: reward.inputs.map((input) => ({ ...input, previous })) };
    assert.deepEqual(bothSides(payment).read, bothSides(payment).said);
    assert.equal(bothSides(payment).read.isReward, false);
  }
});

test('values beyond what a number holds exactly stay exact', () => {
  for (const value of [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    assert.equal(valueAt(textOf(bytes), 0), value);
  }
});
