import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { displayHash, parseDisplayHash } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { BreakableLine, healthOfEdge } from '../kit/edge-kit.ts';
import { FakeNode } from '../kit/fake-node.ts';
import { LoadMiner } from '../kit/load-miner.ts';
import { type Service, startService } from '../kit/operator-desk.ts';
import { HARD_BITS, MINER_ADDRESS, POOL_ADDRESS, SILENT, temporaryDirectory } from '../kit/pool-kit.ts';

/** How often the pool is killed; a long run sets the variable. */
const ROUNDS = Number(process.env.NILZ_KILL_ROUNDS ?? 6);
const ROUND_MS = 30_000;
const MINERS = 4;
/** About one share in a hundred is a block. */
const BLOCK_BITS = 0x1f0ffff0;
const NETWORK = `dev e3646e69 ${'0f'.repeat(32)}`;
const NO_LIMITS = [
  '--max-messages-per-second',
  '1000000',
  '--max-messages-per-second-per-address',
  '1000000',
];
const QUIET = ['--log-level', 'error'];

function startPool(t: TestContext, node: FakeNode, directory: string): Promise<Service> {
  const places = ['--node-url', node.url, '--address', POOL_ADDRESS, '--datadir', directory];
  const ports = ['--stratum-bind', '127.0.0.1', '--stratum-port', '0', '--http-port', '0'];
  const difficulty = ['--start-difficulty', '1e-8', '--min-difficulty', '1e-10', '--vardiff-interval', '0'];
  return startService(t, ['pool', ...places, ...ports, ...difficulty, ...QUIET]);
}

function startEdge(t: TestContext, poolUrl: string, directory: string): Promise<Service> {
  const places = ['--pool-url', poolUrl, '--datadir', directory, '--id', 'edge-1'];
  const ports = [
    '--stratum-bind',
    '127.0.0.1',
    '--stratum-port',
    '0',
    '--http-bind',
    '127.0.0.1',
    '--http-port',
    '0',
  ];
  return startService(t, ['edge', ...places, ...ports, ...NO_LIMITS, ...QUIET]);
}

async function hashesIn(file: string): Promise<string[]> {
  const ledger = await Ledger.open({ file, network: NETWORK, log: SILENT });
  const shares = await ledger.shares.after(0, 10_000_000);
  await ledger.close();
  return shares.map(({ hash }) => displayHash(hash));
}

interface Scene {
  readonly rounds: number;
  readonly bits: number;
  /** Whether others find blocks while the pool is away. */
  readonly hasRivals: boolean;
}

/** Mines at an edge while the pool behind it is killed and started again and again. */
async function playScene(t: TestContext, { rounds, bits, hasRivals }: Scene) {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'dev', 'pool.sqlite');
  const node = await FakeNode.start();
  node.bits = bits;
  t.after(() => node.stop());
  let pool = await startPool(t, node, directory);
  const line = await BreakableLine.to(t, pool.ready.http_url ?? '');
  const edge = await startEdge(t, line.url, directory);
  const { stratum_url: stratumUrl = '', http_url: httpUrl = '' } = edge.ready;
  const starts = Array.from({ length: MINERS }, (_, index) =>
    LoadMiner.start(stratumUrl, `${MINER_ADDRESS}.rig${index}`),
  );
  const miners = await Promise.all(starts);
  t.after(() => {
    for (const miner of miners) miner.close();
  });
  for (let round = 0; round < rounds; round++) {
    await miners[round % MINERS]?.acknowledges(50 + Math.floor(Math.random() * 400));
    await pool.kill();
    assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
    if (hasRivals && round % 3 === 2) node.advance();
    pool = await startPool(t, node, directory);
    line.leadTo(pool.ready.http_url ?? '');
  }
  for (const miner of miners) await miner.acknowledges(50);
  await Promise.all(miners.map((miner) => miner.finish()));
  const health = await healthOfEdge({ httpUrl });
  assert.deepEqual([health.code, health.pool.state, health.shares.held], [200, 'up', 0]);
  assert.ok(
    miners.every(({ wasDropped }) => !wasDropped),
    'no miner was disconnected',
  );
  for (const service of [edge, pool]) {
    assert.equal(await service.stop(), 0);
    assert.equal(service.stderr(), '');
  }
  assert.equal(outcomeOf(await auditLedger(file)), 'adds-up');
  const acknowledged = miners.flatMap((miner) => [...miner.acknowledged]);
  const refused = miners.flatMap((miner) => miner.refused);
  t.diagnostic(`${acknowledged.length} shares acknowledged, ${refused.length} refused, ${rounds} kills`);
  return { file, node, acknowledged, refused };
}

/** Compares what miners were told with what the ledger holds. */
async function checkBooks(file: string, acknowledged: readonly string[]): Promise<void> {
  const hashes = await hashesIn(file);
  const kept = new Set(hashes);
  assert.equal(kept.size, hashes.length, 'no share is in the ledger twice');
  const lost = acknowledged.filter((hash) => !kept.has(hash));
  assert.deepEqual(lost, [], 'no acknowledged share is lost');
  assert.equal(hashes.length, acknowledged.length, 'nothing is in the ledger that was not acknowledged');
}

test('an edge in front of a pool that is killed again and again: no miner is disconnected, every share counts once', {
  timeout: ROUNDS * ROUND_MS + 30_000,
}, async (t) => {
  const { file, acknowledged, refused } = await playScene(t, {
    rounds: ROUNDS,
    bits: HARD_BITS,
    hasRivals: true,
  });
  await checkBooks(file, acknowledged);
  // Others found blocks while the pool was away: what was handed in after it had heard of them was for nothing.
  assert.deepEqual(
    refused.filter((message) => !message.startsWith('stale')),
    [],
  );
});

test('blocks found at an edge while its pool is killed all reach the network, and are in the ledger once', {
  timeout: 4 * ROUND_MS + 30_000,
}, async (t) => {
  const { file, node, acknowledged } = await playScene(t, { rounds: 4, bits: BLOCK_BITS, hasRivals: false });
  await checkBooks(file, acknowledged);
  const target = compactToTarget(BLOCK_BITS);
  const found = acknowledged.filter((hash) => BigInt(`0x${hash}`) <= target);
  assert.ok(found.length > 5, `${found.length} blocks were found`);
  const ledger = await Ledger.open({ file, network: NETWORK, log: SILENT });
  t.after(() => ledger.close());
  for (const hash of found) {
    assert.ok(node.knows(hash), 'the node has it');
    assert.ok(await ledger.blocks.has(parseDisplayHash(hash)), 'and so has the ledger');
  }
});
