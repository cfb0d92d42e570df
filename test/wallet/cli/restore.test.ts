import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { DEV_MNEMONIC } from '../../../protocol/network.ts';
import type { Answer } from '../../kit/scripted-terminal.ts';
import { CommandBench, OWN_WORDS } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

describe('nilz wallet restore', () => {
  test('shows its progress and what it found', async () => {
    const { code, terminal, errors } = await bench.run(
      ['restore', '--json', '--wallet', bench.newPath()],
      ` ${DEV_MNEMONIC.toUpperCase()}\n`,
    );
    assert.equal(code, 0, errors);
    const { labels, total } = terminal.json<{ labels: string[]; total: number }>();
    assert.deepEqual(labels.slice(0, 5), ['alice', 'bob', 'carol', 'pool', 'faucet']);
    assert.ok(total > 49_999);
    assert.match(errors, /PUBLIC/);
    assert.match(terminal.progressed.join('\n'), /25 receive addresses looked at, 5 used/);
  });

  test('takes the words from standard input, a file, the environment or a prompt', async () => {
    const wordsFile = bench.path('words.txt');
    await writeFile(wordsFile, `${DEV_MNEMONIC}\n`);
    const sources: [string[], readonly Answer[] | string, Record<string, string>][] = [
      [[], DEV_MNEMONIC, {}],
      [['--mnemonic-file', wordsFile], '', {}],
      [[], '', { NILZ_MNEMONIC: DEV_MNEMONIC }],
      [[], [[/Words of the wallet/, DEV_MNEMONIC]], {}],
    ];
    for (const [options, script, extra] of sources) {
      // No node is needed to see that the words were read.
      const env = bench.withoutNode(extra);
      const { code, errors } = await bench.run(
        ['restore', '--wallet', bench.newPath(), ...options],
        script,
        env,
      );
      assert.equal(code, 3, errors);
      assert.match(errors, /these words are PUBLIC/);
    }
  });

  test('refuses words that are none, without repeating them', async () => {
    for (const [words, message] of [
      ['zoo zoo zoo', /these are 3/],
      [DEV_MNEMONIC.replace('junk', 'zebra'), /one of them is another word, or .*order/],
      [DEV_MNEMONIC.replace('junk', 'junc'), /: word 12 is not in the English list of BIP 39$/],
      [DEV_MNEMONIC.replace('test test', 'prüfen tset'), /: words 1, 2 are not in the English list/],
      ['', /these are 0/],
    ] as const) {
      const path = bench.newPath();
      const { code, errors } = await bench.run(['restore', '--wallet', path], words);
      assert.equal(code, 2);
      assert.match(errors, message);
      assert.doesNotMatch(errors, /zoo|zebra/);
      await assert.rejects(stat(path));
    }
  });

  test('refuses the public words where coins are not for trying out', async () => {
    const env = bench.environment({ NILZ_NETWORK: 'main' });
    const { code, errors } = await bench.run(['restore', '--wallet', bench.newPath()], DEV_MNEMONIC, env);
    assert.equal(code, 2);
    assert.match(errors, /public/);
  });

  test('writes nothing when the node cannot be asked', async () => {
    const path = bench.newPath();
    const env = bench.withoutNode();
    const { code, errors } = await bench.run(['restore', '--wallet', path], DEV_MNEMONIC, env);
    assert.equal(code, 3);
    assert.match(errors, /cannot reach http:\/\/127\.0\.0\.1:1.*--node-url/);
    await assert.rejects(stat(path));
  });

  test('that finds nothing says how to look further', async () => {
    const { code, errors, output } = await bench.run(['restore', '--wallet', bench.newPath()], OWN_WORDS);
    assert.equal(code, 0);
    assert.match(errors, /--gap-limit 100/);
    assert.match(output, /default +0\.00000000/);
  });
});
