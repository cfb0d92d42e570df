import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { column, PackedRows } from '../../../node/storage/packed-rows.ts';
import { type Database, openDatabase } from '../../../service/database.ts';

describe('packed rows', () => {
  let directory: string;
  let database: Database;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nilz-packed-'));
    database = await openDatabase(join(directory, 'test.sqlite'), { applicationId: 1, migrations: [] });
  });
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });

  it('arrive in SQL as they were packed', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(0xffff_ffff), bytes), { maxLength: 50 }), async (list) => {
        const rows = new PackedRows(1, 8);
        for (const [number, rest] of list) rows.u32(number).bytes(rest).end();
        assert.equal(rows.count, list.length);
        const found = await database.all<{ number: string; rest: string }>(
          `SELECT hex(${column(0, 4)}) AS number, hex(${column(4)}) AS rest FROM json_each(?2) ORDER BY key`,
          rows.parameters,
        );
        assert.deepEqual(
          found.map(({ number, rest }) => [Number.parseInt(number, 16), rest.toLowerCase()]),
          list.map(([number, rest]) => [number, Buffer.from(rest).toString('hex')]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('sort as the numbers in them do', () => {
    const pack = (value: bigint) => Buffer.from(new PackedRows().u64(value).parameters[0] as Uint8Array);
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (a, b) => {
        assert.equal(Math.sign(Buffer.compare(pack(a), pack(b))), a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('may be as large as a block, but not larger than a place can say', () => {
    const rows = new PackedRows();
    rows.bytes(new Uint8Array(4_000_000)).end();
    assert.throws(() => rows.bytes(new Uint8Array(8_388_608)).end(), RangeError);
  });
});
