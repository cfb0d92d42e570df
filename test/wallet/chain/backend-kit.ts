/** A chain of one's own, and a wallet's way to it: straight to the node, or through a relay in front of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../../node/node.ts';
import { type RunningRelay, startRelay } from '../../../node/relay/relay.ts';
import { type NetworkProfile, networkDirectory } from '../../../protocol/network.ts';
import { createLogger } from '../../../service/log.ts';
import { createRpcClient } from '../../../service/rpc-client.ts';
import { type OpenBackend, openBackend } from '../../../wallet/chain/backend-choice.ts';
import { testClock } from '../../node/node-kit.ts';

export const BACKEND_KINDS = ['node', 'relay'] as const;
export type BackendKind = (typeof BACKEND_KINDS)[number];

export interface BackendBench {
  readonly backend: OpenBackend;
  /** Where the backend asks. */
  readonly url: string;
  /** For a node: the file with its password. */
  readonly cookieFile: string;
  /** Mines, and waits until the backend knows. */
  mine(blocks: number, address: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a node, and a relay with its usual limits where one is wanted. */
export async function startBackendBench(kind: BackendKind, profile: NetworkProfile): Promise<BackendBench> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-backend-'));
  const log = createLogger({ name: 'test', level: 'silent' });
  const cookieFile = join(directory, networkDirectory(profile), '.cookie');
  const node = await startNode({
    ...{ profile, dataDirectory: directory, log, clock: testClock(), rpcPort: 0, dbCacheMb: 16 },
  });
  const login = { url: node.rpcUrl, credentials: node.credentials };
  const rpc = createRpcClient(login);
  const relay = kind === 'relay' ? await startTheRelay() : undefined;
  const url = relay?.url ?? node.rpcUrl;
  const backend = openBackend({ nodeUrl: url, cookieFile });

  async function startTheRelay(): Promise<RunningRelay> {
    const running = await startRelay({ node: login, host: '127.0.0.1', port: 0, id: 'test', profile, log });
    await running.ready;
    return running;
  }

  return {
    backend,
    url,
    cookieFile,
    async mine(blocks, address) {
      const hashes = (await rpc.call('generatetoaddress', [blocks, address])) as string[];
      if (relay !== undefined) await tipOf(relay, hashes.at(-1) ?? '');
    },
    async stop() {
      backend.close();
      await relay?.stop();
      rpc.close();
      await node.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** Resolves once the relay has heard of a block. */
function tipOf({ view: { link } }: RunningRelay, hash: string): Promise<void> {
  return new Promise((accept) => {
    const look = (): void => {
      if (link.known?.tip.hash === hash) accept();
    };
    link.listen({ onBlock: look });
    look();
  });
}
