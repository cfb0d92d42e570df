import { once } from 'node:events';
import { connect } from 'node:net';
import { type Arrival, BareServer, Crowd, loginOver, NATIVE } from './crowd.ts';
import { type Row, showNumber } from './measure.ts';
import { PoolProcess } from './pool-process.ts';

export const title =
  'A new job to many miners, from the first byte at the first to the last byte at the last';

const MINERS = 10_000;
const MINERS_FROM_TIP = 5_000;
const ROUNDS = 7;

const spreadMs = ({ firstNs, lastNs }: Arrival): number => Number(lastNs - firstNs) / 1e6;

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rowOf(what: string, times: readonly number[], reference: readonly number[], target: string): Row {
  return {
    what,
    figure: `${showNumber(middle(times))} ms`,
    range: `${showNumber(Math.min(...times))} – ${showNumber(Math.max(...times))}`,
    cpuPerOperation: '—',
    reference:
      reference.length > 0 ? `write loop in ${NATIVE.language} ${showNumber(middle(reference))} ms` : '—',
    ratio: reference.length > 0 ? `${(middle(times) / middle(reference)).toFixed(2)} ×` : '—',
    target,
  };
}

/** The line of one job as the pool sends it. */
async function notifyOf(port: number): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.write(loginOver('tcp'));
  let text = '';
  let line: RegExpMatchArray | null = null;
  while (line === null) {
    text += String((await once(socket, 'data'))[0]);
    line = text.match(/^.*"mining\.notify","params".*\n/m);
  }
  socket.destroy();
  return Buffer.from(line[0]);
}

/** Interleaved: the bare server's turn, the pool's turn. */
async function compareWith(
  bare: BareServer,
  pool: PoolProcess,
  port: number,
  transport: 'tcp' | 'websocket',
) {
  const bareCrowd = await Crowd.open(bare.port, MINERS, loginOver('tcp'));
  const poolCrowd = await Crowd.open(port, MINERS, loginOver(transport));
  const bareMs: number[] = [];
  const poolMs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const bareArrival = await bareCrowd.timeJob(() => bare.writeToAll());
    const poolArrival = await poolCrowd.timeJob(() => void pool.node.advance());
    if (round < 0) continue;
    bareMs.push(spreadMs(bareArrival));
    poolMs.push(spreadMs(poolArrival));
  }
  await bareCrowd.stop();
  await poolCrowd.stop();
  return { bareMs, poolMs };
}

/** From the node's new tip on. */
async function fromTip(pool: PoolProcess): Promise<number[]> {
  const crowd = await Crowd.open(pool.stratumPort, MINERS_FROM_TIP, loginOver('tcp'));
  const times: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    let startNs = 0n;
    const { lastNs } = await crowd.timeJob(() => {
      startNs = process.hrtime.bigint();
      pool.node.advance();
    });
    if (round >= 0) times.push(Number(lastNs - startNs) / 1e6);
  }
  await crowd.stop();
  return times;
}

export async function bench(): Promise<Row[]> {
  const pool = await PoolProcess.start();
  const notify = await notifyOf(pool.stratumPort);
  try {
    const rows: Row[] = [];
    for (const [transport, port, target] of [
      ['tcp', pool.stratumPort, '≤ 1.3 × the write loop'],
      ['websocket', pool.httpPort, '≤ 1.8 × the write loop'],
    ] as const) {
      const bare = await BareServer.start(MINERS, notify);
      const { bareMs, poolMs } = await compareWith(bare, pool, port, transport);
      rows.push(rowOf(`to ${showNumber(MINERS)} miners over ${transport}`, poolMs, bareMs, target));
      await bare.stop();
    }
    const times = await fromTip(pool);
    rows.push(
      rowOf(
        `from the node's new tip to the last of ${showNumber(MINERS_FROM_TIP)} (TCP)`,
        times,
        [],
        '≤ 100 ms',
      ),
    );
    return rows;
  } finally {
    await pool.stop();
  }
}
