import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Devnet, nilz } from '../kit/devnet.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const EASY = ['--start-difficulty', '0.00001'];

test('a backup of a running stack starts again where it was, and its ledger adds up', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(join(directory, 'live'), EASY);
  context.after(() => devnet.kill());
  await devnet.nextBlock();
  const { height, hash } = await devnet.nextBlock();
  // The folder of the network, so that a start finds its files there.
  const copy = join(directory, 'restored', 'dev');
  await mkdir(copy, { recursive: true });
  const finished = await nilz(['backup', copy, '--datadir', join(directory, 'live')]);
  assert.equal(finished.code, 0, finished.stderr);
  assert.deepEqual((await readdir(copy)).sort(), ['faucet.sqlite', 'node.sqlite', 'pool.sqlite']);
  await devnet.kill();

  const audit = await nilz(['pool', 'audit', '--ledger', join(copy, 'pool.sqlite')]);
  assert.equal(audit.code, 0, audit.stderr + audit.stdout);
  const restored = await Devnet.start(join(directory, 'restored'), ['--no-mine']);
  context.after(() => restored.kill());
  assert.ok(restored.ready.height >= height, `${restored.ready.height}`);
  assert.equal(await restored.rpc.call('getblockhash', [height]), hash);
  assert.equal(await restored.rpc.call('verifychain', [4, 0]), true);
});

test('a backup says what is wrong in one line', async (context) => {
  const directory = await temporaryDirectory(context);
  for (const [words, code] of [
    [['backup'], 2],
    [['backup', join(directory, 'copy'), '--datadir', directory], 2],
    [['backup', join(directory, 'copy'), join(directory, 'nothing.sqlite')], 1],
  ] as const) {
    const finished = await nilz(words);
    assert.equal(finished.code, code, finished.stderr);
    assert.equal(finished.stderr.trim().split('\n').length, 1, finished.stderr);
  }
});
