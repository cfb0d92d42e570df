import { displayHash } from '../../protocol/bytes.ts';
import { readPayoutAddress } from '../../protocol/payout-address.ts';
import { difficultyOf } from '../../protocol/work.ts';
import { openAdminToken } from '../../service/http-server/admin-token.ts';
import { clientAddressBehind } from '../../service/http-server/client-address.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { ConnectionLimits } from '../../service/limits.ts';
import { NetworkList } from '../../service/network-list.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import type { Upgrades } from '../../service/upgrade.ts';
import { Inspector } from '../inspector/inspector.ts';
import { adminTokenFile, POOL_TOKEN } from './admin-token-file.ts';
import { poolApp } from './api.ts';
import { blockRow } from './blocks.ts';
import { ChainWindow } from './chain-window.ts';
import { newHttpCounters } from './http-counters.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from './http-settings.ts';
import { LiveFeed, type LiveFrame } from './live-feed.ts';
import { servePoolPages } from './pages.ts';
import { payoutRow } from './payouts.ts';
import type { PoolView } from './pool-view.ts';
import { shareLogFacts } from './stats.ts';
import { ratesOfWorkers } from './worker-rows.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** The admin token stands beside it. */
  readonly ledgerFile: string;
  /** What the pool's parts give to read. */
  readonly view: Omit<PoolView, 'token' | 'chain' | 'counters' | 'live' | 'inspector' | 'httpUrl'>;
  /** Asked for headers of the chain. */
  readonly client: Pick<RpcClient, 'call'>;
  /** Gets the path `/live`. */
  readonly upgrades: Upgrades;
  /** Networks of proxies whose `X-Forwarded-For` is believed. */
  readonly proxies?: readonly string[] | undefined;
  /** Connections of miners that this port may carry beside the others: of all, and of one address. */
  readonly minerConnections: ConnectionLimits;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** The HTTP port of a pool that is up. */
export interface PoolHttp extends Stoppable {
  readonly url: string;
  /** Takes the news that `/live` tells. */
  readonly live: LiveFeed;
}

/**
 * Opens the HTTP port: the API, the live feed, and what else is routed to it.
 * @throws ListenError when the port is taken; DirectoryError when the admin token cannot be read
 */
export async function servePool(options: ServeOptions): Promise<PoolHttp> {
  const { network, clock, log, statistics } = options.view;
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const proxies = new NetworkList(options.proxies ?? []);
  const clientAddress = clientAddressBehind(proxies);
  const live = new LiveFeed({
    clientAddress,
    clock,
    log,
    limits: limits.live,
    readAddress: (text) => readPayoutAddress(text, network).address,
    hello: () => helloFrame(view),
    rates: (address) => ratesFrame(view, address),
  });
  const view: PoolView = {
    ...options.view,
    token: await openAdminToken(adminTokenFile(options.ledgerFile), POOL_TOKEN),
    chain: new ChainWindow(options.client),
    inspector: new Inspector({
      clock,
      jobs: options.view.jobs,
      session: (id) => options.view.server.session(id),
    }),
    counters: newHttpCounters(),
    httpUrl: () => http.url,
    live,
    pages: servePoolPages(),
  };
  statistics.listen(live.rejected);
  view.ledger.shares.on('batch', (batch) => {
    live.shares(batch.shares);
    live.announce({ type: 'chain_head', ...shareLogFacts(batch) });
  });
  tellAccounts(view, live);
  options.upgrades.route('/live', live.upgrade);
  const http = await startHttpService({
    host: options.host,
    port: options.port,
    portSetting: '--http-port',
    handler: poolApp(view, { clientAddress, wrongTokensPerMinute: limits.wrongTokensPerMinute }).callback(),
    upgrades: options.upgrades,
    connections: {
      total: limits.connections + options.minerConnections.total,
      perAddress: limits.connectionsPerAddress + options.minerConnections.perAddress,
    },
    isProxy: (address) => proxies.has(address),
    onRefused: () => {
      view.counters.refusedConnections += 1;
    },
    log,
  });
  const stop = async (): Promise<void> => {
    await live.stop();
    await http.stop();
  };
  return { url: http.url, live, stop };
}

/** Tells of blocks and payouts. */
function tellAccounts({ accounts }: PoolView, live: LiveFeed): void {
  accounts?.on('block', (block) => live.announce({ type: 'block', ...blockRow(block, accounts.maturity) }));
  accounts?.on('payout', (payout) => live.announce({ type: 'payout', ...payoutRow(payout) }));
}

/** The first frame of a feed: where the pool stands. */
function helloFrame({ network, jobs, clock, statistics, ledger }: PoolView): LiveFrame {
  const job = jobs.current;
  return {
    type: 'hello',
    time: clock.wallMs() / 1000,
    started: statistics.startedMs / 1000,
    network: network.name,
    height: job?.tip.height ?? null,
    tip: job === undefined ? null : displayHash(job.tip.hash),
    difficulty: job === undefined ? null : difficultyOf(job.bits),
    share_log: shareLogFacts(ledger.shares.head),
  };
}

/** The frame of every five seconds, of the pool or of one address. */
function ratesFrame(view: PoolView, address: string | undefined): LiveFrame {
  const { statistics, clock, server } = view;
  return {
    type: 'rates',
    time: clock.wallMs() / 1000,
    address: address ?? null,
    hash_rate: address === undefined ? statistics.hashRates() : ratesOfWorkers(view, address),
    connections: server.connections.open,
    accepted: statistics.accepted,
    late: statistics.late,
  };
}
