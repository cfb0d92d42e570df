import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { networkDirectory, PROFILES } from '../../protocol/network.ts';
import { type Row, showNumber } from './measure.ts';
import { BLOCKS, COINS, type SizeReport } from './node-size-process.ts';

export const title = `A node with ${BLOCKS.toLocaleString('en-US')} blocks and ${COINS.toLocaleString('en-US')} coins, default cache`;

const ROUNDS = 3;
const script = fileURLToPath(new URL('./node-size-process.ts', import.meta.url));

/** Runs one of the processes of `node-size-process.ts` and returns what it says. */
async function run(task: 'build' | 'open', directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)(execPath, ['--import', 'tsx', script, task, directory]);
  return stdout;
}

export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-size-'));
  try {
    const ofNetwork = join(directory, networkDirectory(PROFILES.regtest));
    await mkdir(ofNetwork);
    await run('build', ofNetwork);
    const { size } = await stat(join(ofNetwork, 'node.sqlite'));
    const reports: SizeReport[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      reports.push(JSON.parse(await run('open', directory)) as SizeReport);
    }
    const rowOf = (what: string, unit: string, field: keyof SizeReport, target: string): Row => {
      const values = reports.map((report) => report[field]).sort((a, b) => a - b);
      return {
        what,
        figure: `${showNumber(values[Math.floor(ROUNDS / 2)] ?? Number.NaN)} ${unit}`,
        range: `${showNumber(values[0] ?? Number.NaN)} – ${showNumber(values.at(-1) ?? Number.NaN)}`,
        cpuPerOperation: '—',
        reference: `database of ${showNumber(size / 1e6)} MB`,
        ratio: '—',
        target,
      };
    };
    return [
      rowOf('start until its RPC answers', 'ms', 'readyMs', '< 5,000 ms'),
      rowOf('resident memory when it is ready', 'MB', 'readyMb', '< 600 MB'),
      rowOf('the same after a million coins were looked up', 'MB', 'busyMb', '< 600 MB'),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}
