import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CommandBench } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

describe('nilz wallet', () => {
  test('lists its commands, and every command has its help', async () => {
    const { output, code } = await bench.run(['--help']);
    assert.equal(code, 0);
    const commands = [
      'init',
      'restore',
      'list',
      'new-address',
      'balance',
      'history',
      'send',
      'export-mnemonic',
    ];
    for (const command of commands) {
      assert.match(output, new RegExp(`^  ${command} `, 'm'));
      const help = await bench.run([command, '--help'], '', {});
      assert.equal(help.code, 0);
      assert.match(help.output, /--wallet[\s\S]*NILZ_PASSPHRASE[\s\S]*--network[\s\S]*default dev/);
    }
    assert.equal((await bench.run([])).code, 2);
    const unknown = await bench.run(['sned']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /unknown command "sned"; allowed: init, restore/);
  });

  test('takes no secret as an argument, and does not repeat one that was given', async () => {
    for (const argv of [
      ['balance', '--passphrase', 'hunter2'],
      ['balance', '--passphrase=hunter2'],
      ['init', '--password', 'hunter2'],
      ['restore', '--mnemonic', 'hunter2'],
      ['restore', 'hunter2', 'zoo'],
      ['restore', '--words=hunter2'],
    ]) {
      const { code, errors, output } = await bench.run(argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(errors, /not offered: arguments are seen|no bare arguments/);
      assert.doesNotMatch(errors + output, /hunter2/);
    }
  });

  test('names a bad setting and what is allowed', async () => {
    for (const [argv, message] of [
      [['balance', '--network', 'moon'], /moon/],
      [['balance', '--wolet', 'x'], /--wolet.*--wallet/],
      [['history', '--limit', '0'], /--limit 0: must be an integer from 1/],
    ] as const) {
      const { code, errors } = await bench.run(argv);
      assert.equal(code, 2);
      assert.match(errors, message);
    }
  });

  test('says where no wallet is, and how to get one', async () => {
    const { code, errors } = await bench.run(['list', '--wallet', bench.newPath()]);
    assert.equal(code, 1);
    assert.match(errors, /no wallet file .*wallet-.*init/);
  });
});
