/** Files that are written whole or not at all, and directories that only one process uses. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { lockFile } from './database.ts';
import type { Credentials } from './http.ts';

/** A directory that a program needs cannot be used; the message names it, says why and what to change. */
export class DirectoryError extends Error {
  override name = 'DirectoryError';
}

/** The directory is used by another process, or by another part of this one. */
export class DirectoryInUseError extends DirectoryError {
  override name = 'DirectoryInUseError';
}

/**
 * Replaces a file in one step: after a crash it holds either the old content or the new, complete and on
 * the disk. `mode` is the file's permissions; a secret asks for 0o600.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const directory = dirname(resolve(path));
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, `${unfinishedPrefix(path)}${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(unfinished, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

/** How the name of a file begins that is to take the place of another. */
function unfinishedPrefix(path: string): string {
  return `.${basename(path)}.`;
}

/**
 * Removes what {@link writeFileAtomic} left behind where a process was killed at work. For a file that nobody is
 * writing just now.
 */
export async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(resolve(path));
  const prefix = unfinishedPrefix(path);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}\.tmp$/.test(name.slice(prefix.length))) continue;
    await rm(join(directory, name), { force: true });
  }
}

/** The file's bytes, or undefined when there is no such file. Any other failure is thrown. */
export async function readIfExists(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes the directory ours until the returned function is called or the process ends, however it ends:
 * the lock is the operating system's, on the open file `.lock`, so that nothing is left behind after
 * `kill -9` or a power cut and no process id has to be trusted. The id is written beside it for the
 * message alone.
 *
 * @throws DirectoryInUseError naming the process that holds it; DirectoryError where there can be no such
 * directory, or DirectoryError or DatabaseError where nothing can be written in it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  await makeDirectory(directory);
  const ownerFile = join(directory, '.lock.pid');
  const unlock = await lockFile(join(directory, '.lock'));
  if (unlock === undefined) {
    const owner = await readIfExists(ownerFile);
    const process =
      owner === undefined ? 'another process' : `process ${Buffer.from(owner).toString('utf8').trim()}`;
    throw new DirectoryInUseError(
      `${directory} is in use by ${process}; stop it, or choose another directory with --datadir`,
    );
  }
  try {
    await writeFile(ownerFile, `${process.pid}\n`);
  } catch (error) {
    await unlock();
    throw new DirectoryError(`cannot write ${ownerFile} (${reasonOf(error)})`, { cause: error });
  }
  return async () => {
    await rm(ownerFile, { force: true });
    await unlock();
  };
}

/**
 * Makes a directory of `--datadir` with those above it, if it is not there yet.
 * @throws DirectoryError when a file is in the way, or the directory may not be made
 */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new DirectoryError(
      `cannot make the directory ${directory} (${reasonOf(error)}); choose another with --datadir`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Makes a new random password and writes it as `user:password` where only this user can read it, as
 * Bitcoin Core does with its `.cookie`. The caller removes the file when the server stops.
 * @throws DirectoryError when it cannot be written
 */
export async function writeCookieFile(path: string): Promise<Credentials> {
  const credentials = { user: '__cookie__', password: randomBytes(32).toString('hex') };
  try {
    await writeFileAtomic(path, `${credentials.user}:${credentials.password}`, 0o600);
  } catch (error) {
    throw new DirectoryError(`cannot write ${path} (${reasonOf(error)})`, { cause: error });
  }
  return credentials;
}

/** A new name is safe only when its directory is; Windows cannot sync directories and needs not. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
