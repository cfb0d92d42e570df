import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LedgerBlock } from '../../../pool/ledger/accounts-schema.ts';
import { ForeignLedgerError, Ledger } from '../../../pool/ledger/ledger.ts';
import type { Share } from '../../../pool/stratum/share.ts';
import { NotRecordedError } from '../../../pool/stratum/share-sink.ts';
import { DatabaseError } from '../../../service/database.ts';
import { SILENT, temporaryDirectory } from '../../kit/pool-kit.ts';

let lastHash = 0;

function share(changes: Partial<Share> = {}): Share {
  lastHash += 1;
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, lastHash);
  return {
    worker: { address: 'dnilz1qalice', name: 'rig' },
    jobId: '1f',
    tip: new Uint8Array(32).fill(7),
    tipHeight: 999,
    bits: 0x1d00ffff,
    difficulty: 0.001,
    weight: 4_294_967n,
    hash,
    timeMs: 1_795_132_800_123,
    late: false,
    ...changes,
  };
}

function block(changes: Partial<LedgerBlock> = {}): LedgerBlock {
  return {
    hash: new Uint8Array(32).fill(1),
    previous: new Uint8Array(32).fill(2),
    height: 10,
    bits: 0x1d00ffff,
    timeMs: 1_795_132_800_123,
    reward: 5_000_000_000n,
    worker: { address: 'dnilz1qalice', name: 'rig' },
    delivery: 'pending',
    reason: undefined,
    ...changes,
  };
}

async function openLedger(test: TestContext, file?: string): Promise<{ ledger: Ledger; file: string }> {
  const path = file ?? join(await temporaryDirectory(test), 'pool.sqlite');
  const ledger = await Ledger.open({ file: path, network: 'dev', log: SILENT, gatherMs: 1 });
  test.after(() => ledger.close());
  return { ledger, file: path };
}

test('a recorded share is in the file when its promise resolves, with every field', async (t) => {
  const { ledger, file } = await openLedger(t);
  const given = share({ difficulty: 1e-7, weight: 429n, late: true, worker: { address: 'a', name: '' } });
  await ledger.shares.record(given);
  const { ledger: other } = await openLedger(t, file);
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
  const { ledger: reopened } = await openLedger(t, file);
  await reopened.shares.record(share());
  assert.equal(reopened.shares.lastSequence, 301);
});

test('closing writes what waits, and takes nothing over afterwards', async (t) => {
  const { ledger, file } = await openLedger(t);
  const recorded = ledger.shares.record(share());
  await ledger.close();
  await recorded;
  await assert.rejects(ledger.shares.record(share()), NotRecordedError);
  const { ledger: reopened } = await openLedger(t, file);
  assert.equal((await reopened.shares.after(0, 10)).length, 1);
});

test('a share that cannot be written is refused, and later ones are kept again', async (t) => {
  const { ledger } = await openLedger(t);
  await ledger.shares.record(share());
  // Refused by the schema: stands for whatever the disk may answer.
  const broken = share({ jobId: null as unknown as string });
  await assert.rejects(ledger.shares.record(broken), NotRecordedError);
  assert.match(ledger.shares.failure ?? '', /NOT NULL/);
  await ledger.shares.record(share({ worker: { address: 'dnilz1qnew', name: 'after' } }));
  assert.equal(ledger.shares.failure, undefined);
  assert.deepEqual(
    (await ledger.shares.after(0, 10)).map(({ sequence }) => sequence),
    [1, 3],
  );
});

test('a worker first seen in a batch that failed is entered by the next', async (t) => {
  const { ledger } = await openLedger(t);
  const worker = { address: 'dnilz1qnew', name: 'w' };
  const tip = new Uint8Array(32).fill(42);
  await assert.rejects(ledger.shares.record(share({ worker, tip, jobId: null as unknown as string })));
  await ledger.shares.record(share({ worker, tip }));
  assert.deepEqual((await ledger.shares.after(0, 10))[0]?.worker, worker);
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
  const file = join(await temporaryDirectory(t), 'pool.sqlite');
  const ledger = await Ledger.open({ file, network: 'dev', log: SILENT, gatherMs: 3_600_000 });
  t.after(() => ledger.close());
  await Promise.all(Array.from({ length: 128 }, () => ledger.shares.record(share())));
  assert.equal(ledger.shares.waiting, 0);
});

test('a block is entered once, and settled once known', async (t) => {
  const { ledger } = await openLedger(t);
  await ledger.blocks.enter(block(), 'c0ffee');
  await ledger.blocks.enter(block({ height: 11, worker: undefined }), 'dead');
  assert.deepEqual(await ledger.blocks.pending(), [{ hash: block().hash, height: 10, raw: 'c0ffee' }]);
  assert.equal(await ledger.blocks.has(block().hash), true);
  assert.equal(await ledger.blocks.has(new Uint8Array(32)), false);
  await ledger.blocks.settle(block().hash, 'accepted', 'duplicate');
  assert.deepEqual(await ledger.blocks.pending(), []);
  assert.deepEqual(await ledger.blocks.last(5), [block({ delivery: 'accepted', reason: 'duplicate' })]);
  assert.deepEqual(await ledger.blocks.counts(), { pending: 0, accepted: 1, rejected: 0 });
});

test('a block nobody is known to have found has no worker', async (t) => {
  const { ledger } = await openLedger(t);
  await ledger.blocks.enter(block({ worker: undefined, delivery: 'accepted' }));
  assert.equal((await ledger.blocks.last(1))[0]?.worker, undefined);
});

test('a ledger of another network is refused', async (t) => {
  const { ledger, file } = await openLedger(t);
  await ledger.close();
  await assert.rejects(Ledger.open({ file, network: 'main', log: SILENT }), ForeignLedgerError);
  await assert.rejects(Ledger.open({ file, network: 'main', log: SILENT }), /belongs to the network "dev"/);
});

test('a damaged ledger stops the start and is not touched', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'pool.sqlite');
  await writeFile(file, 'this is no database, and long enough to look like a file that once was one');
  await assert.rejects(
    Ledger.open({ file, network: 'dev', log: SILENT }),
    (error) => error instanceof DatabaseError && /backup of the pool ledger/.test(error.message),
  );
});
