/** Nodes as sources among others, with real threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMiner } from '../../../miner/miner.ts';
import { createLogger } from '../../../service/log.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { nextEvent } from '../../kit/miner-kit.ts';
import { payeeAddress } from '../../kit/solo-kit.ts';

const SILENT = createLogger({ name: 'test', level: 'silent' });

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
  await nextEvent(miner, 'share-accepted');
  assert.ok(nodes[0].height > 0);
  assert.equal(nodes[1].height, 0);

  await nodes[0].stop();
  await nextEvent(miner, 'pool', ({ pool }) => pool.endsWith(`:${nodes[1].port}`));
  await nextEvent(miner, 'share-accepted');
  assert.ok(nodes[1].height > 0);

  const before = nodes[0].height;
  await nodes[0].listen(port);
  await nextEvent(miner, 'pool', ({ pool }) => pool.endsWith(`:${port}`));
  await nextEvent(miner, 'share-accepted', () => nodes[0].height > before);
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
  await nextEvent(miner, 'share-accepted');
  await nodes[0].listen(port);
  await nextEvent(miner, 'pool', ({ pool }) => pool.endsWith(`:${port}`));
  for (const height = nodes[0].height; nodes[0].height < height + 5; ) {
    await nextEvent(miner, 'share-accepted');
  }
  assert.deepEqual(
    mined.map((pool) => pool.split(':').at(-1)),
    [nodes[1].port, port].map(String),
  );
});
