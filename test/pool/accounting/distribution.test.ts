import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  blockWeight,
  distribute,
  pplnsWindow,
  RoundTally,
  type WeightedShare,
} from '../../../pool/accounting/distribution.ts';
import { FeeError, parseFee, type Scheme, withoutFee } from '../../../pool/accounting/scheme.ts';
import { expectedHashes } from '../../../protocol/work.ts';

const REWARD = 5_000_000_000n;
const FREE = parseFee('0');

/** Shares in the order they were made: sequence 1, 2, … */
function made(...shares: readonly [string, bigint][]): WeightedShare[] {
  return shares.map(([address, weight], index) => ({ sequence: index + 1, address, weight }));
}

function tallyOf(
  shares: readonly WeightedShare[],
  bounds: { scheme: Scheme; startSequence?: number; endSequence?: number; window?: bigint },
): RoundTally {
  const tally = new RoundTally({
    startSequence: 0,
    endSequence: shares.length,
    window: 0n,
    ...bounds,
  });
  for (const share of shares.toReversed()) tally.add(share);
  return tally;
}

describe('pplns', () => {
  test('counts the newest shares up to the window, the oldest of them in part', () => {
    const shares = made(['a', 50n], ['b', 30n], ['a', 10n], ['c', 10n]);
    assert.deepEqual(
      [...tallyOf(shares, { scheme: 'pplns', window: 40n }).counted],
      [
        ['c', 10n],
        ['a', 10n],
        ['b', 20n],
      ],
    );
  });

  test('takes the finding share in, and nothing that came after it', () => {
    const shares = made(['a', 10n], ['b', 10n], ['late', 1_000n]);
    const { counted, round } = tallyOf(shares, { scheme: 'pplns', window: 100n, endSequence: 2 });
    assert.deepEqual(
      counted,
      new Map([
        ['b', 10n],
        ['a', 10n],
      ]),
    );
    assert.equal(round.has('late'), false);
  });

  test('reaches back over the rounds before, whose weights stay their own', () => {
    const shares = made(['a', 10n], ['b', 10n]);
    const { counted, round } = tallyOf(shares, { scheme: 'pplns', window: 15n, startSequence: 1 });
    assert.deepEqual(
      counted,
      new Map([
        ['b', 10n],
        ['a', 5n],
      ]),
    );
    assert.deepEqual(round, new Map([['b', 10n]]));
  });

  test('a window that is not full divides among what there is', () => {
    const { counted } = tallyOf(made(['a', 1n], ['b', 3n]), { scheme: 'pplns', window: 1_000n });
    assert.deepEqual(
      distribute(REWARD, { scheme: 'pplns', fee: FREE }, counted).amounts,
      new Map([
        ['b', 3_750_000_000n],
        ['a', 1_250_000_000n],
      ]),
    );
  });

  test('the window is twice the weight of a share of the block difficulty', () => {
    assert.equal(pplnsWindow(0x1d00ffff), 2n * expectedHashes(1));
    assert.equal(blockWeight(0x1b0404cb), (0xffffn << 240n) / (0x0404cbn << 192n));
  });

  test('no share before the end of the walk matters once the window is full and the round is over', () => {
    const tally = tallyOf(made(['a', 5n], ['b', 5n]), { scheme: 'pplns', window: 10n });
    assert.equal(tally.isCompleteBefore(1), true);
    const open = tallyOf(made(['a', 5n], ['b', 5n]), { scheme: 'pplns', window: 11n });
    assert.equal(open.isCompleteBefore(1), false);
  });
});

test('prop divides by the round alone', () => {
  const shares = made(['before', 90n], ['a', 1n], ['b', 3n], ['a', 4n]);
  const { counted } = tallyOf(shares, { scheme: 'prop', startSequence: 1 });
  assert.deepEqual(
    counted,
    new Map([
      ['a', 5n],
      ['b', 3n],
    ]),
  );
});

test('solo divides nothing: the coinbase pays the finder, and the round is kept for luck', () => {
  const { counted, round } = tallyOf(made(['a', 5n], ['b', 5n]), { scheme: 'solo' });
  assert.equal(counted.size, 0);
  assert.equal(round.size, 2);
  const { amounts, operator } = distribute(REWARD, { scheme: 'solo', fee: parseFee('2') }, counted, 'b');
  assert.deepEqual(amounts, new Map([['b', 4_900_000_000n]]));
  assert.equal(operator, 100_000_000n);
});

test('a block that nobody has shares for is the operator’s', () => {
  assert.deepEqual(distribute(REWARD, { scheme: 'pplns', fee: FREE }, new Map()), {
    amounts: new Map(),
    operator: REWARD,
  });
});

describe('the fee', () => {
  test('is what its decimal digits say, and what does not divide goes to the operator', () => {
    assert.equal(withoutFee(1_000_000_000n, parseFee('0.1')), 999_000_000n);
    assert.equal(withoutFee(7n, parseFee('33.333333')), 4n);
    assert.equal(withoutFee(REWARD, parseFee('100')), 0n);
    assert.equal(withoutFee(REWARD, parseFee('0.000001')), 4_999_999_950n);
  });

  for (const text of ['', '-1', '100.000001', '101', '1e2', '1.', '.5', '1.0000001', '1,5', 'NaN']) {
    test(`"${text}" is refused with what is allowed`, () => {
      assert.throws(
        () => parseFee(text),
        (error) => error instanceof FeeError && /0 to 100/.test(error.message),
      );
    });
  }
});

const fees = fc
  .record({ whole: fc.integer({ min: 0, max: 99 }), fraction: fc.stringMatching(/^\d{1,6}$/) })
  .map(({ whole, fraction }) => parseFee(`${whole}.${fraction}`));
const weights = fc
  .dictionary(fc.stringMatching(/^[a-f]{1,3}$/), fc.bigInt({ min: 1n, max: 1n << 90n }), { minKeys: 1 })
  .map((entries) => new Map(Object.entries(entries)));
const rewards = fc.bigInt({ min: 0n, max: 2_100_000_000_000_000n });

test('amounts and the operator’s part always add up to the reward, and nobody gets more than a fair part', () => {
  fc.assert(
    fc.property(rewards, fees, weights, (reward, fee, counted) => {
      const { amounts, operator } = distribute(reward, { scheme: 'pplns', fee }, counted);
      const given = [...amounts.values()].reduce((sum, amount) => sum + amount, 0n);
      assert.equal(given + operator, reward);
      const pot = withoutFee(reward, fee);
      const total = [...counted.values()].reduce((sum, weight) => sum + weight, 0n);
      for (const [address, weight] of counted) {
        const amount = amounts.get(address) ?? -1n;
        assert.ok(amount * total <= pot * weight && (amount + 1n) * total > pot * weight);
      }
      // What rounding leaves over is less than a nit per address.
      assert.ok(operator - (reward - pot) < BigInt(counted.size));
    }),
  );
});

test('the weights counted never exceed the window, and fill it whenever there are enough shares', () => {
  const shareLists = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.bigInt({ min: 1n, max: 1_000n })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(shareLists, fc.bigInt({ min: 0n, max: 20_000n }), (list, window) => {
      const { counted } = tallyOf(made(...list), { scheme: 'pplns', window });
      const there = list.reduce((sum, [, weight]) => sum + weight, 0n);
      const used = [...counted.values()].reduce((sum, weight) => sum + weight, 0n);
      assert.equal(used, there < window ? there : window);
    }),
  );
});
