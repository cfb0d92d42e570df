import type { Database, SqlValue, Statements } from '../../service/database.ts';
import { damaged } from './node-database.ts';

/** One statement that writes many rows. */
export interface BulkWrite {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** How many rows it must change: any other number means that the tables contradict each other. */
  readonly rows: number;
}

/** Makes a statement ready; undefined when there is nothing to write. */
export type PreparedWrite = () => BulkWrite | undefined;

/** Rows of one statement: packing more of them at once would hold the event loop for too long. */
const ROWS_PER_WRITE = 8_000;

/** One write for so many rows at a time, in their order. */
export function* inParts<Row>(
  rows: readonly Row[],
  write: (part: readonly Row[]) => BulkWrite | undefined,
): Iterable<PreparedWrite> {
  for (let start = 0; start < rows.length; start += ROWS_PER_WRITE) {
    yield () => write(rows.slice(start, start + ROWS_PER_WRITE));
  }
}

/**
 * Runs writes one after the other. SQLite works in a thread of its own: while it runs one, the rows of the
 * next are packed.
 * @throws DatabaseError when a write does not find what it should
 */
export async function runWrites(
  database: Database,
  statements: Pick<Statements, 'run'>,
  writes: Iterable<PreparedWrite> | AsyncIterable<PreparedWrite>,
): Promise<void> {
  let running: Promise<void> = Promise.resolve();
  for await (const prepare of writes) {
    const write = prepare();
    await running;
    if (write === undefined) continue;
    running = runWrite(database, statements, write);
    // A failure is not lost: `running` is awaited before the next write and at the end.
    running.catch(() => undefined);
  }
  await running;
}

async function runWrite(
  database: Database,
  statements: Pick<Statements, 'run'>,
  { sql, parameters, rows }: BulkWrite,
): Promise<void> {
  const changed = await statements.run(sql, parameters);
  if (changed !== rows) {
    const [head = sql] = sql.split('\n');
    throw damaged(database, `"${head}…" found ${changed} rows where ${rows} belong`);
  }
}
