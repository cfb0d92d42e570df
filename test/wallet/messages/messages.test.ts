/** Messages signed for own addresses, and checked for anybody's. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sign } from '@noble/secp256k1';
import { BITCOIN_FORMATS, encodeAddress, p2wpkhAddress } from '../../../protocol/address.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { messageHash } from '../../../protocol/signed-message.ts';
import { DEFAULT_LABEL, wordKeys } from '../../../wallet/keys/contents.ts';
import { MESSAGE_FORMS, verifyMessage } from '../../../wallet/messages/message-verdict.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { readVectors } from '../../protocol/vectors.ts';
import { offlineWallet, PROFILE, refused, ringOf, WORDS, walletOf, watchedWallet } from '../psbt/psbt-kit.ts';

const { wallet } = offlineWallet();
const { address } = await wallet.addressOf(DEFAULT_LABEL);
const MESSAGE = 'Zwölf Boxkämpfer 😄\nline two ';

describe('a message signed for an own address', () => {
  for (const form of MESSAGE_FORMS) {
    test(`is valid in the form ${form}, for this text, this address and nothing else`, async () => {
      const signed = await wallet.signMessage({ address, message: MESSAGE, form });
      assert.equal(signed.form, form);
      assert.deepEqual(await wallet.verifyMessage(signed), {
        state: 'valid',
        form,
        reason: undefined,
        lockTime: 0,
        sequence: 0,
      });
      const states = async (change: Partial<typeof signed>) =>
        (await wallet.verifyMessage({ ...signed, ...change })).state;
      assert.equal(await states({ message: MESSAGE.trim() }), 'invalid');
      assert.equal(await states({ message: '' }), 'invalid');
      const other =
        encodeAddress(ringOf(wordKeys(WORDS)).script({ chain: 0, index: 1 }), PROFILE.address) ?? '';
      assert.equal(await states({ address: other }), 'invalid');
      assert.equal(await states({ address: address.toUpperCase() }), 'valid');
      assert.equal(await states({ address: ` ${address}\n`, signature: `${signed.signature}\n` }), 'valid');
    });
  }

  test('is BIP 322’s with its prefix unless another form is asked for, and the same every time', async () => {
    const { form, signature } = await wallet.signMessage({ address, message: MESSAGE });
    assert.equal(form, 'bip322');
    assert.match(signature, /^smp[A-Za-z0-9+/]+=*$/);
    assert.equal((await wallet.signMessage({ address, message: MESSAGE })).signature, signature);
    const bare = await wallet.verifyMessage({ address, message: MESSAGE, signature: signature.slice(3) });
    assert.equal(bare.state, 'valid');
  });

  test('in the recoverable form begins with the byte of BIP 137 for P2WPKH', async () => {
    const { signature } = await wallet.signMessage({ address, message: MESSAGE, form: 'recoverable' });
    const bytes = Buffer.from(signature, 'base64');
    assert.equal(bytes.length, 65);
    assert.ok((bytes[0] ?? 0) >= 39 && (bytes[0] ?? 0) <= 42);
    // Electrum's form of the same: counted from 31.
    bytes[0] = (bytes[0] ?? 0) - 8;
    const verdict = await wallet.verifyMessage({
      address,
      message: MESSAGE,
      signature: bytes.toString('base64'),
    });
    assert.deepEqual([verdict.state, verdict.form], ['valid', 'recoverable']);
  });

  test('may be empty, or long', async () => {
    for (const message of ['', 'x'.repeat(300_000)]) {
      for (const form of MESSAGE_FORMS) {
        const signed = await wallet.signMessage({ address, message, form });
        assert.equal((await wallet.verifyMessage(signed)).state, 'valid');
      }
    }
  });

  test('is not made for an address of somebody else, of another network, or of another kind', async () => {
    const stranger = p2wpkhAddress(new Uint8Array(20).fill(1), PROFILE.address.hrp);
    await assert.rejects(wallet.signMessage({ address: stranger, message: 'x' }), refused('foreign-address'));
    const foreign = p2wpkhAddress(new Uint8Array(20).fill(1), 'bc');
    await assert.rejects(
      wallet.signMessage({ address: foreign, message: 'x' }),
      refused('wrong-network', /Bitcoin/),
    );
    await assert.rejects(wallet.signMessage({ address: 'x', message: 'x' }), refused('bad-address'));
    const taproot =
      encodeAddress(concatBytes(Uint8Array.of(0x51, 32), new Uint8Array(32)), PROFILE.address) ?? '';
    await assert.rejects(
      wallet.signMessage({ address: taproot, message: 'x' }),
      refused('bad-address', /p2tr/),
    );
  });

  test('is not made by a wallet that only watches', async () => {
    const { watcher, address: watched } = await watchedWallet([]);
    await assert.rejects(
      watcher.signMessage({ address: watched, message: 'x' }),
      refused('watch-only', /sign where its key is/),
    );
    assert.equal(
      (await watcher.verifyMessage(await wallet.signMessage({ address, message: 'x' }))).state,
      'valid',
    );
  });

  test('is not made of half a character, which two different texts would share', async () => {
    for (const message of ['\ud800', 'a\udc00b']) {
      await assert.rejects(wallet.signMessage({ address, message }), refused('bad-message'));
      await assert.rejects(
        wallet.verifyMessage({ address, message, signature: 'AA==' }),
        refused('bad-message'),
      );
    }
  });

  test('can be signed by a single key that was imported', async () => {
    const key = new Uint8Array(32).fill(3);
    const { wallet: holder } = walletOf(wordKeys(WORDS), new FakeChain(PROFILE));
    const imported = await holder.importKey(Buffer.from(key).toString('hex'));
    const signed = await holder.signMessage({ address: imported.address, message: MESSAGE });
    assert.equal((await holder.verifyMessage(signed)).state, 'valid');
  });
});

describe('a signature', () => {
  test('that cannot be read is told apart from one that is not valid', async () => {
    const unreadable = [
      '',
      ' ',
      'smp',
      'ful',
      'smpAA',
      'smp!!!',
      'ful!',
      'fulAAAA',
      'x'.repeat(9),
      'smpAkcw',
      `smp${'A'.repeat(100_000)}`,
    ];
    for (const signature of unreadable) {
      await assert.rejects(
        wallet.verifyMessage({ address, message: 'x', signature }),
        refused('bad-signature'),
        signature,
      );
    }
    const wrong = [
      'smpAA==',
      Buffer.alloc(65, 39).toString('base64'),
      Buffer.alloc(65, 0xff).fill(31, 0, 1).toString('base64'),
    ];
    for (const signature of wrong) {
      assert.equal(
        (await wallet.verifyMessage({ address, message: 'x', signature })).state,
        'invalid',
        signature,
      );
    }
  });

  test('of an address that is a script is neither valid nor invalid, as far as one can tell without running it', async () => {
    const script =
      encodeAddress(concatBytes(Uint8Array.of(0, 32), new Uint8Array(32).fill(1)), PROFILE.address) ?? '';
    const made = sign(messageHash('x'), new Uint8Array(32).fill(3), { prehash: false, format: 'recovered' });
    made[0] = 39 + (made[0] ?? 0);
    const recoverable = Buffer.from(made).toString('base64');
    const verdict = await wallet.verifyMessage({ address: script, message: 'x', signature: recoverable });
    assert.deepEqual(
      [verdict.state, verdict.reason],
      ['inconclusive', 'a signature of this form is for addresses of one key, not for p2wsh'],
    );
    assert.equal(
      (await wallet.verifyMessage({ address: script, message: 'x', signature: 'smpAQA=' })).state,
      'inconclusive',
    );
  });

  test('that proves funds as well is neither, without a node', async () => {
    const verdict = await wallet.verifyMessage({ address, message: 'x', signature: 'pofcHNidP8=' });
    assert.deepEqual([verdict.state, verdict.form], ['inconclusive', 'bip322']);
  });

  test('that holds only from a time on says so, and is valid', () => {
    const { full } = readVectors<{
      full: { type: string; address: string; message: string; bip322_signatures: string[] }[];
    }>('messages/bip322-generated.json');
    const profile = { name: 'Bitcoin', address: BITCOIN_FORMATS.main };
    const vector = full.find(({ type }) => type === 'p2wpkh');
    const [signature = ''] = vector?.bip322_signatures ?? [];
    const verdict = verifyMessage(
      { address: vector?.address ?? '', message: vector?.message ?? '', signature },
      profile,
    );
    assert.deepEqual(verdict, {
      state: 'valid',
      form: 'bip322',
      reason: 'it holds from lock time 2016 on, for coins of age 2016',
      lockTime: 2016,
      sequence: 2016,
    });
  });

  test('of Bitcoin Core is checked as its own test has it', () => {
    const verdict = verifyMessage(
      {
        address: 'mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB',
        message: 'This is just a test message',
        signature: 'INbVnW4e6PeRmsv2Qgu8NuopvrVjkcxob+sX8OcZG0SALhWybUjzMLPdAsXI46YZGb0KQTRii+wWIQzRpG/U+S0=',
      },
      { name: 'bitcoin-regtest', address: BITCOIN_FORMATS.regtest },
    );
    assert.deepEqual([verdict.state, verdict.form], ['valid', 'recoverable']);
  });
});
