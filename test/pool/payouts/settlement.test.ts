import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettlementError } from '../../../pool/accounting/accounts-view.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import {
  AccountsKit,
  minerAddress,
  openOperatorWallet,
  POOL_LABEL,
  PROFILE,
} from '../../kit/accounts-kit.ts';

const LIMITED = { timeout: 60_000 };
const { maturity } = PROFILE;

test(
  'a block is divided, matures, and is paid exactly once, the fee being the operator’s',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await kit.share('ann', 1n);
    await kit.share('bea', 2n);
    const block = await kit.findBlock();
    await kit.untilBlock(block, 'immature');
    const ann = minerAddress('ann');
    // The window of regtest is 3 hashes.
    const part = (50n * COIN * 99n) / 100n;
    assert.equal((await kit.view.balance(ann)).immature, part / 3n);
    assert.equal((await kit.view.nextPayout()).due.length, 0);

    await kit.node.mine(maturity - 2);
    assert.equal((await kit.view.settle({ dryRun: false })).transactions.length, 0);
    await kit.node.mine(1);
    await kit.untilBlock(block, 'confirmed');
    assert.equal((await kit.view.balance(ann)).owed, part / 3n);
    const due = [
      { address: ann, amount: part / 3n },
      { address: minerAddress('bea'), amount: (part * 2n) / 3n },
    ].sort((a, b) => (a.address < b.address ? -1 : 1));
    assert.deepEqual((await kit.view.nextPayout()).due, due);

    const planned = await kit.view.settle({ dryRun: true });
    assert.equal((await kit.view.payouts(10)).length, 0);
    // Two at once: the second finds nobody left.
    const [sent, second] = await Promise.all([
      kit.view.settle({ dryRun: false }),
      kit.view.settle({ dryRun: false }),
    ]);
    assert.equal(second.transactions.length, 0);
    const [plan] = planned.transactions;
    const [payout] = sent.transactions;
    assert.deepEqual(
      { items: plan?.items, total: plan?.total, fee: plan?.fee, change: plan?.change, coins: plan?.coins },
      { items: due, total: payout?.total, fee: payout?.fee, change: payout?.change, coins: payout?.coins },
    );
    assert.deepEqual(
      sent.transactions.flatMap(({ items }) => items),
      due,
    );
    assert.equal((await kit.view.balance(ann)).inPayout, part / 3n);
    assert.deepEqual(await kit.node.call('getrawmempool'), [displayHash(payout?.txid ?? new Uint8Array())]);
    assert.equal((await kit.view.settle({ dryRun: false })).transactions.length, 0);

    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    assert.equal(await kit.received('ann'), part / 3n);
    assert.equal(await kit.received('bea'), (part * 2n) / 3n);
    assert.equal((await kit.view.balance(ann)).paid, part / 3n);
    await kit.node.mine(maturity);
    await kit.untilPayout(1, 'settled');
    assert.equal((await kit.view.totals()).owed, 0n);
  },
);

test('what is below the minimum stays owed, through restarts, until there is enough', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t, { payouts: { minimum: 40n * COIN } });
  await kit.share('ann', 3n);
  await kit.share('bea', 1n);
  const first = await kit.findBlock();
  await kit.node.mine(maturity - 1);
  await kit.untilBlock(first, 'confirmed');
  const bea = minerAddress('bea');
  const { due, waits } = await kit.view.nextPayout();
  assert.deepEqual([due.length, waits.length], [0, 2]);
  await kit.close();
  await kit.open();
  assert.equal((await kit.view.settle({ dryRun: false })).waits.length, 2);
  await kit.share('bea', 4n);
  const second = await kit.findBlock();
  await kit.node.mine(maturity - 1);
  await kit.untilBlock(second, 'confirmed');
  const report = await kit.view.settle({ dryRun: false });
  const part = (50n * COIN * 99n) / 100n;
  assert.deepEqual(
    report.transactions.flatMap(({ items }) => items),
    [{ address: bea, amount: part / 3n + part }],
  );
  assert.equal((await kit.view.balance(minerAddress('ann'))).owed, (part * 2n) / 3n);
});

test('an operator without enough coins pays nobody twice and says what is missing', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  await kit.share('ann', 1n);
  const block = await kit.findBlock();
  await kit.node.mine(maturity - 1);
  await kit.untilBlock(block, 'confirmed');
  // All the coins of the label are spent by the owner, but not yet by a block.
  const wallet = await openOperatorWallet(kit.client);
  const coins = (await wallet.coins()).filter(({ label }) => label === POOL_LABEL);
  const total = coins.reduce((sum, { value }) => sum + value, 0n);
  const away = [{ address: minerAddress('owner'), amount: total - COIN }];
  await wallet.pay({ from: POOL_LABEL, to: away, coins: coins.map(({ outPoint }) => outPoint) });
  await assert.rejects(
    kit.view.settle({ dryRun: false }),
    (error) => error instanceof SettlementError && /need .* NILZ more/.test(error.message),
  );
  assert.match((await kit.view.nextPayout()).trouble ?? '', /need .* NILZ more/);
  assert.equal((await kit.view.payouts(1)).length, 0);
});

test('a block that is confirmed while a payout is signed is paid with it', LIMITED, async (t) => {
  let meanwhile: (() => Promise<void>) | undefined;
  const onStep = async (step: string): Promise<void> => {
    const work = step === 'chosen' ? meanwhile : undefined;
    if (work !== undefined) meanwhile = undefined;
    await work?.();
  };
  const kit = await AccountsKit.start(t, { payouts: { onStep } });
  await kit.share('ann', 10n);
  const first = await kit.findBlock('ann');
  const second = await kit.findBlock('ann');
  await kit.mineEmpty(maturity - 2);
  await kit.untilBlock(first, 'confirmed');
  const part = (50n * COIN * 99n) / 100n;
  assert.equal((await kit.view.nextPayout()).total, part);
  meanwhile = async () => {
    await kit.mineEmpty(1);
    await kit.untilBlock(second, 'confirmed');
  };
  const sent = await kit.view.settle({ dryRun: false });
  assert.deepEqual(
    sent.transactions.map(({ items }) => items),
    [[{ address: minerAddress('ann'), amount: 2n * part }]],
  );
  assert.equal(sent.trouble, undefined);
  assert.equal((await kit.view.payouts(10)).length, 1);
});

test(
  'without an operator’s wallet balances are kept and settling says what is missing',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t, { scheme: 'solo' });
    await assert.rejects(kit.view.settle({ dryRun: true }), /solo/);
    await kit.share('ann', 1n);
    const block = await kit.findBlock('ann');
    await kit.untilBlock(block, 'immature');
    await kit.until(async () => (await kit.view.balance(minerAddress('ann'))).immature > 0n);
    await kit.node.mine(maturity - 1);
    await kit.untilBlock(block, 'confirmed');
    const balance = await kit.view.balance(minerAddress('ann'));
    assert.equal(balance.paid, (50n * COIN * 99n) / 100n);
    assert.equal(balance.owed, 0n);
  },
);
