import type { Statements } from '../../service/database.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { RowIds } from './row-ids.ts';

/** Ids of workers, shared by the books of one ledger. */
export function workerRows(): RowIds<Worker> {
  return new RowIds((worker) => worker, workerKey, insertWorkers);
}

function workerKey({ address, name }: Worker): string {
  return `${address} ${name}`;
}

async function insertWorkers(
  workers: readonly Worker[],
  statements: Statements,
): Promise<(readonly [string, number])[]> {
  const rows = workers.map(({ address, name }) => [address, name]);
  await statements.insertRows('workers', { address: 'text', name: 'text' }, rows, 'ignore');
  const found = await statements.all<Worker & { id: number }>(
    `SELECT id, address, name FROM workers
     WHERE (address, name) IN (SELECT value->>0, value->>1 FROM json_each(?))`,
    [JSON.stringify(rows)],
  );
  return found.map((row) => [workerKey(row), row.id]);
}
