import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Database, DatabaseError, openDatabase } from '../../service/database.ts';
import { openSnapshot } from '../../service/database-snapshot.ts';
import { temporaryDirectory } from '../kit/surroundings.ts';

const OPTIONS = { applicationId: 7, migrations: [['CREATE TABLE numbers (value INTEGER)']] };
const READER = { applicationId: 7, version: 1 };

async function openNumbers(t: TestContext, name = 'numbers.sqlite'): Promise<Database> {
  const file = join(await temporaryDirectory(t), name);
  const database = await openDatabase(file, OPTIONS);
  t.after(() => database.close());
  await database.run('INSERT INTO numbers VALUES (1)');
  return database;
}

const count = 'SELECT count(*) AS count FROM numbers';

test('all reads see the moment of the opening, whatever is written meanwhile', async (t) => {
  const database = await openNumbers(t);
  const snapshot = await openSnapshot(database.file, READER);
  await database.run('INSERT INTO numbers VALUES (2)');
  assert.deepEqual(await snapshot.get(count), { count: 1 });
  await database.run('INSERT INTO numbers VALUES (3)');
  assert.deepEqual(await snapshot.all(count), [{ count: 1 }]);
  await snapshot.close();
  const later = await openSnapshot(database.file, READER);
  assert.deepEqual(await later.get(count), { count: 3 });
  await later.close();
});

test('a file that nobody has open is read without a trace, whatever its name', async (t) => {
  const database = await openNumbers(t, 'odd #name? 100%.sqlite');
  await database.close();
  const before = await readdir(dirname(database.file));
  const snapshot = await openSnapshot(database.file, READER);
  assert.deepEqual(await snapshot.get(count), { count: 1 });
  await snapshot.close();
  assert.deepEqual(await readdir(dirname(database.file)), before);
});

test('a file that is opened by a writer while it is read so is to be read again', async (t) => {
  const database = await openNumbers(t);
  await database.close();
  const snapshot = await openSnapshot(database.file, READER);
  const writer = await openDatabase(database.file, OPTIONS);
  t.after(() => writer.close());
  await writer.run('INSERT INTO numbers VALUES (2)');
  await assert.rejects(snapshot.close(), /was opened by another program; read it again/);
});

test('what a killed writer has left in its log is read too', async (t) => {
  const database = await openNumbers(t);
  const copy = join(dirname(database.file), 'killed', 'numbers.sqlite');
  await mkdir(dirname(copy));
  await copyFile(database.file, copy);
  await copyFile(`${database.file}-wal`, `${copy}-wal`);
  const snapshot = await openSnapshot(copy, READER);
  assert.deepEqual(await snapshot.get(count), { count: 1 });
  await snapshot.close();
});

test('nothing can be written', async (t) => {
  const database = await openNumbers(t);
  const running = await openSnapshot(database.file, READER);
  await assert.rejects(running.all('INSERT INTO numbers VALUES (9)'), DatabaseError);
  await running.close();
  await database.close();
  const still = await openSnapshot(database.file, READER);
  await assert.rejects(still.all('INSERT INTO numbers VALUES (9)'), DatabaseError);
  await still.close();
});

test('what cannot be read is refused in words', async (t) => {
  const database = await openNumbers(t);
  const { file } = database;
  await database.close();
  await assert.rejects(openSnapshot(`${file}.none`, READER), /does not exist/);
  await assert.rejects(openSnapshot(file, { ...READER, applicationId: 8 }), /a database of another program/);
  await assert.rejects(openSnapshot(file, { ...READER, version: 2 }), /start what writes it once/);
  await assert.rejects(openSnapshot(file, { ...READER, version: 0 }), /update the program/);
  await writeFile(file, 'not a database, but long enough to have a header of one hundred bytes'.repeat(4));
  await assert.rejects(openSnapshot(file, READER), /is damaged/);
});
