import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench, SECRET } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

describe('the passphrase', () => {
  test('comes from the prompt, the environment or a file, and a wrong one is told', async () => {
    const path = await bench.walletFile();
    const file = bench.path('passphrase.txt');
    await writeFile(file, `${SECRET}\n`);
    assert.equal((await bench.run(['list', '--wallet', path])).code, 0);
    assert.equal(
      (await bench.run(['list', '--wallet', path, '--passphrase-file', file], '', bench.withoutPassphrase()))
        .code,
      0,
    );
    const prompted = await bench.run(
      ['list', '--wallet', path],
      [[/^Passphrase: $/, SECRET]],
      bench.withoutPassphrase(),
    );
    assert.equal(prompted.code, 0);
    assert.deepEqual(prompted.terminal.hidden, [SECRET]);
    const wrong = await bench.run(
      ['list', '--wallet', path],
      [[/^Passphrase/, 'Tr0ub4dor']],
      bench.withoutPassphrase(),
    );
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /wrong passphrase/);
    assert.doesNotMatch(wrong.errors, /Tr0ub4dor/);
    const nowhere = await bench.run(['list', '--wallet', path, '--passphrase-file', bench.newPath()]);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.errors, /--passphrase-file .*there is no such file/);
  });

  test('is not even asked for a file that is damaged or of another network', async () => {
    const path = await bench.walletFile();
    const other = await bench.run(
      ['list', '--wallet', path, '--network', 'dev'],
      [],
      bench.withoutPassphrase(),
    );
    assert.equal(other.code, 2);
    assert.match(other.errors, /wallet of the network regtest .*not dev/);
    const good = await readFile(path, 'utf8');
    await writeFile(path, good.slice(0, -40));
    const torn = await bench.run(['list', '--wallet', path], [], bench.withoutPassphrase());
    assert.equal(torn.code, 1);
    assert.match(torn.errors, /damaged.*backup copy, or restore/);
    assert.ok(torn.errors.includes(path), 'which file it is');
    assert.equal(await readFile(path, 'utf8'), good.slice(0, -40));
  });
});

test('a folder in the place of the wallet file is told in one line', async () => {
  const path = bench.newPath();
  await mkdir(path, { recursive: true });
  const { code, errors } = await bench.run(['list', '--wallet', path]);
  assert.equal(code, 1);
  assert.match(errors, /^nilz wallet list: the wallet file .* cannot be read \(EISDIR: .*\)\n?$/);
});
