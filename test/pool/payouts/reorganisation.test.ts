/** What a chain that changes its mind does to credits and payouts. Regtest: maturity is 100. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import { judgeBlocks } from '../../../pool/accounting/block-judge.ts';
import { NodeChain } from '../../../pool/accounting/node-chain.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { askNetwork } from '../../../pool/nodes/node-network.ts';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import {
  AccountsKit,
  minerAddress,
  openOperatorWallet,
  POOL_LABEL,
  PROFILE,
} from '../../kit/accounts-kit.ts';
import { signedPayment } from '../../kit/signed-payment.ts';
import { SILENT } from '../../kit/surroundings.ts';

const LIMITED = { timeout: 120_000 };
const { maturity } = PROFILE;
const ann = minerAddress('ann');
const PART = (50n * COIN * 99n) / 100n;

/** Blocks of the pool, all of them ann's work, confirmed by blocks of others. */
async function confirmedBlocks(kit: AccountsKit, count: number): Promise<string[]> {
  const blocks: string[] = [];
  for (let found = 0; found < count; found++) {
    await kit.share('ann', 10n);
    blocks.push(await kit.findBlock('ann'));
  }
  await kit.mineEmpty(maturity - 1);
  for (const block of blocks) await kit.untilBlock(block, 'confirmed');
  return blocks;
}

async function height(kit: AccountsKit): Promise<number> {
  return kit.node.call('getblockcount');
}

test('a payout in flight outlives a reorganisation that takes the block it pays for', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  // Two blocks: no coinbase alone covers them, the operator's old coin pays.
  const [first = '', second = ''] = await confirmedBlocks(kit, 2);
  const { transactions } = await kit.view.settle({ dryRun: false });
  assert.equal(transactions[0]?.total, 2n * PART);
  const txid = displayHash(transactions[0]?.txid ?? new Uint8Array());
  await kit.reorganise(second, (await height(kit)) + 1);
  await kit.untilBlock(second, 'orphaned');
  await kit.untilBlock(first, 'confirmed');
  const balance = await kit.view.balance(ann);
  assert.deepEqual(
    [balance.owed, balance.inPayout, balance.lostToOperator, balance.confirmed],
    [0n, 2n * PART, PART, PART],
  );
  // It waits for a block again, and gets one: the same transaction, not one with a higher fee.
  await kit.until(async () => ((await kit.node.call('getrawmempool')) as string[]).includes(txid));
  await kit.node.mine(1);
  await kit.untilPayout(1, 'confirmed');
  assert.equal(await kit.received('ann'), 2n * PART);
  assert.equal((await kit.view.balance(ann)).paid, 2n * PART);
  // The same once it was in a block, and long ago.
  await kit.mineEmpty(8);
  await kit.reorganise(displayHash((await kit.progress(1))?.inBlock?.hash ?? new Uint8Array()), 10);
  await kit.untilPayout(1, 'sending');
  await kit.until(async () => ((await kit.node.call('getrawmempool')) as string[]).includes(txid));
  await kit.mineEmpty(2);
  await kit.untilUpToDate();
  assert.equal((await kit.view.payouts(1))[0]?.replacements, 0);
  await kit.node.mine(1);
  await kit.untilPayout(1, 'confirmed');
  assert.equal(await kit.received('ann'), 2n * PART);
});

test('a block lost after its payout is the operator’s loss, and no debt of the miner', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  const [first = '', second = ''] = await confirmedBlocks(kit, 2);
  await kit.view.settle({ dryRun: false });
  await kit.node.mine(3);
  await kit.untilPayout(1, 'confirmed');
  await kit.reorganise(first, (await height(kit)) + 2);
  await kit.untilBlock(first, 'orphaned');
  await kit.untilBlock(second, 'orphaned');
  await kit.node.mine(1);
  await kit.untilPayout(1, 'confirmed');
  assert.equal(await kit.received('ann'), 2n * PART);
  const after = await kit.view.balance(ann);
  assert.deepEqual(
    [after.paid, after.owed, after.confirmed, after.lostToOperator, after.orphaned],
    [2n * PART, 0n, 0n, 2n * PART, 0n],
  );
  // What is earned afterwards is owed in full.
  const [third = ''] = await confirmedBlocks(kit, 1);
  assert.equal((await kit.view.balance(ann)).owed, PART);
  const { total } = await kit.view.settle({ dryRun: false });
  assert.equal(total, PART);
  await kit.node.mine(1);
  await kit.untilPayout(2, 'confirmed');
  assert.equal(await kit.received('ann'), 3n * PART);
  await kit.untilBlock(third, 'confirmed');
});

test('a block that comes back with its branch is owed once, paid or not', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  const [block = ''] = await confirmedBlocks(kit, 1);
  const old = await kit.node.call('getbestblockhash');
  await kit.reorganise(block, maturity + 1);
  await kit.untilBlock(block, 'orphaned');
  assert.equal((await kit.view.balance(ann)).owed, 0n);
  assert.equal((await kit.view.settle({ dryRun: false })).transactions.length, 0);
  await kit.extend(old, 2);
  await kit.untilBlock(block, 'confirmed');
  assert.equal((await kit.view.balance(ann)).owed, PART);
  await kit.view.settle({ dryRun: false });
  await kit.node.mine(1);
  await kit.untilPayout(1, 'confirmed');
  assert.equal(await kit.received('ann'), PART);
});

test(
  'a pool that died with the lost blocks judged still hands in the payouts that were lost with them',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await confirmedBlocks(kit, 1);
    await kit.view.settle({ dryRun: false });
    const [holder = ''] = await kit.node.mine(1);
    await kit.mineEmpty(maturity - 1);
    await kit.untilPayout(1, 'settled');
    await kit.close();
    await kit.reorganise(holder, maturity + 1);
    await judgeAndDie(kit);
    await kit.open();
    await kit.untilPayout(1, 'sending');
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    assert.equal(await kit.received('ann'), PART);
  },
);

/** What a pool does first with a reorganisation, and nothing of what comes after. */
async function judgeAndDie(kit: AccountsKit): Promise<void> {
  const { identity } = await askNetwork(kit.client, {});
  const ledger = await Ledger.open({ file: kit.file, network: identity, log: SILENT });
  const chain = new NodeChain(kit.client, new AbortController().signal);
  const move = { tip: await chain.tip(), forkHeight: 0, isNew: true };
  await judgeBlocks(move, { blocks: ledger.blocks, chain, maturity });
  await ledger.close();
}

test(
  'a payout whose own coin was the lost coinbase returns its debts when that is buried',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await kit.spendOldCoins();
    const [first = '', second = ''] = await confirmedBlocks(kit, 2);
    const { transactions } = await kit.view.settle({ dryRun: false });
    assert.equal(transactions[0]?.coins.length, 2);
    await kit.reorganise(second, maturity + 1);
    await kit.untilBlock(second, 'orphaned');
    await kit.untilBlock(first, 'confirmed');
    await kit.until(async () => (await kit.progress(1))?.impossibleSince);
    await kit.mineEmpty(maturity - 1);
    await kit.untilPayout(1, 'returned');
    const balance = await kit.view.balance(ann);
    assert.deepEqual(
      [balance.owed, balance.inPayout, balance.paid, balance.orphaned, balance.lostToOperator],
      [PART, 0n, 0n, PART, 0n],
    );
    const again = await kit.view.settle({ dryRun: false });
    assert.deepEqual(
      again.transactions.flatMap(({ items }) => items),
      [{ address: ann, amount: PART }],
    );
    await kit.node.mine(1);
    await kit.untilPayout(2, 'confirmed');
    assert.equal(await kit.received('ann'), PART);
  },
);

test(
  'a conflict that spends the payout’s coin returns the debts only when it is buried',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await confirmedBlocks(kit, 2);
    // The owner signs a payment of the same coin first, and it reaches a block behind the pool's back.
    const wallet = await openOperatorWallet(kit.client);
    const plan = await wallet.plan({ from: POOL_LABEL, to: [{ address: ann, amount: 90n * COIN }] });
    const away = await signedPayment(wallet, {
      from: POOL_LABEL,
      to: [{ address: minerAddress('owner'), amount: COIN }],
      coins: plan.coins.map(({ outPoint }) => outPoint),
    });
    const { transactions } = await kit.view.settle({ dryRun: false });
    assert.deepEqual(
      transactions[0]?.coins.map(({ txid, index }) => ({ txid, index })),
      plan.coins.map(({ outPoint }) => outPoint),
    );
    const conflicting = await kit.mineWith(away.transaction);
    await kit.mineEmpty(5);
    await kit.until(async () => (await kit.progress(1))?.impossibleSince);
    // Lost with a reorganisation: the payout is possible again, and is sent again.
    await kit.reorganise(conflicting, 7, 3);
    await kit.until(async () => (await kit.progress(1))?.impossibleSince === undefined);
    assert.equal((await kit.view.payouts(1))[0]?.state, 'sending');
    await kit.mineWith(away.transaction);
    await kit.until(async () => (await kit.progress(1))?.impossibleSince);
    await kit.mineEmpty(maturity - 1);
    await kit.untilPayout(1, 'returned');
    assert.equal((await kit.view.balance(ann)).owed, 2n * PART);
    await kit.view.settle({ dryRun: false });
    await kit.node.mine(1);
    await kit.untilPayout(2, 'confirmed');
    assert.equal(await kit.received('ann'), 2n * PART);
  },
);

test(
  'a payout that no block takes gets a higher fee: the same debts, a shared coin, paid once',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await confirmedBlocks(kit, 1);
    const { transactions } = await kit.view.settle({ dryRun: false });
    const fee = transactions[0]?.fee ?? 0n;
    await kit.mineEmpty(6);
    const raised = await kit.until(async () => {
      const [payout] = await kit.view.payouts(1);
      return payout?.replacements === 1 ? payout : undefined;
    });
    assert.ok(raised.fee >= 2n * fee, `${raised.fee} after ${fee}`);
    assert.equal(raised.total, PART);
    const [first, second] = (await kit.ledger.payouts.byId(1))?.transactions ?? [];
    assert.deepEqual(first?.inputs, second?.inputs);
    // The node has it in place of the first, and so has the next block.
    await kit.until(async () => (await kit.node.call('getrawmempool')).includes(displayHash(raised.txid)));
    assert.deepEqual(await kit.node.call('getrawmempool'), [displayHash(raised.txid)]);
    const again = await kit.node.failure('sendrawtransaction', bytesToHex(first?.raw ?? new Uint8Array()));
    assert.match(again.message, /^insufficient fee/, 'the first does not come back');
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    assert.deepEqual((await kit.view.payouts(1))[0]?.txid, raised.txid);
    assert.equal(await kit.received('ann'), PART);
    await kit.mineEmpty(maturity);
    await kit.untilPayout(1, 'settled');
    assert.equal((await kit.view.balance(ann)).paid, PART);
  },
);

test('what happened while the pool was away is seen before anybody is paid', LIMITED, async (t) => {
  const kit = await AccountsKit.start(t);
  const [block = ''] = await confirmedBlocks(kit, 1);
  assert.equal((await kit.view.nextPayout()).total, PART);
  await kit.close();
  await kit.reorganise(block, maturity + 5);
  await kit.open();
  // At once: the chain has not been asked yet.
  assert.deepEqual((await kit.view.settle({ dryRun: false })).transactions, []);
  await kit.untilBlock(block, 'orphaned');
  assert.deepEqual(await kit.node.call('getrawmempool'), []);
  const { owed, orphaned, inPayout } = await kit.view.balance(ann);
  assert.deepEqual([owed, orphaned, inPayout], [0n, PART, 0n]);
});

test(
  'a payout from the change of another that can never be mined returns its debts after that one',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    const found: string[] = [];
    const findTwo = async (): Promise<void> => {
      for (let count = 0; count < 2; count++) {
        await kit.share('ann', 10n);
        found.push(await kit.findBlock('ann'));
      }
    };
    await findTwo();
    await kit.mineEmpty(10);
    await findTwo();
    await kit.mineEmpty(maturity - 13);
    await kit.untilBlock(found[1] ?? '', 'confirmed');
    // The owner has signed a payment of the coin that the first payout is going to spend.
    const wallet = await openOperatorWallet(kit.client);
    const plan = await wallet.plan({ from: POOL_LABEL, to: [{ address: ann, amount: 2n * PART }] });
    const away = await signedPayment(wallet, {
      from: POOL_LABEL,
      to: [{ address: minerAddress('owner'), amount: COIN }],
      coins: plan.coins.map(({ outPoint }) => outPoint),
    });
    const [first] = (await kit.view.settle({ dryRun: false })).transactions;
    assert.equal(first?.total, 2n * PART);
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    const lost = displayHash((await kit.progress(1))?.inBlock?.hash ?? new Uint8Array());
    await kit.mineEmpty(11);
    await kit.untilBlock(found[3] ?? '', 'confirmed');
    const [second] = (await kit.view.settle({ dryRun: false })).transactions;
    assert.equal(second?.total, 2n * PART);
    assert.deepEqual(
      second?.coins.map(({ txid }) => displayHash(txid)),
      [displayHash(first?.txid ?? new Uint8Array())],
    );
    await kit.reorganise(lost, 14);
    await kit.untilPayout(1, 'sending');
    await kit.mineWith(away.transaction);
    await kit.until(async () => (await kit.progress(1))?.impossibleSince);
    await kit.mineEmpty(maturity - 2);
    await kit.untilUpToDate();
    assert.deepEqual(
      (await kit.view.payouts(2)).map(({ state }) => state),
      ['sending', 'sending'],
    );
    await kit.mineEmpty(1);
    await kit.untilPayout(1, 'returned');
    assert.equal((await kit.view.balance(ann)).owed, 2n * PART);
    assert.equal((await kit.view.settle({ dryRun: false })).total, 2n * PART);
    await kit.node.mine(maturity);
    await kit.untilPayout(2, 'returned');
    assert.equal((await kit.view.settle({ dryRun: false })).total, 2n * PART);
    await kit.node.mine(1);
    await kit.untilPayout(4, 'confirmed');
    assert.equal(await kit.received('ann'), 4n * PART);
    const { owed, paid, inPayout } = await kit.view.balance(ann);
    assert.deepEqual([owed, inPayout, paid], [0n, 0n, 4n * PART]);
    assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
  },
);
