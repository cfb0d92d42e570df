/** Nodes as sources among others, with real threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MinerEvent } from '../../../miner/event.ts';
import { type Miner, startMiner } from '../../../miner/miner.ts';
import { createLogger } from '../../../service/log.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { payeeAddress } from '../../kit/solo-kit.ts';

const SILENT = createLogger({ name: 'test', level: 'silent' });

/** Waits for an event; several may come at once. */
function until(miner: Miner, isIt: (event: MinerEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (event: MinerEvent): void => {
      if (!isIt(event)) return;
      miner.events.off('event', look);
      resolve();
    };
    miner.events.on('event', look);
  });
}

test('a second node is mined on while the first is away, and the first again when it is back', async (t) => {
  const nodes = [await FakeNode.start(), await FakeNode.start()] as const;
  const user = payeeAddress();
  const pools = nodes.map(({ url }) => ({ url: `gbt+${url}`, user, paceMs: 5 }));
  const { port } = nodes[0];
  const miner = await startMiner({
    pools,
    threads: 1,
    kernel: 'js',
    log: SILENT,
    backOff: { firstDelayMs: 10, maxDelayMs: 50 },
  });
  t.after(async () => {
    await miner.stop();
    for (const node of nodes) await node.stop();
  });
  const isBlock = ({ type }: MinerEvent): boolean => type === 'share-accepted';
  await until(miner, isBlock);
  assert.ok(nodes[0].height > 0);
  assert.equal(nodes[1].height, 0);

  await nodes[0].stop();
  await until(miner, (event) => event.type === 'pool' && event.pool.endsWith(`:${nodes[1].port}`));
  await until(miner, isBlock);
  assert.ok(nodes[1].height > 0);

  const before = nodes[0].height;
  await nodes[0].listen(port);
  await until(miner, (event) => event.type === 'pool' && event.pool.endsWith(`:${port}`));
  await until(miner, () => nodes[0].height > before);
  const { shares, blocks, pool } = miner.stats();
  assert.equal(pool, `gbt+http://127.0.0.1:${port}`);
  assert.equal(shares.rejected + shares.stale, 0);
  assert.ok(blocks >= nodes[1].height);
});

test('a node that rests between two blocks is not left, though another one is ready', async (t) => {
  const nodes = [await FakeNode.start(), await FakeNode.start()] as const;
  const user = payeeAddress();
  const pools = nodes.map(({ url }) => ({ url: `gbt+${url}`, user, paceMs: 50 }));
  const { port } = nodes[0];
  await nodes[0].stop();
  const miner = await startMiner({
    pools,
    threads: 1,
    kernel: 'js',
    log: SILENT,
    backOff: { firstDelayMs: 10, maxDelayMs: 50 },
  });
  t.after(async () => {
    await miner.stop();
    for (const node of nodes) await node.stop();
  });
  const mined: string[] = [];
  miner.events.on('event', (event) => {
    if (event.type === 'pool') mined.push(event.pool);
  });
  await until(miner, (event) => event.type === 'share-accepted');
  await nodes[0].listen(port);
  await until(miner, (event) => event.type === 'pool' && event.pool.endsWith(`:${port}`));
  for (const height = nodes[0].height; nodes[0].height < height + 5; ) {
    await until(miner, (event) => event.type === 'share-accepted');
  }
  assert.deepEqual(
    mined.map((pool) => pool.split(':').at(-1)),
    [nodes[1].port, port].map(String),
  );
});
