/** A miner's figures for tests of what shows them. */
import type { MinerStats } from '../../miner/figures/statistics.ts';

export const SOME_STATS: MinerStats = {
  uptimeSeconds: 8_040,
  kernel: 'simd',
  threads: 2,
  pool: 'stratum+tcp://pool.test:3333',
  user: 'dnilz1address.rig',
  state: 'mining',
  problem: null,
  difficulty: 0.001,
  networkDifficulty: 0.0153,
  hashes: 1e9,
  hashRate: { now: 8_910_000, seconds10: 8_910_000, minute1: 8_880_000, minutes15: null },
  threadHashRates: [4_460_000, 4_450_000],
  shares: {
    accepted: 123,
    stale: 2,
    rejected: 3,
    reasons: { stale: 2, duplicate: 1, 'low-difficulty': 2 },
    discarded: 0,
    unanswered: 1,
    inFlight: 1,
    acceptedDifficulty: 0.123,
  },
  blocks: 4,
  bestShareDifficulty: 0.4821,
  secondsSinceAcceptedShare: 3.7,
  jobSwitchMs: 3,
  expectedSecondsPerShare: 0.482,
  expectedSecondsPerBlock: 7.4,
};
