/** A Stratum server on free ports with one job, and nothing behind it: for tests of transports and limits. */
import type { TestContext } from 'node:test';
import type { Job } from '../../pool/jobs/job.ts';
import { newTip } from '../../pool/jobs/tip.ts';
import { Statistics } from '../../pool/statistics/statistics.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { DEFAULT_LIMITS, type StratumLimits } from '../../pool/stratum/limits.ts';
import { Roster } from '../../pool/stratum/roster.ts';
import { VolatileMemory } from '../../pool/stratum/session-memory.ts';
import type { Share } from '../../pool/stratum/share.ts';
import { StratumServer, type StratumServerOptions } from '../../pool/stratum/stratum-server.ts';
import { listenHttp } from '../../service/http.ts';
import { Upgrades } from '../../service/upgrade.ts';
import { SILENT } from './pool-kit.ts';
import { ManualClock, poolJob, someTemplate } from './session-kit.ts';

export const USER = 'dnilz1qexample.rig';

export interface StratumUnderTest {
  readonly server: StratumServer;
  readonly statistics: Statistics;
  /** Stands still unless it is turned. */
  readonly clock: ManualClock;
  readonly job: Job;
  /** Everything that was recorded; each is durable at once. */
  readonly recorded: Share[];
  readonly tcp: string;
  /** `ws://…/stratum`. */
  readonly ws: string;
  /** Of the HTTP port. */
  readonly httpPort: number;
}

/** Starts it; it ends with the test. */
export async function serveStratum(
  test: TestContext,
  limits: Partial<StratumLimits> = {},
  changes: Partial<StratumServerOptions> = {},
  startDifficulty = 1e-9,
): Promise<StratumUnderTest> {
  const clock = new ManualClock(1_795_132_800_000);
  const job = poolJob(1, someTemplate(), newTip(new Uint8Array(32).fill(7), 999), clock.steady);
  const statistics = new Statistics(clock);
  const recorded: Share[] = [];
  const server = new StratumServer({
    host: '127.0.0.1',
    port: 0,
    jobs: {
      perAddress: false,
      current: () => job,
      find: (id) => (id === job.jobId ? job : undefined),
      fresh: () => undefined,
      transactionsOf: () => undefined,
      listen: () => undefined,
    },
    sink: {
      record: async (share) => {
        recorded.push(share);
      },
      found: () => undefined,
    },
    context: {
      clock,
      difficulty: { ...DEFAULT_DIFFICULTY, start: startDifficulty, minimum: 1e-10, maximum: 1 },
      readAddress: (address) => ({ address }),
    },
    extranonce2Size: 4,
    memory: new VolatileMemory(),
    roster: new Roster(),
    statistics,
    limits: { ...DEFAULT_LIMITS, ...limits },
    log: SILENT,
    ...changes,
  });
  await server.start();
  test.after(() => server.stop());
  const http = await listenHttp({
    host: '127.0.0.1',
    port: 0,
    handler: (_request, response) => response.end(),
  });
  test.after(() => http.stop());
  const upgrades = new Upgrades(() => {
    statistics.connections.refused_path += 1;
  });
  upgrades.route('/stratum', server.onUpgrade);
  upgrades.attach(http.server);
  const ws = `ws://127.0.0.1:${http.port}/stratum`;
  return { server, statistics, clock, job, recorded, tcp: server.url, ws, httpPort: http.port };
}
