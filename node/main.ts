/** `nilz node`: reads flags, environment and signals, and calls `startNode`. */

import { readFileSync } from 'node:fs';
import { AddressError } from '../protocol/address.ts';
import { displayHash } from '../protocol/bytes.ts';
import type { NetworkProfile } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import { readPayoutAddress } from '../protocol/payout-address.ts';
import { ProfileError } from '../protocol/profile-error.ts';
import {
  boolean,
  choice,
  helpText,
  integer,
  list,
  loadSettings,
  SettingError,
  string,
  type Values,
} from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { DirectoryError } from '../service/files.ts';
import { type Credentials, ListenError } from '../service/http.ts';
import { composeStop, EXIT, runUntilSignal, type Stoppable, startParts } from '../service/lifecycle.ts';
import { createLogger, LOG_LEVELS, type Logger } from '../service/log.ts';
import { DEFAULT_MAX_MEMPOOL_MB } from './mempool/policy.ts';
import {
  DEFAULT_DB_CACHE_MB,
  DEFAULT_RPC_BIND,
  DEFAULT_RPC_PORT,
  type RunningNode,
  startNode,
} from './node.ts';
import { PEER_SETTINGS, peerSettingsOf } from './peers/peer-settings.ts';
import { IdentityError } from './storage/identity.ts';

const COMMAND = 'nilz node';

const SETTINGS = {
  network: string({
    help: 'main, test, dev, regtest, bitcoin-regtest, or the JSON file of a private network',
    default: 'dev',
  }),
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
  rpcBind: string({ help: 'address the RPC listens on', default: DEFAULT_RPC_BIND }),
  rpcPort: integer({
    help: 'port of the RPC, 0 for any free one',
    default: DEFAULT_RPC_PORT,
    min: 0,
    max: 65_535,
  }),
  rpcUser: string({
    help: 'name to call the RPC with; without it the cookie file in the data directory is used',
  }),
  rpcPassword: string({ help: 'password that goes with --rpc-user' }),
  rpcLenientHttp: boolean({
    help:
      'take HTTP header lines that end in a bare LF, as ckpool sends them; behind a proxy this lets requests be ' +
      'smuggled past it',
  }),
  rpcAllowOrigin: list({
    help: 'web page that may use the RPC, by its origin (https://HOST); any other is refused',
  }),
  ...PEER_SETTINGS,
  mine: string({ help: 'mine without a pause and pay to this address' }),
  mineThreads: integer({ help: 'hashing threads for --mine', default: 1, min: 1, max: 1_024 }),
  dbCache: integer({
    help: 'memory for coins and database pages, in MB',
    default: DEFAULT_DB_CACHE_MB,
    min: 4,
  }),
  signatureThreads: integer({
    help: 'threads that check signatures, started when they are needed (default: one for each core, at most 4); 0 for none',
    min: 0,
    max: 64,
  }),
  maxMempool: integer({
    help: 'memory for unconfirmed transactions, in MB; those that pay least leave when it is full',
    min: 5,
    max: 1_024,
    default: DEFAULT_MAX_MEMPOOL_MB,
  }),
  blockTime: integer({
    help: 'seconds per block on dev or a private network; makes it another network',
    env: ['NILZ_BLOCK_TIME_S'],
    min: 2,
    max: 86_400,
  }),
  retargetWindow: integer({
    help: 'blocks the retarget looks back on dev or a private network; makes it another network',
    min: 3,
    max: 1_000,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

type NodeSettings = Values<typeof SETTINGS>;

/** Whom to mine for, on which node. */
export interface MiningOrder {
  readonly rpcUrl: string;
  readonly credentials: Credentials;
  /** An address of the node's network. */
  readonly address: string;
  readonly threads: number;
  /** Least time between two blocks, for networks whose blocks cost nothing; 0 mines as fast as it can. */
  readonly paceMs: number;
  /** Where the miner remembers what it has found out about this machine. */
  readonly dataDirectory: string;
  readonly log: Logger;
}

/** Starts a miner, which a node has none of itself: it comes from whoever composes the two. */
export type StartMining = (order: MiningOrder) => Promise<Stoppable>;

/** Runs the node until it is told to end; returns the exit code. */
export async function main(
  argv: string[],
  env: NodeJS.ProcessEnv,
  startMining: StartMining,
): Promise<number> {
  try {
    const { values, help } = loadSettings(SETTINGS, { command: COMMAND, argv, env });
    if (help) {
      const summary = 'Runs a node: the chain, its mempool, its peers and the JSON-RPC.';
      console.log(helpText(SETTINGS, { command: COMMAND, summary }).trimEnd());
      return EXIT.done;
    }
    return await run(values, startMining);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${COMMAND}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

async function run(values: NodeSettings, startMining: StartMining): Promise<number> {
  const profile = chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
  const credentials = credentialsOf(values);
  if (values.mine !== undefined) assertAddress(values.mine, profile);
  for (const origin of values.rpcAllowOrigin) assertOrigin(origin);
  const log = createLogger({
    name: 'node',
    level: values.logLevel,
    ...(values.json && { pretty: false }),
  });
  return runUntilSignal(
    ({ requestStop }) =>
      startParts(async (started) => {
        const node = await startNode({
          profile,
          dataDirectory: values.datadir,
          rpcBind: values.rpcBind,
          rpcPort: values.rpcPort,
          credentials,
          lenientHttp: values.rpcLenientHttp,
          allowedOrigins: values.rpcAllowOrigin,
          peers: peerSettingsOf(values, profile),
          dbCacheMb: values.dbCache,
          signatureThreads: values.signatureThreads,
          maxMempoolMb: values.maxMempool,
          log,
          onStopRequest: requestStop,
          onFailure: () => requestStop(EXIT.failed),
        });
        started.push(node);
        if (values.mine !== undefined)
          started.push(await startMining(miningOrder(node, values.mine, values, log)));
        announce(node, values.json);
        return composeStop(started);
      }, log),
    { log },
  );
}

/** Where blocks cost nothing they come at the pace of the network's block time. */
function miningOrder(
  { profile, rpcUrl, credentials }: RunningNode,
  address: string,
  { mineThreads: threads, datadir: dataDirectory }: NodeSettings,
  log: Logger,
): MiningOrder {
  const paceMs = profile.retarget ? 0 : profile.blockTimeSeconds * 1000;
  return { rpcUrl, credentials, address, threads, paceMs, dataDirectory, log: log.child({ part: 'miner' }) };
}

function assertAddress(address: string, profile: NetworkProfile): void {
  try {
    readPayoutAddress(address, { format: profile.address, onlyP2wpkh: true });
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new SettingError(`--mine ${address}: no address of network ${profile.name}: ${error.message}`);
  }
}

/** A browser sends scheme, host and port, and nothing else: anything more would never match. */
function assertOrigin(text: string): void {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new SettingError(`--rpc-allow-origin ${text}: must be an origin, as https://pool.example`);
  }
}

function credentialsOf({ rpcUser, rpcPassword }: NodeSettings): Credentials | undefined {
  if (rpcUser === undefined && rpcPassword === undefined) return undefined;
  if (rpcUser === undefined) throw new SettingError('--rpc-password needs --rpc-user with it');
  if (rpcPassword === undefined) throw new SettingError('--rpc-user needs --rpc-password with it');
  if (rpcUser.includes(':')) throw new SettingError(`--rpc-user ${rpcUser}: must not contain a colon`);
  return { user: rpcUser, password: rpcPassword };
}

/** Tells that the node is ready: one line of JSON on standard output, or a line for people. */
function announce(
  { profile, chain, rpcUrl, p2pPort, cookieFile, directory }: RunningNode,
  json: boolean,
): void {
  const { height, hash } = chain.tip;
  const facts = {
    network: profile.name,
    height,
    hash: displayHash(hash),
    rpc_url: rpcUrl,
    p2p_port: p2pPort ?? null,
  };
  if (json) {
    console.log(JSON.stringify({ ready: true, ...facts, cookie_file: cookieFile ?? null, directory }));
    return;
  }
  const access = cookieFile === undefined ? 'user and password as set' : `cookie ${cookieFile}`;
  console.log(
    `node ready: network ${profile.name}, height ${height}, RPC ${rpcUrl} (${access}), ${p2pPort === undefined ? 'no port for peers' : `peers port ${p2pPort}`}`,
  );
  if (profile.fundedAccounts.length > 0) {
    const names = profile.fundedAccounts.map(({ name }) => name).join(', ');
    console.log(
      `WARNING: the keys of the funded accounts of ${profile.name} (${names}) are PUBLIC. ` +
        'Anybody can spend their coins: use them for trying out only.',
    );
  }
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof ListenError || error instanceof DirectoryError) return EXIT.failed;
  if (error instanceof DatabaseError || error instanceof IdentityError) return EXIT.failed;
  return undefined;
}
