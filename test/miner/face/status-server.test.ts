import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { healthOf, startStatusServer } from '../../../miner/face/status-server.ts';
import type { MinerStats } from '../../../miner/figures/statistics.ts';
import { ListenError } from '../../../service/http.ts';
import { documentText } from '../../kit/documented-fields.ts';
import { SOME_STATS } from '../../kit/miner-stats.ts';
import { SILENT } from '../../kit/surroundings.ts';

const UNKNOWN: MinerStats = {
  ...SOME_STATS,
  state: 'connecting',
  difficulty: null,
  networkDifficulty: null,
  hashRate: { now: null, seconds10: null, minute1: null, minutes15: null },
  threadHashRates: [null, null],
  bestShareDifficulty: null,
  secondsSinceAcceptedShare: null,
  jobSwitchMs: null,
  shares: { ...SOME_STATS.shares, reasons: {} },
};

async function server(t: TestContext, stats: MinerStats, temperature: number | null = 61.5) {
  const status = await startStatusServer({
    host: '127.0.0.1',
    port: 0,
    stats: () => stats,
    temperatureCelsius: () => temperature,
    log: SILENT,
  });
  t.after(() => status.stop());
  return status;
}

/** The lines of `/metrics` that are about the miner, without comments. */
async function metrics(t: TestContext, stats: MinerStats, temperature?: number | null): Promise<string[]> {
  const { url } = await server(t, stats, temperature);
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return (await answer.text()).split('\n').filter((line) => line.startsWith('nilz_miner_'));
}

describe('GET /metrics', () => {
  test('tells all figures, and no worker, pool or address', async (t) => {
    const lines = await metrics(t, SOME_STATS);
    assert.deepEqual(lines, [
      'nilz_miner_up 1',
      'nilz_miner_uptime_seconds 8040',
      'nilz_miner_hashes_total 1000000000',
      'nilz_miner_hashes_per_second{window="10s"} 8910000',
      'nilz_miner_hashes_per_second{window="1m"} 8880000',
      'nilz_miner_thread_hashes_per_second{thread="0"} 4460000',
      'nilz_miner_thread_hashes_per_second{thread="1"} 4450000',
      'nilz_miner_kernel{kernel="simd"} 1',
      'nilz_miner_threads 2',
      'nilz_miner_shares_accepted_total 123',
      'nilz_miner_accepted_difficulty_total 0.123',
      'nilz_miner_shares_stale_total 2',
      'nilz_miner_shares_rejected_total{reason="duplicate"} 1',
      'nilz_miner_shares_rejected_total{reason="low-difficulty"} 2',
      'nilz_miner_shares_unanswered_total 1',
      'nilz_miner_shares_discarded_total 0',
      'nilz_miner_shares_in_flight 1',
      'nilz_miner_blocks_total 4',
      'nilz_miner_best_share_difficulty 0.4821',
      'nilz_miner_last_accepted_share_seconds 3.7',
      'nilz_miner_share_difficulty 0.001',
      'nilz_miner_network_difficulty 0.0153',
      'nilz_miner_job_switch_seconds 0.003',
      'nilz_miner_cpu_temperature_celsius 61.5',
    ]);
  });

  test('leaves out what is not known', async (t) => {
    const names = (await metrics(t, UNKNOWN, null)).map((line) => line.split(/[ {]/)[0]);
    assert.deepEqual(names, [
      'nilz_miner_up',
      'nilz_miner_uptime_seconds',
      'nilz_miner_hashes_total',
      'nilz_miner_kernel',
      'nilz_miner_threads',
      'nilz_miner_shares_accepted_total',
      'nilz_miner_accepted_difficulty_total',
      'nilz_miner_shares_stale_total',
      'nilz_miner_shares_unanswered_total',
      'nilz_miner_shares_discarded_total',
      'nilz_miner_shares_in_flight',
      'nilz_miner_blocks_total',
    ]);
  });

  test('has the names that the guide lists', async (t) => {
    const names = new Set((await metrics(t, SOME_STATS)).map((line) => line.split(/[ {]/)[0]));
    const listed = [...documentText('miner.md').matchAll(/^\| `(nilz_miner_\w+)/gm)].map(([, name]) => name);
    assert.deepEqual(new Set(listed), names);
  });
});

describe('GET /health', () => {
  test('is well while the miner has work', async (t) => {
    const { url } = await server(t, SOME_STATS);
    const answer = await fetch(`${url}/health`);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      status: 'ok',
      trouble: null,
      state: 'mining',
      accepted: 123,
      seconds_since_accepted_share: 3.7,
    });
  });

  test('is 503 with a sentence while it has none', async (t) => {
    const { url } = await server(t, UNKNOWN);
    const answer = await fetch(`${url}/health`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { readonly trouble: string }).trouble, 'the miner is connecting');
    const problem = { code: 'silent', text: 'it has fallen silent' } as const;
    assert.equal(healthOf({ ...SOME_STATS, state: 'waiting', problem }).trouble, 'it has fallen silent');
    assert.equal(healthOf({ ...SOME_STATS, difficulty: null }).trouble, 'the pool has given no work yet');
  });

  test('other paths and methods are told what there is', async (t) => {
    const { url } = await server(t, SOME_STATS);
    assert.equal((await fetch(`${url}/`)).status, 404);
    assert.equal((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status, 405);
    assert.equal((await fetch(`${url}/health`)).headers.get('access-control-allow-origin'), null);
  });
});

test('a port that is taken is named with the setting that changes it', async (t) => {
  const { url } = await server(t, SOME_STATS);
  const { port } = new URL(url);
  const again = startStatusServer({
    host: '127.0.0.1',
    port: Number(port),
    stats: () => SOME_STATS,
    temperatureCelsius: () => null,
    log: SILENT,
  });
  await assert.rejects(
    again,
    (error) => error instanceof ListenError && /--metrics-port/.test(error.message),
  );
});
