import { type Row, showNumber } from './measure.ts';
import { PoolProcess } from './pool-process.ts';
import { type Rolling, ShareLoad } from './share-load.ts';

export const title =
  'Shares, socket to socket, each durable before it is answered (50 connections × 8 outstanding, pool on one core)';

const CONNECTIONS = 50;
const OUTSTANDING = 8;
const SHARES = 60_000;
const ROUNDS = 3;

interface Round {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly cpuMicros: number;
  /** Share of the time that the load side was busy. */
  readonly loadBusy: number;
}

async function round(pool: PoolProcess, load: ShareLoad, rolling: Rolling): Promise<Round> {
  const before = await pool.usage();
  const cpuBefore = process.cpuUsage();
  const { shares, elapsedMs, latenciesMs } = await load.run(SHARES, OUTSTANDING, rolling);
  const { user, system } = process.cpuUsage(cpuBefore);
  const after = await pool.usage();
  latenciesMs.sort();
  return {
    perSecond: (shares * 1000) / elapsedMs,
    p99Ms: latenciesMs[Math.floor(shares * 0.99)] ?? Number.NaN,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / shares,
    loadBusy: (user + system) / 1000 / elapsedMs,
  };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rangeOf(values: readonly number[]): string {
  return `${showNumber(Math.min(...values))} – ${showNumber(Math.max(...values))}`;
}

function rowsOf(what: string, rounds: readonly Round[], bare: readonly Round[]): Row[] {
  const rates = rounds.map(({ perSecond }) => perSecond);
  const p99s = rounds.map(({ p99Ms }) => p99Ms);
  const bareRate = middle(bare.map(({ perSecond }) => perSecond));
  const bound = middle(rounds.map(({ loadBusy }) => loadBusy)) > 0.95 ? ' (bound by the load side)' : '';
  return [
    {
      what: `durable shares, ${what}${bound}`,
      figure: `${showNumber(middle(rates))} shares/s`,
      range: rangeOf(rates),
      cpuPerOperation: `${showNumber(middle(rounds.map(({ cpuMicros }) => cpuMicros)))} µs`,
      reference: `lines answered unchecked and unstored ${showNumber(bareRate)}`,
      ratio: `${(middle(rates) / bareRate).toFixed(2)} ×`,
      target: '≥ 20,000 shares/s',
    },
    {
      what: 'the same, 99 % acknowledged within',
      figure: `${showNumber(middle(p99s))} ms`,
      range: rangeOf(p99s),
      cpuPerOperation: '—',
      reference: `${showNumber(middle(bare.map(({ p99Ms }) => p99Ms)))} ms`,
      ratio: '—',
      target: '≤ 75 ms',
    },
  ];
}

export async function bench(): Promise<Row[]> {
  const pool = await PoolProcess.start();
  const bare = await PoolProcess.start('bare-stratum.ts');
  const load = await ShareLoad.open(pool.stratumPort, CONNECTIONS);
  const bareLoad = await ShareLoad.open(bare.stratumPort, CONNECTIONS);
  try {
    const rounds: Record<Rolling | 'bare', Round[]> = { nonce: [], extranonce2: [], bare: [] };
    for (let count = -1; count < ROUNDS; count++) {
      const nonce = await round(pool, load, 'nonce');
      const extranonce2 = await round(pool, load, 'extranonce2');
      const unchecked = await round(bare, bareLoad, 'nonce');
      if (count < 0) continue;
      rounds.nonce.push(nonce);
      rounds.extranonce2.push(extranonce2);
      rounds.bare.push(unchecked);
    }
    return [
      ...rowsOf('only the nonce rolls', rounds.nonce, rounds.bare),
      ...rowsOf('a new extranonce2 with every share', rounds.extranonce2, rounds.bare),
    ];
  } finally {
    load.close();
    bareLoad.close();
    await pool.stop();
    await bare.stop();
  }
}
