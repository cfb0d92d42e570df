import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockHeaderInfo } from '../../protocol/rpc.ts';
import { Devnet, shortLife } from '../kit/devnet.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const ROUNDS = Number(process.env.NILZ_CRASH_ROUNDS ?? 5);
/** From before the first file is there to some blocks after the start. */
const LIFE_MS = { shortest: 300, longest: 2_500 };
const BUSY = ['--traffic', '--start-difficulty', '0.00002'];

/** Lives and dies a few times; hashes of the blocks that were announced, in the order of their heights. */
async function shortLives(directory: string, flags: readonly string[]): Promise<string[]> {
  const announced: string[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const lifeMs = LIFE_MS.shortest + Math.random() * (LIFE_MS.longest - LIFE_MS.shortest);
    const { code, stdout, stderr } = await shortLife(directory, flags, lifeMs);
    const place = `round ${round}, killed after ${lifeMs.toFixed(0)} ms`;
    assert.equal(stderr, '', place);
    assert.equal(code, null, place);
    // The last line may have been cut off.
    const lines = stdout.split('\n').slice(0, -1);
    const news = lines.map((line) => JSON.parse(line) as { event: string; hash: string });
    announced.push(...news.filter(({ event }) => event === 'block').map(({ hash }) => hash));
  }
  return announced;
}

test(`kill -9 while it starts, mines and pays by itself, ${ROUNDS} times: the next start has all it announced`, async (context) => {
  const directory = await temporaryDirectory(context);
  const announced = await shortLives(directory, BUSY);
  context.diagnostic(`${announced.length} blocks were announced`);
  const devnet = await Devnet.start(directory, ['--no-mine']);
  context.after(() => devnet.kill());
  for (const hash of announced) {
    const header = await devnet.rpc.call('getblockheader', [hash], { schema: BlockHeaderInfo });
    assert.ok(header.confirmations > 0, `block ${hash} is on the best chain`);
  }
  assert.equal((await devnet.interrupt()).code, 0);
  assert.equal(devnet.stderr, '');
});

test('kill -9 while it resets leaves nothing that the next start trips over', async (context) => {
  const directory = await temporaryDirectory(context);
  await shortLives(directory, [...BUSY, '--reset']);
  const devnet = await Devnet.start(directory, ['--no-mine']);
  context.after(() => devnet.kill());
  assert.equal((await devnet.interrupt()).code, 0);
  assert.equal(devnet.stderr, '');
});

test('a reset that was cut short between two files is finished by the next start', async (context) => {
  const directory = await temporaryDirectory(context);
  await (await Devnet.start(directory, ['--no-mine'])).kill();
  const file = (name: string) => join(directory, 'dev', name);
  assert.ok(existsSync(file('node.sqlite-wal')), 'a log that belongs to the chain');
  await writeFile(file('.reset'), '');
  await rm(file('node.sqlite'));
  const devnet = await Devnet.start(directory, ['--no-mine']);
  context.after(() => devnet.kill());
  assert.equal(devnet.ready.height, 0);
  assert.equal(existsSync(file('.reset')), false);
});
