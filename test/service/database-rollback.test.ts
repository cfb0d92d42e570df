import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openDatabase } from '../../service/database.ts';
import { NUMBERS } from './database-schema.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** How often: which of two threads is first differs from time to time. */
const TRANSACTIONS = 50;
const INSERT_MANY = `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 300)
  INSERT INTO numbers (key, value) SELECT cast(n AS blob), n FROM many`;

describe('a statement that nobody waits for', () => {
  test('leaves nothing behind when its transaction fails', async (context) => {
    const directory = await temporaryDirectory(context);
    const database = await openDatabase(join(directory, 'numbers.sqlite'), NUMBERS);
    context.after(() => database.close());
    const outcomes: Promise<unknown>[] = [];
    for (let count = 0; count < TRANSACTIONS; count++) {
      const failing = database.transaction(async (statements) => {
        outcomes.push(statements.run(INSERT_MANY).catch((error: unknown) => error));
        throw new Error('something else');
      });
      await assert.rejects(failing, /something else/);
    }
    await Promise.all(outcomes);
    assert.deepEqual(await database.get('SELECT count(*) AS rows FROM numbers'), { rows: 0 });
  });

  test('has ended before its transaction is committed', async (context) => {
    const directory = await temporaryDirectory(context);
    const database = await openDatabase(join(directory, 'numbers.sqlite'), NUMBERS);
    context.after(() => database.close());
    for (let count = 0; count < TRANSACTIONS; count++) {
      let hasEnded = false;
      await database.transaction(async (statements) => {
        await statements.run('DELETE FROM numbers');
        void statements.run(INSERT_MANY).then(() => {
          hasEnded = true;
        });
      });
      assert.ok(hasEnded);
    }
  });
});
