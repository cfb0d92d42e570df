import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Database,
  DatabaseError,
  type DatabaseOptions,
  hexList,
  openDatabase,
} from '../../service/database.ts';
import { NUMBERS } from './database-schema.ts';
import { temporaryDirectory } from './temporary-directory.ts';

interface NumberRow {
  readonly key: Uint8Array;
  readonly value: number;
}

/** The user id that owns nothing. */
const NOBODY = 65_534;
const INSERT = 'INSERT INTO numbers VALUES (?, ?)';
const COUNT = 'SELECT count(*) AS value FROM numbers';

function key(value: number): Uint8Array {
  return new Uint8Array([value >> 24, value >> 16, value >> 8, value]);
}

async function openNew(context: TestContext, options: DatabaseOptions = NUMBERS): Promise<Database> {
  const database = await openDatabase(join(await temporaryDirectory(context), 'numbers.sqlite'), options);
  context.after(() => database.close().catch(() => undefined));
  return database;
}

async function count(database: Database): Promise<number | undefined> {
  return (await database.get<{ value: number }>(COUNT))?.value;
}

/** A closed database with as many rows, and its file. */
async function filled(context: TestContext, rows: number): Promise<string> {
  const database = await openNew(context);
  await database.insertRows(
    'numbers',
    { key: 'blob', value: 'integer' },
    Array.from({ length: rows }, (_, index) => [key(index), index]),
  );
  await database.close();
  return database.file;
}

/** The error with which opening fails; the file must be as it was. */
async function refusal(file: string, options: DatabaseOptions = NUMBERS): Promise<DatabaseError> {
  const before = existsSync(file) ? await readFile(file) : undefined;
  const error = await openDatabase(file, options).then(
    () => assert.fail('it was opened'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DatabaseError, String(error));
  assert.equal(error.file, file);
  assert.ok(error.message.includes(file), 'the message names the file');
  assert.deepEqual(existsSync(file) ? await readFile(file) : undefined, before, 'the file is untouched');
  return error;
}

describe('statements', () => {
  test('bring back what was stored: bytes, texts, nulls and integers up to 2^53', async (context) => {
    const database = await openNew(context, {
      applicationId: 1,
      migrations: [['CREATE TABLE things (a BLOB, b TEXT, c INTEGER, d REAL, e INTEGER) STRICT']],
    });
    const big = 2 ** 53 - 1;
    await database.run('INSERT INTO things VALUES (?, ?, ?, ?, ?)', [
      new Uint8Array([0, 255]),
      "ü'; --",
      big,
      0.5,
      null,
    ]);
    await database.run('INSERT INTO things (c, e) VALUES (?, ?)', [2_100_000_000_000_000n, true]);
    const rows = await database.all<{ a: Uint8Array; c: number }>('SELECT * FROM things');
    assert.deepEqual(
      { ...rows[0], a: [...(rows[0]?.a ?? [])] },
      { a: [0, 255], b: "ü'; --", c: big, d: 0.5, e: null },
    );
    assert.deepEqual(rows[1], { a: null, b: null, c: 2_100_000_000_000_000, d: null, e: 1 });
    assert.ok(rows[0]?.a instanceof Uint8Array);
  });

  test('refuse a bigint that would lose digits', async (context) => {
    const database = await openNew(context);
    await assert.rejects(
      database.run(INSERT, [key(1), 2n ** 53n]),
      /9007199254740992 does not fit; store it as text/,
    );
  });

  test('say how many rows they changed', async (context) => {
    const database = await openNew(context);
    for (const value of [1, 2, 3]) assert.equal(await database.run(INSERT, [key(value), value]), 1);
    assert.equal(await database.run('UPDATE numbers SET value = 0 WHERE value > ?', [1]), 2);
    assert.equal(await database.get('SELECT * FROM numbers WHERE value = 9'), undefined);
  });

  test('report a mistake with the file and SQLite’s words, and go on working after it', async (context) => {
    const database = await openNew(context);
    await database.run(INSERT, [key(1), 1]);
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(
        database.run('INSERT INTO nowhere VALUES (1)'),
        /numbers\.sqlite: no such table: nowhere/,
      );
      await assert.rejects(database.all('SELEC'), /near "SELEC": syntax error/);
      await assert.rejects(database.run(INSERT, [key(1), 1]), { code: 'SQLITE_CONSTRAINT' });
      await assert.rejects(database.all('DELETE FROM numbers'), { code: 'SQLITE_READONLY' });
    }
    await database.run(INSERT, [key(2), 2]);
    assert.equal(await count(database), 2);
  });

  test('work beyond the number of statements that are kept prepared', async (context) => {
    const database = await openNew(context);
    const values = Array.from({ length: 450 }, (_, index) => index);
    const rows = await Promise.all(
      values.map((value) => database.get<{ v: number }>(`SELECT ${value} AS v`)),
    );
    assert.deepEqual(
      rows.map((row) => row?.v),
      values,
    );
  });
});

describe('many rows at once', () => {
  test('are inserted in one go and found by a list of keys', async (context) => {
    const database = await openNew(context);
    const rows = Array.from({ length: 25_000 }, (_, index) => [key(index), index] as const);
    await database.insertRows('numbers', { key: 'blob', value: 'integer' }, rows);
    assert.equal(await count(database), 25_000);
    const found = await database.all<NumberRow>(
      'SELECT value FROM numbers WHERE key IN (SELECT unhex(value) FROM json_each(?)) ORDER BY value',
      [hexList([key(3), key(24_999), key(99_999)])],
    );
    assert.deepEqual(found, [{ value: 3 }, { value: 24_999 }]);
  });

  test('are inserted all or none; a key that exists fails, is replaced or ignored as asked', async (context) => {
    const database = await openNew(context);
    const columns = { key: 'blob', value: 'integer' } as const;
    await database.insertRows('numbers', columns, [[key(1), 1]]);
    const rows = [
      [key(2), 20],
      [key(1), 10],
    ] as const;
    await assert.rejects(database.insertRows('numbers', columns, rows), { code: 'SQLITE_CONSTRAINT' });
    assert.equal(await count(database), 1);
    await database.insertRows('numbers', columns, rows, 'ignore');
    assert.deepEqual(await database.all('SELECT value FROM numbers ORDER BY value'), [
      { value: 1 },
      { value: 20 },
    ]);
    await database.insertRows('numbers', columns, rows, 'replace');
    assert.deepEqual(await database.all('SELECT value FROM numbers ORDER BY value'), [
      { value: 10 },
      { value: 20 },
    ]);
  });
});

describe('transactions', () => {
  test('never interleave, and come in the order they were asked for', async (context) => {
    const database = await openNew(context);
    const steps: string[] = [];
    const transfer = (name: string): Promise<void> =>
      database.transaction(async (statements) => {
        steps.push(`${name} begins`);
        const before = (await statements.get<{ value: number }>(COUNT))?.value ?? 0;
        await statements.run(INSERT, [key(before), before]);
        steps.push(`${name} ends`);
      });
    const single = database.run(INSERT, [key(1_000), 1_000]);
    await Promise.all([transfer('first'), single, transfer('second'), transfer('third')]);
    assert.deepEqual(
      steps,
      ['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    assert.equal(await count(database), 4);
  });

  test('are undone when their work fails, and the next one is not affected', async (context) => {
    const database = await openNew(context);
    const failing = database.transaction(async (statements) => {
      await statements.run(INSERT, [key(1), 1]);
      throw new Error('changed my mind');
    });
    const next = database.transaction((statements) => statements.run(INSERT, [key(2), 2]));
    await assert.rejects(failing, /changed my mind/);
    await next;
    assert.deepEqual(await database.all('SELECT value FROM numbers'), [{ value: 2 }]);
  });

  test('are seen by readers outside only when committed, and do not make them wait', async (context) => {
    const database = await openNew(context);
    await database.transaction(async (statements) => {
      await statements.run(INSERT, [key(1), 1]);
      assert.equal(await count(database), 0);
      assert.deepEqual(await statements.get(COUNT), { value: 1 });
    });
    assert.equal(await count(database), 1);
  });

  test('a handle that outlives its transaction is refused', async (context) => {
    const database = await openNew(context);
    const handle = await database.transaction(async (statements) => statements);
    assert.throws(() => handle.run(INSERT, [key(1), 1]), /after the end of its transaction/);
  });

  test('a full disk fails the transaction with advice, and loses nothing committed', async (context) => {
    const database = await openNew(context);
    await database.run(INSERT, [key(1), 1]);
    await database.exec('PRAGMA max_page_count = 8');
    const rows = Array.from({ length: 20_000 }, (_, index) => [key(index + 10), index] as const);
    await assert.rejects(database.insertRows('numbers', { key: 'blob', value: 'integer' }, rows), (error) => {
      assert.ok(error instanceof DatabaseError);
      assert.equal(error.code, 'SQLITE_FULL');
      assert.match(error.message, /no space left on the disk of .*numbers\.sqlite; free some/);
      return true;
    });
    assert.equal(await count(database), 1);
    await database.exec('PRAGMA max_page_count = 10000');
    await database.insertRows('numbers', { key: 'blob', value: 'integer' }, rows);
    assert.equal(await count(database), 20_001);
  });
});

describe('opening', () => {
  test('creates what is missing, and leaves one file when closed', async (context) => {
    const directory = await temporaryDirectory(context);
    const file = join(directory, 'deep', 'down', 'numbers.sqlite');
    const database = await openDatabase(file, NUMBERS);
    await database.run(INSERT, [key(1), 1]);
    assert.deepEqual(await database.integrityErrors(), []);
    await Promise.all([database.close(), database.close()]);
    for (const suffix of ['-wal', '-shm', '.new']) assert.equal(existsSync(file + suffix), false, suffix);
    await assert.rejects(database.run(INSERT, [key(2), 2]), /numbers\.sqlite is closed/);
    await assert.rejects(database.all(COUNT), /numbers\.sqlite is closed/);
    const again = await openDatabase(file, NUMBERS);
    assert.equal(await count(again), 1);
    await again.close();
  });

  test('begins anew over the remains of a creation that never ended', async (context) => {
    const file = join(await temporaryDirectory(context), 'numbers.sqlite');
    await writeFile(`${file}.new`, 'half a database');
    const database = await openDatabase(file, NUMBERS);
    assert.equal(await count(database), 0);
    await database.close();
  });

  test('brings an older schema up to date, once', async (context) => {
    const file = await filled(context, 3);
    const newer = {
      ...NUMBERS,
      migrations: [
        ...NUMBERS.migrations,
        ['ALTER TABLE numbers ADD COLUMN note TEXT', 'UPDATE numbers SET note = value'],
      ],
    };
    for (let round = 0; round < 2; round += 1) {
      const database = await openDatabase(file, newer);
      assert.deepEqual(await database.all('SELECT note FROM numbers ORDER BY value'), [
        { note: '0' },
        { note: '1' },
        { note: '2' },
      ]);
      await database.close();
    }
    const error = await refusal(file);
    assert.equal(error.code, 'NEWER');
    assert.match(
      error.message,
      /newer version of this program \(schema 2, this one knows 1\); update the program/,
    );
  });

  test('a migration that fails leaves the schema as it was', async (context) => {
    const file = await filled(context, 3);
    const broken = {
      ...NUMBERS,
      migrations: [...NUMBERS.migrations, ['DROP TABLE numbers', 'DROP TABLE nowhere']],
    };
    await refusal(file, broken);
    const database = await openDatabase(file, NUMBERS);
    assert.equal(await count(database), 3);
    await database.close();
  });

  test('refuses the database of another program', async (context) => {
    const file = await filled(context, 1);
    const error = await refusal(file, { ...NUMBERS, applicationId: 7 });
    assert.equal(error.code, 'FOREIGN');
    assert.match(error.message, /of another program \(application id 5134849, expected 7\)/);
  });

  test('a write that waits for another process too long fails with advice', async (context) => {
    const file = await filled(context, 1);
    const first = await openDatabase(file, NUMBERS);
    const second = await openDatabase(file, NUMBERS);
    await first.transaction(async (statements) => {
      await statements.run(INSERT, [key(5), 5]);
      await second.exec('PRAGMA busy_timeout = 1').catch(() => undefined);
      await assert.rejects(second.run(INSERT, [key(6), 6]), (error) => {
        assert.ok(error instanceof DatabaseError && error.code === 'SQLITE_BUSY');
        assert.match(error.message, /in use by another process/);
        return true;
      });
    });
    await Promise.all([first.close(), second.close()]);
  });

  test('refuses a place where no file can be', async (context) => {
    const directory = await temporaryDirectory(context);
    await mkdir(join(directory, 'numbers.sqlite'));
    await assert.rejects(
      openDatabase(join(directory, 'numbers.sqlite'), NUMBERS),
      /cannot open .*numbers\.sqlite: check that it is a file/,
    );
    await assert.rejects(openDatabase(':memory:', NUMBERS), /a database lives in a file/);
  });
});

test('a file that may only be read is refused when it is opened, not at the first write', async (context) => {
  const file = await filled(context, 3);
  await chmod(dirname(file), 0o777);
  await chmod(file, 0o444);
  // Nothing is forbidden to root, so root gives up its rights for as long as this takes.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    await assert.rejects(openDatabase(file, NUMBERS), {
      name: 'DatabaseError',
      message: /^cannot write to .*numbers\.sqlite: /,
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

describe('a damaged file is refused with what is wrong and what to do:', () => {
  const cases: Readonly<Record<string, { damage: (file: string) => Promise<void>; says: RegExp }>> = {
    'text instead of a database': {
      damage: (file) =>
        writeFile(file, 'not a database at all, but long enough to be looked at\n'.repeat(50)),
      says: /is damaged: file is not a database\. Nothing in it was changed\. Move it away\.$/,
    },
    'a few bytes': {
      damage: (file) => writeFile(file, 'xyz'),
      says: /is damaged: file is not a database/,
    },
    'nothing at all': {
      damage: (file) => truncate(file, 0),
      says: /is damaged: it is empty\. Nothing in it was changed\. Move it away\.$/,
    },
    'half of the file': {
      damage: async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
      says: /is damaged: database disk image is malformed/,
    },
    'a page overwritten in the middle': {
      damage: async (file) => {
        const handle = await open(file, 'r+');
        await handle.write(Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * 5);
        await handle.close();
      },
      says: /is damaged: database disk image is malformed\. Nothing in it was changed\. Move it away\.$/,
    },
    'a flipped header': {
      damage: async (file) => {
        const handle = await open(file, 'r+');
        await handle.write(Buffer.alloc(100, 0xff), 0, 100, 0);
        await handle.close();
      },
      says: /is damaged: file is not a database/,
    },
  };
  for (const [name, { damage, says }] of Object.entries(cases)) {
    test(name, async (context) => {
      const file = await filled(context, 5_000);
      await damage(file);
      const error = await refusal(file);
      assert.match(error.message, says);
    });
  }

  test('a missing file whose log is still there', async (context) => {
    const database = await openNew(context);
    await database.run(INSERT, [key(1), 1]);
    const copy = join(await temporaryDirectory(context), 'numbers.sqlite');
    await copyFile(`${database.file}-wal`, `${copy}-wal`);
    assert.match((await refusal(copy)).message, /it is missing, but its write-ahead log \(-wal\) is there/);
    assert.equal(existsSync(copy), false);
  });
});

describe('durability', () => {
  test('what was acknowledged survives kill -9', async (context) => {
    const file = join(await temporaryDirectory(context), 'numbers.sqlite');
    const script = fileURLToPath(new URL('./database-writer.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    for await (const line of createInterface(child.stdout)) {
      acknowledged = Number(line);
      if (acknowledged === 40) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
    const database = await openDatabase(file, NUMBERS);
    const stored = (await count(database)) ?? 0;
    assert.ok(stored >= acknowledged && acknowledged >= 40, `${stored} stored, ${acknowledged} acknowledged`);
    assert.deepEqual(await database.integrityErrors(), []);
    await database.close();
  });

  test('a backup is a complete database, and overwrites nothing', async (context) => {
    const database = await openNew(context);
    const target = join(await temporaryDirectory(context), 'copy.sqlite');
    await database.run(INSERT, [key(1), 1]);
    await database.transaction(async (statements) => {
      await statements.run(INSERT, [key(2), 2]);
      await database.backup(target);
    });
    await assert.rejects(database.backup(target), /copy\.sqlite exists; choose another name/);
    const copy = await openDatabase(target, NUMBERS);
    assert.equal(await count(copy), 1);
    await copy.close();
    await rm(target);
  });
});
