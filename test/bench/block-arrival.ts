/** What else waits in a node while a large block arrives and connects: the longest hold of its event loop. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { type RunningNode, startNode } from '../../node/node.ts';
import { COIN } from '../../protocol/amount.ts';
import { blockTotalSize, decodeBlockSteps, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { buildCoinbase } from '../../protocol/coinbase.ts';
import { rewardAt } from '../../protocol/connect.ts';
import type { TxOutput } from '../../protocol/transaction.ts';
import { inSlices } from '../../service/time-slice.ts';
import { accountKey, ChainKit, coinOf, type KitBlock, type KitCoin, SILENT_LOG } from '../kit/chain-kit.ts';
import { type Row, showNumber } from './measure.ts';

/** Payments of one input and two outputs that fill a block. */
const PAYMENTS = 7_000;
/** Outputs of 31 bytes, and of 9, that fill a block. */
const OUTPUTS = 30_000;
const EMPTY_OUTPUTS = 110_000;
/** Inputs of one transaction that fills a block. */
const INPUTS = 14_000;
/** The longest hold there may be. */
const TARGET_MS = 100;

interface Arrival {
  readonly what: string;
  readonly block: KitBlock;
}

/** Blocks that make coins, and the large ones, each on top of the last. */
function makeBlocks(kit: ChainKit): { funding: KitBlock[]; arrivals: Arrival[] } {
  const { script } = accountKey('alice');
  const value = COIN / 100n;
  const fan = (from: KitCoin, count: number) => {
    const outputs = Array.from({ length: count }, () => ({ value, script }));
    const change = { value: from.value - value * BigInt(count), script };
    return kit.sign([from], [...outputs, change]);
  };
  const first = fan(kit.funds('alice'), PAYMENTS);
  const second = fan(coinOf(first, PAYMENTS, 'alice'), INPUTS);
  const funding = [kit.mineBlock(kit.genesis, [first])];
  funding.push(kit.mineBlock(funding[0] ?? kit.genesis, [second]));
  const half: TxOutput[] = ['bob', 'carol'].map((name) => ({
    value: value / 2n - 100n,
    script: accountKey(name as 'bob' | 'carol').script,
  }));
  const payments = Array.from({ length: PAYMENTS }, (_, at) => kit.sign([coinOf(first, at, 'alice')], half));
  const inputs = Array.from({ length: INPUTS }, (_, at) => coinOf(second, at, 'alice'));
  const collected = kit.sign(inputs, [{ value: value * BigInt(INPUTS) - COIN, script }]);
  const arrivals: Arrival[] = [];
  const add = (what: string, mine: (parent: KitBlock) => KitBlock): void => {
    arrivals.push({ what, block: mine(arrivals.at(-1)?.block ?? funding.at(-1) ?? kit.genesis) });
  };
  add(`${PAYMENTS} payments, no signature known`, (parent) => kit.mineBlock(parent, payments));
  add(`one transaction of ${INPUTS} inputs, no signature known`, (parent) =>
    kit.mineBlock(parent, [collected]),
  );
  add(`a coinbase of ${OUTPUTS} P2WPKH outputs`, (parent) => wideCoinbase(kit, parent, OUTPUTS, script));
  add(`a coinbase of ${EMPTY_OUTPUTS} outputs without script`, (parent) =>
    wideCoinbase(kit, parent, EMPTY_OUTPUTS, new Uint8Array(0)),
  );
  return { funding, arrivals };
}

function wideCoinbase(kit: ChainKit, parent: KitBlock, count: number, script: Uint8Array): KitBlock {
  const height = parent.height + 1;
  const value = rewardAt(height, kit.profile) / BigInt(count);
  const outputs = Array.from({ length: count }, () => ({ value, script }));
  return kit.mineTransactions(parent, [buildCoinbase({ height, outputs })]);
}

/** Hands a block in from another thread, so that the client's own work does not count. */
function submitFrom(node: RunningNode, block: Uint8Array): Promise<unknown> {
  const { user, password } = node.credentials;
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const { url, authorization, hex } = workerData;
     fetch(url, {
       method: 'POST',
       headers: { authorization },
       body: JSON.stringify({ id: 1, method: 'submitblock', params: [hex] }),
     }).then((answer) => answer.json()).then((answer) => parentPort.postMessage(answer));`,
    {
      eval: true,
      workerData: {
        url: node.rpcUrl,
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        hex: bytesToHex(block),
      },
    },
  );
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** CPU time of this thread in ms, where Linux tells it: on a busy machine the clock says more of the others. */
function threadCpuMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Looks at the CPU time of this thread once a millisecond, or as often as it is let. */
function watchCpu(): () => number {
  let longestMs = 0;
  let beforeMs = threadCpuMs();
  const timer = setInterval(() => {
    const nowMs = threadCpuMs();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
    beforeMs = nowMs;
  }, 1);
  return () => {
    clearInterval(timer);
    return longestMs;
  };
}

/** The longest hold of the event loop while `work` runs, by the clock and by CPU time, and how long it takes. */
async function watched(
  holds: IntervalHistogram,
  work: () => Promise<void>,
): Promise<{ holdMs: number; cpuMs: number; totalMs: number }> {
  // What came before is not counted: a turn is over before the watch begins.
  await new Promise((resolve) => setTimeout(resolve, 50));
  holds.reset();
  const longestCpu = watchCpu();
  const start = performance.now();
  await work();
  const totalMs = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { holdMs: holds.max / 1e6, cpuMs: longestCpu(), totalMs };
}

/** Every large block, handed in by RPC at one node and as a peer's bytes at another. */
export async function arrivalRows(): Promise<Row[]> {
  const kit = new ChainKit();
  const { funding, arrivals } = makeBlocks(kit);
  const rows: Row[] = [];
  const ways = [
    {
      way: 'by RPC',
      take: async (node: RunningNode, bytes: Uint8Array) => void (await submitFrom(node, bytes)),
    },
    {
      way: 'from a peer',
      take: async ({ chain }: RunningNode, bytes: Uint8Array) => {
        await chain.accept(await inSlices(decodeBlockSteps(bytes)), { bytes });
      },
    },
  ];
  for (const { way, take } of ways) {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'nilz-arrival-'));
    const node = await startNode({ profile: kit.profile, dataDirectory, log: SILENT_LOG, rpcPort: 0 });
    const holds = monitorEventLoopDelay({ resolution: 1 });
    try {
      for (const { block } of funding) await node.chain.accept(block);
      holds.enable();
      for (const { what, block } of arrivals) {
        const bytes = encodeBlock(block.block);
        const { holdMs, cpuMs, totalMs } = await watched(holds, () => take(node, bytes));
        if (node.chain.tip.height !== block.height) throw new Error(`${what}: not connected`);
        rows.push({
          what: `${what} (${(blockTotalSize(block.block) / 1e6).toFixed(1)} MB), ${way}: longest hold`,
          figure: `${showNumber(holdMs)} ms`,
          range: 'once',
          cpuPerOperation: `${showNumber(cpuMs)} ms of CPU`,
          reference: `connected after ${showNumber(totalMs)} ms`,
          ratio: '—',
          target: `≤ ${TARGET_MS} ms`,
        });
      }
    } finally {
      holds.disable();
      await node.stop();
      await rm(dataDirectory, { recursive: true });
    }
  }
  return rows;
}
