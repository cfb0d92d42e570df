import { Crowd, loginOver } from './crowd.ts';
import { type Row, showNumber } from './measure.ts';
import { PoolProcess, type Usage } from './pool-process.ts';

export const title =
  'Memory of a connected miner (subscribed, authorised, with a job), resident set of the whole process';

const MINERS = 10_000;
/** Come and go before: what grows with the first thousand is not the price of a connection. */
const WARM_UP = 1_000;

export async function bench(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [transport, target] of [
    ['tcp', '≤ 12 KiB'],
    ['websocket', '—'],
  ] as const) {
    const pool = await PoolProcess.start();
    const port = transport === 'tcp' ? pool.stratumPort : pool.httpPort;
    await (await Crowd.open(port, WARM_UP, loginOver(transport))).stop();
    const before = await pool.usage();
    const crowd = await Crowd.open(port, MINERS, loginOver(transport));
    const after = await pool.usage();
    await crowd.stop();
    await pool.stop();
    const kib = (of: (usage: Usage) => number): string =>
      `${showNumber((of(after) - of(before)) / MINERS / 1024)} KiB`;
    rows.push({
      what: `${showNumber(MINERS)} miners over ${transport}`,
      figure: kib(({ rss }) => rss),
      range: `of it JavaScript heap ${kib(({ heapUsed }) => heapUsed)}`,
      cpuPerOperation: '—',
      reference: '—',
      ratio: '—',
      target,
    });
  }
  return rows;
}
