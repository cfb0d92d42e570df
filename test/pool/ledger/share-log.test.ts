import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import type { WrittenBatch } from '../../../pool/ledger/batch-writer.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../../pool/ledger/ledger-schema.ts';
import { NotRecordedError } from '../../../pool/stratum/share-sink.ts';
import { openDatabase } from '../../../service/database.ts';
import { openLedger, share, tamper } from '../../kit/share-kit.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

test('a recorded share is in the file when its promise resolves, with every field', async (t) => {
  const { ledger, file } = await openLedger(t);
  const given = share({ difficulty: 1e-7, weight: 429n, late: true, worker: { address: 'a', name: '' } });
  await ledger.shares.record(given);
  const { ledger: other } = await openLedger(t, { file });
  assert.deepEqual(await other.shares.after(0, 10), [{ ...given, sequence: 1 }]);
  assert.equal(other.shares.lastSequence, 1);
});

test('a weight beyond 64 bits stays exact', async (t) => {
  const { ledger } = await openLedger(t);
  const weight = 2n ** 79n + 1n;
  await ledger.shares.record(share({ difficulty: 2 ** 47, weight }));
  assert.equal((await ledger.shares.after(0, 1))[0]?.weight, weight);
});

test('shares are numbered in the order they were taken over, and go on after a restart', async (t) => {
  const { ledger, file } = await openLedger(t);
  const workers = ['x', 'y', 'z'].map((name) => ({ address: 'dnilz1qalice', name }));
  const many = Array.from({ length: 300 }, (_, index) =>
    share({ worker: workers[index % 3] ?? workers[0]! }),
  );
  await Promise.all(many.map((one) => ledger.shares.record(one)));
  const rows = await ledger.shares.after(0, 1_000);
  assert.deepEqual(
    rows.map(({ sequence }) => sequence),
    many.map((_, index) => index + 1),
  );
  assert.deepEqual(
    rows.map(({ hash }) => hash),
    many.map(({ hash }) => hash),
  );
  assert.deepEqual(rows[4]?.worker, workers[1]);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  await reopened.shares.record(share());
  assert.equal(reopened.shares.lastSequence, 301);
});

test('closing writes what waits, and takes nothing over afterwards', async (t) => {
  const { ledger, file } = await openLedger(t);
  const recorded = ledger.shares.record(share());
  await ledger.close();
  await recorded;
  await assert.rejects(ledger.shares.record(share()), NotRecordedError);
  const { ledger: reopened } = await openLedger(t, { file });
  assert.equal((await reopened.shares.after(0, 10)).length, 1);
});

/** A ledger whose file refuses some shares: stands for whatever the disk may answer. */
async function openRefusing(t: TestContext) {
  const { ledger: first, file } = await openLedger(t);
  await first.close();
  await tamper(file, (database) =>
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON shares WHEN NEW.job = 'refused'
                   BEGIN SELECT RAISE(ABORT, 'no such luck'); END`),
  );
  return openLedger(t, { file });
}

test('a share that cannot be written is refused, and later ones are kept again', async (t) => {
  const { ledger } = await openRefusing(t);
  await ledger.shares.record(share());
  await assert.rejects(ledger.shares.record(share({ jobId: 'refused' })), NotRecordedError);
  assert.match(ledger.shares.failure ?? '', /no such luck/);
  assert.equal(ledger.shares.outcome, 'failed');
  await ledger.shares.record(share({ worker: { address: 'dnilz1qnew', name: 'after' } }));
  assert.equal(ledger.shares.failure, undefined);
  assert.equal(ledger.shares.outcome, 'ok');
  assert.deepEqual(
    (await ledger.shares.after(0, 10)).map(({ sequence }) => sequence),
    [1, 3],
  );
});

test('what a batch that failed would have entered is entered by the next', async (t) => {
  const { ledger, file } = await openRefusing(t);
  const worker = { address: 'dnilz1qnew', name: 'w' };
  const tip = new Uint8Array(32).fill(42);
  const origin = { edge: 'frankfurt', sequence: 1 };
  await assert.rejects(ledger.shares.record(share({ worker, tip, jobId: 'refused' }), origin));
  await assert.rejects(ledger.shares.record(share({ worker, jobId: 'refused' })));
  await ledger.shares.record(share({ worker, tip }), origin);
  assert.deepEqual((await ledger.shares.after(0, 10))[0]?.worker, worker);
  assert.equal((await ledger.shares.minutes.ofWorkers(0, worker.address))[0]?.accepted, 1);
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('the last tip comes back with every header credited on it', async (t) => {
  const { ledger } = await openLedger(t);
  assert.equal(await ledger.shares.lastTip(), undefined);
  const tip = new Uint8Array(32).fill(8);
  const mine = [share({ tip, tipHeight: 1_000 }), share({ tip, tipHeight: 1_000 })];
  await ledger.shares.record(share());
  await ledger.shares.record(mine[0]!);
  await ledger.shares.record(share({ late: true }));
  await ledger.shares.record(mine[1]!);
  await ledger.shares.record(share({ late: true }));
  assert.deepEqual(await ledger.shares.lastTip(), {
    hash: tip,
    height: 1_000,
    credited: mine.map(({ hash }) => hash),
  });
});

test('shares that come together on a new tip are all found again', async (t) => {
  const { ledger } = await openLedger(t);
  const tip = new Uint8Array(32).fill(8);
  const together = Array.from({ length: 5 }, () => share({ tip }));
  await Promise.all(together.map((one) => ledger.shares.record(one)));
  assert.deepEqual(
    (await ledger.shares.lastTip())?.credited,
    together.map(({ hash }) => hash),
  );
});

test('a batch that is full does not wait for more', async (t) => {
  const { ledger } = await openLedger(t, { gatherMs: 3_600_000 });
  await Promise.all(Array.from({ length: 128 }, () => ledger.shares.record(share())));
  assert.equal(ledger.shares.waiting, 0);
});

test('a batch is told once it is on the disk, with the head of the chain', async (t) => {
  const { ledger, file } = await openLedger(t);
  assert.deepEqual(ledger.shares.head, {
    batch: 0,
    sequence: 0,
    timeMs: undefined,
    head: new Uint8Array(32),
  });
  const told: WrittenBatch[] = [];
  ledger.shares.on('batch', (batch) => told.push(batch));
  const [first, second] = [share(), share()];
  await Promise.all([ledger.shares.record(first), ledger.shares.record(second)]);
  await ledger.shares.record(share());
  assert.deepEqual(
    told.map(({ batch, sequence }) => [batch, sequence]),
    [
      [1, 2],
      [2, 3],
    ],
  );
  assert.deepEqual(told[0]?.shares, [
    { ...first, sequence: 1 },
    { ...second, sequence: 2 },
  ]);
  const { shares: _, ...head } = told[1] as WrittenBatch;
  assert.deepEqual(ledger.shares.head, head);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  assert.deepEqual(reopened.shares.head, head);
});

test('a listener that fails takes no share back', async (t) => {
  const { ledger } = await openLedger(t);
  ledger.shares.on('batch', () => {
    throw new Error('a page went wrong');
  });
  await ledger.shares.record(share());
  assert.equal(ledger.shares.outcome, 'ok');
  assert.equal((await ledger.shares.after(0, 10)).length, 1);
});

test('a share that an edge delivers twice is acknowledged twice and counted once', async (t) => {
  const { ledger, file } = await openLedger(t);
  const origin = { edge: 'frankfurt', sequence: 7 };
  const again = share();
  await Promise.all([
    ledger.shares.record(again, origin),
    ledger.shares.record(again, origin),
    ledger.shares.record(share(), { ...origin, sequence: 8 }),
    ledger.shares.record(share(), { ...origin, edge: 'oslo' }),
    ledger.shares.record(share()),
  ]);
  await ledger.shares.record(again, origin);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  await reopened.shares.record(again, origin);
  await Promise.all([reopened.shares.record(again, origin), reopened.shares.record(share())]);
  const kept = await reopened.shares.after(0, 100);
  assert.deepEqual(
    kept.map((one) => one.origin && `${one.origin.edge} ${one.origin.sequence}`),
    ['frankfurt 7', 'frankfurt 8', 'oslo 7', undefined, undefined],
  );
  assert.equal((await reopened.shares.minutes.ofPool(0))[0]?.accepted, 5);
  assert.equal(await reopened.shares.lastOfEdge('frankfurt'), 8);
  assert.equal(await reopened.shares.lastOfEdge('nowhere'), 0);
  assert.deepEqual(await reopened.shares.ofEdge('frankfurt', [6, 7, 9]), new Set([7]));
  await reopened.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('whoever waits for a sequence number is told when it is written or refused', async (t) => {
  const { ledger } = await openRefusing(t);
  await ledger.shares.settled(0);
  const order: string[] = [];
  // Asked for before the share is there, as whoever finds a block does.
  const settled = ledger.shares.settled(1).then(() => order.push('settled'));
  await ledger.shares.record(share()).then(() => order.push('recorded'));
  await settled;
  assert.deepEqual(order.sort(), ['recorded', 'settled']);
  const refused = ledger.shares.settled(2);
  await assert.rejects(ledger.shares.record(share({ jobId: 'refused' })));
  await refused;
  await ledger.shares.settled(2);
  const never = ledger.shares.settled(3);
  const told = assert.rejects(never, NotRecordedError);
  await ledger.close();
  await told;
  await assert.rejects(ledger.shares.settled(3), NotRecordedError);
});

test('a number that a block speaks of is never given again, though its share was never written', async (t) => {
  const { ledger, file } = await openRefusing(t);
  await ledger.shares.record(share());
  await ledger.blocks.enter({
    hash: new Uint8Array(32).fill(1),
    previous: new Uint8Array(32).fill(2),
    height: 10,
    bits: 0x1d00ffff,
    timeMs: 1_795_132_800_123,
    reward: 5_000_000_000n,
    worker: undefined,
    delivery: 'pending',
    reason: undefined,
    endSequence: 2,
  });
  await assert.rejects(ledger.shares.record(share({ jobId: 'refused' })));
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  await reopened.shares.record(share());
  assert.equal(reopened.shares.lastSequence, 3);
});

test('a number is not given again when everything old is gone', async (t) => {
  const clock = { nowMs: 1_795_132_800_000, wallMs: () => clock.nowMs, steadyMs: () => clock.nowMs };
  const { ledger, file } = await openLedger(t, { clock });
  await Promise.all([ledger.shares.record(share()), ledger.shares.record(share())]);
  const { head } = ledger.shares.head;
  clock.nowMs += 31 * 86_400_000;
  const swept = await ledger.retention.sweep({ firstNeeded: async () => 100 });
  assert.deepEqual(swept, { shares: 2, batches: 1, minutes: 2 });
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file, clock });
  assert.deepEqual(reopened.shares.head, { batch: 1, sequence: 2, timeMs: undefined, head });
  await reopened.shares.record(share());
  assert.equal(reopened.shares.lastSequence, 3);
  await reopened.close();
  assert.equal(outcomeOf(await auditLedger(file, { head })), 'adds-up');
});

test('any difficulty and any weight come back as they were, to the last bit', async (t) => {
  const { ledger, file } = await openLedger(t);
  const positive = fc.double({ min: Number.MIN_VALUE, max: 1e300, noNaN: true });
  // One that SQLite reads from text with another last bit.
  const given = [5157309.418152289, ...fc.sample(positive, 500)];
  const weights = fc.sample(fc.bigInt(0n, 2n ** 128n - 1n), given.length);
  await Promise.all(
    given.map((difficulty, index) => ledger.shares.record(share({ difficulty, weight: weights[index]! }))),
  );
  const kept = await ledger.shares.after(0, 1_000);
  assert.deepEqual(
    kept.map(({ difficulty }) => difficulty),
    given,
  );
  assert.deepEqual(
    kept.map(({ weight }) => weight),
    weights,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  assert.deepEqual(await ledger.shares.weightAfter(0), { shares: given.length, weight: total });
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('a ledger of before the hash chain is chained when it is opened', async (t) => {
  const file = join(await temporaryDirectory(t), 'pool.sqlite');
  const old = await openDatabase(file, {
    applicationId: APPLICATION_ID,
    migrations: MIGRATIONS.slice(0, 1),
  });
  await old.exec(`INSERT INTO workers VALUES (1, 'dnilz1qalice', 'rig');
    INSERT INTO tips VALUES (1, x'${'07'.repeat(32)}', 999, 1);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
    INSERT INTO shares SELECT i, 1795132800000 + i, 1, '1f', 1, 486604799, 0.001, '4294967', randomblob(32), 0 FROM n`);
  await old.close();
  const { ledger } = await openLedger(t, { file });
  assert.equal(ledger.shares.head.batch, 3);
  await ledger.shares.record(share());
  assert.deepEqual([ledger.shares.lastSequence, ledger.shares.head.batch], [2_501, 4]);
  await ledger.close();
  const { shareLog } = await auditLedger(file);
  assert.deepEqual([shareLog.shares, shareLog.findings], [2_501, []]);
});
