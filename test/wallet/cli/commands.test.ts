import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { WalletCommand } from '../../../wallet/cli/command.ts';
import { SECTIONS } from '../../../wallet/cli/commands.ts';
import { CommandBench } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

function isCommand(exported: unknown): exported is WalletCommand {
  return typeof exported === 'object' && exported !== null && 'summary' in exported && 'main' in exported;
}

describe('nilz wallet', () => {
  test('lists its commands, and every command has its help', async () => {
    const { output, code } = await bench.run(['--help']);
    assert.equal(code, 0);
    const commands = [...output.matchAll(/^ {2}([a-z]+(?:[- ][a-z]+)*) {2,}\S/gm)].map(
      ([, name]) => name ?? '',
    );
    for (const command of ['init', 'send', 'psbt sign', 'contacts add', 'gui']) {
      assert.ok(commands.includes(command), command);
    }
    for (const command of commands) {
      const help = await bench.run([...command.split(' '), '--help'], '', {});
      assert.equal(help.code, 0, command);
      assert.match(help.output, /--wallet[\s\S]*NILZ_PASSPHRASE[\s\S]*--network[\s\S]*default dev/);
      assert.match(help.output, /--json/);
    }
    assert.equal((await bench.run([])).code, 2);
    const unknown = await bench.run(['sned']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /unknown command "sned"; allowed: init, restore/);
  });

  test('lists every command there is, by the name that it has itself', async () => {
    const listed = new Map<unknown, string>();
    for (const { name, load } of SECTIONS.flatMap(({ commands }) => commands)) listed.set(await load(), name);
    const folder = new URL('../../../wallet/cli/', import.meta.url);
    for (const file of readdirSync(folder)) {
      const exported: object = await import(new URL(file, folder).href);
      for (const command of Object.values(exported).filter(isCommand)) {
        assert.equal(listed.get(command), command.name, `${command.name} of ${file}`);
        listed.delete(command);
      }
    }
    assert.deepEqual([...listed.values()], []);
  });

  test('says which commands a group has', async () => {
    const group = await bench.run(['psbt']);
    assert.equal(group.code, 2);
    assert.match(group.errors, /"psbt" is not a whole command; allowed: psbt create, psbt inspect/);
    const help = await bench.run(['psbt', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.output, /^ {2}psbt sign +sign what belongs to this wallet/m);
  });

  test('takes no secret as an argument, and does not repeat one that was given', async () => {
    for (const argv of [
      ['balance', '--passphrase', 'hunter2'],
      ['balance', '--passphrase=hunter2'],
      ['init', '--password', 'hunter2'],
      ['change-passphrase', '--new-passphrase', 'hunter2'],
      ['import-key', '--private-key=hunter2'],
      ['import-key', 'hunter2'],
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
