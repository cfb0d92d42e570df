/** Blocks of a solo pool that a crash has kept out of its ledger: no script of ours is in them. */
import assert from 'node:assert/strict';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseFee } from '../../../pool/accounting/scheme.ts';
import { uniqueBaseOf } from '../../../pool/nodes/own-block.ts';
import { type PoolOptions, startPool } from '../../../pool/pool.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { untilAnswer } from '../../kit/operator-desk.ts';
import { MINER_ADDRESS, POOL_ADDRESS, poolOptions, temporaryDirectory } from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

interface Blocks {
  readonly blocks: readonly {
    readonly height: number;
    readonly address: string | null;
    readonly distribution_total_nits: string | null;
    readonly operator_total_nits: string | null;
  }[];
}

async function run<T>(
  options: PoolOptions,
  work: (url: { stratum: string; http: string }) => Promise<T>,
): Promise<T> {
  const pool = await startPool(options);
  try {
    return await work({ stratum: pool.stratumUrl, http: pool.httpUrl });
  } finally {
    await pool.stop();
  }
}

/** With the fake node's easy bits every share is a block. */
async function mineBlock(url: string): Promise<void> {
  const miner = await StratumMiner.connect(url);
  const work = await miner.login(`${MINER_ADDRESS}.rig`);
  assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true);
  await miner.nextJob();
  miner.close();
}

for (const [percent, distributed, operator] of [
  ['0', '5000000000', '0'],
  ['2', '4900000000', '100000000'],
] as const) {
  test(`solo with a fee of ${percent} %: a block that only the chain knows is entered with its finder`, {
    timeout: 60_000,
  }, async (t) => {
    const node = await FakeNode.start();
    t.after(() => node.stop());
    const directory = await temporaryDirectory(t);
    const options = poolOptions(node, directory, {
      terms: { scheme: 'solo', fee: parseFee(percent) },
      rewardAddress: percent === '0' ? undefined : POOL_ADDRESS,
    });
    const backup = join(directory, 'before.sqlite');
    await run(options, async () => undefined);
    await copyFile(options.ledgerFile, backup);
    await run(options, ({ stratum }) => mineBlock(stratum));
    // Another pool like this one finds the next, and somebody else the one after that.
    const elsewhere = { ...options, ledgerFile: join(directory, 'elsewhere', 'pool.sqlite') };
    await run(elsewhere, ({ stratum }) => mineBlock(stratum));
    node.advance();
    for (const suffix of ['', '-wal', '-shm']) await rm(options.ledgerFile + suffix, { force: true });
    await copyFile(backup, options.ledgerFile);
    const [found, ...others] = await run(options, async ({ http }) => {
      const isDivided = ({ blocks }: Blocks) => blocks[0]?.distribution_total_nits != null;
      return (await untilAnswer<Blocks>(`${http}/blocks`, isDivided)).blocks;
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [found?.height, found?.address, found?.distribution_total_nits, found?.operator_total_nits],
      [1, MINER_ADDRESS, distributed, operator],
    );
  });
}

test('rounds of a process begin behind the mark, and never run into it', () => {
  assert.equal(uniqueBaseOf(0xfedcba98, 0x7fffffff), 0xfedcba987fffffffn);
  assert.equal((uniqueBaseOf(0, 0x7fffffff) + 2n ** 31n) >> 32n, 0n);
});
