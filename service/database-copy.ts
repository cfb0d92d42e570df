/** Copies an SQLite database that others may be writing, as it stands at one moment. */
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isOpenElsewhere } from './database-snapshot.ts';
import { DatabaseError, SqliteConnection } from './sqlite-connection.ts';

const PARTIAL = '.partial';
const MODE = 0o600;
const NOTHING_TO_RECOVER = 'It cannot be copied; put an older copy in its place.';

/**
 * Copies a database with `VACUUM INTO`: its writers go on meanwhile, and what the copy holds is one committed
 * moment of theirs. The copy is checked and on the disk before it gets its name.
 * @param target must not exist yet; for its owner's eyes only (0600)
 * @returns the size of the copy in bytes
 * @throws DatabaseError when the source is missing, no database or damaged, the target exists, or the disk is full
 */
export async function copyDatabase(source: string, target: string): Promise<number> {
  const [from, to] = [resolve(source), resolve(target)];
  if (!existsSync(from)) throw new DatabaseError('MISSING', from, `${from} does not exist`);
  if (existsSync(to)) throw new DatabaseError('EXISTS', to, `${to} exists already; choose another place`);
  const partial = `${to}${PARTIAL}`;
  try {
    await rm(partial, { force: true });
    await (await open(partial, 'wx', MODE)).close();
    await copyOneMoment(from, partial);
    await check(partial);
    const bytes = await flush(partial);
    await rename(partial, to);
    await flush(dirname(to));
    return bytes;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function copyOneMoment(from: string, to: string): Promise<void> {
  const isUnchanging = !isOpenElsewhere(from);
  const connection = await SqliteConnection.open(
    from,
    NOTHING_TO_RECOVER,
    isUnchanging ? 'unchanging' : 'read',
  );
  try {
    await connection.run('VACUUM INTO ?', [to]);
  } finally {
    await connection.close();
  }
  if (isUnchanging && isOpenElsewhere(from)) {
    throw new DatabaseError('CHANGED', from, `${from} was opened by another program meanwhile; try again`);
  }
}

/** @throws DatabaseError when the disk did not give back what was written */
async function check(file: string): Promise<void> {
  const connection = await SqliteConnection.open(file, NOTHING_TO_RECOVER, 'unchanging');
  try {
    const rows = await connection.all<{ quick_check: string }>('PRAGMA quick_check(1)');
    const verdict = rows[0]?.quick_check;
    if (verdict !== 'ok') throw new DatabaseError('DAMAGED', file, `the copy is damaged: ${verdict}`);
  } finally {
    await connection.close();
  }
}

/** Brings a file, or the names in a folder, to the disk. Returns its size in bytes. */
async function flush(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
