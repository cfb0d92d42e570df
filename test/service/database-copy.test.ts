import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Database, DatabaseError, openDatabase } from '../../service/database.ts';
import { copyDatabase } from '../../service/database-copy.ts';
import { NUMBERS } from './database-schema.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const COLUMNS = { key: 'blob', value: 'integer' } as const;

function row(value: number): [Uint8Array, number] {
  return [new Uint8Array([value >> 8, value]), value];
}

/** An open database in a directory of its own. */
async function openNumbers(context: TestContext): Promise<{ directory: string; database: Database }> {
  const directory = await temporaryDirectory(context);
  const database = await openDatabase(join(directory, 'numbers.sqlite'), NUMBERS);
  context.after(() => database.close());
  return { directory, database };
}

async function values(file: string): Promise<number[]> {
  const database = await openDatabase(file, NUMBERS);
  const rows = await database.all<{ value: number }>('SELECT value FROM numbers ORDER BY value');
  await database.close();
  return rows.map(({ value }) => value);
}

describe('a copy of a database', () => {
  test('has what was committed, also what only the write-ahead log has, and nothing of an open transaction', async (context) => {
    const { directory, database } = await openNumbers(context);
    await database.insertRows('numbers', COLUMNS, [row(1), row(2)]);
    const copy = join(directory, 'copy.sqlite');
    await database.transaction(async (statements) => {
      await statements.insertRows('numbers', COLUMNS, [row(3)]);
      await copyDatabase(database.file, copy);
    });
    assert.deepEqual(await values(copy), [1, 2]);
    assert.deepEqual(await values(database.file), [1, 2, 3]);
  });

  test('is one moment of it while it is written to, and no write waits for it', async (context) => {
    const { directory, database } = await openNumbers(context);
    let last = 0;
    let isCopied = false;
    const writing = (async () => {
      // Each transaction adds two: an odd count would be half of one.
      while (!isCopied) await database.insertRows('numbers', COLUMNS, [row(++last), row(++last)]);
    })();
    for (let round = 0; round < 5; round++) {
      await copyDatabase(database.file, join(directory, `copy-${round}.sqlite`));
    }
    isCopied = true;
    await writing;
    for (let round = 0; round < 5; round++) {
      const copied = await values(join(directory, `copy-${round}.sqlite`));
      assert.equal(copied.length % 2, 0);
      assert.deepEqual(
        copied,
        copied.map((_, index) => index + 1),
      );
    }
  });

  test('is for its owner only, and leaves no trace beside a database that nobody has open', async (context) => {
    const { directory, database } = await openNumbers(context);
    await database.insertRows('numbers', COLUMNS, [row(7)]);
    await database.close();
    const copy = join(directory, 'copy.sqlite');
    const bytes = await copyDatabase(database.file, copy);
    const { mode, size } = await stat(copy);
    assert.equal(mode & 0o777, 0o600);
    assert.equal(size, bytes);
    assert.deepEqual((await readdir(directory)).sort(), ['copy.sqlite', 'numbers.sqlite']);
  });

  test('never takes the place of a file, and a missing or foreign source leaves none', async (context) => {
    const directory = await temporaryDirectory(context);
    const [text, copy] = [join(directory, 'text.sqlite'), join(directory, 'copy.sqlite')];
    await writeFile(
      text,
      'no database at all, but long enough to have a header of one hundred bytes'.repeat(3),
    );
    const refusal = (code: string) => (error: unknown) =>
      error instanceof DatabaseError && error.code === code;
    await assert.rejects(copyDatabase(text, copy), refusal('SQLITE_NOTADB'));
    await assert.rejects(copyDatabase(join(directory, 'nothing.sqlite'), copy), refusal('MISSING'));
    assert.ok(!existsSync(copy) && !existsSync(`${copy}.partial`));
    await copyFile(text, copy);
    await assert.rejects(copyDatabase(text, copy), refusal('EXISTS'));
  });
});
