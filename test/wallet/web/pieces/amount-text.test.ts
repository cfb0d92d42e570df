import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_MONEY } from '../../../../protocol/amount.ts';
import { DUST_LIMIT } from '../../../../wallet/payments/coins.ts';
import { plainAmount, readAmount } from '../../../../wallet/web/pieces/amount-text.ts';

function nitsOf(text: string): bigint | undefined {
  const reading = readAmount(text);
  return 'nits' in reading ? reading.nits : undefined;
}

test('amounts are read digit by digit', () => {
  assert.equal(nitsOf('1'), 100_000_000n);
  assert.equal(nitsOf('0.1'), 10_000_000n);
  assert.equal(nitsOf('.5'), 50_000_000n);
  assert.equal(nitsOf('5.'), 500_000_000n);
  assert.equal(nitsOf('007.25'), 725_000_000n);
  assert.equal(nitsOf('0.00000294'), 294n);
  assert.equal(nitsOf('1.500000000000'), 150_000_000n);
  assert.equal(nitsOf('20999999.99999999'), MAX_MONEY - 1n);
});

test('whatever could be meant in two ways is refused, with the reason', () => {
  const refused: [string, RegExp][] = [
    ['', /How much/],
    ['1,5', /commas/],
    ['1,234.5', /commas/],
    ['-1', /not negative/],
    ['−1', /not negative/],
    ['1e3', /Only digits/],
    ['NaN', /Only digits/],
    ['Infinity', /Only digits/],
    ['0x10', /Only digits/],
    ['1.2.3', /Only digits/],
    ['.', /Only digits/],
    ['+1', /Only digits/],
    ['1 000', /Only digits/],
    ['٣', /Only digits/],
    ['0.000000001', /8 decimals/],
    ['0', /no amount/],
    ['0.00', /no amount/],
    ['0.00000293', /smallest amount/],
    ['21000001', /21000000 coins/],
    ['9'.repeat(60), /21000000 coins/],
  ];
  for (const [text, reason] of refused) {
    const reading = readAmount(text);
    assert.ok('complaint' in reading, text);
    assert.match(reading.complaint, reason, text);
  }
});

test('what is written for an amount is read as the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: DUST_LIMIT, max: MAX_MONEY }), (nits) => {
      assert.equal(nitsOf(plainAmount(nits)), nits);
    }),
  );
});

test('no text is read as an amount that is none, and none makes the reading fail', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const nits = nitsOf(text);
      assert.ok(nits === undefined || (nits >= DUST_LIMIT && nits <= MAX_MONEY));
    }),
  );
});
