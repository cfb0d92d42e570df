import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import { COIN } from '../../../protocol/amount.ts';
import { AccountsKit, minerAddress, PROFILE } from '../../kit/accounts-kit.ts';
import { temporaryDirectory } from '../../kit/pool-kit.ts';
import { tamper } from '../../kit/share-kit.ts';

const LIMITED = { timeout: 60_000 };
const PART = (50n * COIN * 99n) / 100n;

/** What is changed in a ledger, and what the audit says then. */
const CHANGES: Readonly<Record<string, readonly [sql: string, finding: RegExp]>> = {
  'a credit raised': ['UPDATE credits SET amount = amount + 1 WHERE payee = 1', /was credited/],
  'a credit moved to somebody else': [
    "UPDATE payees SET address = 'rnilz1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq3mqhwc' WHERE id = 1",
    /other weights/,
  ],
  'a credit taken out': ['DELETE FROM credits WHERE block = 2', /credited nothing|weights/],
  'a weight changed': ["UPDATE credits SET counted = '9' WHERE payee = 1 AND block = 1", /weights/],
  'a round taken out': ['DELETE FROM rounds WHERE block = 1', /never divided/],
  'a fee changed': ["UPDATE rounds SET fee_percent = '2' WHERE block = 1", /was credited/],
  'a reward changed': [
    "UPDATE blocks SET reward = '5000000001' WHERE id = 1",
    /operator's part|was credited/,
  ],
  'the head of a round changed': ['UPDATE rounds SET head = zeroblob(32) WHERE block = 1', /had the head/],
  'a paid credit opened again': [
    'UPDATE credits SET payout = NULL WHERE block = 1',
    /carries|payouts come to/,
  ],
  'a payout’s item changed': ['UPDATE payout_items SET amount = amount - 1', /not what the credits/],
  'a payout’s state changed': ["UPDATE payouts SET state = 'returned'", /still carries credits/],
  'a signed transaction changed': ["UPDATE payout_transactions SET raw = x'00'", /another one/],
  'a fee of a transaction changed': ['UPDATE payout_transactions SET fee = fee + 1', /its fee is another/],
  'a coin of a transaction changed': ['UPDATE payout_inputs SET output = output + 1', /other coins/],
};

test(
  'an audit recomputes what was credited and paid, and names each thing that was changed',
  LIMITED,
  async (t) => {
    const kit = await AccountsKit.start(t);
    await kit.share('ann', 1n);
    await kit.share('bea', 2n);
    const first = await kit.findBlock('bea');
    await kit.share('ann', 4n);
    const second = await kit.findBlock('ann');
    await kit.mineEmpty(PROFILE.maturity - 2);
    await kit.untilBlock(first, 'confirmed');
    await kit.view.settle({ dryRun: false });
    await kit.node.mine(1);
    await kit.untilPayout(1, 'confirmed');
    await kit.untilBlock(second, 'confirmed');

    // The pool may go on writing meanwhile.
    const running = await auditLedger(kit.file);
    assert.deepEqual(running.money.findings, []);
    assert.equal(outcomeOf(running), 'adds-up');
    const { blocks, rounds, roundsFromShares, payouts, totals } = running.money;
    assert.deepEqual([blocks, rounds, roundsFromShares, payouts], [2, 2, 2, 1]);
    assert.deepEqual([totals.paid, totals.owed, totals.confirmed], [PART, PART, 2n * PART]);
    assert.equal((await kit.view.balance(minerAddress('ann'))).owed, PART);
    await kit.close();

    const directory = await temporaryDirectory(t);
    for (const [name, [sql, finding]] of Object.entries(CHANGES)) {
      await t.test(name, async () => {
        const copy = join(directory, `${name.replaceAll(/\W/g, '-')}.sqlite`);
        await copyFile(kit.file, copy);
        await tamper(copy, async (database) => {
          assert.ok((await database.run(sql)) > 0);
        });
        const report = await auditLedger(copy);
        assert.equal(outcomeOf(report), 'does-not');
        assert.match(report.money.findings.join('\n'), finding);
      });
    }
    await kit.open();
  },
);
