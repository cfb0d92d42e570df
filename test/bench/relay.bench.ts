import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { networkDirectory, PROFILES } from '../../protocol/network.ts';
import { type Row, showNumber } from './measure.ts';
import { BLOCKS, COINS } from './node-size-process.ts';
import type { ReadingResult, ReadingTask } from './relay-readers.ts';
import type { ServerCpu, ServerPlace } from './relay-servers.ts';

const READERS = 200;
export const title = `${READERS} readers of a relay in front of a node with ${BLOCKS.toLocaleString('en-US')} blocks: block, transaction and address pages`;

const ROUNDS = 3;
const SECONDS = 10;
/** Mean time a visitor looks at a page. */
const PAUSE_MS = 1_000;
/** A database that `node-size-process.ts build` has made, to save the minutes that takes. */
const DATABASE_VARIABLE = 'NILZ_BENCH_DATADIR';

const PACED = { readers: READERS, pauseMs: PAUSE_MS, seconds: SECONDS };
const TASKS: readonly (readonly [what: string, target: string, task: ReadingTask])[] = [
  [
    `each looks at a page for ${PAUSE_MS / 1000} s on average`,
    '< 200 ms',
    { ...PACED, withHeavyReader: false },
  ],
  [
    `the same while two more page through an address with ${COINS.toLocaleString('en-US')} rows`,
    '< 200 ms',
    { ...PACED, withHeavyReader: true },
  ],
  ['without a pause: all ask at any time', '—', { ...PACED, pauseMs: 0, withHeavyReader: false }],
];

interface Measured {
  readonly result: ReadingResult;
  /** CPU time of node and relay together. */
  readonly cpuMicros: number;
}

export async function bench(): Promise<Row[]> {
  const given = env[DATABASE_VARIABLE];
  const directory = given ?? (await build());
  const children: ChildProcess[] = [];
  const start = (script: string, ...words: string[]): ChildProcess => {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), words, {
      execArgv: ['--import', 'tsx'],
    });
    children.push(child);
    return child;
  };
  try {
    const node = start('./relay-servers.ts', 'node', directory);
    const nodePlace = await message<ServerPlace>(node);
    const relay = start('./relay-servers.ts', 'relay', nodePlace.url, nodePlace.cookieFile);
    const { url } = await message<ServerPlace>(relay);
    const readers = start('./relay-readers.ts', url);
    await message(readers);
    const cpu = async (): Promise<number> => {
      const spent = await Promise.all([node, relay].map((child) => asked<ServerCpu>(child, {})));
      return spent.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
    };
    const measured: Measured[][] = TASKS.map(() => []);
    for (let round = -1; round < ROUNDS; round++) {
      for (const [index, [, , task]] of TASKS.entries()) {
        const before = await cpu();
        const result = await asked<ReadingResult>(readers, task);
        if (round >= 0) measured[index]?.push({ result, cpuMicros: (await cpu()) - before });
      }
    }
    return TASKS.map(([what, target], index) => rowOf(what, target, measured[index] ?? []));
  } finally {
    for (const child of children.reverse()) {
      child.disconnect();
      await once(child, 'exit');
    }
    if (given === undefined) await rm(directory, { recursive: true });
  }
}

async function build(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-relay-'));
  const ofNetwork = join(directory, networkDirectory(PROFILES.regtest));
  await mkdir(ofNetwork);
  const script = fileURLToPath(new URL('./node-size-process.ts', import.meta.url));
  await promisify(execFile)(execPath, ['--import', 'tsx', script, 'build', ofNetwork]);
  return directory;
}

/** The next message of a child. */
async function message<T>(child: ChildProcess): Promise<T> {
  const [told] = await once(child, 'message');
  return told as T;
}

function asked<T>(child: ChildProcess, question: object): Promise<T> {
  const answer = message<T>(child);
  child.send(question);
  return answer;
}

function rowOf(what: string, target: string, rounds: readonly Measured[]): Row {
  const sorted = [...rounds].sort((a, b) => a.result.p99Ms - b.result.p99Ms);
  const median = sorted[sorted.length >> 1];
  if (median === undefined) throw new Error('nothing was measured');
  const { result, cpuMicros } = median;
  const failed = Object.entries(result.failures).map(([status, count]) => `${count} × ${status}`);
  return {
    what: failed.length > 0 ? `${what} (${failed.join(', ')})` : what,
    figure: `p99 ${showNumber(result.p99Ms)} ms, p50 ${showNumber(result.p50Ms)} ms`,
    range: sorted.map((each) => showNumber(each.result.p99Ms)).join(' – '),
    cpuPerOperation: `${showNumber(cpuMicros / (result.answers + result.heavyPages))} µs of node and relay`,
    reference: `${showNumber(result.answers / SECONDS)} pages/s${result.heavyPages > 0 ? `; ${showNumber(result.heavyPages / SECONDS)} large pages/s, p99 ${showNumber(result.heavyP99Ms)} ms` : ''}`,
    ratio: '—',
    target,
  };
}
