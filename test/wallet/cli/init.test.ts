import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { isMnemonic } from '../../../protocol/key.ts';
import type { Answer } from '../../kit/scripted-terminal.ts';
import { CommandBench, SECRET } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

describe('nilz wallet init', () => {
  test('shows the words once, asks for some of them, and keeps them encrypted', async () => {
    const path = bench.newPath();
    let words: string[] = [];
    const asked: Answer = [
      /^Word \d+: $/,
      (shown) => words[Number(/Word (\d+): $/.exec(shown)?.[1]) - 1] ?? '',
    ];
    const learn: Answer = [
      /Written down\?/,
      (shown) => {
        words = [...shown.matchAll(/^ +\d+ {2}([a-z]+)$/gm)].map(([, word]) => word ?? '');
        return '';
      },
    ];
    const script: Answer[] = [
      learn,
      [/^Word/, 'none of the words'],
      learn,
      asked,
      asked,
      asked,
      [/New passphrase/, SECRET],
      [/again/, 'something else'],
      [/New passphrase/, SECRET],
      [/again/, SECRET],
    ];
    const { code, terminal, output, errors } = await bench.run(
      ['init', '--wallet', path],
      script,
      bench.withoutPassphrase(),
    );
    assert.equal(code, 0, errors);
    terminal.assertDone();
    assert.ok(isMnemonic(words.join(' ')));
    // A single word, such as "money", may well stand in a sentence.
    assert.doesNotMatch(output, /^ +\d+ {2}[a-z]+$/m, 'the words are not left on the screen');
    for (const [index, word] of words.slice(1).entries())
      assert.ok(!output.includes(`${words[index]} ${word}`));
    assert.match(output, /test money[\s\S]*rnilz1q/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const file = await readFile(path, 'utf8');
    assert.ok(!file.includes(words[0] ?? '') || !file.includes(words[1] ?? ''));
    const again = await bench.run(
      ['export-mnemonic', '--wallet', path],
      [
        [/^Passphrase/, SECRET],
        [/nobody looking/, 'yes'],
      ],
      bench.withoutPassphrase(),
    );
    assert.equal(again.output, words.join(' '));
    assert.match(again.errors, /WARNING/);
  });

  test('with --yes prints the words with the result', async () => {
    const path = bench.newPath();
    const { code, terminal } = await bench.run(['init', '--yes', '--json', '--wallet', path]);
    assert.equal(code, 0);
    const { mnemonic, address, network } = terminal.json<Record<string, string>>();
    assert.ok(isMnemonic(mnemonic ?? ''));
    assert.equal(network, 'regtest');
    assert.match(address ?? '', /^rnilz1q/);
    const before = await readFile(path, 'utf8');
    const second = await bench.run(['init', '--yes', '--wallet', path]);
    assert.equal(second.code, 1);
    assert.match(second.errors, /exists already and is not overwritten/);
    assert.equal(await readFile(path, 'utf8'), before);
  });

  test('without a terminal wants --yes, and a passphrase from somewhere', async () => {
    const noTerminal = await bench.run(['init', '--wallet', bench.newPath()]);
    assert.equal(noTerminal.code, 2);
    assert.match(noTerminal.errors, /--yes/);
    const noPassphrase = await bench.run(
      ['init', '--yes', '--wallet', bench.newPath()],
      '',
      bench.withoutPassphrase(),
    );
    assert.equal(noPassphrase.code, 2);
    assert.match(noPassphrase.errors, /NILZ_PASSPHRASE or --passphrase-file/);
  });

  test('that is interrupted leaves nothing behind', async () => {
    const path = bench.newPath();
    const { code, errors } = await bench.run(['init', '--wallet', path], [[/Written down/, '']]);
    assert.equal(code, 1);
    assert.match(errors, /interrupted, nothing was done/);
    await assert.rejects(stat(path));
  });
});
