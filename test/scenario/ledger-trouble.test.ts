import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../pool/ledger/ledger-schema.ts';
import { openDatabase } from '../../service/database.ts';
import { openLedger, share } from '../kit/share-kit.ts';
import { childEnvironment, temporaryDirectory } from '../kit/surroundings.ts';

const PROGRAM = fileURLToPath(new URL('../kit/ledger-on-full-disk.ts', import.meta.url));
const NODE = `exec '${process.execPath}' --import tsx '${PROGRAM}'`;

interface Report {
  readonly before: number;
  readonly told?: string;
  readonly outcome: string;
  readonly failure?: string;
  readonly toldAfter?: string;
  readonly outcomeAfter: string;
  readonly acknowledged: number;
  readonly kept: number;
  readonly audit?: string;
}

function run(command: string, args: readonly string[]): Report {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: childEnvironment(),
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Report;
}

/** Whether this system lets us mount a small disk of our own. */
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test('on a full disk shares are refused with that reason, and stored again when there is room', {
  timeout: 300_000,
  skip: canMount ? false : 'needs unshare and tmpfs',
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const mount = `mount -t tmpfs -o size=4m none '${directory}'`;
  const report = run('unshare', ['-rm', 'sh', '-c', `${mount} && ${NODE} '${directory}' --free`]);
  assert.equal(report.before, 100);
  assert.equal(report.outcome, 'disk-full');
  assert.equal(report.told, "share not stored: the pool's disk is full");
  assert.match(report.failure ?? '', /^no space left on its disk; shares are stored again/);
  assert.equal(report.toldAfter, undefined);
  assert.equal(report.outcomeAfter, 'ok');
  assert.equal(report.kept, report.acknowledged);
  assert.equal(report.audit, 'adds-up');
});

test('a disk that takes no more, for whatever reason, loses no share that was acknowledged', {
  timeout: 300_000,
  skip: process.platform === 'win32' ? 'needs ulimit' : false,
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const report = run('sh', ['-c', `trap '' XFSZ; ulimit -f 600; ${NODE} '${directory}'`]);
  assert.equal(report.outcome, 'disk-error');
  assert.equal(report.told, "share not stored: the pool's disk does not take it");
  assert.ok(report.acknowledged >= report.before);
  assert.equal(report.kept, report.acknowledged);
  const { ledger, file } = await openLedger(t, { file: join(directory, 'pool.sqlite') });
  assert.equal((await ledger.shares.after(0, 1_000_000)).length, report.acknowledged);
  await ledger.shares.record(share());
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('a ledger that another program holds for long refuses shares with that reason, and goes on afterwards', {
  timeout: 300_000,
}, async (t) => {
  const { ledger, file } = await openLedger(t);
  await ledger.shares.record(share());
  const other = await openDatabase(file, { applicationId: APPLICATION_ID, migrations: MIGRATIONS });
  t.after(() => other.close());
  await other.transaction(async () => {
    // Waits for as long as SQLite does.
    await assert.rejects(ledger.shares.record(share()), /the pool's ledger is in use by another program/);
  });
  assert.equal(ledger.shares.outcome, 'busy');
  assert.match(ledger.shares.failure ?? '', /^another program holds it; shares are stored again/);
  await ledger.shares.record(share());
  assert.equal(ledger.shares.outcome, 'ok');
  assert.equal((await ledger.shares.after(0, 10)).length, 2);
});

test('shares that come faster than they are written are refused beyond a bound, and none that waited is lost', {
  timeout: 300_000,
}, async (t) => {
  const { ledger } = await openLedger(t);
  const one = share();
  // Without a pause: nothing is written meanwhile. The first 128 are on their way to the disk and do not count.
  const recorded = Array.from({ length: 200_128 }, () => ledger.shares.record(one));
  const beyond = ledger.shares.record(one);
  await assert.rejects(beyond, /share not stored: the pool is overloaded/);
  await Promise.all(recorded);
  await ledger.shares.record(one);
  assert.equal(ledger.shares.lastSequence, 200_130);
  assert.deepEqual(await ledger.shares.weightAfter(0), { shares: 200_129, weight: one.weight * 200_129n });
});
