import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { AddressError } from '../protocol/address.ts';
import { BlockchainInfo, RPC_ERRORS } from '../protocol/rpc.ts';
import { lockFile } from '../service/database.ts';
import { DirectoryInUseError, makeDirectory } from '../service/files.ts';
import { listenHttp } from '../service/http.ts';
import { composeStop, type Stoppable, startParts } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import {
  createRpcClient,
  RpcCallError,
  type RpcClient,
  type RpcClientOptions,
  UnreachableError,
} from '../service/rpc-client.ts';
import { Upgrades } from '../service/upgrade.ts';
import { type Clock, systemClock } from './clock.ts';
import { poolApp } from './http/api.ts';
import { Jobs } from './jobs/jobs.ts';
import { newTip } from './jobs/tip.ts';
import { Ledger } from './ledger/ledger.ts';
import { BlockSubmitter } from './nodes/block-submitter.ts';
import {
  NetworkError,
  type NodeNetwork,
  networkOf,
  type PayoutAddress,
  readPayoutAddress,
} from './nodes/node-network.ts';
import { TemplateWatcher } from './nodes/template-watcher.ts';
import { Statistics } from './statistics/statistics.ts';
import type { DifficultyLimits } from './stratum/difficulty.ts';
import { DEFAULT_LIMITS, type StratumLimits } from './stratum/limits.ts';
import { Roster } from './stratum/roster.ts';
import type { SessionContext } from './stratum/session.ts';
import { StratumServer } from './stratum/stratum-server.ts';

export interface PoolOptions {
  /** The node that gives templates and takes blocks. */
  readonly node: Pick<RpcClientOptions, 'url' | 'credentials' | 'cookieFile'>;
  /** The network the node is meant to be on (`dev`, …); undefined takes whichever it is. */
  readonly expectedNetwork?: string | undefined;
  /** Where the coinbases pay to. */
  readonly rewardAddress: string;
  readonly ledgerFile: string;
  readonly stratum: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  readonly difficulty: DifficultyLimits;
  readonly jobRefreshSeconds: number;
  readonly jobTtlSeconds: number;
  readonly log: Logger;
  /** Ends the wait for a node that is not there yet. */
  readonly stopping?: AbortSignal;
  readonly limits?: Partial<StratumLimits>;
  readonly clock?: Clock;
  /** How often the node is asked for its tip, where its long poll brings no news (default 1,000). */
  readonly pollMs?: number;
  /** How long the node may fail to answer before miners are told (default 3,000). */
  readonly patienceMs?: number;
}

/** A pool that is up. */
export interface RunningPool extends Stoppable {
  readonly stratumUrl: string;
  readonly httpUrl: string;
  readonly network: NodeNetwork;
}

const EXTRANONCE2_SIZE = 4;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

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
  const { log, clock = systemClock } = options;
  const client = createRpcClient({ ...options.node, urlSetting: '--node-url' });
  started.push({ stop: async () => client.close() });
  const network = await awaitNetwork(client, options);
  const payout = rewardOf(options.rewardAddress, network);
  const ledger = await openLedger(options, network, started);

  const knownTip = await ledger.shares.lastTip();
  const jobs = new Jobs(
    {
      payoutScript: payout.script,
      extranonce2Size: EXTRANONCE2_SIZE,
      uniqueBase: randomBytes(8).readBigUInt64BE(),
    },
    { refreshMs: options.jobRefreshSeconds * 1000, ttlMs: options.jobTtlSeconds * 1000 },
    randomBytes(3).readUIntBE(0, 3),
    knownTip && newTip(knownTip.hash, knownTip.height, knownTip.credited),
  );
  const watcher = new TemplateWatcher({
    client,
    jobs,
    clock,
    log,
    checkNetwork: (signal) => checkSameNetwork(client, network, signal),
    jobTtlMs: options.jobTtlSeconds * 1000,
    ...(options.pollMs !== undefined && { pollMs: options.pollMs }),
    ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
  });
  const onAccepted = () => watcher.hurry();
  const submitter = new BlockSubmitter({
    client,
    ledger,
    jobs,
    clock,
    log,
    payoutScript: payout.script,
    onAccepted,
  });
  started.push(submitter, watcher);

  const statistics = new Statistics(clock);
  const roster = new Roster();
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
      extranonce2Size: EXTRANONCE2_SIZE,
      readAddress: addressReader(network),
    },
    roster,
    statistics,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    log,
  });
  await watcher.start();
  await server.start();
  started.push({ stop: () => stopServing(server, ledger) });
  const view = { network, rewardAddress: payout.address, jobs, ledger, roster, server, statistics, watcher };
  const http = await listenHttp({
    ...options.http,
    handler: poolApp({ ...view, clock, log }).callback(),
    portSetting: '--http-port',
    onAcceptError: (error) => log.error({ err: error }, 'an HTTP client could not be accepted'),
  });
  started.push(http);
  const upgrades = new Upgrades();
  upgrades.attach(http.server);
  submitter.recover().catch((error: unknown) => log.error({ err: error }, 'recovering blocks failed'));
  log.info(
    { network: network.name, stratum: server.url, http: http.url, address: payout.address },
    'pool started',
  );
  return { stratumUrl: server.url, httpUrl: http.url, network, stop: () => composeStop(started).stop() };
}

/** Asks the node for its network, with growing pauses while it is not there. */
async function awaitNetwork(client: RpcClient, options: PoolOptions): Promise<NodeNetwork> {
  const { log, stopping, expectedNetwork } = options;
  let told = '';
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const network = await askNetwork(client, stopping);
      if (expectedNetwork !== undefined && network.onlyP2wpkh && network.name !== expectedNetwork) {
        throw new NetworkError(
          `the node at ${client.url} is on the network "${network.name}", --network says "${expectedNetwork}"`,
        );
      }
      return network;
    } catch (error) {
      stopping?.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (told !== error.message) log.warn(`waiting for the node: ${error.message}`);
      told = error.message;
    }
    await sleep(pauseMs, undefined, { ...(stopping && { signal: stopping }) });
  }
}

/** Whether the node may simply not be up yet. */
function isPassing(error: unknown): error is UnreachableError | RpcCallError {
  if (error instanceof RpcCallError) return error.code === RPC_ERRORS.inWarmup;
  return error instanceof UnreachableError && error.reason !== 'unauthorized' && error.reason !== 'answer';
}

async function askNetwork(client: RpcClient, signal?: AbortSignal): Promise<NodeNetwork> {
  const limits = signal === undefined ? {} : { signal };
  const info = await client.call('getblockchaininfo', [], { ...limits, schema: BlockchainInfo });
  const genesis = await client.call('getblockhash', [0], { ...limits, schema: z.string() });
  return networkOf(info, genesis);
}

async function checkSameNetwork(client: RpcClient, network: NodeNetwork, signal: AbortSignal): Promise<void> {
  const { name, identity } = await askNetwork(client, signal);
  if (identity === network.identity) return;
  throw new NetworkError(`the node is on the network "${name}" now, this pool is on "${network.name}"`);
}

function rewardOf(address: string, network: NodeNetwork): PayoutAddress {
  try {
    return readPayoutAddress(address, network);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new AddressError(`--address ${address}: ${error.message} (the node is on "${network.name}")`);
  }
}

function addressReader(network: NodeNetwork): SessionContext['readAddress'] {
  return (text) => {
    try {
      return { address: readPayoutAddress(text, network).address };
    } catch (error) {
      if (error instanceof AddressError) return { refusal: error.message };
      throw error;
    }
  };
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
