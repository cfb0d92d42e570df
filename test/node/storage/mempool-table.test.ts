import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { MempoolTable } from '../../../node/storage/mempool-table.ts';
import { openNodeDatabase } from '../../../node/storage/node-database.ts';

it('unconfirmed transactions outlive a restart, in the order in which they came', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-mempool-'));
  try {
    const row = (at: number) => ({
      txid: new Uint8Array(32).fill(9 - at),
      raw: new Uint8Array(100).fill(at),
      // Later than 2038: more than 32 bits with sign hold.
      addedSeconds: 3_000_000_000 + at,
      addedHeight: at,
    });
    const database = await openNodeDatabase(directory, 16);
    const table = new MempoolTable(database);
    const none = { written: [], removed: [], priorities: [] };
    await table.save({ ...none, written: [row(1), row(2), row(3)] });
    await table.save({ ...none, written: [{ ...row(4), addedHeight: 5 }], removed: [row(2).txid] });
    await table.save({ ...none, written: [row(4)], removed: [row(9).txid] });
    await database.close();

    const again = await openNodeDatabase(directory, 16);
    const rows = await new MempoolTable(again).load();
    assert.deepEqual(
      rows.map(({ txid, raw, ...rest }) => ({
        ...rest,
        txid: Uint8Array.from(txid),
        raw: Uint8Array.from(raw),
      })),
      [row(1), row(3), row(4)],
    );
    await again.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});
