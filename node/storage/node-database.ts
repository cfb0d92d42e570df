import { join } from 'node:path';
import { type Database, DatabaseError, openDatabase } from '../../service/database.ts';
import { openSnapshot, type Snapshot } from '../../service/database-snapshot.ts';
import { MIGRATIONS } from './schema.ts';

/** "NILZ" in ASCII. */
const APPLICATION_ID = 0x4e494c5a;
/** Below this a large block would push its own pages out. */
const MIN_PAGE_CACHE_MB = 16;
/** Pages the log may hold before they move into the file: pages that change often then move once. */
const LOG_PAGES = 8_000;

const RECOVERY =
  'Put a backup in its place, or move it away (with its -wal and -shm): the node then starts from its genesis block.';

/**
 * Opens the node's database in the directory of its network, creating it when there is none.
 * @param dbCacheMb a quarter of it becomes SQLite's page cache; the rest is for the chain's coins
 * @throws DatabaseError when the file is damaged or not ours; the message says what to do
 */
export async function openNodeDatabase(directory: string, dbCacheMb: number): Promise<Database> {
  return openDatabase(join(directory, 'node.sqlite'), {
    applicationId: APPLICATION_ID,
    migrations: MIGRATIONS,
    cacheKib: 1024 * Math.max(MIN_PAGE_CACHE_MB, Math.floor(dbCacheMb / 4)),
    logPages: LOG_PAGES,
    recovery: RECOVERY,
  });
}

/** The node's database as it stands now, for a long read during which others go on writing. To be closed. */
export function openNodeSnapshot({ file }: Database): Promise<Snapshot> {
  return openSnapshot(file, {
    applicationId: APPLICATION_ID,
    version: MIGRATIONS.length,
    recovery: RECOVERY,
  });
}

/** The error for content that contradicts itself in a file whose pages are whole. */
export function damaged({ file }: Database, what: string): DatabaseError {
  const message = `the database ${file} is damaged: ${what}. Nothing in it was changed. ${RECOVERY}`;
  return new DatabaseError('DAMAGED', file, message);
}
