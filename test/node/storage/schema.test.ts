import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MIGRATIONS } from '../../../node/storage/schema.ts';
import { COIN } from '../../../protocol/amount.ts';
import { type Database, openDatabase } from '../../../service/database.ts';
import { ChainKit, chainTables, coinOf, feed, openChain } from '../../kit/chain-kit.ts';

/** A database of schema version 3 that holds the chain of `source`. */
async function openVersion3(file: string, source: Database): Promise<void> {
  const options = { applicationId: 0x4e494c5a, migrations: MIGRATIONS.slice(0, 3) };
  const database = await openDatabase(file, options);
  await database.exec(`ATTACH '${source.file}' AS source`);
  const tables = ['identity', 'blocks', 'tip', 'bodies', 'undo', 'transactions', 'coins'];
  for (const table of tables) await database.run(`INSERT INTO ${table} SELECT * FROM source.${table}`);
  // Version 3 had one row for an output, with the input that spends it.
  await database.run(
    `INSERT INTO outputs SELECT made.script, made.place, made.fact,
       (SELECT CAST(substr(input.place, 1, 8) || x'00' || substr(input.place, 10, 3) || substr(input.fact, 9, 32) AS BLOB)
        FROM source.deltas AS input
        WHERE input.script = made.script AND length(input.fact) = 52 AND substr(input.fact, 41) = made.place)
     FROM source.deltas AS made WHERE length(made.fact) = 40`,
  );
  await database.exec('DETACH source');
  await database.close();
}

describe('the schema', () => {
  it('brings the outputs of version 3 over as deltas, and the chain goes on', async () => {
    const kit = new ChainKit();
    const fresh = await openChain(kit);
    const directory = await mkdtemp(join(tmpdir(), 'nilz-schema-'));
    try {
      const first = kit.payment(kit.funds('alice'), 'bob', 3n * COIN, 500n);
      const second = kit.payment(coinOf(first, 0, 'bob'), 'carol', COIN, 500n);
      const a = kit.mineBlock(kit.genesis, [first, second]);
      const both = kit.sign(
        [coinOf(first, 1, 'alice'), kit.funds('bob')],
        [{ value: COIN, script: new Uint8Array() }],
      );
      await feed(fresh.chain, [a, kit.mineBlock(a, [both])]);
      await openVersion3(join(directory, 'node.sqlite'), fresh.database);

      const migrated = await openChain(kit, { directory });
      assert.deepEqual(await chainTables(migrated.database), await chainTables(fresh.database));
      const longer = kit.mineBlocks(kit.genesis, 3);
      await feed(migrated.chain, longer);
      await feed(fresh.chain, longer);
      assert.deepEqual(await chainTables(migrated.database), await chainTables(fresh.database));
      await migrated.close();
    } finally {
      await fresh.close();
      await rm(directory, { recursive: true });
    }
  });
});
