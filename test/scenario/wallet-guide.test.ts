/** The commands of docs/wallet.md, run from the first to the last; after each block of them a block is mined. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { main } from '../../wallet/main.ts';
import { GuideShell, shellBlocks } from '../kit/guide-script.ts';
import { ScriptedTerminal } from '../kit/scripted-terminal.ts';
import { CommandBench } from '../wallet/cli/command-bench.ts';

const GUIDE = await readFile(new URL('../../docs/wallet.md', import.meta.url), 'utf8');
/** Reward of the blocks between the commands: of nobody here. */
const MINER = 'rnilz1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp94lv3';

let bench: CommandBench;
const home = process.cwd();

before(async () => {
  bench = await CommandBench.start();
  const desk = bench.path('desk');
  await mkdir(desk);
  process.chdir(desk);
});

after(async () => {
  process.chdir(home);
  await bench.stop();
});

test('every command of the guide does what it says', async () => {
  const used = new Set<string>();
  const shell = new GuideShell(
    async ([wallet, ...argv], env) => {
      assert.equal(wallet, 'wallet');
      used.add(argv[0] ?? '');
      const terminal = new ScriptedTerminal('');
      const code = await main(argv, { ...bench.withoutPassphrase(), ...env }, terminal);
      assert.equal(code, 0, `nilz wallet ${argv.join(' ')}: ${terminal.errors}`);
      return terminal.output;
    },
    (name) => name,
  );
  const blocks = shellBlocks(GUIDE);
  assert.ok(blocks.length > 10);
  for (const block of blocks) {
    for (const line of block.trim().split('\n')) await shell.line(line);
    await bench.rpc.call('generatetoaddress', [1, MINER]);
  }
  for (const command of ['init', 'receive', 'send', 'bump', 'cancel', 'psbt', 'sign-message', 'history']) {
    assert.ok(used.has(command), `the guide shows ${command}`);
  }
});

test('the guide names no command and no option that does not exist', async () => {
  const named = [...GUIDE.matchAll(/nilz wallet ([a-z-]+)(?: ([a-z]+)(?![\w-]))?([^\n`]*)/g)];
  assert.ok(named.length > 40);
  for (const [text, first = '', second = '', rest = ''] of named) {
    const help = await helpOf([first, second]);
    for (const [, option = ''] of rest.matchAll(/(--[a-z][a-z-]+)/g)) {
      const wanted = option.startsWith('--no-') ? `--[no-]${option.slice(5)}` : option;
      assert.ok(help.includes(`${wanted} `) || help.includes(`${wanted}\n`), `${text}: ${option}`);
    }
  }
});

/** The help of a command of two words, or else of the first. */
async function helpOf(words: readonly string[]): Promise<string> {
  for (const argv of [
    [...words, '--help'],
    [...words.slice(0, 1), '--help'],
  ]) {
    const terminal = new ScriptedTerminal('');
    const code = await main(
      argv.filter((word) => word !== ''),
      {},
      terminal,
    );
    if (code === 0) return terminal.output;
  }
  assert.fail(`there is no command ${words.join(' ')}`);
}
