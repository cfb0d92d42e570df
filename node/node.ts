import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { verify } from '#verify';
import { displayHash } from '../protocol/bytes.ts';
import { type NetworkProfile, networkDirectory } from '../protocol/network.ts';
import { lockDirectory, writeCookieFile } from '../service/files.ts';
import {
  type Authorize,
  basicAuth,
  type Credentials,
  type HttpListener,
  listenHttp,
} from '../service/http.ts';
import { composeStop, type Stoppable, startParts } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import type { NotificationFeed } from '../service/notification-feed.ts';
import { createRpcServer } from '../service/rpc-server.ts';
import { Upgrades } from '../service/upgrade.ts';
import { AddressIndex } from './chain/address-index.ts';
import { Chain } from './chain/chain.ts';
import { coinStatistics } from './chain/coin-statistics.ts';
import { type Clock, MockableClock } from './clock.ts';
import { LongPoll } from './long-poll.ts';
import type { Mempool } from './mempool/mempool.ts';
import { openMempool } from './mempool/open-mempool.ts';
import { VerifiedTransactions } from './mempool/verified-transactions.ts';
import { openNetwork, startNetwork } from './network.ts';
import { openNotifications } from './notifications.ts';
import type { PeerSettings } from './peers/open-peers.ts';
import { DecodedBlocks } from './rpc/decoded-blocks.ts';
import { describeRuleError, nodeMethods } from './rpc/methods.ts';
import type { NodeParts } from './rpc/parts.ts';
import { type WarningSources, warningsOf } from './rpc/warnings.ts';
import { openSignatures } from './signatures/open-signatures.ts';
import { openNodeDatabase } from './storage/node-database.ts';
import type { Synchroniser } from './sync/synchroniser.ts';
import { TemplateSource } from './template.ts';

export interface NodeOptions {
  readonly profile: NetworkProfile;
  /** The network's own folder is made below it. */
  readonly dataDirectory: string;
  readonly log: Logger;
  /** Default 127.0.0.1. */
  readonly rpcBind?: string;
  /** Default 5000; 0 picks a free port. */
  readonly rpcPort?: number;
  /** Who may call. Without it a cookie file is written, anew at every start. */
  readonly credentials?: Credentials | undefined;
  /** Origins of web pages that may use the RPC and the notifications, as `https://pool.example`. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Take HTTP header lines that end in a bare LF. */
  readonly lenientHttp?: boolean;
  /** Memory for coins and database pages, in MB; default 128. */
  readonly dbCacheMb?: number;
  /** Memory for unconfirmed transactions, in MB; default 64. */
  readonly maxMempoolMb?: number;
  /** Threads that check signatures; default: one for each core, at most four. They start when they are needed. */
  readonly signatureThreads?: number | undefined;
  /** How it takes part in its network; default: not at all, unless the RPC names other nodes. */
  readonly peers?: PeerSettings;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** What the RPC method `stop` does; default: stops this node. */
  readonly onStopRequest?: () => void;
  /** What is done when the chain can make no change any more, as with a full disk; default: stops this node. */
  readonly onFailure?: () => void;
}

/** A node that is up. */
export interface RunningNode extends Stoppable {
  readonly profile: NetworkProfile;
  readonly rpcUrl: string;
  readonly rpcPort: number;
  /** Where peers connect to; undefined: nowhere. */
  readonly p2pPort: number | undefined;
  readonly credentials: Credentials;
  /** Set when the credentials are in a cookie file. */
  readonly cookieFile: string | undefined;
  /** The folder that holds this network's files. */
  readonly directory: string;
  readonly chain: Chain;
  readonly mempool: Mempool;
  /** Resolves when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

export const DEFAULT_RPC_BIND = '127.0.0.1';
export const DEFAULT_RPC_PORT = 5000;
export const DEFAULT_DB_CACHE_MB = 128;

/**
 * Starts a node: its chain, mempool and RPC.
 * @throws ListenError, DirectoryInUseError, DatabaseError and what `Chain.open` throws, each with
 * a message for the operator; nothing of the node runs then
 */
export function startNode(options: NodeOptions): Promise<RunningNode> {
  return startParts((started) => start(options, started), options.log);
}

/** Starts part after part; what is in `started` is stopped in the reverse order. */
async function start(options: NodeOptions, started: Stoppable[]): Promise<RunningNode> {
  const { profile } = options;
  const directory = join(options.dataDirectory, networkDirectory(profile));
  started.push({ stop: await lockDirectory(directory) });

  const core = await openCore(options, directory, started);
  const access = await openAccess(options, directory, started);
  const authorize = basicAuth([access.credentials]);
  const { log, allowedOrigins = [] } = options;
  const feed = openNotifications(core, { authorize, allowedOrigins, log });
  const listener = await openRpc(options, { core, feed, authorize }, () => void stopAll());
  started.push(listener);
  await startNetwork(core, feed);

  const everything = composeStop(started);
  let markStopped = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    markStopped = resolve;
  });
  const stopAll = (): Promise<void> => everything.stop().finally(markStopped);
  core.chain.on('failed', options.onFailure ?? (() => void stopAll()));
  return {
    profile,
    rpcUrl: listener.url,
    rpcPort: listener.port,
    p2pPort: core.peers.listening()?.port,
    ...access,
    directory,
    chain: core.chain,
    mempool: core.mempool,
    stopped,
    stop: stopAll,
  };
}

type Core = Omit<NodeParts, 'requestStop' | 'activeCalls'>;

/** The chain with everything that follows it. */
async function openCore(options: NodeOptions, directory: string, started: Stoppable[]): Promise<Core> {
  const { profile, log, dbCacheMb = DEFAULT_DB_CACHE_MB } = options;
  const startedMs = performance.now();
  const clock = new MockableClock(options.clock);
  const database = await openNodeDatabase(directory, dbCacheMb);
  started.push({ stop: () => database.close() });
  const verified = new VerifiedTransactions();
  const isVerified = verified.has.bind(verified);
  const signatures = openSignatures(log, options.signatureThreads);
  started.push(signatures);
  const chain = await Chain.open({
    database,
    profile,
    verify,
    signatures,
    isVerified,
    clock,
    log,
    dbCacheMb,
  });
  started.push({ stop: () => chain.close() });

  // It follows the chain before those who hand out work, so that work fits the new tip.
  const pool = await openMempool(
    { chain, database, verified, signatures, clock, log, maxMempoolMb: options.maxMempoolMb },
    started,
  );
  const { mempool } = pool;
  const templates = new TemplateSource({ chain, mempool, clock });
  const longPoll = new LongPoll(templates);
  const mempoolChanged = (): void => longPoll.changed();
  mempool.listen({ added: mempoolChanged, removed: mempoolChanged });
  chain.on('tip', mempoolChanged);
  const network = { ...pool, settings: options.peers, profile, chain, database, clock, log };
  const { peers, sync } = await openNetwork(network, started);
  started.push(logTips({ chain, clock, peers, sync, log }));
  return {
    profile,
    chain,
    addresses: new AddressIndex({ database, chain }),
    blocks: new DecodedBlocks(chain),
    ...pool,
    templates,
    longPoll,
    peers,
    sync,
    clock,
    coinStatistics: async (wanted) => {
      await chain.flush();
      return coinStatistics(database, wanted);
    },
    sizeOnDisk: async () => (await stat(database.file)).size,
    uptimeSeconds: () => Math.floor((performance.now() - startedMs) / 1000),
  };
}

/** How often the operator is told of what is new to warn of. */
const WARN_INTERVAL_MS = 5_000;

/** A line for each new tip near the end of the chain, and one for whatever there is to warn of as soon as it is so. */
function logTips({
  sync,
  log,
  ...sources
}: WarningSources & { chain: Chain; sync: Synchroniser; log: Logger }): Stoppable {
  const { chain } = sources;
  let warned: readonly string[] = [];
  const warn = (): void => {
    const warnings = warningsOf(sources);
    // The seconds in it change; the warning is the same.
    if (warnings.length > warned.length) log.warn(warnings.join(' '));
    warned = warnings;
  };
  warn();
  const timer = setInterval(warn, WARN_INTERVAL_MS).unref();
  chain.on('tip', ({ height, hash, transactionCount }) => {
    if (sync.isCatchingUp) return;
    log.info({ height, hash: displayHash(hash), transactions: transactionCount }, 'new tip');
    warn();
  });
  return { stop: async () => clearInterval(timer) };
}

/** Who may call: the given user, or whoever can read the cookie file, which lasts as long as the node runs. */
async function openAccess(
  { credentials }: NodeOptions,
  directory: string,
  started: Stoppable[],
): Promise<Pick<RunningNode, 'credentials' | 'cookieFile'>> {
  if (credentials) return { credentials, cookieFile: undefined };
  const cookieFile = join(directory, '.cookie');
  const written = await writeCookieFile(cookieFile);
  started.push({ stop: () => rm(cookieFile, { force: true }) });
  return { credentials: written, cookieFile };
}

async function openRpc(
  options: NodeOptions,
  { core, feed, authorize }: { core: Core; feed: NotificationFeed; authorize: Authorize },
  stopNode: () => void,
): Promise<HttpListener> {
  const stop = options.onStopRequest ?? stopNode;
  const server = createRpcServer({
    // The answer to `stop` goes out first.
    methods: nodeMethods({
      ...core,
      activeCalls: () => server.activeCalls(),
      requestStop: () => setImmediate(stop),
    }),
    authorize,
    describeError: describeRuleError,
    health: () => healthOf(core),
    allowedOrigins: options.allowedOrigins ?? [],
    log: options.log,
  });
  const listener = await listenHttp({
    host: options.rpcBind ?? DEFAULT_RPC_BIND,
    port: options.rpcPort ?? DEFAULT_RPC_PORT,
    handler: server.handler,
    lenientParser: options.lenientHttp ?? false,
    portSetting: '--rpc-port',
    onAcceptError: (error) => options.log.error({ err: error }, 'an RPC client could not be accepted'),
    onStop: () => {
      server.stop();
      feed.stop();
    },
  });
  const upgrades = new Upgrades();
  upgrades.route('/ws', feed.upgrade);
  upgrades.attach(listener.server);
  return listener;
}

/** What `GET /health` says to anybody. */
function healthOf({ profile, chain, clock, peers, sync }: Core): Record<string, unknown> {
  const { tip } = chain;
  return {
    status: 'ok',
    network: profile.name,
    height: tip.height,
    tip_hash: displayHash(tip.hash),
    tip_age_seconds: Math.max(0, clock.nowSeconds() - tip.time),
    peers: peers.network.peers().length,
    sync_state: sync.status.phase,
  };
}
