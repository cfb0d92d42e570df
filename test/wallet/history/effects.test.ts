import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDisplayHash } from '../../../protocol/bytes.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import { effectsOf, netOf, type StandingTransaction } from '../../../wallet/history/effects.ts';
import { textOf, transactionText } from '../../../wallet/history/transaction-text.ts';
import { CHANGE, type KeyPlace, RECEIVE } from '../../../wallet/keys/key-ring.ts';

/** Keys whose hash is one byte again and again: 0x0n is receive key n, 0x1n change key n, all above a stranger's. */
const ring = {
  findKeyHash: (keyHash: string): KeyPlace | undefined => {
    const byte = keyHash.charCodeAt(0);
    if (byte < 0x10) return { chain: RECEIVE, index: byte };
    return byte < 0x20 ? { chain: CHANGE, index: byte - 0x10 } : undefined;
  },
};
const labels = ['rent', 'food', 'fun'];
const facts = { ring, labelOf: ({ index }: KeyPlace) => labels[index] ?? 'default' };
const STRANGER = 0x30;

const idOf = (n: number) => n.toString(16).padStart(64, '0');

function standing(
  n: number,
  spends: readonly (readonly [maker: number, index: number])[],
  outputs: readonly (readonly [script: number, value: bigint])[],
): StandingTransaction {
  const transaction: Transaction = {
    version: 2,
    inputs: spends.map(([maker, index]) => ({
      previous: { txid: parseDisplayHash(idOf(maker)), index },
      scriptSig: new Uint8Array(),
      sequence: 0,
      witness: [],
    })),
    outputs: outputs.map(([script, value]) => ({
      value,
      script: p2wpkhScript(new Uint8Array(20).fill(script)),
    })),
    lockTime: 0,
  };
  const id = idOf(n);
  const name = textOf(parseDisplayHash(id));
  return { id, name, text: transactionText(transaction), height: n, time: n };
}

describe('the effect of a transaction', () => {
  test('of several labels is what each gave and got, and the change is of the first', () => {
    const effects = effectsOf(
      [
        standing(1, [[999, 0]], [[0, 10n]]),
        standing(2, [[999, 1]], [[1, 100n]]),
        standing(
          3,
          [
            [1, 0],
            [2, 0],
          ],
          [
            [STRANGER, 50n],
            [0x10, 59n],
          ],
        ),
      ],
      facts,
    );
    const joint = effects[2];
    assert.ok(joint);
    assert.deepEqual([joint.sender, joint.labels], ['rent', ['rent', 'food']]);
    assert.deepEqual([netOf(joint, 'rent'), netOf(joint, 'food'), netOf(joint)], [49n, -100n, -51n]);
  });

  test('follows change of change to the label that paid first', () => {
    const effects = effectsOf(
      [
        standing(1, [[999, 0]], [[1, 10n]]),
        standing(
          2,
          [[1, 0]],
          [
            [STRANGER, 1n],
            [0x10, 9n],
          ],
        ),
        standing(
          3,
          [[2, 1]],
          [
            [STRANGER, 1n],
            [0x11, 8n],
          ],
        ),
      ],
      facts,
    );
    assert.deepEqual(
      effects.map(({ sender }) => sender),
      [undefined, 'food', 'food'],
    );
  });

  test('does so in a chain of twenty thousand payments, told in any order', () => {
    const chain = Array.from({ length: 20_000 }, (_, n) =>
      n === 0
        ? standing(
            1,
            [[999_999, 0]],
            [
              [STRANGER, 0n],
              [2, 1_000_000n],
            ],
          )
        : standing(
            n + 1,
            [[n, 1]],
            [
              [STRANGER, 1n],
              [0x10, 1_000_000n - BigInt(n)],
            ],
          ),
    );
    const effects = effectsOf(chain.toReversed(), facts);
    assert.equal(effects.length, 20_000);
    assert.ok(effects.slice(0, -1).every(({ sender }) => sender === 'fun'));
    assert.equal(
      effects.reduce((sum, effect) => sum + netOf(effect, 'fun'), 0n),
      1_000_000n - 19_999n,
    );
  });

  test('on a change address that a stranger paid to is of the default label, and so is what that pays for', () => {
    const effects = effectsOf(
      [
        standing(1, [[999, 0]], [[0x10, 10n]]),
        standing(
          2,
          [[1, 0]],
          [
            [STRANGER, 4n],
            [0x11, 5n],
          ],
        ),
      ],
      facts,
    );
    assert.deepEqual(
      effects.map(({ sender, labels: concerned }) => [sender, concerned]),
      [
        [undefined, ['default']],
        ['default', ['default']],
      ],
    );
    assert.equal(netOf(effects[1]!, 'default'), -5n);
  });

  test('is none where nothing of it is the wallet’s', () => {
    assert.deepEqual(effectsOf([standing(1, [[999, 0]], [[STRANGER, 4n]])], facts), []);
  });
});
