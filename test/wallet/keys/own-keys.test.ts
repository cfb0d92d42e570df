import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { p2wpkhAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { hash160 } from '../../../protocol/hash.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import { encodeWif } from '../../../protocol/wif.ts';
import { freshMnemonic, restoreWallet, watchWallet } from '../../../wallet/open-wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { balances, fundedWallet, PROFILE, refusal, STRANGER, walletOf } from '../../kit/wallet-kit.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const KEY = new Uint8Array(32).fill(7);
const WIF = encodeWif(KEY, PROFILE.coinType);
const ADDRESS = p2wpkhAddress(hash160(publicKeyOf(KEY)), PROFILE.address.hrp);

async function newFile(t: TestContext) {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  return { path, profile: PROFILE, passphrase: 'secret', cost: { N: 16, r: 1, p: 1 } };
}

describe('a single key', () => {
  test('brings its coins under its label, and they can be spent', async () => {
    const { wallet, chain } = await fundedWallet(COIN);
    await chain.strangerPays(ADDRESS, 3n * COIN);
    chain.mine();
    assert.deepEqual(await wallet.importKey(WIF, 'paper'), {
      address: ADDRESS,
      label: 'paper',
      canSign: true,
    });
    assert.deepEqual((await balances(wallet)).paper, [3n * COIN, 0n, 0n]);
    await wallet.pay({ from: 'paper', to: [{ address: STRANGER, amount: 2n * COIN }] });
    chain.mine();
    const after = await balances(wallet);
    const left = after.paper?.[0] ?? 0n;
    assert.ok(left > COIN - 1_000n && left < COIN, 'the change came back to the label');
    assert.deepEqual(after.default, [COIN, 0n, 0n]);
  });

  test('that was public only is seen, and spent once its private half is there', async () => {
    const { wallet, chain } = await fundedWallet(COIN);
    const seen = await wallet.importKey(bytesToHex(publicKeyOf(KEY)), 'paper');
    assert.deepEqual(seen, { address: ADDRESS, label: 'paper', canSign: false });
    await chain.strangerPays(ADDRESS, 3n * COIN);
    chain.mine();
    const request = { from: 'paper', to: [{ address: STRANGER, amount: COIN }] };
    await assert.rejects(wallet.pay(request), refusal('insufficient-funds'));
    assert.deepEqual(await wallet.importKey(bytesToHex(KEY), 'elsewhere'), { ...seen, canSign: true });
    await wallet.pay(request);
  });

  test('that the wallet has already is refused, as is what is no key', async () => {
    const { wallet, store, chain } = await fundedWallet(COIN);
    await wallet.importKey(WIF);
    await assert.rejects(wallet.importKey(WIF), refusal('known-key', new RegExp(ADDRESS)));
    await assert.rejects(wallet.importKey(bytesToHex(publicKeyOf(KEY))), refusal('known-key'));
    await assert.rejects(wallet.importKey('zoo zoo zoo'), refusal('bad-key'));
    await assert.rejects(
      wallet.importKey(bytesToHex(KEY).replace(/07/g, '09'), 'a\nb'),
      refusal('bad-label'),
    );
    assert.equal((await store.read()).imported.length, 1);
    assert.ok(chain);
  });
});

describe('the words', () => {
  test('are known by the wallet however they are typed, and it remembers when', async () => {
    const { wallet, store, words } = await fundedWallet(COIN);
    assert.equal(await wallet.checkWords('zoo zoo zoo'), false);
    assert.equal(await wallet.checkWords(freshMnemonic()), false);
    assert.equal((await store.read()).wordsChecked, null);
    assert.equal(await wallet.checkWords(`  ${words.toUpperCase().replaceAll(' ', '\n')} `), true);
    assert.equal((await store.read()).wordsChecked, 1_800_000_000);
  });
});

describe('a wallet that only watches', () => {
  test('finds the coins of the account, and can neither sign nor show words', async (t) => {
    const { wallet, chain } = await fundedWallet(5n * COIN);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    chain.mine();
    const { withOrigin, path, fingerprint } = await wallet.exportXpub();
    assert.equal(path, "m/84'/1'/0'");
    assert.match(withOrigin, new RegExp(`^\\[${fingerprint}/84'/1'/0'\\]tpub`));
    const watching = await watchWallet({ ...(await newFile(t)), backend: chain, xpub: withOrigin });
    assert.equal(await watching.kind(), 'watch');
    assert.deepEqual((await watching.balance()).total, (await wallet.balance()).total);
    assert.deepEqual(await watching.exportXpub(), await wallet.exportXpub());
    const request = { from: 'default', to: [{ address: STRANGER, amount: COIN }] };
    assert.equal((await watching.plan(request)).to.length, 1);
    await assert.rejects(watching.pay(request), refusal('watch-only', /PSBT/));
    await assert.rejects(watching.mnemonic(), refusal('watch-only'));
    await assert.rejects(watching.checkWords('zoo'), refusal('watch-only'));
    assert.equal((await watching.newAddress('rent')).address, (await wallet.newAddress('rent')).address);
  });

  test('is made from a vpub, from "h" for hardened, and from no other thing', async (t) => {
    const { wallet } = walletOf(freshMnemonic(), new FakeChain(PROFILE));
    const { zpub, xpub, fingerprint } = await wallet.exportXpub();
    const options = { ...(await newFile(t)), backend: new FakeChain(PROFILE) };
    const made = async (text: string, name: string) =>
      (await watchWallet({ ...options, path: `${options.path}.${name}`, xpub: text })).exportXpub();
    assert.equal((await made(zpub, 'a')).fingerprint, null);
    assert.equal(
      (await made(`[${fingerprint}/84h/1h/0h]${zpub}`, 'b')).withOrigin,
      `[${fingerprint}/84'/1'/0']${xpub}`,
    );
    for (const text of [
      `[${fingerprint}/84'/0'/0']${xpub}`,
      `[${fingerprint}/84'/1'/1']${xpub}`,
      `[${fingerprint}]${xpub}`,
    ]) {
      await assert.rejects(made(text, 'c'), refusal('bad-key', /comes from/));
    }
    await assert.rejects(made(await wallet.mnemonic(), 'c'), refusal('bad-key'));
  });
});

describe('accounts', () => {
  test('of the same words are other wallets, restored each by its number', async (t) => {
    const chain = new FakeChain(PROFILE);
    const mnemonic = freshMnemonic();
    const options = { ...(await newFile(t)), backend: chain, mnemonic };
    const first = await restoreWallet({ ...options, account: 1 });
    await chain.strangerPays((await first.addressOf('default')).address, 2n * COIN);
    chain.mine();
    const again = await restoreWallet({
      ...options,
      path: `${options.path}.1`,
      account: 1,
      wordsChecked: 5,
      created: 4,
    });
    assert.deepEqual((await balances(again)).default, [2n * COIN, 0n, 0n]);
    const other = await restoreWallet({ ...options, path: `${options.path}.0` });
    assert.deepEqual((await balances(other)).default, [0n, 0n, 0n]);
    assert.match((await again.exportXpub()).path, /1'$/);
  });
});
