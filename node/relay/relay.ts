import type { NetworkProfile } from '../../protocol/network.ts';
import { type Clock, systemClock } from '../../service/clock.ts';
import type { HttpTimeouts } from '../../service/http.ts';
import { clientAddressBehindCount } from '../../service/http-server/client-address.ts';
import { ANY_ORIGIN } from '../../service/http-server/cors.ts';
import { newAnswerCounters } from '../../service/http-server/http-app.ts';
import { ClientRates } from '../../service/http-server/rate-limit.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import { composeStop, type Stoppable, startParts } from '../../service/lifecycle.ts';
import type { ConnectionLimits, Rate } from '../../service/limits.ts';
import type { Logger } from '../../service/log.ts';
import type { ReaderTiming } from '../../service/notification-reader.ts';
import { servePage } from '../../service/pages.ts';
import { createRpcClient } from '../../service/rpc-client.ts';
import { RpcLogin, type RpcLoginOptions } from '../../service/rpc-login.ts';
import { Upgrades } from '../../service/upgrade.ts';
import { mempoolRows } from './answers/mempool-answers.ts';
import { ChainReader } from './chain-reader.ts';
import { EventFeed, type FeedTiming } from './event-feed.ts';
import { EXPLORER } from './explorer.ts';
import { relayApp, relayCaches } from './http/relay-app.ts';
import type { RelayView } from './relay-view.ts';
import { TemplateWatch } from './template-watch.ts';
import { TransactionReader } from './transaction-reader.ts';
import { MempoolMirror } from './upstream/mempool-mirror.ts';
import { type CallLimits, NodeCalls } from './upstream/node-calls.ts';
import { NodeLink, type NodeListener } from './upstream/node-link.ts';

export interface RelayOptions {
  /** Where the node is and how one logs in there. */
  readonly node: RpcLoginOptions;
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The setting that changes it (default `--http-port`). */
  readonly portSetting?: string;
  /** Label of this instance, in `/health` and the first frame of `/events`. */
  readonly id: string;
  /** The network that is expected, for what a node of a private one does not tell: its subsidies. */
  readonly profile?: NetworkProfile | undefined;
  /** Proxies in front that write `X-Forwarded-For` (default 0). */
  readonly trustedProxies?: number;
  /** Sites whose pages may read the answers (default: all). */
  readonly corsOrigins?: readonly string[];
  readonly limits?: Partial<RelayLimits>;
  readonly log: Logger;
  readonly clock?: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly timing?: RelayTiming;
}

/** What clients of the relay may take. */
export interface RelayLimits {
  /** Open connections of all clients, and of one address. */
  readonly connections: ConnectionLimits;
  /** Open WebSockets of `/events`, of all clients and of one. */
  readonly listeners: ConnectionLimits;
  /** Requests of one client. */
  readonly reading: Rate;
  /** Transactions that one client hands in. */
  readonly writing: Rate;
  /** Questions to the node. */
  readonly calls: CallLimits;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  connections: { total: 2_000, perAddress: 256 },
  listeners: { total: 1_000, perAddress: 32 },
  // At once what a wallet of ten thousand transactions takes to be restored: about two seconds of processor time.
  reading: { perSecond: 30, burst: 2_000 },
  writing: { perSecond: 1, burst: 20 },
  calls: { running: 16, waiting: 1_000 },
};

/** For tests. */
export interface RelayTiming {
  readonly reader?: Partial<ReaderTiming>;
  readonly feed?: Partial<FeedTiming>;
  readonly http?: Partial<HttpTimeouts>;
}

export interface RunningRelay extends Stoppable {
  /** Where it listens: the explorer is there too. */
  readonly url: string;
  /** Resolves when the node has been reached; what it says then is in `view`. */
  readonly ready: Promise<void>;
  /** What the answers are made of. */
  readonly view: RelayView;
}

/** How long the node may take over one answer. */
const ANSWER_MS = 10_000;

/**
 * Starts a relay in front of a node, which may come later: until then it says that the node is away.
 * @throws ListenError when the port is taken; SettingError for a URL that is none
 */
export function startRelay(options: RelayOptions): Promise<RunningRelay> {
  return startParts((started) => start(options, started), options.log);
}

async function start(options: RelayOptions, started: Stoppable[]): Promise<RunningRelay> {
  const { log, clock = systemClock, random = Math.random, timing = {}, trustedProxies = 0 } = options;
  const limits = { ...DEFAULT_RELAY_LIMITS, ...options.limits };
  const client = createRpcClient({ ...options.node, timeoutMs: ANSWER_MS });
  const calls = new NodeCalls(client, limits.calls, () => clock.steadyMs());
  const link = new NodeLink({
    calls,
    login: new RpcLogin(options.node),
    clock,
    log,
    random,
    profile: options.profile,
    timing: timing.reader,
  });
  started.push({ stop: async () => client.close() });
  const chain = new ChainReader(calls, link);
  const transactions = new TransactionReader(calls);
  const mempool = new MempoolMirror(calls, log);
  const clientAddress = clientAddressBehindCount(trustedProxies);
  const templates = new TemplateWatch({
    calls,
    clock,
    log,
    isWatched: () => events.open > 0,
    onTemplate: (template) => events.onTemplate(template),
  });
  const events: EventFeed = new EventFeed({
    id: options.id,
    link,
    chain,
    mempool,
    lastTemplate: () => templates.last,
    onJoin: () => templates.wake(),
    rowsOf: (waiting) => mempoolRows(view, waiting),
    clientAddress,
    limits: limits.listeners,
    clock,
    log,
    timing: timing.feed,
  });
  const view: RelayView = {
    id: options.id,
    startedMs: clock.steadyMs(),
    calls,
    link,
    chain,
    transactions,
    mempool,
    templates,
    events,
    counters: { ...newAnswerCounters(), refusedConnections: 0 },
    rates: {
      reading: new ClientRates(limits.reading, () => clock.steadyMs()),
      writing: new ClientRates(limits.writing, () => clock.steadyMs()),
    },
    clock,
    log,
  };
  const cache = relayCaches(() => clock.steadyMs());
  const forget = (): void => cache.short.clear();
  const forgetting: NodeListener = { onUp: forget, onBlock: forget, onBlockGone: forget, onRefresh: forget };
  // Whoever is told of something finds it when it asks: what readers ask is forgotten first, they hear last.
  for (const each of [forgetting, chain, transactions, mempool, templates, events]) link.listen(each);
  const ready = new Promise<void>((accept) => link.listen({ onUp: accept }));

  const upgrades = new Upgrades();
  upgrades.route('/events', events.upgrade);
  const app = relayApp({
    view,
    cache,
    corsOrigins: options.corsOrigins ?? [ANY_ORIGIN],
    clientAddress,
    pages: servePage(EXPLORER),
  });
  const http = await startHttpService({
    host: options.host,
    port: options.port,
    portSetting: options.portSetting ?? '--http-port',
    handler: app.callback(),
    upgrades,
    connections: limits.connections,
    isProxy: () => trustedProxies > 0,
    onRefused: () => {
      view.counters.refusedConnections += 1;
    },
    ...(timing.http && { timeouts: timing.http }),
    log,
  });
  started.push(http, {
    stop: async () => {
      link.stop();
      mempool.stop();
      templates.stop();
      events.stop();
    },
  });
  link.start();
  log.info({ http: http.url, node: client.url, id: options.id }, 'relay started');
  return { url: http.url, ready, view, stop: () => composeStop(started).stop() };
}
