import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { SILENT, temporaryDirectory } from '../../kit/surroundings.ts';

async function open(directory: string): Promise<Ledger> {
  return Ledger.open({ file: join(directory, 'pool.sqlite'), network: 'test', log: SILENT });
}

test('every edge has a prefix of its own, the same after a restart', async (t) => {
  const directory = await temporaryDirectory(t);
  const before = await open(directory);
  assert.equal(await before.edges.prefixOf('north', 1), 0);
  assert.equal(await before.edges.prefixOf('south', 2), 1);
  assert.equal(await before.edges.prefixOf('north', 3), 0);
  await before.close();
  const after = await open(directory);
  t.after(() => after.close());
  assert.equal(await after.edges.prefixOf('south', 4), 1);
  assert.equal(await after.edges.prefixOf('west', 5), 2);
});

test('edges that come at the same time get different prefixes', async (t) => {
  const ledger = await open(await temporaryDirectory(t));
  t.after(() => ledger.close());
  const names = Array.from({ length: 20 }, (_, index) => `edge-${index}`);
  const prefixes = await Promise.all(names.map((name) => ledger.edges.prefixOf(name, 1)));
  assert.equal(new Set(prefixes).size, names.length);
});
