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

function rowsOf(what: string, rounds: readonly Round[]): Row[] {
  const rates = rounds.map(({ perSecond }) => perSecond);
  const p99s = rounds.map(({ p99Ms }) => p99Ms);
  const bound = middle(rounds.map(({ loadBusy }) => loadBusy)) > 0.95 ? ' (bound by the load side)' : '';
  const common = { reference: '—', ratio: '—' };
  return [
    {
      ...common,
      what: `durable shares, ${what}${bound}`,
      figure: `${showNumber(middle(rates))} shares/s`,
      range: rangeOf(rates),
      cpuPerOperation: `${showNumber(middle(rounds.map(({ cpuMicros }) => cpuMicros)))} µs`,
      target: '≥ 20,000 shares/s',
    },
    {
      ...common,
      what: 'the same, 99 % acknowledged within',
      figure: `${showNumber(middle(p99s))} ms`,
      range: rangeOf(p99s),
      cpuPerOperation: '—',
      target: '≤ 75 ms',
    },
  ];
}

export async function bench(): Promise<Row[]> {
  const pool = await PoolProcess.start();
  const load = await ShareLoad.open(pool.stratumPort, CONNECTIONS);
  try {
    const rollings: readonly Rolling[] = ['nonce', 'extranonce2'];
    const rounds: Record<Rolling, Round[]> = { nonce: [], extranonce2: [] };
    for (const rolling of rollings) await round(pool, load, rolling);
    for (let count = 0; count < ROUNDS; count++) {
      for (const rolling of rollings) rounds[rolling].push(await round(pool, load, rolling));
    }
    return [
      ...rowsOf('only the nonce rolls', rounds.nonce),
      ...rowsOf('a new extranonce2 with every share', rounds.extranonce2),
    ];
  } finally {
    load.close();
    await pool.stop();
  }
}
