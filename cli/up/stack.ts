/** All services on one network in one process: what `nilz up` runs. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { lockFaucet } from '../../faucet/core.ts';
import type { RunningFaucet } from '../../faucet/faucet.ts';
import { FAUCET_FILE } from '../../faucet/settings.ts';
import { type Miner, startMiner } from '../../miner/miner.ts';
import { type RunningNode, startNode } from '../../node/node.ts';
import { NO_PEERS } from '../../node/peers/open-peers.ts';
import type { RunningRelay } from '../../node/relay/relay.ts';
import { parseFee } from '../../pool/accounting/scheme.ts';
import { lockLedger, type RunningPool, startPool } from '../../pool/pool.ts';
import { DEFAULT_DIFFICULTY, DIFFICULTY_RANGE } from '../../pool/stratum/difficulty.ts';
import { COIN } from '../../protocol/amount.ts';
import { DEV_MNEMONIC, type NetworkProfile, networkDirectory } from '../../protocol/network.ts';
import { systemClock } from '../../service/clock.ts';
import { lockDirectory } from '../../service/files.ts';
import type { Credentials } from '../../service/http.ts';
import { composeStop, type Stoppable, startParts } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import type { RunningWalletGui } from '../../wallet/gui/gui-server.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { accountAddress, readAccounts } from './accounts.ts';
import { commandOptions } from './command-options.ts';
import { type RunningHome, startHome } from './home/home.ts';
import { startDevFaucet, startDevRelay } from './public-services.ts';
import { startTraffic } from './traffic.ts';
import { startDevWallet } from './wallet.ts';

export interface StackOptions {
  readonly profile: NetworkProfile;
  readonly dataDirectory: string;
  readonly rpcPort: number;
  readonly credentials?: Credentials | undefined;
  /** Where other nodes of this machine can join. */
  readonly p2pPort: number;
  readonly stratumPort: number;
  /** Of the pool. */
  readonly httpPort: number;
  readonly relayPort: number;
  readonly faucetPort: number;
  readonly walletPort: number;
  /** Of the landing page. */
  readonly homePort: number;
  /** Share difficulty that a miner starts with. */
  readonly startDifficulty: number;
  /** Between two payouts of the pool; 0: only by hand. */
  readonly payoutIntervalSeconds: number;
  /** Hashing threads; 0 = no miner. */
  readonly threads: number;
  readonly traffic: boolean;
  /** Take miners of the local network too. */
  readonly lan: boolean;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** What the RPC method `stop` does. */
  readonly onStopRequest: () => void;
  /** What is done when the chain can make no change any more. */
  readonly onNodeFailure: () => void;
}

/** Everything that is up. */
export interface Stack extends Stoppable {
  readonly node: RunningNode;
  readonly dataDirectory: string;
  readonly pool: RunningPool;
  readonly relay: RunningRelay;
  /** The relay's pages. */
  readonly explorerUrl: string;
  readonly faucet: RunningFaucet;
  /** The wallet's page. */
  readonly wallet: RunningWalletGui;
  readonly home: RunningHome;
  readonly miner: Miner | undefined;
  /** Calls the node. */
  readonly rpc: RpcClient;
  /** Stratum URLs for miners of the local network; empty unless asked for. */
  readonly lanUrls: readonly string[];
}

const CHAIN = 'node.sqlite';
const LEDGER = 'pool.sqlite';
/** Stands in the directory from the beginning of a reset to its end. */
const UNFINISHED_RESET = '.reset';
const LOOPBACK = '127.0.0.1';
const EVERYWHERE = '0.0.0.0';
const SHARE_DIFFICULTY = {
  ...DEFAULT_DIFFICULTY,
  minimum: DIFFICULTY_RANGE.lowest,
  maximum: DIFFICULTY_RANGE.highest,
};
const JOB_REFRESH_SECONDS = 30;
const JOB_TTL_SECONDS = 90;
/** The account that the pool is run from. */
const OPERATOR = 'pool';
/** The account that the built-in miner mines for. */
const MINER = 'carol';
const PAYOUT_MINIMUM_NITS = COIN / 100n;

/**
 * Starts one service after the other; a service that cannot start stops those before it.
 * @throws what the `start…` functions throw, each with a message for the person at the keyboard
 */
export function startStack(options: StackOptions): Promise<Stack> {
  return startParts((started) => start(options, started), options.log);
}

async function start(options: StackOptions, started: Stoppable[]): Promise<Stack> {
  const { profile, log } = options;
  const node = await startNode({
    profile,
    dataDirectory: options.dataDirectory,
    rpcPort: options.rpcPort,
    credentials: options.credentials,
    peers: { ...NO_PEERS, listen: { ip: LOOPBACK, port: options.p2pPort } },
    log: log.child({ part: 'node' }),
    onStopRequest: options.onStopRequest,
    onFailure: options.onNodeFailure,
  });
  const access = { url: node.rpcUrl, credentials: node.credentials };
  const rpc = createRpcClient(access);
  started.push(node, { stop: async () => rpc.close() });

  const pool = await startPool({
    nodes: [access],
    rewardAddress: accountAddress(profile, OPERATOR),
    terms: { scheme: 'pplns', fee: parseFee('1') },
    payouts: {
      label: OPERATOR,
      minimum: PAYOUT_MINIMUM_NITS,
      intervalSeconds: options.payoutIntervalSeconds,
      // The words are public: there is nothing to be kept.
      openWallet: async (client) => {
        const store = new MemoryStore(firstContents(DEV_MNEMONIC, profile));
        return new Wallet({ store, profile, backend: new NodeBackend(client) });
      },
    },
    ledgerFile: join(node.directory, LEDGER),
    stratum: { host: options.lan ? EVERYWHERE : LOOPBACK, port: options.stratumPort },
    http: { host: LOOPBACK, port: options.httpPort },
    difficulty: { start: options.startDifficulty, ...SHARE_DIFFICULTY },
    jobRefreshSeconds: JOB_REFRESH_SECONDS,
    jobTtlSeconds: JOB_TTL_SECONDS,
    stopping: options.stopping,
    log: log.child({ part: 'pool' }),
  });
  started.push(pool);

  const open = { profile, node: access, host: LOOPBACK };
  const relay = await startDevRelay({ ...open, port: options.relayPort, log: log.child({ part: 'relay' }) });
  started.push(relay);
  const explorerUrl = `${relay.url}/explorer`;
  const faucet = await startDevFaucet({
    ...open,
    port: options.faucetPort,
    directory: node.directory,
    explorerUrl,
    log: log.child({ part: 'faucet' }),
  });
  started.push(faucet);

  const wallet = await startDevWallet({
    ...open,
    port: options.walletPort,
    directory: node.directory,
    explorerUrl,
    log: log.child({ part: 'wallet' }),
  });
  started.push(wallet);

  const { port } = new URL(pool.stratumUrl);
  const miner = options.threads > 0 ? await mineFor(options, `stratum+tcp://${LOOPBACK}:${port}`) : undefined;
  if (miner !== undefined) started.push(miner);
  if (options.traffic) started.push(startTraffic({ profile, node: rpc, log, random: Math.random }));

  const lanUrls = options.lan ? lanAddresses().map((address) => `stratum+tcp://${address}:${port}`) : [];
  const services = {
    node,
    dataDirectory: options.dataDirectory,
    pool,
    relay,
    explorerUrl,
    faucet,
    wallet,
    miner,
    rpc,
  };
  const home = await startHomeOf(options, { ...services, lanUrls });
  started.push(home);
  return { ...services, home, lanUrls, stop: () => composeStop(started).stop() };
}

function mineFor({ profile, threads, log }: StackOptions, url: string): Promise<Miner> {
  const user = `${accountAddress(profile, MINER)}.devnet`;
  return startMiner({ pools: [{ url, user }], threads, log: log.child({ part: 'miner' }) });
}

/** The landing page, which tells of all the others. */
function startHomeOf(options: StackOptions, stack: Omit<Stack, 'home' | 'stop'>): Promise<RunningHome> {
  const { profile, log } = options;
  const { node, pool, relay, explorerUrl, faucet, wallet, miner, rpc, lanUrls } = stack;
  return startHome({
    host: LOOPBACK,
    port: options.homePort,
    profile,
    places: {
      nodeUrl: node.rpcUrl,
      peerAddress: `${LOOPBACK}:${node.p2pPort}`,
      relayUrl: relay.url,
      explorerUrl,
      faucetUrl: faucet.httpUrl,
      poolUrl: pool.httpUrl,
      stratumUrl: pool.stratumUrl,
      lanUrls,
    },
    wallet,
    miner,
    minerAddress: accountAddress(profile, MINER),
    accounts: () => readAccounts(profile, rpc),
    commandOptions: commandOptions({ ...node, dataDirectory: options.dataDirectory }, { password: false }),
    clock: systemClock,
    log: log.child({ part: 'home' }),
  });
}

/** This machine's IPv4 addresses in its local networks. */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/**
 * Removes the chain, the pool's ledger and the faucet's book of a network. Wallets are nobody's but the user's, and
 * stay.
 * @throws DirectoryInUseError while another process works with them; DirectoryError, DatabaseError
 */
export async function resetStack(profile: NetworkProfile, dataDirectory: string): Promise<void> {
  const directory = join(dataDirectory, networkDirectory(profile));
  const ledgerFile = join(directory, LEDGER);
  const faucetFile = join(directory, FAUCET_FILE);
  const locks = [() => lockDirectory(directory), () => lockLedger(ledgerFile), () => lockFaucet(faucetFile)];
  const held: (() => Promise<void>)[] = [];
  try {
    for (const lock of locks) held.push(await lock());
    await writeFile(join(directory, UNFINISHED_RESET), '');
    for (const file of [faucetFile, ledgerFile, join(directory, CHAIN)]) await removeDatabase(file);
    await rm(join(directory, UNFINISHED_RESET));
  } finally {
    for (const unlock of held.reverse()) await unlock();
  }
}

/** Whether a reset was cut short: what it left belongs to no chain any more. */
export function isResetUnfinished(profile: NetworkProfile, dataDirectory: string): boolean {
  return existsSync(join(dataDirectory, networkDirectory(profile), UNFINISHED_RESET));
}

/** With the log and the index of the log that SQLite keeps beside it. */
async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
}
