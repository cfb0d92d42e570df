import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { COIN } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { MAX_PAYEES } from '../../wallet/services/payment-parts.ts';
import { PAYOUT_STEPS } from '../../wallet/services/payout-delivery.ts';
import { AccountsKit, minerAddress, PROFILE } from '../kit/accounts-kit.ts';
import { childEnvironment } from '../kit/surroundings.ts';

const VICTIM = fileURLToPath(new URL('../kit/settlement-victim.ts', import.meta.url));
const PART = (50n * COIN * 99n) / 100n;
const DEBTS = { ann: PART / 3n, bea: (PART * 2n) / 3n };

/** Settles in a process of its own that is killed after a step of one of its transactions. */
async function settleAndDie(kit: AccountsKit, step: string, transaction = 1): Promise<void> {
  const { rpcUrl, credentials } = kit.node.node;
  const url = new URL(rpcUrl);
  url.username = credentials.user;
  url.password = credentials.password;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', VICTIM, kit.file, url.href, step, `${transaction}`],
    { env: childEnvironment(), stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  assert.equal(signal, 'SIGKILL');
}

for (const step of PAYOUT_STEPS) {
  test(`killed after "${step}", a settlement is made once: each debt is paid exactly`, {
    timeout: 300_000,
  }, async (t) => {
    const kit = await AccountsKit.start(t);
    await kit.share('ann', 1n);
    await kit.share('bea', 2n);
    const block = await kit.findBlock();
    await kit.mineEmpty(PROFILE.maturity - 1);
    await kit.untilBlock(block, 'confirmed');
    await kit.close();
    await settleAndDie(kit, step);
    const audit = await auditLedger(kit.file);
    assert.equal(outcomeOf(audit), 'adds-up', audit.money.findings.join('\n'));

    const isWritten = PAYOUT_STEPS.indexOf(step) >= PAYOUT_STEPS.indexOf('written');
    await kit.open();
    const [left] = (await kit.ledger.payouts.page(10)).map(({ transactions }) => transactions[0]);
    assert.equal(left !== undefined, isWritten);
    // What was written down goes out by itself, and nothing else for the same debts.
    const again = await kit.view.settle({ dryRun: false });
    assert.equal(again.transactions.length, isWritten ? 0 : 1);
    const expected = left?.txid ?? again.transactions[0]?.txid ?? new Uint8Array();
    const waiting = await kit.until(async () => {
      const ids = (await kit.node.call('getrawmempool')) as string[];
      return ids.length > 0 && ids;
    });
    assert.deepEqual(waiting, [displayHash(expected)]);
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    for (const [name, debt] of Object.entries(DEBTS)) {
      assert.equal(await kit.received(name), debt);
      assert.equal((await kit.view.balance(minerAddress(name))).paid, debt);
    }
    assert.equal((await kit.view.payouts(10)).length, 1);
    assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
  });
}

for (const [transaction, step] of [
  [1, 'sent'],
  [2, 'written'],
] as const) {
  test(`killed when transaction ${transaction} of two is ${step}, everybody is paid once by both together`, {
    timeout: 300_000,
  }, async (t) => {
    const kit = await AccountsKit.start(t, { scheme: 'prop', payouts: { minimum: COIN / 1_000n } });
    const names = Array.from({ length: MAX_PAYEES + 5 }, (_, index) => `miner ${index}`);
    await Promise.all(names.map((name) => kit.share(name, 1n)));
    const block = await kit.findBlock();
    await kit.mineEmpty(PROFILE.maturity - 1);
    await kit.untilBlock(block, 'confirmed');
    const { total } = await kit.view.nextPayout();
    await kit.close();
    await settleAndDie(kit, step, transaction);
    await kit.open();
    const written = await kit.ledger.payouts.page(10);
    assert.equal(written.length, transaction);
    const rest = await kit.view.settle({ dryRun: false });
    assert.equal(rest.transactions.length, 2 - transaction);
    await kit.until(async () => ((await kit.node.call('getrawmempool')) as string[]).length === 2);
    await kit.node.mine(1);
    for (const id of [1, 2]) await kit.untilPayout(id, 'confirmed');
    const payouts = await kit.view.payouts(10);
    const paid = payouts.flatMap(({ items }) => items.map(({ address }) => address));
    assert.equal(paid.length, names.length);
    assert.equal(new Set(paid).size, names.length);
    assert.equal((await kit.view.totals()).paid, total);
    for (const name of names.slice(-3)) assert.ok((await kit.received(name)) > 0n);
    assert.equal(outcomeOf(await auditLedger(kit.file)), 'adds-up');
  });
}
