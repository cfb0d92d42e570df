/**
 * A node of the sync benchmark in a process of its own: one that has a chain, or one that fetches it. Told by
 * its parent what to do; tells where it listens, and how long it took.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../node/node.ts';
import { NO_PEERS } from '../../node/peers/open-peers.ts';
import { createLogger } from '../../service/log.ts';
import { ChainKit } from '../kit/chain-kit.ts';

/** What the parent asks for: a chain of so many blocks, or to fetch one from a peer. */
export type SyncOrder =
  | { readonly type: 'serve'; readonly blocks: number }
  | { readonly type: 'fetch'; readonly port: number; readonly blocks: number };

/** What is told back. */
export type SyncReport =
  | { readonly type: 'serving'; readonly port: number; readonly cpuMicros: number }
  | { readonly type: 'fetched'; readonly ms: number; readonly cpuMicros: number; readonly rss: number };

const kit = new ChainKit();
const directory = await mkdtemp(join(tmpdir(), 'nilz-bench-sync-'));

function start(connectTo: number | undefined) {
  const connect = connectTo === undefined ? [] : [{ host: '127.0.0.1', port: connectTo }];
  const listen = connectTo === undefined ? { ip: '127.0.0.1', port: 0 } : undefined;
  return startNode({
    profile: kit.profile,
    dataDirectory: directory,
    log: createLogger({ name: 'bench', level: 'error' }),
    rpcPort: 0,
    clock: kit.clock,
    peers: { ...NO_PEERS, listen, connect },
  });
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function serve(blocks: number): Promise<void> {
  const node = await start(undefined);
  let tip = kit.genesis;
  for (let made = 0; made < blocks; made++) {
    tip = kit.mineBlock(tip);
    await node.chain.accept(tip.block, { durable: false });
  }
  await node.chain.flush();
  process.on('message', () => report({ type: 'serving', port: node.p2pPort ?? 0, cpuMicros: cpuMicros() }));
  report({ type: 'serving', port: node.p2pPort ?? 0, cpuMicros: cpuMicros() });
}

async function fetchFrom(port: number, blocks: number): Promise<void> {
  const before = cpuMicros();
  const startMs = performance.now();
  const node = await start(port);
  await new Promise<void>((resolve) => {
    node.chain.on('tip', ({ height }) => {
      if (height === blocks) resolve();
    });
  });
  await node.chain.flush();
  const ms = performance.now() - startMs;
  report({ type: 'fetched', ms, cpuMicros: cpuMicros() - before, rss: process.memoryUsage().rss });
  await node.stop();
  process.disconnect();
}

function report(what: SyncReport): void {
  process.send?.(what);
}

process.once('message', (order: SyncOrder) => {
  void (order.type === 'serve' ? serve(order.blocks) : fetchFrom(order.port, order.blocks));
});
process.once('disconnect', () => {
  rmSync(directory, { recursive: true, force: true });
  process.exit();
});
