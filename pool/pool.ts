import { dirname } from 'node:path';
import { addressReader } from '../protocol/payout-address.ts';
import { lockFile } from '../service/database.ts';
import { DirectoryInUseError, makeDirectory } from '../service/files.ts';
import { composeStop, type Stoppable, startParts } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import type { RpcClient } from '../service/rpc-client.ts';
import { Upgrades } from '../service/upgrade.ts';
import { type PayoutOptions, startAccounts } from './accounting/start-accounts.ts';
import { termsFor, type WantedTerms } from './accounting/terms-for-network.ts';
import { type Clock, systemClock } from './clock.ts';
import { EdgeGate } from './edge/edge-gate.ts';
import { edgeTokenFile, openEdgeToken } from './edge/edge-token.ts';
import { restoreJobs } from './edge/restored-jobs.ts';
import { EDGE_PATH } from './edge/wire.ts';
import type { BlockHookOptions } from './hooks/block-hook.ts';
import { startBlockHook } from './hooks/on-block.ts';
import { adminTokenFile } from './http/admin-token-file.ts';
import type { HttpLimits } from './http/http-settings.ts';
import { servePool } from './http/serve.ts';
import { Ledger } from './ledger/ledger.ts';
import { awaitNetwork } from './nodes/first-network.ts';
import type { NodeNetwork } from './nodes/node-network.ts';
import { connectNodes, makeNodeWork, type NodeAddress } from './nodes/node-work.ts';
import { payoutOf } from './nodes/payout.ts';
import { followRounds, openStatistics } from './statistics/open-statistics.ts';
import type { DifficultyLimits } from './stratum/difficulty.ts';
import { DEFAULT_LIMITS, type StratumLimits } from './stratum/limits.ts';
import { Roster } from './stratum/roster.ts';
import type { StratumPlaces } from './stratum/stratum-ports.ts';
import { StratumServer } from './stratum/stratum-server.ts';

export interface PoolOptions {
  /** The nodes that give templates and take blocks, in order of preference. */
  readonly nodes: readonly NodeAddress[];
  /** The network the nodes are meant to be on (`dev`, …); undefined takes whichever it is. */
  readonly expectedNetwork?: string | undefined;
  /** Where the coinbases pay to; not needed in solo without a fee. */
  readonly rewardAddress: string | undefined;
  /** How rewards are divided; by default as the network allows, without a fee. */
  readonly terms?: WantedTerms | undefined;
  /** How miners are paid; without it balances are kept and nobody is paid. */
  readonly payouts?: PayoutOptions | undefined;
  readonly ledgerFile: string;
  /** Where the token of the edges is kept (default: `pool-edge.token` beside the ledger). */
  readonly edgeTokenFile?: string | undefined;
  readonly stratum: StratumPlaces;
  readonly http: { readonly host: string; readonly port: number };
  readonly difficulty: DifficultyLimits;
  /** Bytes that a miner may vary: 4 (the default) to 8. */
  readonly extranonce2Size?: number;
  readonly jobRefreshSeconds: number;
  readonly jobTtlSeconds: number;
  readonly log: Logger;
  /** Ends the wait for a node that is not there yet. */
  readonly stopping?: AbortSignal;
  readonly limits?: Partial<StratumLimits>;
  readonly httpLimits?: Partial<HttpLimits>;
  /** What is run for each block. */
  readonly onBlock?: Pick<BlockHookOptions, 'command' | 'environment'> | undefined;
  readonly clock?: Clock;
  /** How often the node is asked for its tip, where its long poll brings no news (default 1,000). */
  readonly pollMs?: number;
  /** How long the node may fail to answer before miners are told (default 3,000). */
  readonly patienceMs?: number;
}

/** A pool that is up. */
export interface RunningPool extends Stoppable {
  readonly stratumUrl: string;
  /** The same over TLS; undefined without such a port. */
  readonly stratumTlsUrl: string | undefined;
  readonly httpUrl: string;
  /** Holds the token that changes over HTTP need. */
  readonly adminTokenFile: string;
  /** Holds the token that edges show. */
  readonly edgeTokenFile: string;
  readonly network: NodeNetwork;
}

const DEFAULT_EXTRANONCE2_SIZE = 4;

/**
 * Starts a pool. Waits for the node for as long as it takes to be there, since it tells which network this is.
 * @throws AddressError, NetworkError, UnreachableError (the node refuses the password), ListenError,
 * DatabaseError, ForeignLedgerError, DirectoryInUseError, each with a message for the operator; nothing of the
 * pool runs then
 */
export function startPool(options: PoolOptions): Promise<RunningPool> {
  return startParts((started) => start(options, started), options.log);
}

/** Starts part after part; what is in `started` is stopped in the reverse order. */
async function start(options: PoolOptions, started: Stoppable[]): Promise<RunningPool> {
  const { log, clock = systemClock, extranonce2Size = DEFAULT_EXTRANONCE2_SIZE } = options;
  const clients = connectNodes(options.nodes);
  started.push({ stop: async () => closeAll(clients) });
  const { expectedNetwork: expected, stopping } = options;
  const network = await awaitNetwork({ clients, expected, stopping, log });
  const terms = termsFor(options.terms, network, log);
  const { payout, address } = payoutOf(terms, options.rewardAddress, network);
  const ledger = await openLedger(options, network, started);
  const seen = await ledger.blocks.chainSeen();

  const work = await makeNodeWork({
    ...options,
    clients,
    network,
    ledger,
    payout,
    terms,
    extranonce2Size,
    clock,
  });
  const { nodes, jobs, watcher, submitter } = work;
  started.push(submitter, watcher);
  await restoreJobs(jobs, ledger.jobs, extranonce2Size, clock);
  const accounts = await startAccounts({
    ...options,
    ledger,
    client: nodes.client,
    terms,
    network,
    rewardAddress: address,
    clock,
    currentBits: () => jobs.latest?.bits,
    isSearched: () => submitter.isRecovered,
  });
  started.push(accounts);

  const statistics = await openStatistics(ledger.shares, clock, log);
  await followRounds(statistics, accounts.view, ledger.shares);
  if (options.onBlock !== undefined) {
    started.push(await startBlockHook(accounts.view, network.name, { ...options.onBlock, log }));
  }
  const edgeToken = options.edgeTokenFile ?? edgeTokenFile(options.ledgerFile);
  // Edges hear of new work before the pool's own miners: they have miners of theirs to tell.
  const edges = new EdgeGate({
    token: await openEdgeToken(edgeToken),
    jobs: watcher,
    templateOf: (job) => jobs.templateOf(job),
    found: (candidate) => submitter.submit(candidate),
    readAddress: addressReader(network),
    difficulty: options.difficulty,
    extranonce2Size,
    jobTtlMs: options.jobTtlSeconds * 1000,
    ...{ network, ledger, statistics, clock, log },
  });
  const roster = new Roster();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const server = new StratumServer({
    ...options.stratum,
    jobs: watcher,
    sink: {
      record: (share) => ledger.shares.record(share),
      found: (candidate) => submitter.submit(candidate),
    },
    context: {
      clock,
      difficulty: options.difficulty,
      readAddress: addressReader(network),
    },
    extranonce2Size,
    memory: ledger.sessions,
    roster,
    statistics,
    limits,
    log,
  });
  await watcher.start();
  await server.start();
  started.push({ stop: () => stopServing(server, ledger) }, edges);
  const upgrades = new Upgrades(() => {
    statistics.connections.refused_path += 1;
  });
  upgrades.route('/stratum', server.onUpgrade);
  upgrades.route(EDGE_PATH, edges.upgrade);
  const http = await servePool({
    ...options.http,
    ledgerFile: options.ledgerFile,
    client: nodes.client,
    upgrades,
    limits: options.httpLimits,
    minerConnections: { total: limits.connections, perAddress: limits.connectionsPerAddress },
    proxies: options.stratum.proxies,
    view: {
      network,
      rewardAddress: address,
      difficulty: options.difficulty,
      work: watcher,
      jobs,
      ledger,
      roster,
      server,
      statistics,
      nodes,
      edges,
      accounts: accounts.view,
      clock,
      log,
    },
  });
  started.push(http);
  submitter
    .recover(seen?.height)
    .catch((error: unknown) => log.error({ err: error }, 'recovering blocks failed'));
  log.info({ network: network.name, stratum: server.url, http: http.url, address }, 'pool started');
  return {
    stratumUrl: server.url,
    stratumTlsUrl: server.tlsUrl,
    httpUrl: http.url,
    adminTokenFile: adminTokenFile(options.ledgerFile),
    edgeTokenFile: edgeToken,
    network,
    stop: () => composeStop(started).stop(),
  };
}

function closeAll(clients: readonly RpcClient[]): void {
  for (const client of clients) client.close();
}

/** Opens the ledger, which only one pool may use. */
async function openLedger(options: PoolOptions, network: NodeNetwork, started: Stoppable[]): Promise<Ledger> {
  const { ledgerFile: file, log } = options;
  started.push({ stop: await lockLedger(file) });
  const ledger = await Ledger.open({ file, network: network.identity, log });
  started.push({ stop: () => ledger.close() });
  return ledger;
}

/**
 * Makes a ledger ours until the returned function is called or the process ends, however it ends.
 * @throws DirectoryInUseError while another pool uses it; DirectoryError, DatabaseError
 */
export async function lockLedger(file: string): Promise<() => Promise<void>> {
  await makeDirectory(dirname(file));
  const unlock = await lockFile(`${file}.lock`);
  if (unlock !== undefined) return unlock;
  throw new DirectoryInUseError(
    `${file} is in use by another pool; stop that one, or choose another --datadir`,
  );
}

/** Shares that are under way are answered before the connections are closed. */
async function stopServing(server: StratumServer, ledger: Ledger): Promise<void> {
  server.stopReading();
  await ledger.shares.flush();
  await server.stop();
}
