/** The same PSBTs in another wallet's hands: `@scure/btc-signer` signs ours, and we sign its. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { p2wpkh, Transaction as ReferenceTransaction, SigHash } from '@scure/btc-signer';
import fc from 'fast-check';
import { verify } from '#verify';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { verifyInputs } from '../../../protocol/check-input.ts';
import { hash160 } from '../../../protocol/hash.ts';
import { decodePsbt, encodePsbt } from '../../../protocol/psbt.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import {
  decodeTransaction,
  encodeTransaction,
  type Transaction,
  type TxOutput,
  txid,
} from '../../../protocol/transaction.ts';
import { type Contents, newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE, type KeyPlace, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { unsignedPayment } from '../../../wallet/payments/sending.ts';
import { combinePsbts } from '../../../wallet/psbt/psbt-combining.ts';
import { psbtOfPlan } from '../../../wallet/psbt/psbt-creating.ts';
import { extractTransaction, finalizePsbt } from '../../../wallet/psbt/psbt-finalizing.ts';
import { reportOf } from '../../../wallet/psbt/psbt-report.ts';
import { signOwnInputs } from '../../../wallet/psbt/psbt-signing.ts';
import { readPsbt, showPsbt } from '../../../wallet/psbt/psbt-text.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { readVectors } from '../../protocol/vectors.ts';
import { altered, PROFILE, refused, ringOf, WORDS } from './psbt-kit.ts';

const RING = ringOf(wordKeys(WORDS));
const CONTENTS: Contents = newContents(wordKeys(WORDS));
const READER = { ring: RING, contents: CONTENTS, profile: PROFILE };
const FOREIGN_KEY = new Uint8Array(32).fill(5);
const FOREIGN_SCRIPT = p2wpkhScript(hash160(publicKeyOf(FOREIGN_KEY)));

/** Derived once: each costs a millisecond. */
const PLACES = ([RECEIVE, CHANGE] as const).flatMap((chain) => [0, 1, 2].map((index) => ({ chain, index })));

interface Case {
  readonly coins: readonly { readonly place: KeyPlace; readonly value: bigint }[];
  readonly outputs: readonly TxOutput[];
  readonly change: bigint | undefined;
  readonly position: number;
}

const arbitraryCase: fc.Arbitrary<Case> = fc
  .record({
    coins: fc.array(
      fc.record({ place: fc.constantFrom(...PLACES), value: fc.bigInt(2n * COIN, 100n * COIN) }),
      { minLength: 1, maxLength: 5 },
    ),
    outputs: fc.array(
      fc
        .tuple(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.bigInt(294n, COIN / 10n))
        .map(([keyHash, value]) => ({ script: p2wpkhScript(keyHash), value })),
      { minLength: 1, maxLength: 6 },
    ),
    hasChange: fc.boolean(),
    position: fc.nat(6),
  })
  .map(({ coins, outputs, hasChange, position }) => {
    const rest = sum(coins) - sum(outputs) - 10_000n;
    return {
      coins,
      outputs,
      position: Math.min(position, outputs.length),
      change: hasChange ? rest : undefined,
    };
  });

const sum = (things: readonly { readonly value: bigint }[]) =>
  things.reduce((total, { value }) => total + value, 0n);

/** A transaction for each coin that makes it, at its second output. */
const madeBy = (coins: Case['coins']): Transaction[] =>
  coins.map(({ place, value }, at) => ({
    version: 2,
    inputs: [
      {
        previous: { txid: new Uint8Array(32).fill(7), index: at },
        scriptSig: new Uint8Array(),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [
      { value: 1_000n, script: FOREIGN_SCRIPT },
      { value, script: RING.script(place) },
    ],
    lockTime: 0,
  }));

/** What is spent, in the order of the inputs. */
const spentBy = (coins: Case['coins']) =>
  coins.map(({ place, value }) => ({ value, script: RING.script(place), height: 0, coinbase: false }));

/** The PSBT that this wallet makes. */
function ours({ coins, outputs, change, position }: Case) {
  const previous = madeBy(coins);
  const plan = {
    from: 'default',
    to: [],
    coins: coins.map(({ place, value }, at) => ({
      outPoint: { txid: txid(previous[at]!), index: 1 },
      value,
      place,
      script: RING.script(place),
      address: RING.address(place),
      label: 'default',
      status: 'spendable' as const,
      confirmations: 1,
      confirmed: true,
      own: true,
      frozen: false,
    })),
    outputs,
    change: change === undefined ? undefined : { value: change, place: { chain: CHANGE, index: 9 } as const },
    fee: 10_000n,
    feeRate: 1_000n,
    vsize: 1,
    refused: [],
  };
  const unsigned = unsignedPayment(plan, RING, () => position);
  return { psbt: psbtOfPlan(plan, { ring: RING, previous, unsigned }), coins };
}

/** The same made by the other implementation. */
function theirs({ coins, outputs }: Case, sighashType?: number) {
  const reference = new ReferenceTransaction();
  for (const [at, transaction] of madeBy(coins).entries()) {
    const { place, value } = coins[at]!;
    reference.addInput({
      txid: Uint8Array.from(txid(transaction)).reverse(),
      index: 1,
      witnessUtxo: { amount: value, script: RING.script(place) },
      nonWitnessUtxo: encodeTransaction(transaction),
      ...(sighashType !== undefined && { sighashType }),
    });
  }
  for (const { value, script } of outputs) reference.addOutput({ amount: value, script });
  return reference;
}

function signAll(reference: ReferenceTransaction, coins: Case['coins']): void {
  for (const [at, { place }] of coins.entries()) assert.ok(reference.signIdx(RING.privateKey(place), at));
}

const signedByUs = (bytes: Uint8Array) => {
  const psbt = decodePsbt(bytes);
  return signOwnInputs(psbt, reportOf(psbt, READER), RING);
};

describe('PSBTs of this wallet and of another', () => {
  test('we create, the other signs, we finalize: the transaction is valid, and what was planned', () => {
    fc.assert(
      fc.property(arbitraryCase, (one) => {
        const { psbt, coins } = ours(one);
        const reference = ReferenceTransaction.fromPSBT(encodePsbt(psbt));
        signAll(reference, coins);
        const signed = decodePsbt(reference.toPSBT(0));
        assert.equal(reportOf(signed, READER).state, 'signed');
        const transaction = extractTransaction(finalizePsbt(signed));
        verifyInputs(transaction, spentBy(coins), verify);
        assert.deepEqual(txid(transaction), txid(psbt.unsigned));
        const { fee, paid } = reportOf(psbt, READER);
        assert.equal(fee, sum(coins) - sum(psbt.unsigned.outputs));
        assert.equal(paid, sum(one.outputs));
      }),
      { numRuns: 30 },
    );
  });

  test('the other creates, we sign, the other finalizes: both extract the same transaction', () => {
    fc.assert(
      fc.property(arbitraryCase, (one) => {
        const { psbt, signed } = signedByUs(theirs(one).toPSBT(0));
        assert.equal(signed.length, one.coins.length);
        const reference = ReferenceTransaction.fromPSBT(encodePsbt(psbt));
        reference.finalize();
        const transaction = decodeTransaction(reference.extract());
        verifyInputs(transaction, spentBy(one.coins), verify);
        assert.deepEqual(
          bytesToHex(encodeTransaction(extractTransaction(finalizePsbt(psbt)))),
          bytesToHex(encodeTransaction(transaction)),
        );
        // And finalized by the other, it is read and extracted here as well.
        const final = decodePsbt(reference.toPSBT(0));
        assert.equal(reportOf(final, READER).state, 'final');
        assert.deepEqual(txid(extractTransaction(final)), txid(transaction));
      }),
      { numRuns: 30 },
    );
  });

  test('each signs a part, in any order, and the parts are combined', () => {
    fc.assert(
      fc.property(arbitraryCase, fc.bigInt(COIN, 9n * COIN), fc.boolean(), (one, value, weAreFirst) => {
        const reference = theirs(one);
        const at = reference.addInput({
          txid: new Uint8Array(32).fill(8),
          index: 0,
          witnessUtxo: { amount: value, script: FOREIGN_SCRIPT },
        });
        const bare = reference.toPSBT(0);
        const we = signedByUs(bare).psbt;
        assert.equal(reportOf(we, READER).state, 'partly-signed');
        assert.throws(() => extractTransaction(finalizePsbt(we)), refused('unsigned-psbt', /no signature/));
        reference.signIdx(FOREIGN_KEY, at);
        const they = decodePsbt(reference.toPSBT(0));
        const both = combinePsbts(weAreFirst ? [we, they] : [they, we]);
        assert.deepEqual(encodePsbt(both), encodePsbt(combinePsbts([both, we, they, decodePsbt(bare)])));
        const transaction = extractTransaction(finalizePsbt(both));
        const foreign = { value, script: FOREIGN_SCRIPT, height: 0, coinbase: false };
        verifyInputs(transaction, [...spentBy(one.coins), foreign], verify);
      }),
      { numRuns: 20 },
    );
  });

  test('the keys of a PSBT of ours are what the other derives from the words', () => {
    const one = {
      coins: [{ place: PLACES[4]!, value: COIN }],
      outputs: [{ value: 1_000n, script: FOREIGN_SCRIPT }],
      change: 5_000n,
      position: 1,
    };
    const { psbt } = ours(one);
    const reference = ReferenceTransaction.fromPSBT(encodePsbt(psbt));
    const [[publicKey, { fingerprint, path }] = [new Uint8Array(), { fingerprint: 0, path: [] }]] =
      reference.getInput(0).bip32Derivation ?? [];
    assert.deepEqual(bytesToHex(publicKey), bytesToHex(RING.publicKey(PLACES[4]!)));
    assert.equal(fingerprint.toString(16), '73c5da0a');
    assert.deepEqual(path.slice(-2), [1, 1]);
    assert.equal(reference.getOutput(1).bip32Derivation?.length, 1);
  });

  test('a signature of another hash type is finalized when it is asked for, and refused when it is not', () => {
    const one = {
      coins: [{ place: PLACES[0]!, value: COIN }],
      outputs: [{ value: 1_000n, script: FOREIGN_SCRIPT }],
      change: undefined,
      position: 0,
    };
    const reference = theirs(one, SigHash.SINGLE);
    reference.signIdx(RING.privateKey(PLACES[0]!), 0, [SigHash.SINGLE]);
    const signed = decodePsbt(reference.toPSBT(0));
    verifyInputs(extractTransaction(finalizePsbt(signed)), spentBy(one.coins), verify);
    const asked = altered(showPsbt(signed), (psbt) => ({
      ...psbt,
      inputs: psbt.inputs.map((input) => ({ ...input, sighashType: SigHash.ALL })),
    }));
    const [input] = decodePsbt(Buffer.from(asked, 'base64')).inputs;
    assert.equal(input?.sighashType, 1);
    assert.throws(
      () => finalizePsbt(decodePsbt(new Uint8Array(Buffer.from(asked, 'base64')))),
      refused('bad-psbt', /hash type 3, asked for is 1/),
    );
  });

  test('the address of a key is the same to both', () => {
    for (const place of PLACES) {
      const { script } = p2wpkh(RING.publicKey(place));
      assert.equal(bytesToHex(script), bytesToHex(RING.script(place)));
    }
  });
});

test('damaged bytes never bring a signer to anything but a refusal in words, or a signature for what is proven', () => {
  const one = {
    coins: PLACES.slice(0, 2).map((place) => ({ place, value: COIN })),
    outputs: [{ value: COIN, script: FOREIGN_SCRIPT }],
    change: COIN - 10_000n,
    position: 0,
  };
  const bytes = encodePsbt(ours(one).psbt);
  const byte = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  let signatures = 0;
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 3 }), (changes) => {
      const damaged = Uint8Array.from(bytes);
      for (const [at, value] of changes) damaged[at] = value;
      try {
        const psbt = readPsbt(damaged);
        const report = reportOf(psbt, READER);
        if (report.warnings.some(({ grave }) => grave)) return;
        const { signed } = signOwnInputs(psbt, report, RING);
        signatures += signed.length;
        for (const at of signed) assert.equal(report.inputs[at]?.spent?.proven, true);
        const sent = sum(psbt.unsigned.outputs);
        assert.equal(report.fee, sum(report.inputs.flatMap(({ spent }) => spent ?? [])) - sent);
      } catch (error) {
        if (!(error instanceof WalletError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
  // Some damage is none: another sequence, an unknown fingerprint. So the property was put to the test.
  assert.ok(signatures > 0);
});

describe('the examples of BIP 174', () => {
  const { roles } = readVectors<{ roles: Record<string, string> }>('psbt/bip174.json');
  const example = (name: string) => decodePsbt(hexToBytes(roles[name] ?? ''));

  test('what two signers added is combined as the BIP shows', () => {
    const combined = combinePsbts([example('signedByFirst'), example('signedBySecond')]);
    assert.deepEqual(encodePsbt(combined), encodePsbt(example('combined')));
    assert.deepEqual(
      encodePsbt(combinePsbts([example('signedBySecond'), example('signedByFirst')])),
      encodePsbt(combined),
    );
  });

  test('unknown records are combined in lexicographic order', () => {
    const combined = combinePsbts([example('unknownFirst'), example('unknownSecond')]);
    assert.equal(bytesToHex(encodePsbt(combined)), roles.unknownCombined);
  });

  test('the transaction is extracted from the finalized one', () => {
    assert.equal(bytesToHex(encodeTransaction(extractTransaction(example('finalized')))), roles.extracted);
    assert.throws(() => extractTransaction(example('combined')), refused('unsigned-psbt', /inputs 0, 1/));
  });

  test('PSBTs of different transactions are not combined, nor none at all', () => {
    assert.throws(
      () => combinePsbts([example('created'), example('unknownFirst')]),
      refused('bad-psbt', /PSBT 2 is of another transaction/),
    );
    assert.throws(() => combinePsbts([]), refused('bad-psbt'));
  });
});
