import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { contentsSchema } from '../../../wallet/keys/contents.ts';
import { fundedWallet, refusal, STRANGER } from '../../kit/wallet-kit.ts';

const ALL = [{ address: STRANGER, amount: 'max' as const }];

test('coins that are reserved for a PSBT are taken by no other payment, and are free for it alone', async () => {
  const { chain, store, wallet } = await fundedWallet(3n * COIN);
  const { psbt } = await wallet.createPsbt({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
  const [coin] = await wallet.reservePsbt(psbt);
  assert.ok(coin);
  const contents = await store.read();
  assert.equal(Object.keys(contents.reserved ?? {}).length, 1);
  assert.deepEqual(
    contentsSchema.parse(JSON.parse(JSON.stringify(contents))),
    contents,
    'it is kept in the file',
  );

  const own = (await wallet.coins()).find(({ label }) => label === 'default');
  assert.equal(own?.frozen, true);
  await assert.rejects(wallet.plan({ from: 'default', to: ALL }), refusal('insufficient-funds', /frozen/));
  await assert.rejects(wallet.plan({ to: ALL, coins: [coin] }), refusal('frozen-coin', /frozen/));

  const signed = await wallet.signPsbt(psbt);
  assert.deepEqual(signed.report.warnings, []);
  await wallet.payPsbt(signed.psbt);
  assert.equal((await store.read()).reserved, undefined);
  chain.mine();
  assert.equal(
    (await wallet.coins()).some(({ frozen }) => frozen),
    false,
  );
});

test('a coin is reserved for one payment at a time, until it is let go', async () => {
  const { store, wallet } = await fundedWallet(3n * COIN);
  const first = await wallet.createPsbt({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
  const second = await wallet.createPsbt({ from: 'default', to: [{ address: STRANGER, amount: 2n * COIN }] });
  const coins = await wallet.reservePsbt(first.psbt);
  assert.deepEqual(await wallet.reservePsbt(first.psbt), coins, 'once more changes nothing');
  await assert.rejects(
    wallet.reservePsbt(second.psbt),
    refusal('frozen-coin', /reserved for another payment/),
  );
  await assert.rejects(wallet.signPsbt(second.psbt), refusal('psbt-warning', /keep it for another payment/));

  await wallet.setFrozen(coins, false);
  assert.equal((await store.read()).reserved, undefined);
  assert.deepEqual(await wallet.reservePsbt(second.psbt), coins);
});
