import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as btc from '@scure/btc-signer';
import fc from 'fast-check';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { decodeDer, isLowS } from '../../../protocol/signature.ts';
import { encodeTransaction, type Transaction, txid, vsize } from '../../../protocol/transaction.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { KeyRing } from '../../../wallet/keys/key-ring.ts';
import { paymentWeight, vsizeOfWeight } from '../../../wallet/payments/fee.ts';
import { payableAmount, payeeScript } from '../../../wallet/payments/payee.ts';
import { buildPayment, signPayment } from '../../../wallet/payments/payment.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';

const { coinType, address: FORMAT } = PROFILES.dev;
const ring = new KeyRing(wordKeys(DEV_MNEMONIC), { coinType, address: FORMAT });
ring.extend(0, 3);
const P2WPKH = ring.script({ chain: 0, index: 2 });

const aCoin = fc.record({
  place: fc.record({ chain: fc.constant(0 as const), index: fc.nat({ max: 2 }) }),
  outPoint: fc.record({
    txid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    index: fc.nat({ max: 0xffff_fffe }),
  }),
  value: fc.bigInt(3_000_000_000_000n, 9_000_000_000_000n),
});
const anOutput = fc.record({ value: fc.bigInt(294n, 900_000_000_000n), script: fc.constant(P2WPKH) });

function coinsOf(drawn: readonly (typeof aCoin extends fc.Arbitrary<infer T> ? T : never)[]) {
  return drawn.map((coin) => ({ ...coin, script: ring.script(coin.place) }));
}

function refusal(code: WalletErrorCode, text: RegExp) {
  return (error: unknown) => error instanceof WalletError && error.code === code && text.test(error.message);
}

/** The same payment, signed by an independent library. Both sign as RFC 6979 says, so not a byte may differ. */
function signedByOracle(unsigned: Transaction, coins: ReturnType<typeof coinsOf>): string {
  const oracle = new btc.Transaction({ version: unsigned.version, lowR: false, allowUnknownOutputs: true });
  unsigned.inputs.forEach((input, at) => {
    const coin = coins[at]!;
    oracle.addInput({
      txid: Buffer.from(coin.outPoint.txid).reverse(),
      index: coin.outPoint.index,
      sequence: input.sequence,
      witnessUtxo: { amount: coin.value, script: coin.script },
    });
  });
  for (const { value, script } of unsigned.outputs) oracle.addOutput({ amount: value, script });
  coins.forEach((coin, at) => {
    oracle.signIdx(ring.privateKey(coin.place), at);
  });
  oracle.finalize();
  return bytesToHex(oracle.extract());
}

describe('a signed payment', () => {
  test('is byte for byte what an independent library signs', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(aCoin, {
          minLength: 1,
          maxLength: 3,
          selector: ({ outPoint }) => bytesToHex(outPoint.txid),
        }),
        fc.array(anOutput, { minLength: 1, maxLength: 3 }),
        (drawn, outputs) => {
          const coins = coinsOf(drawn);
          const unsigned = buildPayment({ coins, outputs });
          const signed = signPayment(unsigned, coins, (coin) => ring.privateKey(coin.place));
          assert.equal(bytesToHex(encodeTransaction(signed)), signedByOracle(unsigned, coins));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('has strict low-S signatures, keeps its txid, and is no larger than predicted', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(aCoin, {
          minLength: 1,
          maxLength: 5,
          selector: (coin) => bytesToHex(coin.outPoint.txid),
        }),
        (drawn) => {
          const coins = coinsOf(drawn);
          const unsigned = buildPayment({ coins, outputs: [{ value: 1_000n, script: P2WPKH }] });
          const signed = signPayment(unsigned, coins, (coin) => ring.privateKey(coin.place));
          for (const { witness, sequence } of signed.inputs) {
            const compact = decodeDer(witness[0]!.subarray(0, -1));
            assert.ok(compact && isLowS(compact));
            assert.equal(sequence, 0xfffffffd);
          }
          assert.deepEqual(txid(signed), txid(unsigned));
          assert.ok(vsize(signed) <= vsizeOfWeight(paymentWeight(coins.length, [22])));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('is not given away when the key is not that of the coin', () => {
    const coins = coinsOf([
      {
        place: { chain: 0, index: 0 },
        outPoint: { txid: new Uint8Array(32).fill(1), index: 0 },
        value: 5_000n,
      },
    ]);
    const unsigned = buildPayment({ coins, outputs: [{ value: 1_000n, script: P2WPKH }] });
    assert.throws(
      () => signPayment(unsigned, coins, () => ring.privateKey({ chain: 0, index: 1 })),
      /mismatch/,
    );
  });

  test('spends no coin twice and pays somebody', () => {
    const [coin] = coinsOf([
      {
        place: { chain: 0, index: 0 },
        outPoint: { txid: new Uint8Array(32).fill(1), index: 0 },
        value: 5_000n,
      },
    ]);
    const twice = [coin!, coin!];
    const key = () => ring.privateKey({ chain: 0, index: 0 });
    const output = { value: 1_000n, script: P2WPKH };
    assert.throws(
      () => signPayment(buildPayment({ coins: twice, outputs: [output] }), twice, key),
      /bad-txns-inputs-duplicate/,
    );
    assert.throws(
      () => signPayment(buildPayment({ coins: [coin!], outputs: [] }), [coin!], key),
      /bad-txns-vout-empty/,
    );
  });
});

test('change stands where it is told to, the payees keep their order', () => {
  const outputs = [1n, 2n].map((value) => ({ value, script: P2WPKH }));
  for (const [position, values] of [
    [0, [9n, 1n, 2n]],
    [1, [1n, 9n, 2n]],
    [2, [1n, 2n, 9n]],
  ] as const) {
    const built = buildPayment({ coins: [], outputs, change: { value: 9n, script: P2WPKH, position } });
    assert.deepEqual(
      built.outputs.map(({ value }) => value),
      values,
    );
  }
});

test('an address of another network is refused by its name', () => {
  const payee = (address: string) => () => payeeScript(address, 'dev', FORMAT);
  const main = new KeyRing(wordKeys(DEV_MNEMONIC), PROFILES.main).address({ chain: 0, index: 0 });
  const regtest = new KeyRing(wordKeys(DEV_MNEMONIC), PROFILES.regtest).address({ chain: 0, index: 0 });
  assert.throws(payee(main), refusal('wrong-network', /address of the network main, this wallet is of dev/));
  assert.throws(payee(regtest), refusal('wrong-network', /the network regtest/));
  assert.throws(
    payee('bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'),
    refusal('wrong-network', /Bitcoin \(main\)/),
  );
  assert.throws(payee('1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH'), refusal('wrong-network', /Bitcoin \(main\)/));
});

test('an address that is mistyped, or that nobody could spend from, is refused with the reason', () => {
  const payee = (address: string) => () => payeeScript(address, 'dev', FORMAT);
  const good = ring.address({ chain: 0, index: 0 });
  assert.equal(bytesToHex(payeeScript(good, 'dev', FORMAT)), bytesToHex(ring.script({ chain: 0, index: 0 })));
  assert.equal(
    bytesToHex(payeeScript(good.toUpperCase(), 'dev', FORMAT)),
    bytesToHex(ring.script({ chain: 0, index: 0 })),
  );
  const typo = good.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
  assert.throws(payee(typo), refusal('bad-address', /checksum/));
  assert.throws(payee(`D${good.slice(1)}`), refusal('bad-address', /upper and lower case/));
  assert.throws(payee(''), refusal('bad-address', /empty/));
  assert.throws(payee('alice'), refusal('bad-address', /no address/));
  const taproot = btc.p2tr(
    hexToBytes('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
    undefined,
    {
      bech32: FORMAT.hrp,
      pubKeyHash: 0,
      scriptHash: 0,
      wif: 0,
    },
  );
  assert.throws(payee(taproot.address ?? ''), refusal('bad-address', /p2tr address.*P2WPKH/));
});

test('an amount below the dust limit or above all there can be is refused', () => {
  assert.equal(payableAmount(294n), 294n);
  assert.throws(() => payableAmount(293n), refusal('bad-amount', /0\.00000294/));
  assert.throws(() => payableAmount(0n), refusal('bad-amount', /too little/));
  assert.throws(() => payableAmount(21_000_000n * 100_000_000n + 1n), refusal('bad-amount', /21000000/));
});
