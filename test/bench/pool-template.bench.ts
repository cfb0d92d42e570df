import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Jobs } from '../../pool/jobs/jobs.ts';
import { TemplateFetcher } from '../../pool/nodes/template-fetcher.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { readTemplate, type Template } from '../../protocol/template.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { FakeNode } from '../kit/fake-node.ts';
import { someTemplate } from '../kit/session-kit.ts';
import { someTransaction } from '../kit/some-transaction.ts';
import { type Row, showNumber } from './measure.ts';

export const title = 'A template of 4 MB, and a new tip for 10,000 solo addresses: what else waits meanwhile';

const ROUNDS = 7;
const TRANSACTIONS = 4_300;
const ADDRESSES = 10_000;

/** Hands out one answer, from a thread of its own: making it must not count. */
const SERVER = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(workerData));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

async function largeAnswer(): Promise<string> {
  const node = await FakeNode.start();
  await node.stop();
  node.transactions = Array.from({ length: TRANSACTIONS }, (_, index) => ({
    ...someTransaction(index % 251),
    lockTime: index,
    outputs: [{ value: 1_000n, script: new Uint8Array(700).fill(index) }],
  }));
  return JSON.stringify({ id: null, result: node.template() });
}

/** The longest time in which the event loop could do nothing else. */
async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const watch = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);
  await work();
  await new Promise(setImmediate);
  isOver = true;
  return longest;
}

async function holds(work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const held = await longestHoldMs(work);
    if (round >= 0) times.push(held);
  }
  return times;
}

function rowOf(what: string, times: readonly number[], reference?: readonly number[]): Row {
  const median = (values: readonly number[]) =>
    [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return {
    what,
    figure: `${showNumber(median(times))} ms`,
    range: `${showNumber(Math.min(...times))} – ${showNumber(Math.max(...times))}`,
    cpuPerOperation: '—',
    reference: reference === undefined ? '—' : `read in this thread ${showNumber(median(reference))} ms`,
    ratio: reference === undefined ? '—' : `${(median(times) / median(reference)).toFixed(2)} ×`,
    target: '—',
  };
}

function soloTip(jobs: Jobs, addresses: readonly string[], mark: number): void {
  jobs.offer(someTemplate({ previous: new Uint8Array(32).fill(mark) }), mark);
  for (const address of addresses) void jobs.currentJob(address)?.lines.clean;
}

export async function bench(): Promise<Row[]> {
  const server = new Worker(SERVER, { eval: true, workerData: await largeAnswer() });
  const [port] = (await once(server, 'message')) as [number];
  const client: RpcClient = createRpcClient({ url: `http://127.0.0.1:${port}` });
  const fetcher = new TemplateFetcher();
  try {
    const here = await holds(async () => readTemplate(await client.call('getblocktemplate')));
    let former: Template | undefined;
    while (!fetcher.readsElsewhere) former = await fetcher.fetch(client, {}, former, {});
    const fresh = await holds(() => fetcher.fetch(client, {}, undefined, {}));
    const known = await holds(async () => {
      former = await fetcher.fetch(client, {}, former, {});
    });
    const payout = { scriptOf: () => p2wpkhScript(new Uint8Array(20)) };
    const times = { refreshMs: 30_000, ttlMs: 90_000 };
    const jobs = new Jobs({ solo: payout, extranonce2Size: 4, uniqueBase: 1n }, times, 1);
    const addresses = Array.from({ length: ADDRESSES }, (_, index) => `address ${index}`);
    let mark = 0;
    const solo = await holds(async () => {
      mark += 1;
      soloTip(jobs, addresses, mark);
    });
    return [
      rowOf('longest hold of the event loop by a template that is all new', fresh, here),
      rowOf('the same for one that is mostly known', known, here),
      rowOf(`jobs and lines of ${showNumber(ADDRESSES)} solo addresses at a new tip`, solo),
    ];
  } finally {
    await fetcher.stop();
    client.close();
    await server.terminate();
  }
}
