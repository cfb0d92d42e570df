import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '#verify';
import { COIN, MAX_MONEY } from '../../protocol/amount.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import { checkInputs, verifyInput, verifyInputs } from '../../protocol/check-input.ts';
import type { Coin } from '../../protocol/coins.ts';
import { hash160 } from '../../protocol/hash.ts';
import { PROFILES } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { SIGHASH_ALL, SIGHASH_ANYONECANPAY, sighashMidstate } from '../../protocol/sighash.ts';
import { decodeDer, encodeDer, signInput } from '../../protocol/signature.ts';
import type { Transaction, TxInput } from '../../protocol/transaction.ts';
import { verify as referenceVerify } from '../../protocol/verify.ts';
import { ALICE, BOB } from './test-chain.ts';

const COINS: readonly Coin[] = [
  { value: 3n * COIN, script: ALICE.script, height: 5, coinbase: false },
  { value: 4n * COIN, script: BOB.script, height: 6, coinbase: false },
];

const UNSIGNED: Transaction = {
  version: 2,
  inputs: [1, 2].map((fill) => ({
    previous: { txid: new Uint8Array(32).fill(fill), index: fill },
    scriptSig: new Uint8Array(),
    sequence: 0xfffffffd,
    witness: [],
  })),
  outputs: [
    { value: 1n * COIN, script: BOB.script },
    { value: 2n * COIN, script: ALICE.script },
  ],
  lockTime: 0,
};

function signed(type: number = SIGHASH_ALL): Transaction {
  const inputs = UNSIGNED.inputs.map((input, index) => {
    const { privateKey } = [ALICE, BOB][index]!;
    return { ...input, witness: signInput(UNSIGNED, index, privateKey, COINS[index]!.value, type) };
  });
  return { ...UNSIGNED, inputs };
}

/** The signed transaction with its first input changed. */
function spoiled(change: (input: TxInput) => Partial<TxInput>): Transaction {
  const transaction = signed();
  const [first, second] = transaction.inputs as [TxInput, TxInput];
  return { ...transaction, inputs: [{ ...first, ...change(first) }, second] };
}

const check = (transaction: Transaction, coin: Coin = COINS[0]!, verifier = verify) =>
  verifyInput(transaction, 0, coin, verifier, sighashMidstate(transaction));

for (const type of [0x01, 0x02, 0x03, 0x81, 0x82, 0x83]) {
  test(`hash type ${type.toString(16).padStart(2, '0')} is allowed`, () => {
    assert.doesNotThrow(() => verifyInputs(signed(type), COINS, verify));
    assert.doesNotThrow(() => check(signed(type), COINS[0], referenceVerify));
  });
}

/** A signature whose s is the other, higher one. */
function highS(item: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const compact = decodeDer(item.subarray(0, -1))!;
  const s = BigInt(`0x${Buffer.from(compact.subarray(32)).toString('hex')}`);
  const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
  return concatBytes(encodeDer(concatBytes(compact.subarray(0, 32), high)), item.subarray(-1));
}

const witness = ({ witness: [item, key] }: TxInput): [Uint8Array, Uint8Array] => [item!, key!];
const withType = (input: TxInput, type: number) => {
  const [item, key] = witness(input);
  return { witness: [concatBytes(item.subarray(0, -1), Uint8Array.of(type)), key] };
};

const REFUSED: readonly [what: string, says: RegExp, change: (input: TxInput) => Partial<TxInput>][] = [
  ['a script signature', /empty scriptSig/, () => ({ scriptSig: Uint8Array.of(0x51) })],
  ['no witness', /empty witness/, () => ({ witness: [] })],
  ['a witness of one item', /hash mismatch/, (input) => ({ witness: [witness(input)[0]] })],
  [
    'a witness of three items',
    /hash mismatch/,
    (input) => ({ witness: [...witness(input), new Uint8Array()] }),
  ],
  ['another’s key', /hash mismatch/, (input) => ({ witness: [witness(input)[0], BOB.publicKey] })],
  [
    'an empty signature',
    /Non-canonical DER/,
    (input) => ({ witness: [new Uint8Array(), witness(input)[1]] }),
  ],
  [
    'a signature of one byte',
    /Non-canonical DER/,
    (input) => ({ witness: [Uint8Array.of(1), witness(input)[1]] }),
  ],
  [
    'a signature that is no DER',
    /Non-canonical DER/,
    (input) => ({
      witness: [concatBytes(Uint8Array.of(0x31), witness(input)[0].subarray(1)), witness(input)[1]],
    }),
  ],
  [
    'a high S',
    /S value is unnecessarily high/,
    (input) => ({ witness: [highS(witness(input)[0]), witness(input)[1]] }),
  ],
  ['hash type 0', /hash type missing/, (input) => withType(input, 0)],
  ['hash type 4', /hash type missing/, (input) => withType(input, 4)],
  ['hash type 0x41', /hash type missing/, (input) => withType(input, 0x41)],
  ['hash type 0x80', /hash type missing/, (input) => withType(input, SIGHASH_ANYONECANPAY)],
  ['a hash type that was not signed', /must be zero/, (input) => withType(input, 0x03)],
  ['a changed sequence', /must be zero/, () => ({ sequence: 0xfffffffe })],
  ['another outpoint', /must be zero/, ({ previous }) => ({ previous: { ...previous, index: 9 } })],
];

for (const [what, says, change] of REFUSED) {
  test(`an input with ${what} is refused`, () => {
    const refusal = { code: 'mandatory-script-verify-flag-failed', message: says };
    assert.throws(() => check(spoiled(change)), refusal);
    assert.throws(() => verifyInputs(spoiled(change), COINS, verify), refusal);
  });
}

test('an uncompressed key is refused even where its hash fits the program', () => {
  const key = concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(1));
  const coin = { ...COINS[0]!, script: p2wpkhScript(hash160(key)) };
  const transaction = spoiled((input) => ({ witness: [witness(input)[0], key] }));
  assert.throws(() => check(transaction, coin), /non-compressed keys/);
});

test('a key that is no point on the curve makes the check false, it does not throw', () => {
  const key = concatBytes(Uint8Array.of(2), new Uint8Array(32).fill(0xff));
  const coin = { ...COINS[0]!, script: p2wpkhScript(hash160(key)) };
  const transaction = spoiled((input) => ({ witness: [witness(input)[0], key] }));
  for (const verifier of [verify, referenceVerify]) {
    assert.throws(() => check(transaction, coin, verifier), { code: 'mandatory-script-verify-flag-failed' });
  }
});

test('another value than was signed is refused (BIP 143)', () => {
  assert.throws(() => check(signed(), { ...COINS[0]!, value: 3n * COIN + 1n }), /must be zero/);
});

for (const [kind, script] of [
  ['nonstandard', Uint8Array.of(0x51)],
  ['witness_v0_scripthash', concatBytes(Uint8Array.of(0, 32), new Uint8Array(32))],
  ['witness_v1_taproot', concatBytes(Uint8Array.of(0x51, 32), new Uint8Array(32))],
] as const) {
  test(`a ${kind} output cannot be spent`, () => {
    assert.throws(
      () => check(signed(), { ...COINS[0]!, script }),
      new RegExp(`${kind} output cannot be spent`),
    );
  });
}

test('the verifier is not asked about what is refused anyway', () => {
  const never = () => assert.fail('asked');
  for (const [, , change] of REFUSED.slice(0, 13))
    assert.throws(() => check(spoiled(change), COINS[0], never), /mandatory/);
});

test('the fee is what the inputs leave', () => {
  assert.equal(checkInputs(signed(), COINS, 10, PROFILES.main), 4n * COIN);
  const poor = COINS.map((coin) => ({ ...coin, value: coin.value - 2n * COIN }));
  assert.equal(checkInputs(signed(), poor, 10, PROFILES.main), 0n);
  const poorer = [{ ...poor[0]!, value: poor[0]!.value - 1n }, poor[1]!];
  assert.throws(() => checkInputs(signed(), poorer, 10, PROFILES.main), { code: 'bad-txns-in-belowout' });
});

test('inputs of more than 21,000,000 NILZ are refused', () => {
  const rich = COINS.map((coin) => ({ ...coin, value: MAX_MONEY / 2n + 1n }));
  assert.throws(() => checkInputs(signed(), rich, 10, PROFILES.main), {
    code: 'bad-txns-inputvalues-outofrange',
  });
});

test('a coinbase is mature exactly 100 blocks later', () => {
  const young = COINS.map((coin) => ({ ...coin, coinbase: true }));
  assert.throws(() => checkInputs(signed(), young, 105, PROFILES.main), {
    code: 'bad-txns-premature-spend-of-coinbase',
    message: /input 1 spends a coinbase 99 blocks old, 100 are needed/,
  });
  assert.equal(checkInputs(signed(), young, 106, PROFILES.main), 4n * COIN);
});
