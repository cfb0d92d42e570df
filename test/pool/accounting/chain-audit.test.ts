import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { auditLedger, outcomeOf } from '../../../pool/accounting/audit.ts';
import type { NotedHead } from '../../../pool/accounting/chain-audit.ts';
import type { Clock } from '../../../pool/clock.ts';
import type { ChainHead } from '../../../pool/ledger/batch-writer.ts';
import { batchDigest, nextHead } from '../../../pool/ledger/share-chain.ts';
import { type Database, DatabaseError } from '../../../service/database.ts';
import { openLedger, share, tamper } from '../../kit/share-kit.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

const DAY_MS = 86_400_000;
const T0 = 1_795_132_800_000;

class SetClock implements Clock {
  nowMs = T0;
  wallMs = () => this.nowMs;
  steadyMs = () => this.nowMs;
}

/** A ledger of some batches with different workers, tips, edges, late shares and gaps. */
async function fill(t: TestContext, batches = 4): Promise<{ file: string; heads: ChainHead[] }> {
  const { ledger, file } = await openLedger(t, { clock: new SetClock() });
  const heads: ChainHead[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const tip = new Uint8Array(32).fill(batch);
    await Promise.allSettled([
      ledger.shares.record(share({ tip, tipHeight: batch })),
      ledger.shares.record(share({ tip, tipHeight: batch, worker: { address: 'dnilz1qbob', name: '' } })),
      ledger.shares.record(share({ late: true }), { edge: 'frankfurt', sequence: batch + 1 }),
      ledger.shares.record(share({ difficulty: 8, weight: 8n << 32n })),
    ]);
    heads.push(ledger.shares.head);
    // Refused: leaves a gap in the sequence.
    await Promise.allSettled([ledger.shares.record(share({ jobId: null as unknown as string }))]);
  }
  await ledger.close();
  return { file, heads };
}

const notedOf = ({ head, batch }: ChainHead): NotedHead => ({ head, batch });

test('a ledger nobody touched adds up, and every head of it is confirmed, with and without its number', async (t) => {
  const { file, heads } = await fill(t);
  const plain = await auditLedger(file);
  assert.deepEqual(plain.shareLog.findings, []);
  assert.equal(plain.shareLog.shares, 16);
  assert.equal(plain.shareLog.batches, 4);
  for (const head of heads) {
    for (const noted of [notedOf(head), { head: head.head }]) {
      const report = await auditLedger(file, noted);
      assert.deepEqual(report.shareLog.noted, { outcome: 'confirmed', batch: head.batch, timeMs: T0 });
      assert.equal(outcomeOf(report), 'adds-up');
    }
  }
});

test('an empty ledger adds up', async (t) => {
  const { ledger, file } = await openLedger(t);
  await ledger.close();
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
});

test('a running pool goes on writing while its ledger is audited', async (t) => {
  const { ledger, file } = await openLedger(t);
  await ledger.shares.record(share());
  const [report] = await Promise.all([auditLedger(file), ledger.shares.record(share())]);
  assert.equal(outcomeOf(report), 'adds-up');
  assert.equal((await auditLedger(file)).shareLog.shares, 2);
  assert.equal(ledger.shares.outcome, 'ok');
});

test('what is no ledger of this version is refused in words', async (t) => {
  const directory = await temporaryDirectory(t);
  await assert.rejects(auditLedger(join(directory, 'none.sqlite')), /none\.sqlite does not exist/);
  const { ledger, file } = await openLedger(t);
  await ledger.close();
  await tamper(file, (database) => database.exec('PRAGMA user_version = 1'));
  await assert.rejects(
    auditLedger(file),
    (error) => error instanceof DatabaseError && /start what writes it once/.test(error.message),
  );
});

/** Every stored value of the share log, and what one flipped bit makes of it. */
const COLUMNS = {
  shares: {
    sequence: 'integer',
    time_ms: 'integer',
    worker: 'integer',
    job: 'text',
    tip: 'integer',
    bits: 'integer',
    difficulty: 'blob',
    weight: 'text',
    hash: 'blob',
    late: 'integer',
    edge: 'text',
    edge_sequence: 'integer',
  },
  batches: {
    id: 'integer',
    first_sequence: 'integer',
    last_sequence: 'integer',
    count: 'integer',
    time_ms: 'integer',
    digest: 'blob',
    head: 'blob',
  },
  workers: { address: 'text', name: 'text' },
  tips: { hash: 'blob', height: 'integer', first_share: 'integer' },
} as const;

const TARGETS = Object.entries(COLUMNS).flatMap(([table, columns]) =>
  Object.entries(columns).map(([column, kind]) => ({ table, column, kind })),
);

function flip(bytes: Buffer, bit: number): void {
  const at = (bit >> 3) % bytes.length;
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at);
}

function flipped(value: unknown, bit: number): number | string | Uint8Array | undefined {
  if (typeof value === 'number') return Number(BigInt(value) ^ (1n << BigInt(bit % 52)));
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'latin1');
    if (bytes.length === 0) return undefined;
    flip(bytes, bit);
    return bytes.toString('latin1');
  }
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    flip(bytes, bit);
    return new Uint8Array(bytes);
  }
  return undefined;
}

test('any single bit that is changed in the share log is found', async (t) => {
  const { file } = await fill(t);
  const directory = await temporaryDirectory(t);
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TARGETS), fc.nat(), fc.nat(511), async (target, index, bit) => {
      const { table, column } = target;
      const copy = join(directory, `${tried++}.sqlite`);
      await copyFile(file, copy);
      let isChanged = false;
      await tamper(copy, async (database) => {
        const rows = await database.all<Record<string, unknown>>(`SELECT rowid AS row, * FROM ${table}`);
        const row = rows[index % rows.length] as Record<string, unknown>;
        const value = flipped(row[column], bit);
        if (value === undefined) return;
        isChanged = true;
        const changed = await database
          .run(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`, [value, row.row as number])
          .catch(() => 0);
        // Two rows alike are refused by the file itself.
        isChanged = changed === 1;
      });
      fc.pre(isChanged);
      const report = await auditLedger(copy);
      assert.notEqual(report.shareLog.findingsTotal, 0, `${table}.${column} of row ${index}, bit ${bit}`);
    }),
    { numRuns: Number(process.env.NILZ_AUDIT_RUNS ?? 120) },
  );
});

test('any row that is removed, and any two that change places, are found', async (t) => {
  const { file, heads } = await fill(t);
  const directory = await temporaryDirectory(t);
  let tried = 0;
  const findings = async (work: (database: Database) => Promise<void>) => {
    const copy = join(directory, `${tried++}.sqlite`);
    await copyFile(file, copy);
    await tamper(copy, work);
    return (await auditLedger(copy)).shareLog.findingsTotal;
  };
  for (const [table, key] of [
    ['shares', 'sequence'],
    ['batches', 'id'],
    ['workers', 'id'],
    ['tips', 'id'],
  ] as const) {
    const keys: number[] = [];
    await tamper(file, async (database) => {
      for (const row of await database.all<{ key: number }>(`SELECT ${key} AS key FROM ${table}`)) {
        keys.push(row.key);
      }
    });
    for (const one of keys) {
      const found = await findings(async (database) => {
        await database.run(`DELETE FROM ${table} WHERE ${key} = ?`, [one]);
      });
      assert.notEqual(found, 0, `${table} ${one} removed`);
    }
    for (const [index, one] of keys.slice(1).entries()) {
      const before = keys[index] as number;
      const found = await findings(async (database) => {
        await database.run(`UPDATE ${table} SET ${key} = -1 WHERE ${key} = ?`, [before]);
        await database.run(`UPDATE ${table} SET ${key} = ? WHERE ${key} = ?`, [before, one]);
        await database.run(`UPDATE ${table} SET ${key} = ? WHERE ${key} = -1`, [one]);
      });
      assert.notEqual(found, 0, `${table} ${before} and ${one} changed places`);
    }
  }
  const added = await findings(async (database) => {
    await database.run(
      'INSERT INTO shares SELECT 1000, time_ms, worker, job, tip, bits, difficulty, weight, hash, late, NULL, NULL FROM shares LIMIT 1',
    );
  });
  assert.notEqual(added, 0, 'a share put in after the end');
  assert.equal(heads.length, 4);
});

test('cutting off the end leaves a ledger that adds up, and a noted head tells', async (t) => {
  const { file, heads } = await fill(t);
  const [, , third, fourth] = heads as [ChainHead, ChainHead, ChainHead, ChainHead];
  await tamper(file, async (database) => {
    await database.run('DELETE FROM shares WHERE sequence > ?', [third.sequence]);
    await database.run('DELETE FROM batches WHERE id > ?', [third.batch]);
  });
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
  assert.equal(outcomeOf(await auditLedger(file, notedOf(third))), 'adds-up');
  const withNumber = await auditLedger(file, notedOf(fourth));
  assert.deepEqual(withNumber.shareLog.noted, { outcome: 'changed' });
  assert.equal(outcomeOf(withNumber), 'does-not');
  const without = await auditLedger(file, { head: fourth.head });
  assert.deepEqual(without.shareLog.noted, { outcome: 'unknown' });
  assert.equal(outcomeOf(without), 'undecided');
});

test('a share log forged from the ground up adds up, and a noted head tells', async (t) => {
  const { file, heads } = await fill(t, 2);
  const { ledger } = await openLedger(t, { file });
  const shares = await ledger.shares.after(0, 100);
  await ledger.close();
  await tamper(file, async (database) => {
    await database.run("UPDATE workers SET address = 'dnilz1qmallory' WHERE address = 'dnilz1qbob'");
    let head: Uint8Array = new Uint8Array(32);
    for (const { batch, sequence } of heads) {
      const before = heads[batch - 2]?.sequence ?? 0;
      const forged = shares
        .filter((one) => one.sequence > before && one.sequence <= sequence)
        .map((one) =>
          one.worker.address === 'dnilz1qbob'
            ? { ...one, worker: { ...one.worker, address: 'dnilz1qmallory' } }
            : one,
        );
      const digest = batchDigest(forged);
      const header = {
        batch,
        firstSequence: forged[0]?.sequence ?? 0,
        lastSequence: sequence,
        count: forged.length,
        timeMs: T0,
      };
      head = nextHead(head, header, digest);
      await database.run('UPDATE batches SET digest = ?, head = ? WHERE id = ?', [digest, head, batch]);
    }
  });
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
  for (const head of heads) {
    assert.equal(outcomeOf(await auditLedger(file, notedOf(head))), 'does-not');
    assert.equal(outcomeOf(await auditLedger(file, { head: head.head })), 'undecided');
  }
});

test('what retention drops leaves a chain that is whole, and says what is too old', async (t) => {
  const clock = new SetClock();
  const { ledger, file } = await openLedger(t, { clock });
  const heads: ChainHead[] = [];
  const everything = { firstNeeded: async () => Number.MAX_SAFE_INTEGER };
  for (let day = 0; day < 40; day++) {
    clock.nowMs = T0 + day * DAY_MS;
    await Promise.all([ledger.shares.record(share()), ledger.shares.record(share())]);
    heads.push(ledger.shares.head);
  }
  await ledger.retention.sweep(everything);
  await ledger.close();
  const report = await auditLedger(file);
  assert.deepEqual(report.shareLog.findings, []);
  assert.equal(report.shareLog.shares, 4);
  assert.equal(report.shareLog.first?.batch, 10);
  assert.equal(outcomeOf(await auditLedger(file, notedOf(heads[20] as ChainHead))), 'adds-up');
  // The last that was dropped is where the chain begins: its head is known still.
  assert.equal(outcomeOf(await auditLedger(file, notedOf(heads[8] as ChainHead))), 'adds-up');
  const old = await auditLedger(file, notedOf(heads[7] as ChainHead));
  assert.deepEqual(old.shareLog.noted, { outcome: 'too-old' });
  assert.equal(outcomeOf(old), 'undecided');
  await tamper(file, async (database) => {
    await database.run('UPDATE batches SET time_ms = time_ms + 1 WHERE id = 12');
  });
  assert.equal(outcomeOf(await auditLedger(file)), 'does-not');
  assert.equal(outcomeOf(await auditLedger(file, notedOf(heads[10] as ChainHead))), 'does-not');
});
