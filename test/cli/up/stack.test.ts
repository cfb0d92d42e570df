import assert from 'node:assert/strict';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { isResetUnfinished, resetStack } from '../../../cli/up/stack.ts';
import { lockFaucet } from '../../../faucet/core.ts';
import { lockLedger } from '../../../pool/pool.ts';
import { profileByName } from '../../../protocol/network.ts';
import { DirectoryInUseError } from '../../../service/files.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const DEV = profileByName('dev');
const CHAIN = ['node.sqlite', 'node.sqlite-shm', 'node.sqlite-wal'];
const LEDGER = ['pool.sqlite', 'pool.sqlite-shm', 'pool.sqlite-wal'];
const BOOK = ['faucet.sqlite', 'faucet.sqlite-shm', 'faucet.sqlite-wal'];

/** A data directory in which these files stand. */
async function dataDirectory(context: TestContext, files: readonly string[]): Promise<string> {
  const directory = await temporaryDirectory(context);
  await mkdir(join(directory, 'dev'));
  for (const file of files) await writeFile(join(directory, 'dev', file), 'x');
  return directory;
}

/** The files below it that are no locks. */
async function filesOf(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'dev'));
  return names.filter((name) => !name.includes('.lock')).sort();
}

describe('a reset', () => {
  test('removes the chain, the ledger and the book of the faucet, and leaves the wallet', async (context) => {
    const directory = await dataDirectory(context, [...CHAIN, ...LEDGER, ...BOOK, 'wallet.json']);
    await resetStack(DEV, directory);
    assert.deepEqual(await filesOf(directory), ['wallet.json']);
    await resetStack(DEV, directory);
  });

  test('is refused while a pool works with the ledger, and removes nothing then', async (context) => {
    const directory = await dataDirectory(context, [...CHAIN, ...LEDGER]);
    const unlock = await lockLedger(join(directory, 'dev', 'pool.sqlite'));
    await assert.rejects(resetStack(DEV, directory), DirectoryInUseError);
    assert.deepEqual(await filesOf(directory), [...CHAIN, ...LEDGER]);
    await unlock();
    await resetStack(DEV, directory);
    assert.deepEqual(await filesOf(directory), []);
  });

  test('is refused while a faucet works with its book', async (context) => {
    const directory = await dataDirectory(context, [...CHAIN, ...BOOK]);
    const unlock = await lockFaucet(join(directory, 'dev', 'faucet.sqlite'));
    await assert.rejects(resetStack(DEV, directory), DirectoryInUseError);
    assert.deepEqual(await filesOf(directory), [...BOOK, ...CHAIN]);
    await unlock();
    await resetStack(DEV, directory);
    assert.deepEqual(await filesOf(directory), []);
  });

  test('that is cut short is known as such until it has been done again', async (context) => {
    const directory = await dataDirectory(context, [...LEDGER, 'node.sqlite-wal']);
    assert.equal(isResetUnfinished(DEV, directory), false);
    // A folder is not removed, so this is as far as it gets.
    await mkdir(join(directory, 'dev', 'node.sqlite'));
    await assert.rejects(resetStack(DEV, directory));
    assert.equal(isResetUnfinished(DEV, directory), true);
    await rmdir(join(directory, 'dev', 'node.sqlite'));
    await resetStack(DEV, directory);
    assert.equal(isResetUnfinished(DEV, directory), false);
    assert.deepEqual(await filesOf(directory), []);
  });
});
