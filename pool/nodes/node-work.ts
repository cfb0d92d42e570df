import { randomBytes } from 'node:crypto';
import { encodeAddress } from '../../protocol/address.ts';
import type { Logger } from '../../service/log.ts';
import { createRpcClient, type RpcClient, type RpcClientOptions } from '../../service/rpc-client.ts';
import type { Terms } from '../accounting/scheme.ts';
import type { Clock } from '../clock.ts';
import { Jobs, type Payout } from '../jobs/jobs.ts';
import { newTip } from '../jobs/tip.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { BlockSubmitter } from './block-submitter.ts';
import { PoolNode } from './node.ts';
import { NodeGroup } from './node-group.ts';
import type { NodeNetwork } from './node-network.ts';
import { uniqueBaseOf } from './own-block.ts';
import { TemplateFetcher } from './template-fetcher.ts';
import { TemplateWatcher } from './template-watcher.ts';

/** How a node is reached. */
export type NodeAddress = Pick<RpcClientOptions, 'url' | 'credentials' | 'cookieFile'>;

/** Clients of the nodes in their order of preference. @throws SettingError when a URL is none */
export function connectNodes(addresses: readonly NodeAddress[]): RpcClient[] {
  return addresses.map((address) => createRpcClient({ ...address, urlSetting: '--node-url' }));
}

export interface NodeWorkOptions {
  readonly clients: readonly RpcClient[];
  readonly network: NodeNetwork;
  readonly ledger: Ledger;
  /** Whom coinbases pay. */
  readonly payout: Payout;
  /** How rewards are divided. */
  readonly terms: Terms;
  readonly extranonce2Size: number;
  readonly jobRefreshSeconds: number;
  readonly jobTtlSeconds: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pollMs?: number | undefined;
  readonly patienceMs?: number | undefined;
}

/** What stands between the nodes and the miners. */
export interface NodeWork {
  readonly nodes: NodeGroup;
  readonly jobs: Jobs;
  /** Where the Stratum side gets its jobs from. */
  readonly watcher: TemplateWatcher;
  readonly submitter: BlockSubmitter;
}

/** Puts together what makes work of templates and brings blocks back. Nothing is asked before `watcher.start()`. */
export async function makeNodeWork(options: NodeWorkOptions): Promise<NodeWork> {
  const { clients, network, ledger, payout, terms, extranonce2Size, clock, log } = options;
  const { pollMs, patienceMs } = options;
  const jobTtlMs = options.jobTtlSeconds * 1000;
  const knownTip = await ledger.shares.lastTip();
  const jobs = new Jobs(
    {
      ...payout,
      extranonce2Size,
      uniqueBase: uniqueBaseOf(ledger.mark, randomBytes(4).readUInt32BE() >>> 1),
    },
    { refreshMs: options.jobRefreshSeconds * 1000, ttlMs: jobTtlMs },
    randomBytes(3).readUIntBE(0, 3),
    knownTip && newTip(knownTip.hash, knownTip.height, knownTip.credited),
  );
  const poolNodes = clients.map((client) => new PoolNode(client, clock));
  const nodes = new NodeGroup({ nodes: poolNodes, network, clock, log, pollMs, patienceMs });
  const fetcher = new TemplateFetcher();
  const watcher = new TemplateWatcher({ nodes, fetcher, jobs, clock, log, pollMs, jobTtlMs });
  const submitter = new BlockSubmitter({
    clients,
    ledger,
    jobs,
    clock,
    log,
    terms,
    own:
      'payoutScript' in payout
        ? payout
        : {
            mark: ledger.mark,
            feeScript: payout.solo.fee?.script,
            addressOf: (script) => encodeAddress(script, network.format),
          },
    onAccepted: () => watcher.hurry(),
  });
  return { nodes, jobs, watcher, submitter };
}
