import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Row } from './measure.ts';
import { showNumber } from './measure.ts';
import type { SyncOrder, SyncReport } from './sync-node.ts';

export const title = 'Synchronisation: a chain of near-empty blocks from a peer, to the disk';

const BLOCKS = 10_000;
const ROUNDS = 3;

/** One node of the benchmark. Not pinned: each has threads of its own, and both share the cores as they would. */
class NodeProcess {
  readonly #child: ChildProcess;

  constructor() {
    const program = fileURLToPath(new URL('sync-node.ts', import.meta.url));
    this.#child = fork(program, [], { execArgv: ['--import', 'tsx'] });
  }

  async ask(order: SyncOrder): Promise<SyncReport> {
    this.#child.send(order);
    const [report] = (await once(this.#child, 'message')) as [SyncReport];
    return report;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await gone;
  }
}

export async function bench(): Promise<Row[]> {
  const server = new NodeProcess();
  const rates: number[] = [];
  const micros: number[] = [];
  let rss = 0;
  let served = 0;
  try {
    const order: SyncOrder = { type: 'serve', blocks: BLOCKS };
    let serving = await server.ask(order);
    for (let round = 0; round <= ROUNDS; round++) {
      if (serving.type !== 'serving') throw new Error('the serving node does not serve');
      const client = new NodeProcess();
      const fetched = await client.ask({ type: 'fetch', port: serving.port, blocks: BLOCKS });
      if (fetched.type !== 'fetched') throw new Error('the fetching node did not fetch');
      await client.stop();
      const before = serving.cpuMicros;
      serving = await server.ask(order);
      // The first round warms up the one that serves.
      if (round === 0) continue;
      rates.push((BLOCKS * 1_000) / fetched.ms);
      micros.push(fetched.cpuMicros / BLOCKS);
      rss = Math.max(rss, fetched.rss);
      if (serving.type === 'serving') served = (serving.cpuMicros - before) / BLOCKS;
    }
  } finally {
    await server.stop();
  }
  rates.sort((a, b) => a - b);
  micros.sort((a, b) => a - b);
  const middle = Math.floor(ROUNDS / 2);
  return [
    {
      what: `${showNumber(BLOCKS)} blocks from a peer, start of the node included`,
      figure: `${showNumber(rates[middle] ?? 0)} blocks/s`,
      range: `${showNumber(rates[0] ?? 0)} – ${showNumber(rates.at(-1) ?? 0)}`,
      cpuPerOperation: `${showNumber(micros[middle] ?? 0)} µs, the serving node ${showNumber(served)} µs`,
      reference: `resident ${showNumber(rss / 2 ** 20)} MB`,
      ratio: '—',
      target: '≥ 4,000',
    },
  ];
}
