/** Files that a command is pointed to, whatever they turn out to be. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SettingError } from '../../../service/config.ts';
import { readSecretFile } from '../../../wallet/cli/passphrase.ts';
import { readFileBytes, readTextFile, writeNewFile } from '../../../wallet/cli/text-file.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

/** A refusal that names the option and has no word of the system's own. */
function refusal(says: RegExp) {
  return (error: unknown) =>
    error instanceof SettingError &&
    error.message.startsWith('--file ') &&
    says.test(error.message) &&
    !/ENO|EISDIR|EEXIST|undefined/.test(error.message);
}

test('a file is read to its last byte, longer than one reading', async (context) => {
  const path = join(await temporaryDirectory(context), 'long.txt');
  const bytes = Uint8Array.from({ length: 200_001 }, (_, at) => at % 251);
  await writeFile(path, bytes);
  assert.deepEqual(readFileBytes(path, '--file'), bytes);
  await writeFile(path, 'grüße\r\n');
  assert.equal(readTextFile(path, '--file'), 'grüße\r\n');
  assert.equal(readSecretFile(path, '--file'), 'grüße');
  await writeFile(path, '');
  assert.equal(readTextFile(path, '--file'), '');
});

test('a device that never ends, or a file that is too large, is not read whole', async (context) => {
  assert.throws(() => readFileBytes('/dev/zero', '--file'), refusal(/\/dev\/zero: is larger than 16 MiB/));
  const path = join(await temporaryDirectory(context), 'large');
  await writeFile(path, new Uint8Array(16 * 1024 * 1024 + 1));
  assert.throws(() => readSecretFile(path, '--file'), refusal(/is larger than 16 MiB/));
});

test('what is wrong with a file is said in words', async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, 'there');
  await writeFile(path, 'kept');
  await mkdir(join(folder, 'folder'));
  assert.throws(() => readTextFile(join(folder, 'nowhere'), '--file'), refusal(/no such file or folder/));
  assert.throws(() => readTextFile(join(path, 'below'), '--file'), refusal(/no such file or folder/));
  assert.throws(() => readTextFile('x'.repeat(300), '--file'), refusal(/too long for the name of a file/));
  assert.throws(() => readTextFile(join(folder, 'folder'), '--file'), refusal(/is a folder/));
  assert.throws(() => writeNewFile(path, 'new', '--file'), refusal(/exists already and is not overwritten/));
  assert.equal(readTextFile(path, '--file'), 'kept');
  assert.throws(() => writeNewFile(join(folder, 'no', 'x'), '', '--file'), refusal(/no such file or folder/));
});
