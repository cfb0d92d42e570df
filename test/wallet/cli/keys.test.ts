import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench, OWN_WORDS, SECRET } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

/** A key of nobody, as 32 bytes in hexadecimal digits. */
const SINGLE_KEY = '11'.repeat(32);

async function json<T>(...argv: string[]): Promise<T> {
  const { code, terminal, errors } = await bench.run([...argv, '--json']);
  assert.equal(code, 0, errors);
  return terminal.json<T>();
}

describe('nilz wallet check-backup', () => {
  test('says whether these are the words, and repeats none', async () => {
    const path = await bench.walletFile(OWN_WORDS);
    const right = await bench.run(['check-backup', '--wallet', path], OWN_WORDS.toUpperCase());
    assert.deepEqual([right.code, right.output], [0, 'These are the words of this wallet.']);
    const other = OWN_WORDS.replace('winner', 'wine');
    for (const script of [other, '', 'zebra']) {
      const wrong = await bench.run(['check-backup', '--wallet', path], script);
      assert.equal(wrong.code, 1);
      assert.match(wrong.errors, /these are not the words of this wallet/);
      assert.doesNotMatch(wrong.errors + wrong.output, /wine|zebra|legal/);
    }
    const asked = await bench.run(
      ['check-backup', '--wallet', path, '--json'],
      [[/Words of the wallet/, other]],
    );
    assert.deepEqual([asked.code, asked.terminal.json<{ same: boolean }>().same], [1, false]);
    assert.deepEqual(asked.terminal.hidden, [other], 'what is typed is not shown');
    const { findings } = await json<{ findings: { name: string; ok: boolean }[] }>('check', '--wallet', path);
    assert.equal(findings.find(({ name }) => name === 'backup')?.ok, true);
  });
});

describe('nilz wallet change-passphrase', () => {
  test('lets the file open with the new one only', async () => {
    const path = await bench.walletFile(OWN_WORDS);
    const file = bench.path('new-passphrase.txt');
    await writeFile(file, 'another of seven words\n');
    const argv = ['change-passphrase', '--wallet', path, '--new-passphrase-file', file];
    const changed = await bench.run(argv);
    assert.equal(changed.code, 0, changed.errors);
    assert.match(changed.errors, /Copies of the file .*old one/);
    const old = await bench.run(['list', '--wallet', path]);
    assert.deepEqual([old.code, /wrong passphrase/.test(old.errors)], [1, true]);
    const env = bench.environment({ NILZ_PASSPHRASE: 'another of seven words' });
    assert.equal((await bench.run(['list', '--wallet', path], '', env)).code, 0);
    const back = bench.environment({
      NILZ_PASSPHRASE: 'another of seven words',
      NILZ_NEW_PASSPHRASE: SECRET,
    });
    assert.equal((await bench.run(['change-passphrase', '--wallet', path], '', back)).code, 0);
    assert.equal((await bench.run(['list', '--wallet', path])).code, 0);
  });

  test('asks for both where a person is, and says how long a weak one would stand', async () => {
    const path = await bench.walletFile(OWN_WORDS);
    const { code, errors, terminal } = await bench.run(
      ['change-passphrase', '--wallet', path],
      [
        [/^Passphrase: $/, SECRET],
        [/New passphrase/, 'monkey'],
        [/again/, 'monkey'],
      ],
      bench.withoutPassphrase(),
    );
    assert.equal(code, 0, errors);
    assert.deepEqual(terminal.hidden, [SECRET, 'monkey', 'monkey']);
    assert.match(errors, /Warning: this passphrase is very weak: .*within the hour/);
    assert.doesNotMatch(errors, /monkey/);
    const nowhere = await bench.run(
      ['change-passphrase', '--wallet', path],
      '',
      bench.environment({ NILZ_PASSPHRASE: 'monkey' }),
    );
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.errors, /NILZ_NEW_PASSPHRASE or --new-passphrase-file/);
  });

  test('with a wrong passphrase changes nothing', async () => {
    const path = await bench.walletFile(OWN_WORDS);
    const env = bench.environment({ NILZ_PASSPHRASE: 'wrong', NILZ_NEW_PASSPHRASE: 'new' });
    const { code, errors } = await bench.run(['change-passphrase', '--wallet', path], '', env);
    assert.equal(code, 1);
    assert.match(errors, /wrong passphrase/);
    assert.equal((await bench.run(['list', '--wallet', path])).code, 0);
  });
});

describe('nilz wallet import-key', () => {
  test('brings a key in by standard input, the environment or a prompt, and never shows it', async () => {
    const path = await bench.walletFile(OWN_WORDS);
    const piped = await bench.run(['import-key', '--wallet', path, '--label', 'paper'], `${SINGLE_KEY}\n`);
    assert.equal(piped.code, 0, piped.errors);
    assert.match(piped.output, /^rnilz1q/);
    assert.match(piped.errors, /do not bring this key back/);
    assert.doesNotMatch(piped.output + piped.errors, new RegExp(SINGLE_KEY));
    await bench.rpc.call('generatetoaddress', [1, piped.output]);
    const { labels } = await json<{ labels: { label: string; total: number }[] }>(
      'balance',
      '--wallet',
      path,
    );
    assert.equal(labels.find(({ label }) => label === 'paper')?.total, 50);
    const again = await bench.run(
      ['import-key', '--wallet', path],
      '',
      bench.environment({ NILZ_PRIVATE_KEY: SINGLE_KEY }),
    );
    assert.equal(again.code, 2);
    assert.match(again.errors, /in this wallet already/);
    const bad = await bench.run(['import-key', '--wallet', path], [[/Key \(not shown\)/, `${SINGLE_KEY}22`]]);
    assert.equal(bad.code, 2);
    assert.doesNotMatch(bad.errors, new RegExp(SINGLE_KEY));
    assert.equal((await bench.run(['import-key', '--private-key', SINGLE_KEY])).code, 2);
  });
});

describe('several wallets', () => {
  test('have names, are listed, and are not mixed up', async () => {
    for (const name of ['savings', 'shop']) {
      const made = await bench.run(['init', '--yes', '--json', '--name', name]);
      assert.equal(made.code, 0, made.errors);
    }
    const { wallets } = await json<{ wallets: { name: string; problem: string | null }[] }>('wallets');
    assert.deepEqual(
      wallets.map(({ name, problem }) => [name, problem]),
      [
        ['savings', null],
        ['shop', null],
      ],
    );
    const addresses = await Promise.all(
      ['savings', 'shop'].map((name) => json<{ address: string }>('receive', '--name', name)),
    );
    assert.notEqual(addresses[0]?.address, addresses[1]?.address);
    for (const [argv, message] of [
      [['list', '--name', 'shop', '--wallet', 'x.json'], /give one of them/],
      [['list', '--name', '../shop'], /is no name of a wallet/],
      [['init', '--yes', '--name', 'shop/1'], /is no name of a wallet/],
    ] as const) {
      const { code, errors } = await bench.run(argv);
      assert.equal(code, 2);
      assert.match(errors, message);
    }
    const taken = await bench.run(['init', '--yes', '--name', 'shop']);
    assert.equal(taken.code, 1);
    assert.match(taken.errors, /exists already/);
  });

  test('of the same words are accounts, and a restore says which are in use', async () => {
    const second = bench.newPath();
    const restored = await bench.run(['restore', '--wallet', second, '--account', '1'], OWN_WORDS);
    assert.equal(restored.code, 0, restored.errors);
    const { address, path } = await json<{ address: string; path: string }>('receive', '--wallet', second);
    assert.equal(path, "m/84'/1'/1'/0/0");
    await bench.rpc.call('generatetoaddress', [1, address]);
    const first = await bench.run(['restore', '--wallet', bench.newPath(), '--json'], OWN_WORDS);
    const { other_accounts: others } = first.terminal.json<{ other_accounts: unknown[] }>();
    assert.deepEqual(others, [{ account: 1, used_addresses: 1 }]);
    assert.match(
      first.errors,
      /Account 1 of these words is in use as well: "nilz wallet restore --account 1/,
    );
  });
});
