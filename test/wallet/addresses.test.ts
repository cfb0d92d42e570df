import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { balances, fundedWallet, PROFILE, refusal, STRANGER, walletOf } from '../kit/wallet-kit.ts';

describe('addresses', () => {
  test('of another copy of the wallet are found when they are used', async () => {
    const { chain, wallet, words } = await fundedWallet(COIN);
    const twin = walletOf(words, chain).wallet;
    for (let n = 0; n < 3; n++) await twin.newAddress('other');
    const { address } = await twin.newAddress('other');
    await chain.strangerPays(address, 4n * COIN);
    assert.deepEqual(await balances(wallet), { default: [COIN, 4n * COIN, 0n] });
    const fresh = await wallet.newAddress('default');
    assert.equal(fresh.path, `m/84'/1'/0'/0/5`, 'no address is given out that is in use');
  });

  test('are counted from the last used one, so that the owner can be warned of the gap', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    await wallet.balance();
    let last = await wallet.newAddress('default');
    assert.equal(last.unusedBefore, 0);
    for (let n = 0; n < 25; n++) last = await wallet.newAddress('default');
    assert.equal(last.unusedBefore, 25);
    await chain.strangerPays(last.address, COIN);
    assert.equal((await wallet.balance()).total.pending, COIN, 'those given out are watched beyond the gap');
    assert.equal((await wallet.newAddress('default')).unusedBefore, 0);
  });

  test('are known as own, of one label too', async () => {
    const { wallet } = await fundedWallet(COIN);
    const { address: spare } = await wallet.newAddress('spare');
    assert.deepEqual([await wallet.owns(spare), await wallet.owns(spare, 'spare')], [true, true]);
    assert.equal(await wallet.owns(spare, 'default'), false, 'it was given out for another label');
    assert.equal(await wallet.owns(STRANGER), false);
    const { transaction } = await wallet.pay({
      from: 'default',
      to: [{ address: spare, amount: COIN / 2n }],
    });
    for (const { script } of transaction.outputs) {
      const shown = encodeAddress(script, PROFILE.address) ?? '';
      assert.equal(
        await wallet.owns(shown, 'spare'),
        true,
        'the payee, and the change, which is nobody else’s',
      );
    }
    await assert.rejects(wallet.owns('nobody'), refusal('bad-address'));
  });

  test('have labels of visible characters', async () => {
    const { wallet } = await fundedWallet(COIN);
    for (const label of ['', '  ', 'a\nb', 'x'.repeat(65), '\u202Etxt', 'a\u0000']) {
      await assert.rejects(wallet.newAddress(label), refusal('bad-label'), JSON.stringify(label));
    }
    await assert.rejects(wallet.newAddress(STRANGER), refusal('bad-label', /is an address/));
    assert.equal((await wallet.newAddress('  Miete März ')).label, 'Miete März');
    assert.equal((await wallet.newAddress('Miete Ma\u0308rz')).label, 'Miete März');
    assert.equal((await wallet.labels()).at(-1)?.addresses.length, 2);
  });
});
