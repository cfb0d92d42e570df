/** `nilz miner`: settings to a running miner. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { AddressError } from '../protocol/address.ts';
import type { NetworkProfile } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import {
  boolean,
  choice,
  helpText,
  integer,
  loadSettings,
  type Setting,
  SettingError,
  string,
} from '../service/config.ts';
import { runUntilSignal, type Stoppable } from '../service/lifecycle.ts';
import { createLogger, LOG_LEVELS } from '../service/log.ts';
import { formatStats } from './face/event-log.ts';
import { type Miner, startMiner } from './miner.ts';
import { PoolUrlError, parsePoolUrl } from './source/pool-url.ts';
import { checkAddress, userName } from './source/user-name.ts';

const COMMAND = 'nilz miner';
const SUMMARY = 'Mines for a pool by Stratum V1, one thread per core. Runs until Ctrl-C.';
const THREADS_MAX = 1_024;

/** A number of threads, or `auto` for one per core. */
function threadCount(): Setting<number | 'auto'> {
  const count = integer({
    help: 'hashing threads; auto is one per core',
    min: 1,
    max: THREADS_MAX,
    default: 1,
  });
  return {
    ...count,
    kind: 'string',
    allowed: `auto or an ${count.allowed}`,
    default: 'auto',
    parse: (raw) => (raw === 'auto' ? 'auto' : count.parse(raw)),
  };
}

const settings = {
  url: string({
    help: 'the pool, as stratum+tcp://HOST:PORT',
    default: 'stratum+tcp://127.0.0.1:3333',
    keys: ['pool_address'],
    check: (text) => complaintOf(() => parsePoolUrl(text)),
  }),
  user: string({ help: 'who is paid, as ADDRESS or ADDRESS.WORKER', keys: ['wallet_address'] }),
  workerName: string({
    help: 'name of this miner, put behind the address',
    check: (name) =>
      /^[A-Za-z0-9._-]{1,64}$/.test(name) ? undefined : 'must be up to 64 of letters, digits, . _ -',
  }),
  password: string({
    help: 'password for the pool; d=0.01 asks many pools for that share difficulty',
    default: 'x',
  }),
  threads: threadCount(),
  network: string({
    help: 'checks the address before the start: main, test, dev, regtest, bitcoin-regtest or FILE.json',
  }),
  statsInterval: integer({
    help: 'seconds between lines of figures, 0 for none',
    default: 60,
    min: 0,
    max: 86_400,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much to tell', default: 'info' }),
  quiet: boolean({ help: 'tell only of warnings and errors', short: 'q' }),
  json: boolean({ help: 'print events and figures as JSON lines on standard output' }),
};

/** A setting's check: what a parser says against a value, as one line. */
function complaintOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof PoolUrlError) return error.reason;
    throw error;
  }
}

/**
 * Runs the miner until it is told to stop.
 *
 * @returns the exit code: 0 stopped, 1 failed, 2 wrong use
 * @throws SettingError, ProfileError for settings that cannot be used
 */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, help } = loadSettings(settings, { command: COMMAND, argv, env });
  if (help) {
    process.stdout.write(helpText(settings, { command: COMMAND, summary: SUMMARY }));
    return 0;
  }
  if (values.user === undefined) {
    throw new SettingError('--user is missing: whom should the pool pay? ADDRESS or ADDRESS.WORKER');
  }
  const user = userName(values.user, values.workerName);
  assertAddress(user, profileOf(values.network));

  const log = createLogger({ name: 'miner', level: values.quiet ? 'warn' : values.logLevel });
  const threads = values.threads === 'auto' ? availableParallelism() : values.threads;
  return runUntilSignal(
    async () => {
      const { url, password } = values;
      const miner = await startMiner({ pools: [{ url, user, password }], threads, log, agent: agent() });
      log.info(`${threads} thread${threads === 1 ? '' : 's'}, pool ${url}`);
      const print = values.json ? printJson : undefined;
      if (print !== undefined) miner.events.on('event', print);
      return withFigures(miner, values.statsInterval, () => {
        const stats = miner.stats();
        log.info(formatStats(stats));
        print?.({ type: 'statistics', ...stats });
      });
    },
    { log },
  );
}

/** Shows the figures now and then, and once more at the end. */
function withFigures(miner: Miner, intervalSeconds: number, show: () => void): Stoppable {
  const timer = intervalSeconds === 0 ? undefined : setInterval(show, intervalSeconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      await miner.stop();
      show();
    },
  };
}

function printJson(event: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

/** The network to check the address against; without one the pool is the first to check it. */
function profileOf(network: string | undefined): NetworkProfile | undefined {
  if (network === undefined) return undefined;
  return chooseNetwork({ network }, (file) => readFileSync(file, 'utf8'));
}

function assertAddress(user: string, network: NetworkProfile | undefined): void {
  try {
    checkAddress(user, network);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const place = network === undefined ? '' : ` on network ${network.name}`;
    throw new SettingError(`--user ${user}: no payment address${place}: ${error.message}`);
  }
}

/** What pools are told: name and version of this program. */
function agent(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name}/${version}`;
}
