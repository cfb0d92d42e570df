import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { DEV_MNEMONIC } from '../../../protocol/network.ts';
import { balances, devWallet, PROFILE, STRANGER, walletOf } from '../../kit/wallet-kit.ts';

describe('change', () => {
  test('belongs to the label whose coins paid, also after a restore from the words alone', async () => {
    const { chain, wallet } = devWallet();
    const { address } = await wallet.addressOf('carol');
    const to = [{ address, amount: COIN }];
    for (const from of ['alice', 'bob', 'alice', 'alice', 'bob']) {
      await wallet.pay({ from, to });
      if (from === 'bob') chain.mine();
    }
    const known = await balances(wallet);
    assert.deepEqual(known.alice, [9_997n * COIN - 3n * 141n, 0n, 0n]);
    assert.deepEqual(known.bob, [9_998n * COIN - 2n * 141n, 0n, 0n]);
    assert.deepEqual(await balances(walletOf(DEV_MNEMONIC, chain).wallet), known);
  });

  test('of two wallets with the same words stays apart even on one address', async () => {
    const { chain, wallet } = devWallet();
    const twin = walletOf(DEV_MNEMONIC, chain).wallet;
    const { address } = await wallet.addressOf('carol');
    // Both choose their change address before either knows of the other's payment.
    const takeTurns = async () => {
      await twin.pay({ from: 'bob', to: [{ address, amount: 2n * COIN }] });
    };
    await wallet.pay({ from: 'alice', to: [{ address, amount: COIN }] }, { beforeBroadcast: takeTurns });
    chain.mine();
    for (const each of [wallet, twin]) {
      const { alice, bob } = await balances(each);
      assert.deepEqual(alice, [9_999n * COIN - 141n, 0n, 0n]);
      assert.deepEqual(bob, [9_998n * COIN - 141n, 0n, 0n]);
    }
  });

  test('on a change address that a stranger paid to goes to the default label', async () => {
    const { chain, wallet } = devWallet();
    const { change, transaction } = await wallet.pay({
      from: 'alice',
      to: [{ address: STRANGER, amount: COIN }],
    });
    const script =
      transaction.outputs.find(({ value }) => value === change?.value)?.script ?? new Uint8Array();
    chain.mine();
    await chain.strangerPays(encodeAddress(script, PROFILE.address) ?? '', 7n * COIN);
    assert.deepEqual((await balances(wallet)).default, [0n, 7n * COIN, 0n]);
    chain.mine();
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
  });
});
