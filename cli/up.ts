/** `nilz up`: the whole stack on the dev network in one process. */
import { availableParallelism } from 'node:os';
import { DIFFICULTY_RANGE } from '../pool/stratum/difficulty.ts';
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
import type { Credentials } from '../service/http.ts';
import { EXIT } from '../service/lifecycle.ts';
import { LOG_LEVELS } from '../service/log.ts';

const command = 'nilz up';
const PORTS = { min: 0, max: 65_535 };

const settings = {
  datadir: string({ help: 'where the data is kept', default: './data' }),
  reset: boolean({ help: 'begin with a new chain and a new pool ledger; wallets stay' }),
  blockTime: integer({
    help: 'seconds per block; another value makes another network, with its own data',
    env: ['NILZ_BLOCK_TIME_S'],
    min: 2,
    max: 86_400,
  }),
  retargetWindow: integer({
    help: 'blocks the retarget looks back; another value makes another network, with its own data',
    min: 3,
    max: 1_000,
  }),
  mine: boolean({ help: 'mine (--no-mine: no built-in miner)', default: true }),
  threads: integer({
    help: 'hashing threads of the built-in miner',
    default: Math.max(1, availableParallelism() - 1),
    min: 1,
    max: 1_024,
  }),
  traffic: boolean({ help: 'random payments between the accounts' }),
  lan: boolean({ help: 'take miners of the local network; print the URL for them' }),
  rpcPort: integer({ help: "port of the node's RPC, 0 for any free one", default: 5000, ...PORTS }),
  rpcUser: string({ help: 'name to call the RPC with; without it a new cookie is made at every start' }),
  rpcPassword: string({ help: 'password that goes with --rpc-user' }),
  p2pPort: integer({ help: 'port other nodes connect to, 0 for any free one', default: 5001, ...PORTS }),
  stratumPort: integer({ help: 'port miners connect to, 0 for any free one', default: 3333, ...PORTS }),
  httpPort: integer({ help: "port of the pool's HTTP API, 0 for any free one", default: 8000, ...PORTS }),
  relayPort: integer({
    help: 'port of the relay and its explorer, 0 for any free one',
    default: 5010,
    ...PORTS,
  }),
  faucetPort: integer({ help: 'port of the faucet, 0 for any free one', default: 5020, ...PORTS }),
  walletPort: integer({ help: "port of the wallet's page, 0 for any free one", default: 5030, ...PORTS }),
  homePort: integer({
    help: 'port of the landing page, which leads to all the others, 0 for any free one',
    default: 5080,
    ...PORTS,
  }),
  startDifficulty: number({
    help: 'difficulty of shares for a miner that asks for none',
    default: 0.0005,
    min: DIFFICULTY_RANGE.lowest,
    max: DIFFICULTY_RANGE.highest,
  }),
  payoutInterval: integer({
    help: 'seconds between two payouts of the pool, 0 for payouts by hand only',
    // Soon enough for a newcomer to see one.
    default: 120,
    min: 0,
    max: 31_536_000,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much the services tell on standard error', default: 'warn' }),
  json: boolean({ help: 'print one line of JSON with every URL when ready, then one per block' }),
};

export type UpSettings = Values<typeof settings>;

const SUMMARY = `Runs a node, a relay with its explorer, a pool, a miner, a faucet and the page of the wallet on the dev network, with
five funded accounts whose keys are public.
The chain is kept in the data directory and goes on where it was at the next start.`;

/** Runs `nilz up` until it is told to end; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, help } = loadSettings(settings, { command, argv, env });
  if (help) {
    process.stdout.write(helpText(settings, { command, summary: SUMMARY }));
    return EXIT.done;
  }
  const credentials = credentialsOf(values);
  // Only now: loading five services takes longer than telling what can be set.
  const { runStack } = await import('./up/run.ts');
  return runStack(values, credentials);
}

function credentialsOf({ rpcUser: user, rpcPassword: password }: UpSettings): Credentials | undefined {
  if (user === undefined && password === undefined) return undefined;
  if (user === undefined || password === undefined || user.includes(':')) {
    throw new SettingError('--rpc-user and --rpc-password: give both, the user without a colon, or neither');
  }
  return { user, password };
}
