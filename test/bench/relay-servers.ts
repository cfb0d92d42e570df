/**
 * The servers of the relay benchmark, each in a process of its own: `node DIRECTORY`, and `relay URL COOKIE`. They
 * tell their parent where they are, and their CPU time when asked.
 */
import { argv } from 'node:process';
import { startNode } from '../../node/node.ts';
import { startRelay } from '../../node/relay/relay.ts';
import { PROFILES } from '../../protocol/network.ts';
import { createLogger } from '../../service/log.ts';

/** What a server says first. */
export interface ServerPlace {
  readonly url: string;
  readonly cookieFile: string;
}

/** What it says to any message. */
export interface ServerCpu {
  readonly cpuMicros: number;
}

const log = createLogger({ name: 'bench', level: 'error' });

async function serve(task: string, first: string, second = ''): Promise<ServerPlace> {
  if (task === 'node') {
    const node = await startNode({ profile: PROFILES.regtest, dataDirectory: first, log, rpcPort: 0 });
    return { url: node.rpcUrl, cookieFile: node.cookieFile ?? '' };
  }
  const relay = await startRelay({
    node: { url: first, cookieFile: second },
    host: '127.0.0.1',
    port: 0,
    id: 'bench',
    profile: PROFILES.regtest,
    // Readers say who they are as a proxy would: each of them has a rate of its own.
    trustedProxies: 1,
    log,
  });
  await relay.ready;
  return { url: relay.url, cookieFile: '' };
}

const [, , task = '', first = '', second] = argv;
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system } satisfies ServerCpu);
});
process.once('disconnect', () => process.exit());
process.send?.(await serve(task, first, second));
