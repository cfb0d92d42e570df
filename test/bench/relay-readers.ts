/**
 * The readers of the relay benchmark, in a process of their own: `URL` of the relay. Told what to do, they open
 * pages for a while and tell their parent how long the answers took.
 */
import { Agent, get } from 'node:http';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeAddress } from '../../protocol/address.ts';
import { PROFILES } from '../../protocol/network.ts';
import { accountKey } from '../kit/chain-kit.ts';
import { BLOCKS, MINERS, minerScript } from './node-size-process.ts';

/** What the readers are to do. */
export interface ReadingTask {
  readonly readers: number;
  /** Mean pause of a reader between two pages; 0: none. */
  readonly pauseMs: number;
  readonly seconds: number;
  /** Whether one more goes through the pages of an address with a million rows, without a pause. */
  readonly withHeavyReader: boolean;
}

/** How long answers took, in milliseconds. */
export interface ReadingResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly answers: number;
  /** Answers that were no 200, by status. */
  readonly failures: Readonly<Record<string, number>>;
  readonly byPage: Readonly<Record<string, number>>;
  readonly heavyPages: number;
  readonly heavyP99Ms: number;
  readonly cpuMicros: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

const { address: format } = PROFILES.regtest;
const MILLION_ROWS = addressOf(accountKey('alice').script);
const agent = new Agent({ keepAlive: true });
const [, , url = ''] = argv;

function addressOf(script: Uint8Array): string {
  const address = encodeAddress(script, format);
  if (address === undefined) throw new Error('a script of the benchmark has no address');
  return address;
}

function ask(path: string, reader: number): Promise<Answer> {
  const start = performance.now();
  const headers = { 'X-Forwarded-For': `10.${reader >> 16}.${(reader >> 8) & 0xff}.${reader & 0xff}` };
  return new Promise((accept, reject) => {
    const request = get(`${url}${path}`, { agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const tookMs = performance.now() - start;
        accept({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString(), tookMs });
      });
    });
    request.on('error', reject);
  });
}

const upTo = (count: number): number => Math.floor(Math.random() * count);

/** A page that a visitor opens: kind and path. */
function nextPage(txids: readonly string[]): readonly [kind: string, path: string] {
  const dice = Math.random();
  if (dice < 0.3) return ['block', `/block/${1 + upTo(BLOCKS)}`];
  if (dice < 0.6) return ['tx', `/tx/${txids[upTo(txids.length)]}`];
  if (dice < 0.9) return ['address', `/address/${addressOf(minerScript(upTo(MINERS)))}`];
  return dice < 0.95 ? ['chain', '/chain'] : ['mempool', '/mempool'];
}

/** Ids of transactions all over the chain. */
async function someTxids(): Promise<string[]> {
  const txids: string[] = [];
  for (let height = 50; height <= BLOCKS; height += BLOCKS / 400) {
    const { status, body } = await ask(`/block/${Math.floor(height)}`, height);
    if (status !== 200) throw new Error(`block ${height}: ${status} ${body.slice(0, 200)}`);
    for (const { txid } of (JSON.parse(body) as { rows: { txid: string }[] }).rows) txids.push(txid);
  }
  return txids;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function read(task: ReadingTask, txids: readonly string[]): Promise<ReadingResult> {
  const times: [kind: string, tookMs: number][] = [];
  const heavy: number[] = [];
  const failures: Record<string, number> = {};
  const endMs = performance.now() + task.seconds * 1000;
  const note = ({ status }: Answer): void => {
    if (status !== 200) failures[status] = (failures[status] ?? 0) + 1;
  };
  const visit = async (reader: number): Promise<void> => {
    // Not all in the same moment: nobody has called them.
    await sleep(2 * Math.random() * task.pauseMs);
    while (performance.now() < endMs) {
      const [kind, path] = nextPage(txids);
      const answer = await ask(path, reader);
      note(answer);
      times.push([kind, answer.tookMs]);
      if (task.pauseMs > 0) await sleep(2 * Math.random() * task.pauseMs);
    }
  };
  const goThrough = async (path: string, parameter: string, reader: number): Promise<void> => {
    let mark: string | null = null;
    while (performance.now() < endMs) {
      const answer = await ask(`${path}?limit=100${mark === null ? '' : `&${parameter}=${mark}`}`, reader);
      note(answer);
      heavy.push(answer.tookMs);
      mark = answer.status === 200 ? (JSON.parse(answer.body) as { next: string | null }).next : null;
      if (answer.status === 429) await sleep(1000);
    }
  };
  const cpuStart = process.cpuUsage();
  const readers = Array.from({ length: task.readers }, (_, reader) => visit(reader));
  if (task.withHeavyReader) {
    readers.push(goThrough(`/address/${MILLION_ROWS}`, 'before', 100_001));
    readers.push(goThrough(`/address/${MILLION_ROWS}/utxos`, 'after', 100_002));
  }
  await Promise.all(readers);
  const { user, system } = process.cpuUsage(cpuStart);
  const sorted = times.map(([, tookMs]) => tookMs).sort((a, b) => a - b);
  const kinds = [...new Set(times.map(([kind]) => kind))].sort();
  const p99Of = (kind: string): number => {
    const own = times.filter(([each]) => each === kind).map(([, tookMs]) => tookMs);
    return quantile(
      own.sort((a, b) => a - b),
      0.99,
    );
  };
  return {
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    longestMs: sorted.at(-1) ?? Number.NaN,
    answers: sorted.length,
    failures,
    byPage: Object.fromEntries(kinds.map((kind) => [kind, p99Of(kind)])),
    heavyPages: heavy.length,
    heavyP99Ms: quantile(
      heavy.sort((a, b) => a - b),
      0.99,
    ),
    cpuMicros: user + system,
  };
}

if (url !== '') {
  const txids = await someTxids();
  process.on(
    'message',
    (task: ReadingTask) => void read(task, txids).then((result) => process.send?.(result)),
  );
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}
