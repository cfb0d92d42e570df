import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockHook } from '../../../pool/hooks/block-hook.ts';
import { CommandLineError, splitCommand } from '../../../pool/hooks/command-line.ts';
import { SILENT, temporaryDirectory } from '../../kit/surroundings.ts';

const HASH = 'ab'.repeat(32);
const FACTS = { hash: HASH, height: 7, address: null, worker: '$(touch hurt); "x' };
const ENVIRONMENT = { PATH: process.env.PATH };

test('a command is split into words as a shell would, without the powers of one', () => {
  assert.deepEqual(splitCommand('notify %s'), ['notify', '%s']);
  assert.deepEqual(splitCommand(`  a 'b c'  "d \\" e" f\\ g ''`), ['a', 'b c', 'd " e', 'f g', '']);
  assert.deepEqual(splitCommand('a;b $HOME `id` | c'), ['a;b', '$HOME', '`id`', '|', 'c']);
  for (const wrong of ['', '   ', `a 'b`, 'a "b', 'a \\']) {
    assert.throws(() => splitCommand(wrong), CommandLineError);
  }
});

test('the command gets the hash for %s, the facts as variables and as JSON, and no shell sees any of it', async (t) => {
  const directory = await temporaryDirectory(t);
  const script = join(directory, 'notify');
  const seen = join(directory, 'seen');
  const program = `#!/bin/sh\n{ echo "$1"; echo "$NILZ_BLOCK_HEIGHT $NILZ_BLOCK_WORKER $SECRET"; cat; } > ${seen}\n`;
  await writeFile(script, program);
  await chmod(script, 0o700);
  const hook = new BlockHook({ command: `${script} new=%s`, environment: ENVIRONMENT, log: SILENT });
  assert.equal(await hook.run(FACTS), 'done');
  const [argument, variables, json] = (await readFile(seen, 'utf8')).split('\n');
  assert.equal(argument, `new=${HASH}`);
  assert.equal(variables, '7 $(touch hurt); "x ');
  assert.deepEqual(JSON.parse(json ?? ''), FACTS);
});

test('a command that fails, is not there, or hangs with children hurts nobody and is told apart', async () => {
  const run = (command: string, limitMs = 60_000) =>
    new BlockHook({ command, environment: ENVIRONMENT, log: SILENT, limitMs }).run(FACTS);
  assert.equal(await run('false'), 'failed');
  assert.equal(await run('/nowhere/to/be/found'), 'not-started');
  assert.equal(await run(`sh -c 'sleep 1000 & sleep 1000'`, 100), 'timed-out');
  assert.equal(await run('head -c 1000000 /dev/zero'), 'done', 'much output is read and dropped');
  assert.equal(await run('true'), 'done', 'input that is not read');
});

test('commands take turns, and what there is no room for is left out', async () => {
  const hook = new BlockHook({ command: 'sleep 1000', environment: ENVIRONMENT, log: SILENT });
  const runs = Array.from({ length: 70 }, () => hook.run(FACTS));
  assert.equal(await runs[69], 'left-out');
  await hook.stop();
  const outcomes = await Promise.all(runs);
  assert.equal(outcomes.filter((outcome) => outcome === 'failed').length, 2, 'those that ran were ended');
  assert.equal(outcomes.filter((outcome) => outcome === 'left-out').length, 68);
  assert.equal(await hook.run(FACTS), 'left-out', 'after the end nothing is started');
});
