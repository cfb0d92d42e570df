/** `nilz pool`: reads flags, environment and signals, and calls `startPool`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AddressError } from '../protocol/address.ts';
import { networkDirectory, ProfileError } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import {
  boolean,
  choice,
  helpText,
  integer,
  loadSettings,
  number,
  SettingError,
  string,
  type Values,
} from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { DirectoryError } from '../service/files.ts';
import { ListenError } from '../service/http.ts';
import { EXIT, runUntilSignal } from '../service/lifecycle.ts';
import { createLogger, LOG_LEVELS } from '../service/log.ts';
import { UnreachableError } from '../service/rpc-client.ts';
import { ForeignLedgerError } from './ledger/ledger.ts';
import { NetworkError } from './nodes/node-network.ts';
import { type PoolOptions, type RunningPool, startPool } from './pool.ts';
import { DIFFICULTY_RANGE } from './stratum/difficulty.ts';

const COMMAND = 'nilz pool';
const DIFFICULTY = { min: DIFFICULTY_RANGE.lowest, max: DIFFICULTY_RANGE.highest };
const PORT = { min: 0, max: 65_535 };

const SETTINGS = {
  network: string({
    help:
      'main, test, dev, regtest, bitcoin-regtest, or the JSON file of a private network: where the data is; ' +
      'a Bitcoin node of any network says itself which one it is on',
    default: 'dev',
  }),
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
  nodeUrl: string({
    help: 'the node, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT',
    default: 'http://127.0.0.1:5000',
  }),
  nodeCookie: string({ help: "the node's cookie file, if not in the data directory" }),
  address: string({ help: 'where the rewards of blocks are paid to', keys: ['reward_address'] }),
  stratumBind: string({ help: 'address the Stratum port listens on', default: '0.0.0.0' }),
  stratumPort: integer({ help: 'port miners connect to, 0 for any free one', default: 3333, ...PORT }),
  httpBind: string({ help: 'address the HTTP port listens on', default: '127.0.0.1', keys: ['host'] }),
  httpPort: integer({
    help: 'port of the HTTP API, 0 for any free one',
    default: 8000,
    keys: ['port'],
    ...PORT,
  }),
  startDifficulty: number({
    help: 'difficulty of shares for a miner that asks for none',
    default: 0.001,
    ...DIFFICULTY,
  }),
  minDifficulty: number({
    help: 'the lowest difficulty a miner may ask for',
    default: 0.0001,
    ...DIFFICULTY,
  }),
  jobRefreshSeconds: integer({ help: 'a new job at least this often', default: 30, min: 1, max: 110 }),
  jobTtlSeconds: integer({
    help: 'how long a job is known after a new block has replaced its tip',
    default: 90,
    min: 5,
    max: 3_600,
  }),
  maxConnections: integer({
    help: 'open connections of all miners',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxConnectionsPerAddress: integer({
    help: 'open connections from one IP address',
    default: 256,
    min: 1,
    max: 1_000_000,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

type PoolSettings = Values<typeof SETTINGS>;

/** Runs the pool until it is told to end; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { values, help } = loadSettings(SETTINGS, { command: COMMAND, argv, env });
    if (help) {
      const summary = 'Runs a Stratum mining pool in front of a node that offers getblocktemplate.';
      process.stdout.write(helpText(SETTINGS, { command: COMMAND, summary }));
      return EXIT.done;
    }
    return await run(values);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${COMMAND}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

async function run(values: PoolSettings): Promise<number> {
  const options = poolOptions(values);
  const log = createLogger({ name: 'pool', level: values.logLevel, ...(values.json && { pretty: false }) });
  return runUntilSignal(
    async ({ stopping }) => {
      try {
        const pool = await startPool({ ...options, log, stopping });
        announce(pool, values.json);
        return pool;
      } catch (error) {
        // Told to end while it still waited for the node: nothing runs that would have to be stopped.
        if (stopping.aborted) return { stop: async () => undefined };
        throw error;
      }
    },
    { log },
  );
}

/** @throws SettingError, ProfileError */
function poolOptions(values: PoolSettings): Omit<PoolOptions, 'log'> {
  const { address, startDifficulty, minDifficulty } = values;
  if (address === undefined) throw new SettingError('--address is missing: where are the rewards paid to?');
  if (startDifficulty < minDifficulty) {
    throw new SettingError(
      `--start-difficulty ${startDifficulty}: must not be below --min-difficulty ${minDifficulty}`,
    );
  }
  const profile = chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
  const directory = join(values.datadir, networkDirectory(profile));
  return {
    node: nodeOf(values, directory),
    expectedNetwork: profile.name,
    rewardAddress: address,
    ledgerFile: join(directory, 'pool.sqlite'),
    stratum: { host: values.stratumBind, port: values.stratumPort },
    http: { host: values.httpBind, port: values.httpPort },
    difficulty: { start: startDifficulty, minimum: minDifficulty, maximum: DIFFICULTY_RANGE.highest },
    jobRefreshSeconds: values.jobRefreshSeconds,
    jobTtlSeconds: values.jobTtlSeconds,
    limits: {
      connections: values.maxConnections,
      connectionsPerAddress: values.maxConnectionsPerAddress,
    },
  };
}

/** The node with its login: from the URL, else from a cookie file. */
function nodeOf({ nodeUrl, nodeCookie }: PoolSettings, directory: string): PoolOptions['node'] {
  if (!URL.canParse(nodeUrl) || !/^https?:/.test(nodeUrl)) {
    throw new SettingError('--node-url: must have the form http://USER:PASSWORD@HOST:PORT');
  }
  const hasLogin = new URL(nodeUrl).username !== '';
  if (hasLogin && nodeCookie === undefined) return { url: nodeUrl };
  return { url: nodeUrl, cookieFile: nodeCookie ?? join(directory, '.cookie') };
}

/** Tells that the pool is ready: one line of JSON on standard output, or a line for people. */
function announce({ network, stratumUrl, httpUrl }: RunningPool, json: boolean): void {
  const facts = { ready: true, network: network.name, stratum_url: stratumUrl, http_url: httpUrl };
  if (json) console.log(JSON.stringify(facts));
  else console.log(`pool ready: network ${network.name}, miners ${stratumUrl}, HTTP ${httpUrl}`);
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof AddressError || error instanceof NetworkError) return EXIT.wrongUse;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof ListenError || error instanceof DirectoryError) return EXIT.failed;
  if (error instanceof DatabaseError || error instanceof ForeignLedgerError) return EXIT.failed;
  return undefined;
}
