/** The real miner at the real pool, whose operator orders about whatever the protocol allows. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import type { MinerEvent } from '../../miner/event.ts';
import { type Miner, startMiner } from '../../miner/miner.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { askJson } from '../kit/http-client.ts';
import { MINER_ADDRESS, SILENT, startPoolUnderTest } from '../kit/pool-kit.ts';

/** Some ten thousand hashes make a share. */
const DIFFICULTY = 3e-6;

async function startBoth(t: TestContext) {
  const { pool, node } = await startPoolUnderTest(t, {
    difficulty: { ...DEFAULT_DIFFICULTY, shareIntervalMs: 0, start: DIFFICULTY, minimum: 1e-9, maximum: 1e9 },
  });
  const token = (await readFile(pool.adminTokenFile, 'utf8')).trim();
  const headers = { Authorization: `Bearer ${token}` };
  const pools = [{ url: pool.stratumUrl, user: `${MINER_ADDRESS}.rig` }];
  const backOff = { firstDelayMs: 50, maxDelayMs: 500 };
  const miner = await startMiner({ pools, threads: 2, kernel: 'js', log: SILENT, backOff });
  t.after(() => miner.stop());

  async function order(method: string, params: readonly unknown[] = []): Promise<void> {
    const { body } = await askJson<{ sessions: { id: string }[] }>(`${pool.httpUrl}/sessions`, { headers });
    const [session] = body.sessions;
    assert.ok(session, 'the miner is connected');
    const { status, body: answer } = await askJson(`${pool.httpUrl}/sessions/${session.id}/send`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ method, params }),
    });
    assert.equal(status, 200, JSON.stringify(answer));
  }
  return { miner, node, order };
}

/** Resolves at an event of a type that a condition holds for. */
function next<T extends MinerEvent['type']>(miner: Miner, type: T, count = 1): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const listener = (event: MinerEvent): void => {
      if (event.type !== type) return;
      left -= 1;
      if (left > 0) return;
      miner.events.off('event', listener);
      resolve();
    };
    miner.events.on('event', listener);
  });
}

test('whatever the pool orders, mining goes on and no share is rejected', { timeout: 300_000 }, async (t) => {
  const { miner, node, order } = await startBoth(t);
  const problems: string[] = [];
  const texts: string[] = [];
  miner.events.on('event', (event) => {
    if (event.type === 'problem') problems.push(event.problem.text);
    if (event.type === 'message') texts.push(event.text);
  });
  const minesOn = (): Promise<void> => next(miner, 'share-accepted', 5);

  await minesOn();
  for (const mask of ['00ffe000', '00000000', '1fffe000']) {
    await order('mining.set_version_mask', [mask]);
    await minesOn();
  }
  await order('mining.set_extranonce');
  await minesOn();
  node.advance();
  await minesOn();
  await order('client.get_version');
  const shown = next(miner, 'message');
  await order('client.show_message', ['back at noon']);
  await shown;
  const back = next(miner, 'authorized');
  await order('client.reconnect');
  await back;
  await minesOn();

  const { rejected, accepted, reasons } = miner.stats().shares;
  assert.equal(rejected, 0, JSON.stringify(reasons));
  assert.ok(accepted >= 35);
  assert.deepEqual(problems, []);
  assert.deepEqual(texts, ['back at noon']);
});
