import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { hash160, sha256d } from '../../../protocol/hash.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import { newContents, withReceive } from '../../../wallet/keys/contents.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { readWatchKey } from '../../../wallet/keys/watch-key.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { balances, fundedWallet, PROFILE, refusal, STRANGER } from '../../kit/wallet-kit.ts';

const SINGLE_KEY = sha256d(new TextEncoder().encode('a key from elsewhere'));
const SINGLE_SCRIPT = p2wpkhScript(hash160(publicKeyOf(SINGLE_KEY)));
const SINGLE_ADDRESS = encodeAddress(SINGLE_SCRIPT, PROFILE.address) ?? '';
const to = [{ address: STRANGER, amount: COIN }];

describe('the coin of an imported key', () => {
  test('pays like any other, alone and together with the coins of the words', async () => {
    const { chain, wallet } = await fundedWallet(5n * COIN);
    await chain.strangerPays(SINGLE_ADDRESS, 3n * COIN);
    chain.mine();
    await wallet.importKey(bytesToHex(SINGLE_KEY), 'paper');
    assert.deepEqual((await balances(wallet)).paper, [3n * COIN, 0n, 0n]);
    const alone = await wallet.pay({ from: 'paper', to });
    chain.mine();
    assert.deepEqual((await balances(wallet)).paper, [2n * COIN - alone.fee, 0n, 0n], 'change stays with it');
    const bumped = await wallet.bump(
      (await wallet.pay({ to: [{ address: STRANGER, amount: 6n * COIN }] })).txid,
    );
    assert.deepEqual(new Set(bumped.coins.map(({ label }) => label)), new Set(['default', 'paper']));
    chain.mine();
    assert.equal((await wallet.balance()).total.spendable, COIN - alone.fee - bumped.fee);
  });

  test('that came to the wallet without its private half is seen, and never chosen', async () => {
    const { chain, wallet, store } = await fundedWallet(COIN / 2n);
    await chain.strangerPays(SINGLE_ADDRESS, 3n * COIN);
    chain.mine();
    await store.update(async (contents) => ({
      contents: {
        ...contents,
        imported: [{ publicKey: bytesToHex(publicKeyOf(SINGLE_KEY)), privateKey: null, label: 'seen' }],
      },
      result: undefined,
    }));
    assert.deepEqual((await balances(wallet)).seen, [3n * COIN, 0n, 0n]);
    await assert.rejects(
      wallet.plan({ from: 'seen', to }),
      refusal('insufficient-funds', /\(the keys of 3\.00000000 are elsewhere\)/),
    );
    const [coin] = (await wallet.coins()).filter(({ label }) => label === 'seen');
    assert.ok(coin);
    await assert.rejects(wallet.pay({ to, coins: [coin.outPoint] }), refusal('watch-only'));
  });
});

describe('a wallet that only watches', () => {
  test('plans payments, bumps and cancellations, and signs none of them', async () => {
    const { chain, wallet } = await fundedWallet(5n * COIN);
    const { xpub } = await wallet.exportXpub();
    const store = new MemoryStore(withReceive(newContents(readWatchKey(xpub, PROFILE)), 'default', 0));
    const watching = new Wallet({ store, profile: PROFILE, backend: chain });
    assert.deepEqual(await balances(watching), { default: [5n * COIN, 0n, 0n] });
    const plan = await watching.plan({ from: 'default', to });
    assert.equal(plan.fee, 141n);
    const before = chain.handedIn.length;
    await assert.rejects(watching.pay({ from: 'default', to }), refusal('watch-only', /PSBT/));
    assert.deepEqual((await store.read()).outgoing, []);
    const { txid } = await wallet.pay({ from: 'default', to });
    assert.ok((await watching.planBump(txid)).fee > 141n);
    assert.deepEqual((await watching.planCancel(txid)).to, []);
    await assert.rejects(watching.bump(txid), refusal('watch-only'));
    await assert.rejects(watching.cancel(txid), refusal('watch-only'));
    assert.equal(chain.handedIn.length, before + 1);
    assert.deepEqual((await store.read()).outgoing, []);
  });
});
