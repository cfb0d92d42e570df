import { randomBytes } from 'node:crypto';
import { addressReader } from '../../protocol/payout-address.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import { composeStop, type Stoppable, startParts } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { NetworkList } from '../../service/network-list.ts';
import { Upgrades } from '../../service/upgrade.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { NodeNetwork } from '../nodes/node-network.ts';
import { Statistics } from '../statistics/statistics.ts';
import type { DifficultyLimits } from '../stratum/difficulty.ts';
import { Extranonce1Space } from '../stratum/extranonce1.ts';
import { DEFAULT_LIMITS, type StratumLimits } from '../stratum/limits.ts';
import { Roster } from '../stratum/roster.ts';
import { VolatileMemory } from '../stratum/session-memory.ts';
import type { StratumPlaces } from '../stratum/stratum-ports.ts';
import { StratumServer } from '../stratum/stratum-server.ts';
import { edgeApp } from './edge-http.ts';
import { PoolLink } from './pool-link.ts';
import { RemoteJobs } from './remote-jobs.ts';
import { RemoteShares } from './remote-shares.ts';
import { type RpcTiming, WireError } from './rpc-socket.ts';
import { EDGE_PROTOCOL, MAX_BATCH, MAX_BATCHES_IN_FLIGHT, type Welcome } from './wire.ts';

export interface EdgeOptions {
  /** What this edge is called: the same after restarts, and no other edge of the pool's. */
  readonly id: string;
  /** `http://host:port` or `https://…` of the pool. */
  readonly poolUrl: string;
  /** The pool's edge token. */
  readonly token: string;
  readonly stratum: StratumPlaces;
  readonly http: { readonly host: string; readonly port: number };
  /** Networks miners may come from (CIDR); empty is everywhere. */
  readonly allow: readonly string[];
  /** How long miners work on while the pool is away. */
  readonly maxOfflineMs: number;
  /** Shares that are held until the pool has answered them. */
  readonly maxHeld: number;
  readonly log: Logger;
  /** Ends the wait for a pool that is not there yet. */
  readonly stopping?: AbortSignal;
  readonly limits?: Partial<StratumLimits>;
  readonly clock?: Clock;
  /** From 0 to below 1: spreads attempts to connect. */
  readonly random?: () => number;
  readonly timing?: RpcTiming | undefined;
  readonly firstPauseMs?: number | undefined;
}

/** An edge that is up. */
export interface RunningEdge extends Stoppable {
  readonly stratumUrl: string;
  /** The same over TLS; undefined without such a port. */
  readonly stratumTlsUrl: string | undefined;
  readonly httpUrl: string;
  /** The network of the pool. */
  readonly network: string;
}

const TICK_MS = 1_000;
/** How often the pool is told who is connected. */
const STATUS_MS = 5_000;
const HTTP_CONNECTIONS = 100;
const HTTP_CONNECTIONS_PER_ADDRESS = 20;
/** How long shares that are under way may take when the edge stops. */
const STOP_GRACE_MS = 1_000;
const PREFIX_BITS = 16;
const EDGE_BIT = 0x8000;

/**
 * Starts an edge: what miners of the public network connect to in front of a private pool. Waits for the pool as
 * long as it takes to be there, since it tells which network this is.
 * @throws EdgeRefusedError (wrong token, a pool of another version or in solo), ListenError, CertificateError
 */
export function startEdge(options: EdgeOptions): Promise<RunningEdge> {
  return startParts((started) => start(options, started), options.log);
}

async function start(options: EdgeOptions, started: Stoppable[]): Promise<RunningEdge> {
  const pool = await connect(options, started);
  const { log } = options;
  const { network, link, statistics } = pool;
  const server = await serveMiners(options, pool, started);
  const upgrades = new Upgrades(() => {
    statistics.connections.refused_path += 1;
  });
  upgrades.route('/stratum', server.onUpgrade);
  const { id, poolUrl, maxHeld, maxOfflineMs, stratum } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const view = {
    ...pool,
    ...{ id, poolUrl, maxHeld, maxOfflineMs, server, network: network.name, counts: statistics },
  };
  const proxies = new NetworkList(stratum.proxies ?? []);
  const http = await startHttpService({
    ...options.http,
    handler: edgeApp(view, log).callback(),
    portSetting: '--http-port',
    upgrades,
    connections: {
      total: HTTP_CONNECTIONS + limits.connections,
      perAddress: HTTP_CONNECTIONS_PER_ADDRESS + limits.connectionsPerAddress,
    },
    isProxy: (address) => proxies.has(address),
    onRefused: () => {
      statistics.connections.refused_address += 1;
    },
    log,
  });
  started.push(http);
  const places = { stratum: server.url, http: http.url, pool: link.url };
  log.info({ network: network.name, ...places }, 'edge started');
  return {
    stratumUrl: server.url,
    stratumTlsUrl: server.tlsUrl,
    httpUrl: http.url,
    network: network.name,
    stop: () => composeStop(started).stop(),
  };
}

/** The side of the pool: what comes from there and goes there. */
interface PoolSide {
  readonly link: PoolLink;
  readonly jobs: RemoteJobs;
  readonly shares: RemoteShares;
  readonly statistics: Statistics;
  /** What the pool said first; everything miners are told rests on it. */
  readonly welcome: Welcome;
  /** As the pool said it last. */
  readonly difficulty: DifficultyLimits;
  readonly network: NodeNetwork;
  readonly clock: Clock;
}

/** Connects to the pool. @returns once it has let the edge in */
async function connect(options: EdgeOptions, started: Stoppable[]): Promise<PoolSide> {
  const { log, stopping, maxOfflineMs, clock = systemClock } = options;
  const statistics = new Statistics(clock);
  const jobs = new RemoteJobs({ clock, firstSequence: randomBytes(3).readUIntBE(0, 3), maxOfflineMs });
  const instance = randomBytes(8).toString('hex');
  let welcome: Welcome | undefined;
  let newest: Welcome | undefined;
  const link = new PoolLink({
    url: options.poolUrl,
    token: options.token,
    hello: () => ({ protocol: EDGE_PROTOCOL, edge: options.id, instance, ...shares.range }),
    listener: {
      onUp: (now, job) => {
        welcome ??= now;
        checkSamePool(welcome, now);
        newest = now;
        told(() => jobs.onUp(job, now.job_ttl_ms));
      },
      onReady: () => shares.onUp(),
      onJob: (job, clean) => told(() => jobs.onJob(job, clean)),
      onNotice: (text) => jobs.onNotice(text),
      onDown: () => {
        jobs.onDown();
        shares.onDown();
      },
    },
    ...{ clock, log, random: options.random ?? Math.random },
    ...{ timing: options.timing, firstPauseMs: options.firstPauseMs },
  });
  const limits = { held: options.maxHeld, batch: MAX_BATCH, inFlight: MAX_BATCHES_IN_FLIGHT };
  const shares = new RemoteShares({ carrier: link, jobs, statistics, limits, clock });
  const stop = () => void link.stop();
  stopping?.addEventListener('abort', stop, { once: true });
  started.push(link);
  await link.start();
  stopping?.removeEventListener('abort', stop);
  if (welcome === undefined) throw new Error('the pool has let the edge in without a word');
  const first = welcome;
  const difficulty = difficultyIn(() => newest ?? first);
  return { link, jobs, shares, statistics, welcome, difficulty, network: networkOf(welcome), clock };
}

/** Opens the ports for miners: the same server as the pool's own, with work and shares far away. */
async function serveMiners(
  options: EdgeOptions,
  { link, jobs, shares, statistics, welcome, difficulty, network, clock }: PoolSide,
  started: Stoppable[],
): Promise<StratumServer> {
  const { allow, log } = options;
  const server = new StratumServer({
    ...options.stratum,
    jobs,
    sink: shares,
    context: { clock, difficulty, readAddress: addressReader(network) },
    extranonce2Size: welcome.extranonce2_size,
    extranonces: new Extranonce1Space({
      prefix: EDGE_BIT + welcome.prefix,
      prefixBits: PREFIX_BITS,
      first: randomBytes(2).readUInt16BE(),
    }),
    memory: new VolatileMemory(),
    roster: new Roster(),
    statistics,
    allowed: allow.length === 0 ? undefined : new NetworkList(allow),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    log,
  });
  await server.start();
  const timers = [
    setInterval(() => jobs.tick(), TICK_MS),
    setInterval(() => link.tellStatus({ ...countsOf(server), held: shares.held.held }), STATUS_MS),
  ];
  started.push({ stop: () => stopServing(server, shares, timers) });
  return server;
}

/** What miners were told once must not change under them: their search space, the form of their addresses. */
function checkSamePool(first: Welcome, now: Welcome): void {
  if (first.network.identity !== now.network.identity) {
    throw new WireError(
      `the pool is on the network "${now.network.name}" now, this edge serves "${first.network.name}": restart the edge`,
    );
  }
  if (first.prefix !== now.prefix) {
    throw new WireError(
      'the pool has another ledger than before, and gives this edge another prefix: restart the edge',
    );
  }
  if (first.extranonce2_size !== now.extranonce2_size) {
    const sizes = `extranonce2 has ${now.extranonce2_size} bytes now, before it had ${first.extranonce2_size}`;
    throw new WireError(`${sizes}: restart the edge`);
  }
}

/** A job that cannot be one is the pool's mistake, not ours. */
function told(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (error instanceof RangeError) throw new WireError(`job: ${error.message}`);
    throw error;
  }
}

function networkOf({ network }: Welcome): NodeNetwork {
  const { hrp, p2pkh, p2sh } = network;
  return {
    name: network.name,
    format: { hrp, ...(p2pkh !== null && { p2pkh }), ...(p2sh !== null && { p2sh }) },
    onlyP2wpkh: network.only_p2wpkh,
    identity: network.identity,
    maturity: network.maturity,
    blockTimeSeconds: network.block_time_seconds,
  };
}

/** The limits in the last welcome: they follow the pool's settings when it was started anew with others. */
function difficultyIn(last: () => Welcome): DifficultyLimits {
  return {
    get start() {
      return last().difficulty.start;
    },
    get minimum() {
      return last().difficulty.minimum;
    },
    get maximum() {
      return last().difficulty.maximum;
    },
    get shareIntervalMs() {
      return last().difficulty.share_interval_ms;
    },
    get shareTargetMultiplier() {
      return last().difficulty.share_target_multiplier;
    },
  };
}

function countsOf(server: StratumServer): { readonly connections: number; readonly authorized: number } {
  const { open, authorized } = server.connections;
  return { connections: open, authorized };
}

/** Shares that are under way are answered before the connections are closed. */
async function stopServing(
  server: StratumServer,
  shares: RemoteShares,
  timers: readonly NodeJS.Timeout[],
): Promise<void> {
  for (const timer of timers) clearInterval(timer);
  server.stopReading();
  await shares.stop(STOP_GRACE_MS);
  await server.stop();
}
