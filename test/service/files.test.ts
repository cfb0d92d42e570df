import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import {
  DirectoryError,
  DirectoryInUseError,
  lockDirectory,
  readIfExists,
  removeUnfinished,
  writeCookieFile,
  writeFileAtomic,
} from '../../service/files.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FILES_MODULE = new URL('../../service/files.ts', import.meta.url).href;

describe('writing a file whole', () => {
  test('creates it with its directory and permissions', async (context) => {
    const file = join(await temporaryDirectory(context), 'deep', 'secret.json');
    await writeFileAtomic(file, '{"ü":1}', 0o600);
    assert.equal(await readFile(file, 'utf8'), '{"ü":1}');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  test('replaces it, and leaves nothing beside it', async (context) => {
    const directory = await temporaryDirectory(context);
    const file = join(directory, 'data');
    await writeFile(file, 'old');
    await chmod(file, 0o644);
    await writeFileAtomic(file, new Uint8Array([1, 2]), 0o600);
    assert.deepEqual([...(await readFile(file))], [1, 2]);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ['data']);
  });

  test('at the same time ends with one of the contents', async (context) => {
    const directory = await temporaryDirectory(context);
    const file = join(directory, 'data');
    const contents = Array.from({ length: 10 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(file, content)));
    assert.ok(contents.includes(await readFile(file, 'utf8')), 'one of them, whole');
    assert.deepEqual(await readdir(directory), ['data']);
  });

  test('that fails leaves the old file and nothing beside it', async (context) => {
    const directory = await temporaryDirectory(context);
    await mkdir(join(directory, 'data', 'full'), { recursive: true });
    await assert.rejects(writeFileAtomic(join(directory, 'data'), 'new'));
    assert.deepEqual(await readdir(directory), ['data']);
  });
});

test('what a killed process left of a write is removed, and nothing else', async (context) => {
  const directory = await temporaryDirectory(context);
  const path = join(directory, 'secret.json');
  await writeFileAtomic(path, 'kept');
  const others = [
    '.secret.json.tmp',
    '.secret.json.0123456789ab.tmp.old',
    'secret.json.0123456789ab.tmp',
    '.other.json.0123456789ab.tmp',
  ];
  for (const name of [...others, '.secret.json.0123456789ab.tmp']) await writeFile(join(directory, name), '');
  await removeUnfinished(path);
  assert.deepEqual((await readdir(directory)).sort(), [...others, 'secret.json'].sort());
});

test('reading a file that may be missing gives its bytes or undefined, and throws for the rest', async (context) => {
  const directory = await temporaryDirectory(context);
  assert.equal(await readIfExists(join(directory, 'nowhere')), undefined);
  await writeFile(join(directory, 'data'), 'x');
  assert.deepEqual([...((await readIfExists(join(directory, 'data'))) ?? [])], [120]);
  await assert.rejects(readIfExists(directory), { code: 'EISDIR' });
});

describe('a locked directory', () => {
  test('is refused to everybody else, naming the process, until it is unlocked', async (context) => {
    const directory = join(await temporaryDirectory(context), 'data');
    const unlock = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), (error) => {
      assert.ok(error instanceof DirectoryInUseError, String(error));
      assert.equal(
        error.message,
        `${directory} is in use by process ${process.pid}; stop it, or choose another directory with --datadir`,
      );
      return true;
    });
    await unlock();
    await unlock();
    assert.equal(existsSync(join(directory, '.lock.pid')), false);
    await (await lockDirectory(directory))();
  });

  test('that cannot be made is an error that names it, the reason and the setting', async (context) => {
    const file = join(await temporaryDirectory(context), 'data');
    await writeFile(file, 'x');
    await assert.rejects(lockDirectory(join(file, 'dev')), (error) => {
      assert.ok(error instanceof DirectoryError, String(error));
      assert.match(error.message, /data\/dev \(ENOTDIR: .*\); choose another with --datadir$/);
      return true;
    });
  });

  test('in which nothing can be written is an error that names the file, and is not left locked', async (context) => {
    const directory = await temporaryDirectory(context);
    const ownerFile = join(directory, '.lock.pid');
    await mkdir(ownerFile);
    await assert.rejects(lockDirectory(directory), {
      name: 'DirectoryError',
      message: /^cannot write .*\.lock\.pid \(EISDIR: .*\)$/,
    });
    await rmdir(ownerFile);
    await (await lockDirectory(directory))();
  });

  test('is free again after kill -9 of its owner, though the remains are there', async (context) => {
    const directory = await temporaryDirectory(context);
    const program = `import { lockDirectory } from ${JSON.stringify(FILES_MODULE)};
      await lockDirectory(${JSON.stringify(directory)}); console.log('locked'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(child.stdout), 'line');
    await assert.rejects(lockDirectory(directory), new RegExp(`in use by process ${child.pid};`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(existsSync(join(directory, '.lock.pid')), true, 'the remains');
    await (await lockDirectory(directory))();
  });
});

test('a cookie file holds a new password each time, and only its user can read it', async (context) => {
  const file = join(await temporaryDirectory(context), '.cookie');
  const first = await writeCookieFile(file);
  const second = await writeCookieFile(file);
  assert.equal(await readFile(file, 'utf8'), `__cookie__:${second.password}`);
  assert.match(second.password, /^[0-9a-f]{64}$/);
  assert.notEqual(first.password, second.password);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a cookie file that cannot be written is an error that names it', async (context) => {
  const directory = await temporaryDirectory(context);
  await assert.rejects(writeCookieFile(directory), {
    name: 'DirectoryError',
    message: /^cannot write .* \(E[A-Z]+: .*\)$/,
  });
});
