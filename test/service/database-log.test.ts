import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openDatabase } from '../../service/database.ts';
import { NUMBERS } from './database-schema.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const WRITES = 20;
const ROWS_PER_WRITE = 500;

/** Bytes the write-ahead log takes after many writes, and how many rows there are. */
async function logAfterWrites(directory: string, logPages: number): Promise<{ bytes: number; rows: number }> {
  const database = await openDatabase(join(directory, 'numbers.sqlite'), { ...NUMBERS, logPages });
  for (let write = 0; write < WRITES; write++) {
    const rows = Array.from({ length: ROWS_PER_WRITE }, (_, index): [Uint8Array, number] => {
      const value = write * ROWS_PER_WRITE + index;
      return [Uint8Array.of(value >> 8, value), value];
    });
    await database.insertRows('numbers', { key: 'blob', value: 'integer' }, rows);
  }
  const { size } = await stat(`${database.file}-wal`);
  const count = await database.get<{ rows: number }>('SELECT count(*) AS rows FROM numbers');
  assert.deepEqual(await database.integrityErrors(), []);
  await database.close();
  return { bytes: size, rows: count?.rows ?? 0 };
}

describe('the write-ahead log', () => {
  test('is moved into the file between transactions once it is long, and begins anew', async (context) => {
    const directory = async () => temporaryDirectory(context);
    const short = await logAfterWrites(await directory(), 8);
    const long = await logAfterWrites(await directory(), 1_000_000);
    assert.equal(short.rows, WRITES * ROWS_PER_WRITE);
    assert.equal(long.rows, WRITES * ROWS_PER_WRITE);
    assert.ok(short.bytes < long.bytes / 2, `${short.bytes} bytes, ${long.bytes} where it is never moved`);
  });
});
