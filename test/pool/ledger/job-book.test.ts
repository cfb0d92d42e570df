import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoredJob } from '../../../pool/ledger/job-book.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import type { Template } from '../../../protocol/template.ts';
import { SILENT, temporaryDirectory } from '../../kit/surroundings.ts';

const LIMIT = 64;

async function open(directory: string): Promise<Ledger> {
  return Ledger.open({ file: join(directory, 'pool.sqlite'), network: 'test', log: SILENT });
}

function hash(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

/** A template with one transaction for each of the given bytes. */
function template(height: number, transactions: readonly number[] = []): Template {
  return {
    previous: hash(height),
    height,
    version: 0x20000000,
    bits: 0x207fffff,
    time: 1_700_000_000 + height,
    reward: 5_000_000_123n,
    auxiliary: new Uint8Array(0),
    branch: transactions.map((byte) => hash(byte)),
    commitment: height % 2 === 0 ? hash(9) : undefined,
    transactions: new Map(
      transactions.map((byte) => [
        hashKey(hash(byte)),
        { bytes: Uint8Array.of(byte, 1, 2), wtxid: hash(byte + 1) },
      ]),
    ),
    longPollId: undefined,
    workId: undefined,
  };
}

function job(id: number, of: Template): StoredJob {
  return {
    jobId: id.toString(16),
    template: of,
    coinbase1: Uint8Array.of(1, id),
    coinbase2: Uint8Array.of(2, id),
    createdMs: 1_000 + id,
  };
}

test('a job comes back as it was kept, with the transactions of its block in their order', async (t) => {
  const directory = await temporaryDirectory(t);
  const before = await open(directory);
  const jobs = [job(1, template(4, [3, 1, 2])), job(2, template(5)), job(3, template(6, [2, 7]))];
  for (const each of jobs) await before.jobs.keep(each);
  await before.close();
  const after = await open(directory);
  t.after(() => after.close());
  const loaded = await after.jobs.load();
  assert.deepEqual(loaded, jobs);
  assert.deepEqual(
    [...(loaded[0]?.template.transactions.keys() ?? [])],
    [...(jobs[0]?.template.transactions.keys() ?? [])],
  );
});

test('jobs of one template share it, and one that comes again changes nothing', async (t) => {
  const ledger = await open(await temporaryDirectory(t));
  t.after(() => ledger.close());
  const common = template(4, [1]);
  await Promise.all([1, 2, 2, 1].map((id) => ledger.jobs.keep(job(id, common))));
  const loaded = await ledger.jobs.load();
  assert.deepEqual(
    loaded.map(({ jobId }) => jobId),
    ['1', '2'],
  );
  assert.equal(loaded[0]?.template, loaded[1]?.template);
});

test('the oldest jobs make room, and transactions go with the last template that has them', async (t) => {
  const directory = await temporaryDirectory(t);
  let ledger = await open(directory);
  // Transaction 200 is in every template; each has one of its own beside it.
  for (let id = 1; id <= LIMIT + 40; id++) {
    await ledger.jobs.keep(job(id, template(id, [200, id])));
    if (id !== LIMIT + 20) continue;
    await ledger.close();
    ledger = await open(directory);
  }
  t.after(() => ledger.close());
  const loaded = await ledger.jobs.load();
  assert.equal(loaded.length, LIMIT);
  assert.deepEqual(loaded[0], job(41, template(41, [200, 41])));
  assert.deepEqual(loaded.at(-1), job(LIMIT + 40, template(LIMIT + 40, [200, LIMIT + 40])));
  const kept = new Set(loaded.flatMap(({ template: { transactions } }) => [...transactions.keys()]));
  assert.equal(await ledger.jobs.transactionCount(), kept.size);
});

test('what was credited on a block is found, and nothing for a block without shares', async (t) => {
  const ledger = await open(await temporaryDirectory(t));
  t.after(() => ledger.close());
  const share = {
    worker: { address: 'somebody', name: '' },
    jobId: '1',
    tip: hash(4),
    tipHeight: 4,
    bits: 0x207fffff,
    difficulty: 1,
    weight: 1n << 32n,
    hash: hash(77),
    timeMs: 5,
    late: false,
  };
  await ledger.shares.record(share);
  assert.deepEqual(await ledger.jobs.creditedOn([hash(4), hash(5)]), [
    { hash: hash(4), credited: [hash(77)] },
    { hash: hash(5), credited: [] },
  ]);
});
