/** A pool on free ports in front of a fake node, as most tests of the pool want one. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type PoolOptions, type RunningPool, startPool } from '../../pool/pool.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { FakeNode } from './fake-node.ts';
import { SILENT, temporaryDirectory } from './surroundings.ts';

/** Addresses of the dev network, of keys nobody has. */
export const POOL_ADDRESS = 'dnilz1qzyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg30v8fu9';
export const MINER_ADDRESS = 'dnilz1qyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zq3z05j';

/** Shares at this difficulty take some hundred hashes. */
export const EASY = 1e-7;
/** No share of a test is a block at these bits. */
export const HARD_BITS = 0x1d00ffff;

export { SILENT, temporaryDirectory };

export interface PoolUnderTest {
  readonly node: FakeNode;
  readonly pool: RunningPool;
  readonly directory: string;
  readonly options: PoolOptions;
}

export function poolOptions(
  node: Pick<FakeNode, 'url'>,
  directory: string,
  changes: Partial<PoolOptions> = {},
): PoolOptions {
  return {
    nodes: [{ url: node.url }],
    rewardAddress: POOL_ADDRESS,
    ledgerFile: join(directory, 'pool.sqlite'),
    stratum: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    difficulty: { ...DEFAULT_DIFFICULTY, shareIntervalMs: 0, start: EASY, minimum: 1e-10, maximum: 1e9 },
    jobRefreshSeconds: 30,
    jobTtlSeconds: 90,
    log: SILENT,
    ...changes,
  };
}

/** Starts both; they end with the test. */
export async function startPoolUnderTest(
  test: TestContext,
  changes: Partial<PoolOptions> = {},
  prepare: (node: FakeNode) => void = (node) => {
    node.bits = HARD_BITS;
  },
): Promise<PoolUnderTest> {
  const directory = await temporaryDirectory(test);
  const node = await FakeNode.start();
  // Hooks run in this order, each also where the test, or the start of the pool, fails.
  let pool: RunningPool | undefined;
  test.after(() => pool?.stop());
  test.after(() => node.stop());
  prepare(node);
  const options = poolOptions(node, directory, changes);
  pool = await startPool(options);
  return { node, pool, directory, options };
}
