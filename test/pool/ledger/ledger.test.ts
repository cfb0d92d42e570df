import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ForeignLedgerError, Ledger } from '../../../pool/ledger/ledger.ts';
import { DatabaseError } from '../../../service/database.ts';
import { openLedger } from '../../kit/share-kit.ts';
import { SILENT, temporaryDirectory } from '../../kit/surroundings.ts';

test('a ledger of another network is refused', async (t) => {
  const { ledger, file } = await openLedger(t);
  await ledger.close();
  await assert.rejects(Ledger.open({ file, network: 'main', log: SILENT }), ForeignLedgerError);
  await assert.rejects(Ledger.open({ file, network: 'main', log: SILENT }), /belongs to the network "dev"/);
});

test('a damaged ledger stops the start and is not touched', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'pool.sqlite');
  await writeFile(file, 'this is no database, and long enough to look like a file that once was one');
  await assert.rejects(
    Ledger.open({ file, network: 'dev', log: SILENT }),
    (error) => error instanceof DatabaseError && /backup of the pool ledger/.test(error.message),
  );
});
