import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { COIN, MAX_MONEY } from '../../../protocol/amount.ts';
import { formatPaymentUri, isPaymentUri, parsePaymentUri } from '../../../wallet/payments/payment-uri.ts';
import { refusal, STRANGER } from '../../kit/wallet-kit.ts';

/** Words that a person can see, of any script. */
const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));

describe('a payment URI', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({ amount: fc.bigInt(0n, MAX_MONEY), label: words, message: words }, { requiredKeys: [] }),
        (said) => {
          const uri = { address: STRANGER, ...said };
          assert.deepEqual(parsePaymentUri(formatPaymentUri(uri)), uri);
        },
      ),
    );
  });

  test('has the form of BIP 21', () => {
    const uri = { address: STRANGER, amount: (COIN * 203n) / 10n, label: 'Luke-Jr', message: 'a b&c=d' };
    const text = `nilzcoin:${STRANGER}?amount=20.3&label=Luke-Jr&message=a%20b%26c%3Dd`;
    assert.equal(formatPaymentUri(uri), text);
    assert.deepEqual(parsePaymentUri(text), uri);
    assert.deepEqual(parsePaymentUri(`nilzcoin:${STRANGER}`), { address: STRANGER });
    assert.equal(
      formatPaymentUri({ address: STRANGER, amount: 100n * COIN }),
      `nilzcoin:${STRANGER}?amount=100`,
    );
  });

  test('may be in capitals, as QR codes like it, and have parameters that nobody knows', () => {
    const shouted = `NILZCOIN:${STRANGER.toUpperCase()}?somethingyoudontunderstand=50&amount=1`;
    assert.deepEqual(parsePaymentUri(shouted), { address: STRANGER.toUpperCase(), amount: COIN });
    assert.ok(isPaymentUri(' nilzcoin:whatever'));
    assert.ok(!isPaymentUri(STRANGER) && !isPaymentUri('bitcoin:x') && !isPaymentUri('nilzcoin'));
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ['req-somethingyoudontunderstand=50', /asks for "req-somethingyoudontunderstand"/],
    ['amount=1&amount=2', /"amount" is there twice/],
    ['amount=1&%61mount=2', /"amount" is there twice/],
    ['=5', /has a name/],
    ...['1,5', '-1', '+1', '1e3', 'NaN', 'Infinity', '', ' 1', '1.123456789', '0x10', '.5', '5.', '١'].map(
      (amount) => [`amount=${encodeURIComponent(amount)}`, /"amount" is a number of NILZ/] as const,
    ),
    ['amount=21000000.00000001', /above 21000000/],
    ['label=%', /not percent-encoded/],
    ['label=%ff', /not percent-encoded/],
    ['label=a%00b', /cannot be seen/],
    ['message=%E2%80%AEgnp', /cannot be seen/],
    [`label=${'x'.repeat(2_000)}`, /at most 1000 characters/],
  ];
  for (const [query, reason] of bad) {
    test(`with ?${query.slice(0, 60)} is refused`, () => {
      assert.throws(() => parsePaymentUri(`nilzcoin:${STRANGER}?${query}`), refusal('bad-uri', reason));
    });
  }

  for (const text of [
    '',
    STRANGER,
    `bitcoin:${STRANGER}`,
    'nilzcoin:',
    'nilzcoin:?amount=1',
    `nilzcoin://${STRANGER}`,
    `nilzcoin:${STRANGER}#x`,
    `nilzcoin:${STRANGER} ?amount=1`,
    `nilzcoin:<b>${STRANGER}</b>`,
  ]) {
    test(`of the form ${JSON.stringify(text.slice(0, 40))} is refused`, () => {
      assert.throws(() => parsePaymentUri(text), refusal('bad-uri'));
    });
  }

  test('of any text at all is read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (tail) => {
        try {
          parsePaymentUri(`nilzcoin:${STRANGER}${tail}`);
        } catch (error) {
          assert.ok(refusal('bad-uri')(error), String(error));
        }
      }),
    );
  });
});
