/** PSBTs that somebody made to cheat a signer, and PSBTs that are only odd. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocol/bytes.ts';
import { genericMessageHash, toSign } from '../../../protocol/generic-signed-message.ts';
import { hash160 } from '../../../protocol/hash.ts';
import { decodePsbt, encodePsbt, newPsbt, type Psbt } from '../../../protocol/psbt.ts';
import { OP_RETURN, p2wpkhScript, pushData } from '../../../protocol/script.ts';
import { signInput } from '../../../protocol/signature.ts';
import { encodeTransaction, type TxOutput, txid } from '../../../protocol/transaction.ts';
import { newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE } from '../../../wallet/keys/key-ring.ts';
import { coinName } from '../../../wallet/keys/owner-notes.ts';
import { reportOf } from '../../../wallet/psbt/psbt-report.ts';
import { readPsbt, showPsbt } from '../../../wallet/psbt/psbt-text.ts';
import { readVectors } from '../../protocol/vectors.ts';
import {
  altered,
  alteredInput,
  OTHER_WORDS,
  offlineWallet,
  PROFILE,
  refused,
  ringOf,
  SIGNER,
  STRANGER,
  WORDS,
  watchedWallet,
} from './psbt-kit.ts';

const REQUEST = { to: [{ address: STRANGER, amount: 4n * COIN }] };

/** An honest PSBT of as many coins as there are amounts. */
async function honest(amounts: readonly bigint[] = [5n * COIN, 6n * COIN]) {
  const { watcher, chain } = await watchedWallet(amounts);
  const coins = (await watcher.coins()).map(({ outPoint }) => outPoint);
  const { psbt } = await watcher.createPsbt({ ...REQUEST, coins });
  return { psbt, watcher, chain };
}

const codesOf = async (psbt: string) =>
  (await SIGNER.inspectPsbt(psbt)).report.warnings.map(({ code }) => code);

/** The output of a PSBT's transaction that pays the stranger, made another. */
const withPayment = (text: string, output: TxOutput) =>
  altered(text, (psbt) => {
    const at = psbt.outputs.findIndex(({ origins }) => origins.length === 0);
    return { ...psbt, unsigned: { ...psbt.unsigned, outputs: psbt.unsigned.outputs.with(at, output) } };
  });

describe('a signer is not cheated', () => {
  test('by an amount other than that of the transaction that is spent from', async () => {
    const { psbt } = await honest();
    const script = readPsbt(psbt).inputs[0]?.witnessUtxo?.script ?? new Uint8Array();
    const lie = alteredInput(psbt, 0, { witnessUtxo: { value: 1n, script } });
    for (const call of ['signPsbt', 'inspectPsbt', 'finalizePsbt'] as const) {
      await assert.rejects(SIGNER[call](lie), refused('bad-psbt', /one of them is a lie/));
    }
  });

  test('by a transaction that is not the one spent from', async () => {
    const { psbt } = await honest();
    const { inputs } = readPsbt(psbt);
    const swapped = alteredInput(psbt, 0, { nonWitnessUtxo: inputs[1]?.nonWitnessUtxo });
    await assert.rejects(SIGNER.signPsbt(swapped), refused('bad-psbt', /input 0, previous/));
  });

  test('by amounts that are only said, unless there is one input, whose signature covers its own', async () => {
    const { psbt } = await honest();
    const said = alteredInput(psbt, 1, { nonWitnessUtxo: undefined });
    assert.deepEqual(await codesOf(said), ['unproven-amount']);
    const wallet = SIGNER;
    await assert.rejects(wallet.signPsbt(said), refused('psbt-warning', /amount of input 1 is only said/));
    assert.equal((await wallet.signPsbt(said, { despiteWarnings: true })).signedNow, 2);
    const { psbt: single } = await honest([5n * COIN]);
    const alone = alteredInput(single, 0, { nonWitnessUtxo: undefined });
    assert.equal((await wallet.signPsbt(alone)).signedNow, 1);
  });

  test('into a signature that would let others change the payment', async () => {
    const { psbt } = await honest();
    for (const sighashType of [0x02, 0x03, 0x81, 0x82, 0x83, 0]) {
      const other = alteredInput(psbt, 0, { sighashType });
      assert.deepEqual(await codesOf(other), ['hash-type']);
      const wallet = SIGNER;
      await assert.rejects(wallet.signPsbt(other), refused('psbt-warning', /another hash type/));
      await assert.rejects(
        wallet.signPsbt(other, { despiteWarnings: true }),
        refused('bad-psbt', /signs with ALL/),
      );
    }
    assert.deepEqual(await codesOf(alteredInput(psbt, 0, { sighashType: 1 })), []);
  });

  test('into signing a message that it does not see (BIP 322)', async () => {
    const ring = ringOf(wordKeys(WORDS));
    const script = ring.script({ chain: 0, index: 0 });
    const bare = newPsbt(toSign('I owe you everything', script));
    const inputs = [{ ...bare.inputs[0]!, witnessUtxo: { value: 0n, script } }];
    const message = { type: 0x09, keyData: new Uint8Array(), value: genericMessageHash('x') };
    for (const others of [[], [message]]) {
      const text = showPsbt({ ...bare, inputs, others });
      assert.ok((await codesOf(text)).includes('message'));
      await assert.rejects(
        SIGNER.signPsbt(text, { despiteWarnings: true }),
        refused('bad-psbt', /signs a message/),
      );
    }
    const { psbt } = await honest();
    const declared = altered(psbt, (one) => ({ ...one, others: [message] }));
    await assert.rejects(
      SIGNER.signPsbt(declared, { despiteWarnings: true }),
      refused('bad-psbt', /signs a message/),
    );
  });

  test('by an output that is said to come back and does not', async () => {
    const { psbt } = await honest();
    const change = readPsbt(psbt).outputs.find(({ origins }) => origins.length > 0)!;
    const claimed = altered(psbt, (one) => ({
      ...one,
      outputs: one.outputs.map((output) => (output.origins.length > 0 ? output : change)),
    }));
    const { report } = await SIGNER.inspectPsbt(claimed);
    assert.deepEqual(
      report.warnings.map(({ code }) => code),
      ['false-claim'],
    );
    assert.equal(report.paid, 4n * COIN);
    await assert.rejects(SIGNER.signPsbt(claimed), refused('psbt-warning', /does not/));
  });

  test('by change to a key of its own that it would never look at again', async () => {
    const { psbt } = await honest();
    const ring = ringOf(wordKeys(WORDS));
    const to = (index: number) => {
      const place = { chain: CHANGE, index } as const;
      const origins = [{ publicKey: ring.publicKey(place), ...ring.origin(place)! }];
      const script = p2wpkhScript(hash160(ring.publicKey(place)));
      return altered(psbt, (one) => {
        const at = one.outputs.findIndex((output) => output.origins.length > 0);
        const { value } = one.unsigned.outputs[at]!;
        return {
          ...one,
          unsigned: { ...one.unsigned, outputs: one.unsigned.outputs.with(at, { value, script }) },
          outputs: one.outputs.with(at, { ...one.outputs[at]!, origins }),
        };
      });
    };
    assert.deepEqual(await codesOf(to(150)), []);
    assert.deepEqual(await codesOf(to(2 ** 31 - 1)), ['far-output']);
    await assert.rejects(SIGNER.signPsbt(to(2 ** 31 - 1)), refused('psbt-warning', /restore would not find/));
  });

  test('by a key of its own beside a script that is not', async () => {
    const ring = ringOf(wordKeys(WORDS));
    const place = { chain: 0, index: 3 } as const;
    const publicKey = ring.publicKey(place);
    const claims = [
      { publicKey, ...ring.origin(place)! },
      { publicKey: ringOf(wordKeys(OTHER_WORDS)).publicKey(place), ...ring.origin(place)! },
      { publicKey, fingerprint: ring.origin(place)!.fingerprint, path: [0, 3] },
      { publicKey, fingerprint: '00000000', path: ring.origin(place)!.path },
      {
        publicKey,
        fingerprint: ring.origin(place)!.fingerprint,
        path: [...ring.origin(place)!.path.slice(0, 4), 2 ** 31],
      },
    ];
    const stranger = ringOf(wordKeys(OTHER_WORDS));
    const { psbt } = await honest();
    const base = readPsbt(psbt);
    for (const claim of claims) {
      const foreign: Psbt = {
        ...base,
        inputs: base.inputs.map((input) => ({
          ...input,
          nonWitnessUtxo: undefined,
          witnessUtxo: { value: 6n * COIN, script: stranger.script(place) },
          origins: [claim],
        })),
      };
      await assert.rejects(SIGNER.signPsbt(showPsbt(foreign)), refused('foreign-psbt'));
    }
  });

  test('by a wrong signature in its own place, partial or final', async () => {
    const { psbt } = await honest();
    const wallet = SIGNER;
    const [key, other] = [0, 1].map((index) => ringOf(wordKeys(WORDS)).privateKey({ chain: 0, index }));
    const { unsigned, inputs } = readPsbt(psbt);
    // Of another amount; and of another key under the name of the right one.
    const [signature, publicKey] = signInput(unsigned, 0, key!, 1n);
    const [foreign] = signInput(unsigned, 0, other!, inputs[0]!.witnessUtxo!.value);
    for (const wrong of [signature, foreign]) {
      const partial = alteredInput(psbt, 0, { partialSignatures: [{ publicKey, signature: wrong }] });
      assert.deepEqual(await codesOf(partial), ['wrong-signature']);
      await assert.rejects(wallet.signPsbt(partial), refused('psbt-warning', /input 0 is wrong/));
      await assert.rejects(
        wallet.signPsbt(partial, { despiteWarnings: true }),
        refused('bad-psbt', /input 0 is yours/),
      );
      await assert.rejects(
        wallet.finalizePsbt(partial),
        refused('bad-psbt', /signature of input 0 is wrong/),
      );
      const final = alteredInput(psbt, 0, { finalScriptWitness: [wrong, publicKey] });
      await assert.rejects(wallet.signPsbt(final), refused('psbt-warning', /input 0 is wrong/));
      await assert.rejects(wallet.finalizePsbt(final), refused('bad-psbt', /wrong/));
    }
    const emptyWitness = alteredInput(psbt, 0, { finalScriptWitness: [] });
    await assert.rejects(wallet.finalizePsbt(emptyWitness), refused('bad-psbt'));
    const scriptSig = alteredInput(psbt, 0, { finalScriptSig: Uint8Array.of(1) });
    await assert.rejects(wallet.finalizePsbt(scriptSig), refused('bad-psbt'));
  });

  test('into a signature for other words, another account, or another network’s path', async () => {
    const { psbt } = await honest();
    await assert.rejects(offlineWallet(OTHER_WORDS).wallet.signPsbt(psbt), refused('foreign-psbt'));
  });
});

describe('a signer is told', () => {
  test('of a fee that looks like a mistake, or cannot be', async () => {
    const { psbt } = await honest();
    const stranger = readPsbt(psbt).unsigned.outputs.find(({ value }) => value === 4n * COIN)!;
    const high = withPayment(psbt, { ...stranger, value: 1n * COIN });
    assert.deepEqual(await codesOf(high), ['high-fee']);
    await assert.rejects(SIGNER.signPsbt(high), refused('psbt-warning', /fee/));
    const negative = withPayment(psbt, { ...stranger, value: 40n * COIN });
    assert.deepEqual(await codesOf(negative), ['negative-fee']);
    assert.equal((await SIGNER.inspectPsbt(negative)).report.feeRate, undefined);
    const low = withPayment(psbt, { ...stranger, value: 4n * COIN + 200n });
    assert.deepEqual(await codesOf(low), ['low-fee']);
    assert.equal((await SIGNER.signPsbt(low)).signedNow, 2);
  });

  test('of outputs that nobody could spend, that nodes do not relay, or that hold data', async () => {
    const { psbt } = await honest();
    const taproot = concatBytes(Uint8Array.of(0x51, 32), new Uint8Array(32).fill(2));
    assert.deepEqual(await codesOf(withPayment(psbt, { value: 4n * COIN - 5_000n, script: taproot })), [
      'unspendable-output',
    ]);
    const burn = concatBytes(Uint8Array.of(OP_RETURN), pushData(new TextEncoder().encode('<script>')));
    assert.deepEqual(await codesOf(withPayment(psbt, { value: 4n * COIN - 5_000n, script: burn })), [
      'unspendable-output',
    ]);
    const dust = { value: 100n, script: p2wpkhScript(new Uint8Array(20)) };
    assert.deepEqual(await codesOf(withPayment(psbt, dust)), ['high-fee', 'dust-output']);
    assert.deepEqual(await codesOf(withPayment(psbt, { value: 0n, script: burn })), [
      'high-fee',
      'data-output',
    ]);
  });

  test('of inputs of others, and of amounts that are not told', async () => {
    const { psbt } = await honest();
    const script = p2wpkhScript(new Uint8Array(20).fill(9));
    const foreign = alteredInput(psbt, 1, {
      nonWitnessUtxo: undefined,
      witnessUtxo: { value: 6n * COIN, script },
      origins: [],
    });
    assert.deepEqual(await codesOf(foreign), ['foreign-inputs']);
    const { report, signedNow } = await SIGNER.signPsbt(foreign);
    assert.deepEqual([signedNow, report.state], [1, 'partly-signed']);
    const untold = alteredInput(psbt, 1, { nonWitnessUtxo: undefined, witnessUtxo: undefined });
    assert.deepEqual(await codesOf(untold), ['unknown-amount', 'foreign-inputs']);
    assert.equal((await SIGNER.inspectPsbt(untold)).report.fee, undefined);
    const nested = alteredInput(psbt, 1, {
      nonWitnessUtxo: undefined,
      witnessUtxo: { value: 6n * COIN, script: concatBytes(Uint8Array.of(0, 32), new Uint8Array(32)) },
    });
    assert.ok((await codesOf(nested)).includes('unspendable-input'));
  });

  test('of a coin that its owner froze', async () => {
    const { psbt } = await honest();
    const { wallet } = offlineWallet();
    const [first] = readPsbt(psbt).unsigned.inputs;
    await wallet.setFrozen([first!.previous], true);
    await assert.rejects(wallet.signPsbt(psbt), refused('psbt-warning', /you froze the coin of input 0/));
    assert.equal(coinName(first!.previous).length, 66);
  });

  test('from when on it can be mined', async () => {
    const { psbt } = await honest();
    const from = (lockTime: number) =>
      altered(psbt, (one) => ({ ...one, unsigned: { ...one.unsigned, lockTime } }));
    const messages = async (text: string) =>
      (await SIGNER.inspectPsbt(text)).report.warnings.map(({ message }) => message);
    assert.deepEqual(await messages(from(700)), ['it cannot be mined before block 700']);
    assert.deepEqual(await messages(from(1_800_000_000)), [
      'it cannot be mined before 2027-01-15T08:00:00.000Z',
    ]);
  });
});

describe('what is no PSBT to sign', () => {
  const { failsSignerChecks, roles } = readVectors<{
    failsSignerChecks: { case: string; hex: string }[];
    roles: Record<string, string>;
  }>('psbt/bip174.json');
  const reader = { ring: ringOf(wordKeys(WORDS)), contents: newContents(wordKeys(WORDS)), profile: PROFILE };

  for (const { case: name, hex } of failsSignerChecks) {
    test(`BIP 174, fails signer checks: ${name}`, () => {
      assert.throws(() => reportOf(decodePsbt(hexToBytes(hex)), reader), refused('bad-psbt'));
    });
  }

  test('a PSBT of another chain is read, and nothing of it is this wallet’s', async () => {
    const { report } = await SIGNER.inspectPsbt(roles.withSighash ?? '');
    assert.equal(report.canSign, false);
    assert.ok(report.warnings.some(({ code }) => code === 'unspendable-input'));
    await assert.rejects(SIGNER.signPsbt(roles.withSighash ?? ''), refused('foreign-psbt'));
  });

  test('comes in base64 of one or more lines, in hexadecimal digits, or in the bytes of a file', async () => {
    const { psbt } = await honest();
    const bytes = encodePsbt(readPsbt(psbt));
    const forms = [
      `\n${psbt.replace(/.{64}/g, '$&\r\n')}\n`,
      bytesToHex(bytes),
      bytesToHex(bytes).toUpperCase(),
      bytes,
      new TextEncoder().encode(`${psbt}\n`),
      Buffer.from(bytes),
    ];
    for (const form of forms) assert.equal(showPsbt(readPsbt(form)), psbt);
  });

  test('and anything else is refused in words that do not repeat it', async () => {
    const { psbt } = await honest();
    const transaction = bytesToHex(encodeTransaction(readPsbt(psbt).inputs[0]!.nonWitnessUtxo!));
    const secret = WORDS;
    for (const text of [
      '',
      '   ',
      'cHNi',
      psbt.slice(0, -8),
      `${psbt}AAAA`,
      transaction,
      secret,
      '{"a":1}',
      '€',
    ]) {
      assert.throws(
        () => readPsbt(text),
        (error) =>
          refused('bad-psbt')(error) && (text.length < 9 || !String(error).includes(text.slice(0, 9))),
      );
    }
    assert.throws(() => readPsbt('A'.repeat(40_000_000)), refused('bad-psbt', /too large/));
  });

  test('a transaction that can never be valid, or is larger than nodes relay', async () => {
    const { psbt } = await honest();
    const twice = altered(psbt, ({ unsigned, ...rest }) => ({
      ...rest,
      unsigned: { ...unsigned, inputs: [unsigned.inputs[0]!, unsigned.inputs[0]!] },
      inputs: [rest.inputs[0]!, rest.inputs[0]!],
    }));
    assert.throws(() => readPsbt(twice), refused('bad-psbt', /never be valid: bad-txns-inputs-duplicate/));
    const [output] = readPsbt(psbt).unsigned.outputs;
    const crowd = altered(psbt, (one) => ({
      ...one,
      unsigned: { ...one.unsigned, outputs: new Array<TxOutput>(4_000).fill(output!) },
      outputs: new Array(4_000).fill(one.outputs[1]!),
    }));
    assert.throws(() => readPsbt(crowd), refused('bad-psbt', /larger than nodes relay/));
  });
});

describe('a PSBT is sent only when the chain bears it out', () => {
  test('not when it spends coins that never were', async () => {
    const { psbt, watcher } = await honest([5n * COIN]);
    const script = readPsbt(psbt).inputs[0]!.witnessUtxo!.script;
    const made = { version: 2, inputs: [], outputs: [{ value: 50n * COIN, script }], lockTime: 7 };
    const invented = altered(psbt, (one) => ({
      ...one,
      unsigned: {
        ...one.unsigned,
        inputs: one.unsigned.inputs.map((input) => ({
          ...input,
          previous: { txid: txid({ ...made, inputs: one.unsigned.inputs }), index: 0 },
        })),
      },
      inputs: [
        {
          ...one.inputs[0]!,
          nonWitnessUtxo: undefined,
          witnessUtxo: { value: 5n * COIN, script },
        },
      ],
    }));
    const signed = (await SIGNER.signPsbt(invented)).psbt;
    await assert.rejects(watcher.payPsbt(signed), refused('coins-gone', /knows no coin/));
  });

  test('not when the chain says other amounts than the PSBT', async () => {
    const { psbt, watcher } = await honest([5n * COIN]);
    const script = readPsbt(psbt).inputs[0]!.witnessUtxo!.script;
    const lie = alteredInput(psbt, 0, {
      nonWitnessUtxo: undefined,
      witnessUtxo: { value: 5n * COIN - 1n, script },
    });
    const signed = (await SIGNER.signPsbt(lie)).psbt;
    await assert.rejects(watcher.payPsbt(signed), refused('bad-psbt', /another coin on the chain/));
  });

  test('not when nothing of it is this wallet’s, and not over a grave warning', async () => {
    const { psbt, watcher } = await honest();
    const signer = SIGNER;
    const signed = (await signer.signPsbt(psbt)).psbt;
    await assert.rejects(offlineWallet(OTHER_WORDS).wallet.payPsbt(signed), /not answer|away|unreachable/i);
    const stranger = readPsbt(psbt).unsigned.outputs.find(({ value }) => value === 4n * COIN)!;
    const high = withPayment(psbt, { ...stranger, value: 1n * COIN });
    const costly = (await signer.signPsbt(high, { despiteWarnings: true })).psbt;
    await assert.rejects(watcher.payPsbt(costly), refused('psbt-warning', /fee/));
    const payment = await watcher.payPsbt(costly, { despiteWarnings: true });
    assert.ok(payment.fee > 3n * COIN);
  });
});
