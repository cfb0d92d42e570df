/** The pool's process as its benchmarks see it: started, pinned to a core, asked for what it has used. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { FakeNode } from '../kit/fake-node.ts';
import { HARD_BITS } from '../kit/pool-kit.ts';

/** The pool has the first core, the load the second. */
const POOL_CORE = 0;
const LOAD_CORE = 1;

export interface Usage {
  /** Of all threads, since the process began. */
  readonly cpuMicros: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** Puts all threads of a process on one core, where there are two and `taskset` exists. */
export function pin(process: number | undefined, core: 'pool' | 'load'): void {
  if (cpus().length < 2) return;
  const number = core === 'pool' ? POOL_CORE : LOAD_CORE;
  spawnSync('taskset', ['-acp', String(number), String(process)], { stdio: 'ignore' });
}

/** A pool in front of a node that this process plays. */
export class PoolProcess {
  readonly node: FakeNode;
  readonly stratumPort: number;
  readonly httpPort: number;
  readonly #child: ChildProcess;

  private constructor(node: FakeNode, child: ChildProcess, urls: { stratumUrl: string; httpUrl: string }) {
    this.node = node;
    this.#child = child;
    this.stratumPort = Number(new URL(urls.stratumUrl.replace('stratum+tcp', 'http')).port);
    this.httpPort = Number(new URL(urls.httpUrl).port);
  }

  /** @param program `pool-server.ts`, or another that speaks with its parent as it does */
  static async start(program = 'pool-server.ts'): Promise<PoolProcess> {
    const node = await FakeNode.start();
    node.bits = HARD_BITS;
    const child = fork(fileURLToPath(new URL(program, import.meta.url)), [node.url], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
    });
    const [urls] = (await once(child, 'message')) as [{ stratumUrl: string; httpUrl: string }];
    pin(child.pid, 'pool');
    pin(process.pid, 'load');
    return new PoolProcess(node, child, urls);
  }

  async usage(): Promise<Usage> {
    this.#child.send('usage');
    const [usage] = (await once(this.#child, 'message')) as [Usage];
    return usage;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
    await this.node.stop();
  }
}
