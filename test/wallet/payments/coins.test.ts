import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DUST_LIMIT,
  InsufficientFundsError,
  selectCoins,
  sweepCoins,
} from '../../../wallet/payments/coins.ts';
import { feeFor, MAX_PAYMENT_WEIGHT, paymentWeight, vsizeOfWeight } from '../../../wallet/payments/fee.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

const RATE = 1_000n;
const P2WPKH = new Uint8Array(22);

function coin(value: bigint, confirmed = true) {
  return { value, confirmed };
}

function pay(value: bigint) {
  return { value, script: P2WPKH };
}

/** Of any size, and often close to where fees and dust decide. */
function amounts(least: bigint) {
  return fc.oneof(...[3n, 4n, 6n, 12n].map((digits) => fc.bigInt(least, 10n ** digits)));
}

const aCoin = fc.record({ value: amounts(1n), confirmed: fc.boolean() });
const anOutput = fc.record({
  value: amounts(DUST_LIMIT),
  script: fc.constantFrom(22, 34).map((length) => new Uint8Array(length)),
});
const aRequest = fc.record({
  coins: fc.array(aCoin, { maxLength: 40 }),
  outputs: fc.array(anOutput, { minLength: 1, maxLength: 5 }),
  feeRate: fc.bigInt(1_000n, 500_000n),
});

function sum(list: readonly { readonly value: bigint }[]): bigint {
  return list.reduce((total, { value }) => total + value, 0n);
}

function sizeOf(
  request: { outputs: readonly { script: Uint8Array }[] },
  inputs: number,
  withChange: boolean,
) {
  const lengths = request.outputs.map(({ script }) => script.length);
  return vsizeOfWeight(paymentWeight(inputs, withChange ? [...lengths, 22] : lengths));
}

describe('coin selection, whatever the coins and the payment', () => {
  test('adds up exactly, makes no dust, and pays the rate but hardly more', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        try {
          const { coins, change, fee, vsize } = selectCoins(request);
          assert.equal(sum(coins), sum(request.outputs) + (change ?? 0n) + fee);
          assert.equal(new Set(coins).size, coins.length, 'no coin is spent twice');
          assert.ok(coins.every((chosen) => request.coins.includes(chosen)));
          assert.equal(vsize, sizeOf(request, coins.length, change !== undefined));
          const due = feeFor(vsize, request.feeRate);
          if (change === undefined) {
            const costOfChange = feeFor(sizeOf(request, coins.length, true), request.feeRate) - due;
            assert.ok(fee >= due && fee < due + costOfChange + DUST_LIMIT, `fee ${fee} for ${due}`);
          } else {
            assert.equal(fee, due);
            assert.ok(change >= DUST_LIMIT);
          }
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('never makes a transaction that is too heavy to relay, however many coins there are', () => {
    const many = fc.integer({ min: 1_300, max: 1_700 });
    fc.assert(
      fc.property(many, fc.integer({ min: 50, max: 100 }), (count, percent) => {
        const coins = Array.from({ length: count }, (_, n) => coin(50_000n + BigInt(n)));
        const outputs = [pay((sum(coins) * BigInt(percent)) / 100n)];
        try {
          const { coins: chosen, change } = selectCoins({ coins, outputs, feeRate: RATE });
          const lengths = change === undefined ? [22] : [22, 22];
          assert.ok(paymentWeight(chosen.length, lengths) <= MAX_PAYMENT_WEIGHT);
        } catch (error) {
          assert.ok(error instanceof WalletError, String(error));
          assert.match(error.code, /^(too-many-coins|insufficient-funds)$/);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('leaves unconfirmed coins alone when the confirmed ones reach', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        const confirmed = request.coins.filter((candidate) => candidate.confirmed);
        try {
          selectCoins({ ...request, coins: confirmed });
        } catch {
          return;
        }
        assert.ok(selectCoins(request).coins.every((chosen) => chosen.confirmed));
      }),
    );
  });

  test('says what is missing so that one coin of it, worth spending, is enough', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        try {
          selectCoins(request);
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError);
          const spending = feeFor(69, request.feeRate);
          const topUp = coin(error.missing + spending);
          assert.doesNotThrow(() => selectCoins({ ...request, coins: [...request.coins, topUp] }));
          const tooLittle = coin(error.missing - 1n);
          assert.throws(
            () => selectCoins({ ...request, coins: [...request.coins, tooLittle] }),
            InsufficientFundsError,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of a replacement costs no less than the fee before and 1 nit/vB, and no more than that or the rate', () => {
    fc.assert(
      fc.property(aRequest, amounts(1n), (request, replacedFee) => {
        try {
          const { coins, change, fee, vsize } = selectCoins({ ...request, replacedFee });
          const least = replacedFee + feeFor(vsize, 1_000n);
          const byRate = feeFor(vsize, request.feeRate);
          const due = least > byRate ? least : byRate;
          assert.ok(fee >= due);
          if (change !== undefined) assert.equal(fee, due);
          assert.equal(sum(coins), sum(request.outputs) + (change ?? 0n) + fee);
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('spends all the coins that the owner chose', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        try {
          assert.equal(selectCoins({ ...request, spendAll: true }).coins.length, request.coins.length);
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError);
        }
      }),
    );
  });
});

describe('the most that a payment can pay', () => {
  test('is exactly what the coins are worth less the others and the fee; one nit more cannot be paid', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        const { outputs, feeRate } = request;
        try {
          const { coins, amount, fee, vsize } = sweepCoins({ ...request, script: P2WPKH });
          assert.ok(amount >= DUST_LIMIT);
          assert.equal(sum(coins), sum(outputs) + amount + fee);
          assert.equal(vsize, sizeOf({ outputs: [...outputs, pay(amount)] }, coins.length, false));
          assert.equal(fee, feeFor(vsize, feeRate));
          const exact = selectCoins({ ...request, outputs: [...outputs, pay(amount)] });
          assert.deepEqual([exact.change, exact.fee], [undefined, fee]);
          assert.deepEqual(new Set(exact.coins), new Set(coins));
          assert.throws(
            () => selectCoins({ ...request, outputs: [...outputs, pay(amount + 1n)] }),
            InsufficientFundsError,
          );
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError, String(error));
          assert.throws(
            () => selectCoins({ ...request, outputs: [...outputs, pay(DUST_LIMIT)] }),
            InsufficientFundsError,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of chosen coins spends each of them, and leaves nothing over', () => {
    fc.assert(
      fc.property(aRequest, (request) => {
        try {
          const { coins, amount, fee } = sweepCoins({ ...request, spendAll: true, script: P2WPKH });
          assert.deepEqual(coins, request.coins);
          assert.equal(sum(coins), sum(request.outputs) + amount + fee);
        } catch (error) {
          assert.ok(error instanceof InsufficientFundsError, String(error));
        }
      }),
    );
  });

  test('of more coins than fit into one transaction is made of the largest', () => {
    const coins = Array.from({ length: 3_000 }, (_, n) => coin(10_000n + BigInt(n)));
    const dear = [...coins, coin(DUST_LIMIT), coin(DUST_LIMIT)];
    const sweep = sweepCoins({ coins: dear, outputs: [], script: P2WPKH, feeRate: 10n * RATE });
    assert.equal(sweep.noRoom.length, 3_000 - sweep.coins.length);
    assert.equal(sum(sweep.noRoom) + sum(sweep.coins), sum(coins));
    assert.deepEqual(sweep.worthless, [coin(DUST_LIMIT), coin(DUST_LIMIT)]);

    const { coins: chosen, amount } = sweepCoins({ coins, outputs: [], script: P2WPKH, feeRate: RATE });
    assert.ok(paymentWeight(chosen.length, [22]) <= MAX_PAYMENT_WEIGHT);
    assert.ok(paymentWeight(chosen.length + 1, [22]) > MAX_PAYMENT_WEIGHT - 16);
    assert.equal(chosen[0]?.value, 12_999n);
    assert.equal(chosen.at(-1)?.value, 13_000n - BigInt(chosen.length));
    assert.equal(sum(chosen), amount + feeFor(vsizeOfWeight(paymentWeight(chosen.length, [22])), RATE));
  });
});

describe('coin selection', () => {
  test('takes the smallest coin that suffices alone', () => {
    const [small, middle, large] = [coin(1_000n), coin(60_000n), coin(9_000_000n)];
    const selection = selectCoins({ coins: [large, small, middle], outputs: [pay(50_000n)], feeRate: RATE });
    assert.deepEqual(selection.coins, [middle]);
    assert.equal(selection.vsize, 141);
    assert.equal(selection.fee, 141n);
    assert.equal(selection.change, 60_000n - 50_000n - 141n);
  });

  test('takes the largest coins when none suffices alone', () => {
    const coins = [coin(10_000n), coin(30_000n), coin(20_000n), coin(5_000n)];
    const selection = selectCoins({ coins, outputs: [pay(45_000n)], feeRate: RATE });
    assert.deepEqual(selection.coins, [coins[1], coins[2]]);
  });

  test('leaves what would be dust to the fee', () => {
    const fee = feeFor(110, RATE);
    const bare = selectCoins({ coins: [coin(50_000n + fee + 324n)], outputs: [pay(50_000n)], feeRate: RATE });
    assert.deepEqual([bare.change, bare.fee], [undefined, fee + 324n]);
    const withChange = selectCoins({
      coins: [coin(50_000n + fee + 325n)],
      outputs: [pay(50_000n)],
      feeRate: RATE,
    });
    assert.deepEqual([withChange.change, withChange.fee], [294n, fee + 31n]);
  });

  test('adds an unconfirmed coin as a last resort, and then gives back what it made superfluous', () => {
    const small = Array.from({ length: 30 }, () => coin(1_000n));
    const change = coin(1_000_000n, false);
    const selection = selectCoins({ coins: [...small, change], outputs: [pay(500_000n)], feeRate: RATE });
    assert.deepEqual(selection.coins, [change]);
  });

  test('does not spend coins that cost more than they are worth', () => {
    const dust = Array.from({ length: 10 }, () => coin(68n));
    const selection = selectCoins({
      coins: [...dust, coin(60_000n)],
      outputs: [pay(50_000n)],
      feeRate: RATE,
    });
    assert.equal(selection.coins.length, 1);
    assert.throws(
      () => selectCoins({ coins: dust, outputs: [pay(300n)], feeRate: RATE }),
      InsufficientFundsError,
    );
  });

  test('refuses a payment of more coins than fit into one transaction', () => {
    const coins = Array.from({ length: 3_000 }, () => coin(10_000n));
    const outputs = [pay(20_000_000n)];
    const refused = (error: unknown) => error instanceof WalletError && error.code === 'too-many-coins';
    assert.throws(() => selectCoins({ coins, outputs, feeRate: RATE }), refused);
    const { coins: chosen } = selectCoins({ coins, outputs: [pay(14_000_000n)], feeRate: RATE });
    assert.ok(paymentWeight(chosen.length, [22, 22]) <= MAX_PAYMENT_WEIGHT);
  });

  test('refuses more payees than fit into one transaction, and says so', () => {
    const outputs = Array.from({ length: 4_000 }, () => pay(1_000n));
    const refused = (error: unknown) => error instanceof WalletError && error.code === 'too-many-payees';
    const coins = [coin(10n ** 12n)];
    assert.throws(() => selectCoins({ coins, outputs, feeRate: RATE }), refused);
    assert.throws(() => sweepCoins({ coins, outputs, feeRate: RATE, script: P2WPKH }), refused);
  });
});
