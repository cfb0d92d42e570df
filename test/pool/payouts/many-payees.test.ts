/** Settlements of more than one transaction, and of less than everybody's whole debt. Regtest: maturity is 100. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SettlementReport } from '../../../pool/accounting/accounts-view.ts';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { MAX_PAYMENT_WEIGHT } from '../../../wallet/payments/fee.ts';
import { MAX_PAYEES } from '../../../wallet/services/payment-parts.ts';
import { AccountsKit, minerAddress, PROFILE } from '../../kit/accounts-kit.ts';

const LIMITED = { timeout: 240_000 };
const { maturity } = PROFILE;
const REWARD = 50n * COIN;

/** Amounts by address, over all transactions; fails where one is paid twice. */
function itemsOf({ transactions }: SettlementReport): Map<string, bigint> {
  const items = transactions.flatMap((transaction) => transaction.items);
  const amounts = new Map(items.map(({ address, amount }) => [address, amount]));
  assert.equal(amounts.size, items.length, 'nobody is paid twice');
  return amounts;
}

/** What would be sent, without the names that only what is signed has. */
function planOf({ transactions }: SettlementReport) {
  return transactions.map((transaction) => ({ ...transaction, payoutId: undefined, txid: undefined }));
}

async function confirmed(kit: AccountsKit, blocks: readonly string[]): Promise<void> {
  await kit.mineEmpty(maturity - 1);
  for (const block of blocks) await kit.untilBlock(block, 'confirmed');
}

test(
  'more payees than fit into one transaction are paid in several, each once and exactly',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t, {
      scheme: 'prop',
      feePercent: '0.7',
      payouts: { minimum: 1_000n },
    });
    const names = Array.from({ length: 2 * MAX_PAYEES + 7 }, (_, index) => `miner ${index}`);
    await Promise.all(names.map((name, index) => kit.share(name, BigInt(1 + (index % 5)))));
    const blocks = [await kit.findBlock()];
    // Coins for the other transactions: the change of the first waits for a block.
    for (let found = 0; found < 3; found++) {
      await kit.share('miner 0', 1n);
      blocks.push(await kit.findBlock());
    }
    await confirmed(kit, blocks);
    const debts = new Map(
      (await kit.view.nextPayout()).due.map(({ address, amount }) => [address, amount] as const),
    );
    assert.equal(debts.size, names.length);
    const planned = await kit.view.settle({ dryRun: true });
    const sent = await kit.view.settle({ dryRun: false });
    assert.deepEqual(planOf(sent), planOf(planned));
    assert.equal(sent.transactions.length, 3);
    assert.deepEqual(itemsOf(sent), debts);
    for (const { vsize } of sent.transactions) assert.ok(4 * vsize <= MAX_PAYMENT_WEIGHT);
    const coins = sent.transactions.flatMap((transaction) => transaction.coins);
    assert.equal(new Set(coins.map(({ txid, index }) => `${displayHash(txid)}:${index}`)).size, coins.length);
    assert.equal((await kit.node.call('getrawmempool')).length, 3);
    await kit.node.mine(1);
    for (const { payoutId = 0 } of sent.transactions) await kit.untilPayout(payoutId, 'confirmed');
    for (const name of ['miner 0', `miner ${MAX_PAYEES}`, names.at(-1) ?? '']) {
      assert.equal(await kit.received(name), debts.get(minerAddress(name)));
    }
    const totals = await kit.view.totals();
    assert.deepEqual([totals.owed, totals.inPayout, totals.paid], [0n, 0n, sent.total]);
    assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
  },
);

test(
  'without a fee the coins do not cover the network’s: a lone miner is paid all but the newest block',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t, { feePercent: '0' });
    await kit.spendOldCoins();
    const ann = minerAddress('ann');
    const blocks: string[] = [];
    for (let found = 0; found < 3; found++) {
      await kit.share('ann', 10n);
      blocks.push(await kit.findBlock('ann'));
    }
    await confirmed(kit, blocks);
    assert.equal((await kit.view.balance(ann)).owed, 3n * REWARD);
    const planned = await kit.view.settle({ dryRun: true });
    const sent = await kit.view.settle({ dryRun: false });
    assert.deepEqual(planOf(sent), planOf(planned));
    assert.deepEqual([...itemsOf(sent)], [[ann, 2n * REWARD]]);
    assert.match(sent.trouble ?? '', /need 0\.0000\d+ NILZ more for the fee/);
    assert.equal((await kit.view.balance(ann)).owed, REWARD);
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    assert.equal(await kit.received('ann'), 2n * REWARD);
    // What was left is not forgotten, and no smaller part of a block is paid.
    await assert.rejects(kit.view.settle({ dryRun: false }), /more/);
    await kit.share('ann', 10n);
    await confirmed(kit, [await kit.findBlock('ann')]);
    const again = await kit.view.settle({ dryRun: false });
    assert.deepEqual([...itemsOf(again)], [[ann, REWARD]]);
    assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
  },
);

test(
  'coins of one transaction alone pay the first of several; the others follow when its change is there',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t, { scheme: 'prop', payouts: { minimum: 1_000n } });
    await kit.spendOldCoins();
    const names = Array.from({ length: MAX_PAYEES + 9 }, (_, index) => `miner ${index}`);
    await Promise.all(names.map((name) => kit.share(name, 1n)));
    await confirmed(kit, [await kit.findBlock()]);
    const first = await kit.view.settle({ dryRun: false });
    assert.equal(itemsOf(first).size, MAX_PAYEES);
    assert.match(first.trouble ?? '', /^need .* is pending/);
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    const second = await kit.view.settle({ dryRun: false });
    assert.equal(second.trouble, undefined);
    assert.equal(itemsOf(second).size, 9);
    assert.equal(new Set([...itemsOf(first).keys(), ...itemsOf(second).keys()]).size, names.length);
  },
);

test('a debt that takes more coins than fit into one transaction is paid in several', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  await kit.spendOldCoins();
  const blocks: string[] = [];
  for (let found = 0; found < 3; found++) {
    await kit.share('ann', 10n);
    blocks.push(await kit.findBlock('ann'));
  }
  await confirmed(kit, blocks);
  // 400,000 weight units hold some 1,470 coins.
  await kit.scatterCoins(1_600);
  await kit.mineEmpty(maturity);
  const owed = (3n * REWARD * 99n) / 100n;
  const planned = await kit.view.settle({ dryRun: true });
  const sent = await kit.view.settle({ dryRun: false });
  assert.deepEqual(planOf(sent), planOf(planned));
  assert.deepEqual([sent.trouble, sent.total, sent.transactions.length], [undefined, owed, 2]);
  await kit.node.mine(1);
  await kit.untilPayout(2, 'confirmed');
  assert.equal(await kit.received('ann'), owed);
  assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
});
