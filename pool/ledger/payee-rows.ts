import type { Statements } from '../../service/database.ts';

/** Ids of the rows of addresses that are paid, made where they are missing; within an open transaction. */
export async function payeeIds(
  addresses: readonly string[],
  statements: Statements,
): Promise<ReadonlyMap<string, number>> {
  await statements.insertRows(
    'payees',
    { address: 'text' },
    addresses.map((address) => [address]),
    'ignore',
  );
  const rows = await statements.all<{ id: number; address: string }>(
    'SELECT id, address FROM payees WHERE address IN (SELECT value FROM json_each(?))',
    [JSON.stringify(addresses)],
  );
  return new Map(rows.map(({ id, address }) => [address, id]));
}
