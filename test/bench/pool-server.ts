/**
 * The pool of the benchmarks, in a process of its own: `fork('pool-server.ts', [NODE_URL])`. It tells its parent
 * where it listens, and on every message its CPU time and its memory after a collection of garbage.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPool } from '../../pool/pool.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { POOL_ADDRESS, SILENT } from '../kit/pool-kit.ts';

const MANY = 1_000_000;
/** Every hash is a share, so that shares can be made without searching; weight 1. */
const EVERY_HASH = 2 ** -32;

const directory = await mkdtemp(join(tmpdir(), 'nilz-bench-'));
const pool = await startPool({
  nodes: [{ url: process.argv[2] ?? '' }],
  rewardAddress: POOL_ADDRESS,
  ledgerFile: join(directory, 'pool.sqlite'),
  stratum: { host: '127.0.0.1', port: 0 },
  http: { host: '127.0.0.1', port: 0 },
  difficulty: {
    ...DEFAULT_DIFFICULTY,
    shareIntervalMs: 0,
    start: EVERY_HASH,
    minimum: EVERY_HASH,
    maximum: EVERY_HASH,
  },
  jobRefreshSeconds: 110,
  jobTtlSeconds: 600,
  limits: {
    connections: MANY,
    connectionsPerAddress: MANY,
    messagesPerSecond: MANY,
    messagesPerSecondPerAddress: MANY,
  },
  log: SILENT,
});
process.send?.({ stratumUrl: pool.stratumUrl, httpUrl: pool.httpUrl });

process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, ...process.memoryUsage() });
});
process.once('disconnect', async () => {
  await pool.stop();
  await rm(directory, { recursive: true, force: true });
  process.exit();
});
