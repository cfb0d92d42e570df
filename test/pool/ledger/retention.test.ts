import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import { openLedger, share } from '../../kit/share-kit.ts';

const DAY_MS = 86_400_000;
const T0 = 1_795_132_800_000;
const EVERYTHING = { firstNeeded: async () => Number.MAX_SAFE_INTEGER };

/** A clock that stands where it is put. */
function standingClock() {
  const clock = { nowMs: T0, wallMs: () => clock.nowMs, steadyMs: () => clock.nowMs };
  return clock;
}

test('shares of the last day, and those the accounts need, are kept', async (t) => {
  const clock = standingClock();
  const { ledger, file } = await openLedger(t, { clock });
  for (let batch = 0; batch < 6; batch++) {
    clock.nowMs = T0 + batch * DAY_MS * 0.4;
    await Promise.all([ledger.shares.record(share()), ledger.shares.record(share())]);
  }
  const kept = async () => (await ledger.shares.after(0, 100)).map(({ sequence }) => sequence);
  // The fourth share is needed: the batch it is in stays whole.
  await ledger.retention.sweep({ firstNeeded: async () => 4 });
  assert.deepEqual(await kept(), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await ledger.retention.sweep(EVERYTHING);
  assert.deepEqual(await kept(), [7, 8, 9, 10, 11, 12]);
  const again = await ledger.retention.sweep(EVERYTHING);
  assert.deepEqual(again, { shares: 0, batches: 0, minutes: 0 });
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('a long past goes in small steps, and shares are acknowledged in between', async (t) => {
  const clock = standingClock();
  const { ledger, file } = await openLedger(t, { clock });
  const old = Array.from({ length: 4_000 }, () => share());
  for (let start = 0; start < old.length; start += 100) {
    await Promise.all(old.slice(start, start + 100).map((one) => ledger.shares.record(one)));
  }
  clock.nowMs += 2 * DAY_MS;
  const order: string[] = [];
  const swept = ledger.retention.sweep(EVERYTHING).then((sums) => {
    order.push('swept');
    return sums;
  });
  for (let index = 0; index < 10; index++) {
    await ledger.shares.record(share());
    order.push('acknowledged');
  }
  assert.equal((await swept).shares, 4_000);
  assert.ok(order.indexOf('swept') > 2, `shares had to wait for the sweep: ${order}`);
  assert.equal((await ledger.shares.after(0, 10_000)).length, 10);
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('batches and sums by the minute go after thirty days, and the chain goes on', async (t) => {
  const clock = standingClock();
  const { ledger, file } = await openLedger(t, { clock });
  const workers = Array.from({ length: 150 }, (_, index) => ({ address: 'dnilz1qalice', name: `w${index}` }));
  const recordAll = () =>
    Promise.all(workers.map((worker) => ledger.shares.record(share({ worker, timeMs: clock.nowMs }))));
  await recordAll();
  clock.nowMs += 29 * DAY_MS;
  await recordAll();
  await ledger.retention.sweep(EVERYTHING);
  assert.equal((await ledger.shares.minutes.ofWorkers(0)).length, 300);
  clock.nowMs += 2 * DAY_MS;
  const swept = await ledger.retention.sweep(EVERYTHING);
  assert.equal(swept.minutes, 151, 'each worker, and the pool');
  assert.equal((await ledger.shares.minutes.ofWorkers(0)).length, 150);
  await recordAll();
  await ledger.close();
  const { shareLog } = await auditLedger(file);
  assert.deepEqual([shareLog.findings, shareLog.shares], [[], 150]);
});

test('it sweeps when it is started, and not after the ledger is closed', async (t) => {
  const clock = standingClock();
  const { ledger, file } = await openLedger(t, { clock });
  await ledger.shares.record(share());
  clock.nowMs += 2 * DAY_MS;
  let asked = 0;
  await new Promise<void>((accept) => {
    ledger.retention.start({
      firstNeeded: async () => {
        asked += 1;
        accept();
        return 10;
      },
    });
  });
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  assert.equal(asked, 1);
  assert.ok((await reopened.shares.after(0, 10)).length <= 1);
});
