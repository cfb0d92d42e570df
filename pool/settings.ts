/** What `nilz pool` can be told, and what `startPool` makes of it. */
import { join } from 'node:path';
import { networkDirectory } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import {
  boolean,
  choice,
  integer,
  list,
  number,
  type Setting,
  SettingError,
  string,
  type Values,
} from '../service/config.ts';
import { LOG_LEVELS } from '../service/log.ts';
import { ACCOUNT_SETTINGS, accountOptions } from './accounting/account-settings.ts';
import { commandComplaint } from './hooks/command-line.ts';
import { HTTP_SETTINGS, httpOptions } from './http/http-settings.ts';
import type { PoolOptions } from './pool.ts';
import { DEFAULT_DIFFICULTY, DIFFICULTY_RANGE } from './stratum/difficulty.ts';
import { STRATUM_SETTINGS, stratumOptions } from './stratum/stratum-settings.ts';

const DIFFICULTY = { min: DIFFICULTY_RANGE.lowest, max: DIFFICULTY_RANGE.highest };

/** Where the pool's data is: what every subcommand needs. */
export const PLACE_SETTINGS = {
  network: string({
    help:
      'main, test, dev, regtest, bitcoin-regtest, or the JSON file of a private network: where the data is; ' +
      'a Bitcoin node of any network says itself which one it is on',
    default: 'dev',
  }),
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
} satisfies Record<string, Setting<string>>;

/** Settings of `nilz pool`. */
export const POOL_SETTINGS = {
  ...PLACE_SETTINGS,
  nodeUrl: list({
    help:
      'the node, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; several in order of preference: ' +
      'when one fails, work comes from the next',
    default: ['http://127.0.0.1:5000'],
  }),
  nodeCookie: list({
    help: "the node's cookie file, if not in the data directory; several in the order of the nodes without a password",
  }),
  address: string({ help: 'where the rewards of blocks are paid to', keys: ['reward_address'] }),
  ...ACCOUNT_SETTINGS,
  ...STRATUM_SETTINGS,
  ...HTTP_SETTINGS,
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
  vardiffInterval: number({
    help: 'seconds between two shares of a connection, which its difficulty is steered towards; 0 leaves it',
    default: DEFAULT_DIFFICULTY.shareIntervalMs / 1000,
    min: 0,
    max: 3_600,
  }),
  shareTargetMultiplier: number({
    help: "a share's difficulty is at most the network's divided by this, so that shares stay finer than blocks",
    default: DEFAULT_DIFFICULTY.shareTargetMultiplier,
    min: 1,
    max: 1e9,
  }),
  extranonce2Size: integer({
    help: 'bytes of extranonce2, which a miner may vary; old ones take no more than 8',
    default: 4,
    min: 4,
    max: 8,
  }),
  jobRefreshSeconds: integer({ help: 'a new job at least this often', default: 30, min: 1, max: 110 }),
  jobTtlSeconds: integer({
    help: 'how long a job is known after a new block has replaced its tip',
    default: 90,
    min: 5,
    max: 3_600,
  }),
  edgeToken: string({
    help: 'file with the token that edges show; made at the first start, by default pool-edge.token beside the ledger',
  }),
  onBlock: string({
    help:
      'command that is run, without a shell, for each block of the pool that gets into the chain; ' +
      '%s stands for its hash, NILZ_BLOCK_… and standard input tell the rest',
    check: commandComplaint,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

export type PoolSettings = Values<typeof POOL_SETTINGS>;

/** Gives the text of a file: the JSON of a private network. */
export type ReadText = (file: string) => string;

/** Variables of the process. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of one network in the data directory. @throws ProfileError */
export function poolDirectory(values: Values<typeof PLACE_SETTINGS>, readText: ReadText): string {
  return join(values.datadir, networkDirectory(chooseNetwork(values, readText)));
}

/** The ledger's file in that folder. */
export const LEDGER_FILE = 'pool.sqlite';

/**
 * Turns settings into options of the pool.
 * @throws SettingError, ProfileError
 */
export function poolOptions(
  values: PoolSettings,
  readText: ReadText,
  env: Environment,
): Omit<PoolOptions, 'log'> {
  const { address, startDifficulty, minDifficulty } = values;
  if (address === undefined && values.scheme !== 'solo') {
    throw new SettingError(
      '--address is missing: where are the rewards paid to? Only --scheme solo without a fee needs none',
    );
  }
  if (startDifficulty < minDifficulty) {
    throw new SettingError(
      `--start-difficulty ${startDifficulty}: must not be below --min-difficulty ${minDifficulty}`,
    );
  }
  const directory = poolDirectory(values, readText);
  return {
    nodes: nodesOf(values, directory),
    expectedNetwork: chooseNetwork(values, readText).name,
    rewardAddress: address,
    ledgerFile: join(directory, LEDGER_FILE),
    edgeTokenFile: values.edgeToken,
    ...accountOptions(values, chooseNetwork(values, readText)),
    ...stratumOptions(values, directory),
    ...httpOptions(values),
    onBlock:
      values.onBlock === undefined ? undefined : { command: values.onBlock, environment: placesOf(env) },
    difficulty: {
      start: startDifficulty,
      minimum: minDifficulty,
      maximum: DIFFICULTY_RANGE.highest,
      shareIntervalMs: values.vardiffInterval * 1000,
      shareTargetMultiplier: values.shareTargetMultiplier,
    },
    extranonce2Size: values.extranonce2Size,
    jobRefreshSeconds: values.jobRefreshSeconds,
    jobTtlSeconds: values.jobTtlSeconds,
  };
}

/** What a program needs to find its files, and none of the secrets that our own variables may hold. */
function placesOf({ PATH, HOME, LANG, TZ }: Environment): Environment {
  return { PATH, HOME, LANG, TZ };
}

/** The nodes with their logins: each from its URL, else from a cookie file. @throws SettingError */
function nodesOf({ nodeUrl, nodeCookie }: PoolSettings, directory: string): PoolOptions['nodes'] {
  const cookies = [...nodeCookie];
  const nodes = nodeUrl.map((url) => {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new SettingError('--node-url: must have the form http://USER:PASSWORD@HOST:PORT');
    }
    if (new URL(url).username !== '') return { url };
    return { url, cookieFile: cookies.shift() ?? join(directory, '.cookie') };
  });
  if (cookies.length > 0) {
    throw new SettingError(
      '--node-cookie: there are more cookie files than nodes without a password in the URL',
    );
  }
  return nodes;
}
