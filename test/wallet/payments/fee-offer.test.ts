import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chosenFeeRate, feeOffer, offerOf } from '../../../wallet/payments/fee-offer.ts';
import { devWallet, refusal } from '../../kit/wallet-kit.ts';

const rate = fc.bigInt(0n, 10_000_000n);

test('no preset is below what is accepted, and none is cheaper than a slower one', () => {
  fc.assert(
    fc.property(
      rate,
      fc.array(fc.option(rate, { nil: undefined }), { maxLength: 3 }),
      (minimum, estimates) => {
        const { presets } = offerOf(minimum, estimates);
        const { economy, normal, fast } = presets;
        assert.ok(minimum <= economy.rate && economy.rate <= normal.rate && normal.rate <= fast.rate);
        assert.deepEqual(
          [economy, normal, fast].map(({ source }) => source === 'estimate'),
          [0, 1, 2].map((at) => estimates[at] !== undefined),
        );
      },
    ),
  );
});

test('where nothing was seen lately, every preset is the lowest rate, and says so', async () => {
  const { wallet } = devWallet();
  const { minimum, presets } = await wallet.fees();
  assert.equal(minimum, 1_000n);
  assert.deepEqual(presets, {
    economy: { rate: 1_000n, blocks: 24, source: 'fallback' },
    normal: { rate: 1_000n, blocks: 6, source: 'fallback' },
    fast: { rate: 1_000n, blocks: 2, source: 'fallback' },
  });
});

test('estimates are asked for by the blocks of the presets', async () => {
  const { chain } = devWallet();
  chain.estimates = new Map([
    [2, 30_000n],
    [6, 20_000n],
    [24, 10_000n],
  ]);
  const { presets } = await feeOffer(chain);
  assert.deepEqual(
    Object.values(presets).map((preset) => preset.rate),
    [10_000n, 20_000n, 30_000n],
  );
});

test('a rate out of range is refused, with the range', async () => {
  const { chain } = devWallet();
  chain.feeRate = 2_000n;
  await assert.rejects(
    chosenFeeRate({ feeRate: 1_999n }, chain),
    refusal('bad-fee-rate', /below the 2 nits/),
  );
  await assert.rejects(chosenFeeRate({ feeRate: 0n }, chain), refusal('bad-fee-rate'));
  await assert.rejects(chosenFeeRate({ feeRate: -5n }, chain), refusal('bad-fee-rate'));
  assert.equal((await chosenFeeRate({}, chain)).feeRate, 2_000n);
});
