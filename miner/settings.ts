/** The settings of `nilz miner`: their names, what is allowed, and what they mean together. */
import { AddressError } from '../protocol/address.ts';
import type { NetworkProfile } from '../protocol/network.ts';
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
import { fileErrorWords } from '../service/file-error.ts';
import { LOG_LEVELS } from '../service/log.ts';
import { createHasher, KERNEL_NAMES } from './kernel/kernel-choice.ts';
import type { PoolPlace } from './source/open-source.ts';
import {
  formatPoolUrl,
  type PoolEndpoint,
  PoolUrlError,
  parsePoolUrl,
  withoutCredentials,
} from './source/pool-url.ts';
import { checkAddress, knownPrefixes, userName } from './source/user-name.ts';
import { readCertificates, type TlsTrust, TlsTrustError } from './transport/tls-trust.ts';

const THREADS_MAX = 1_024;
const PORT_MAX = 65_535;
/** The lowest is the lowest of our pool's; the highest is beyond every machine. */
const DIFFICULTY_RANGE = { min: 1e-10, max: 1e15 };

/** A number of threads, or `auto`. */
function threadCount(): Setting<number | 'auto'> {
  const count = integer({
    help: 'hashing threads; auto is one per core, less one on machines of up to four',
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

/** Passwords, which may hold commas: one that is no flag's and no list is one password. */
function passwords(): Setting<readonly string[]> {
  const texts = list({
    help: 'password for the pool; d=0.01 asks many pools for that share difficulty. Repeatable like --user',
    default: ['x'],
  });
  return { ...texts, parse: (raw) => texts.parse(Array.isArray(raw) ? raw : [raw]) };
}

export const SETTINGS = {
  url: list({
    help: 'the pool, as stratum+tcp://, stratum+ssl://, ws:// or wss://HOST:PORT, or a node, as gbt+http://USER:PASSWORD@HOST:PORT; repeatable: the next is mined for while those before are away',
    default: ['stratum+tcp://127.0.0.1:3333'],
    keys: ['pool_address'],
  }),
  user: list({
    help: 'who is paid, as ADDRESS or ADDRESS.WORKER; repeatable: the second belongs to the second pool, the last to all that follow',
    keys: ['wallet_address'],
  }),
  password: passwords(),
  suggestDifficulty: number({
    help: 'share difficulty to ask the pool for, such as 0.001 for one processor; it may give another',
    ...DIFFICULTY_RANGE,
  }),
  workerName: string({
    help: 'name of this miner, put behind the address',
    check: (name) =>
      /^[A-Za-z0-9._-]{1,64}$/.test(name) ? undefined : 'must be up to 64 of letters, digits, . _ -',
  }),
  network: string({
    help: 'checks the addresses before the start: main, test, dev, regtest, bitcoin-regtest or FILE.json',
  }),
  tlsCa: string({ help: 'file with certificates (PEM) that are trusted beside the known authorities' }),
  tlsInsecure: boolean({ help: 'trust any certificate: an impostor would not be noticed' }),
  nodeCookie: string({ help: "the node's cookie file, for gbt+http:// without USER:PASSWORD" }),
  threads: threadCount(),
  cpuLimit: integer({
    help: 'percent of the time that each thread may compute',
    min: 1,
    max: 100,
    default: 100,
  }),
  kernel: choice(['auto', ...KERNEL_NAMES], {
    help: 'how to hash; auto is the fastest on this machine',
    default: 'auto',
  }),
  datadir: string({ help: 'where the fastest kernel is remembered', default: './data' }),
  statsInterval: integer({
    help: 'seconds between lines of figures, 0 for none',
    default: 60,
    min: 0,
    max: 86_400,
  }),
  live: boolean({
    help: 'on a terminal: figures that stay in their place; else a line of figures now and then',
    default: true,
  }),
  json: boolean({ help: 'print events and figures as JSON lines on standard output' }),
  quiet: boolean({ help: 'tell only of warnings and errors, and show no view', short: 'q' }),
  logLevel: choice(LOG_LEVELS, { help: 'how much to tell', default: 'info' }),
  benchmark: boolean({ help: 'measure how fast each kernel hashes here, and mine for nobody' }),
  benchmarkSeconds: integer({
    help: 'time for each figure of the benchmark',
    min: 1,
    max: 600,
    default: 3,
  }),
  metricsPort: integer({
    help: 'answer GET /metrics (Prometheus) and GET /health at this port; 0 picks a free one',
    min: 0,
    max: PORT_MAX,
  }),
  metricsBind: string({ help: 'address that port listens on', default: '127.0.0.1' }),
};

export type MinerSettings = Values<typeof SETTINGS>;

/** The pools as they can be shown: without passwords. */
export function shownPools(pools: readonly PoolPlace[]): string {
  return pools.map(({ url }) => formatPoolUrl(parsePoolUrl(url))).join(', then ');
}

/**
 * Whose certificates are believed.
 * @throws SettingError for a file without certificates, or one that cannot be read
 */
export function tlsTrustOf(
  { tlsCa, tlsInsecure }: Pick<MinerSettings, 'tlsCa' | 'tlsInsecure'>,
  readText: (file: string) => string,
): TlsTrust {
  if (tlsCa === undefined) return { isUnchecked: tlsInsecure };
  try {
    const ca = readText(tlsCa);
    readCertificates(ca);
    return { ca, isUnchecked: tlsInsecure };
  } catch (error) {
    if (!(error instanceof TlsTrustError) && !isSystemError(error)) throw error;
    const advice = "name the file with the pool's certificate, or that of its authority, in PEM";
    throw new SettingError(`--tls-ca ${tlsCa}: ${fileErrorWords(error)}; ${advice}`);
  }
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** @throws SettingError for a kernel that does not run on this machine */
export function assertKernel({ kernel }: Pick<MinerSettings, 'kernel'>): void {
  if (kernel !== 'auto' && createHasher(kernel) === undefined)
    throw new SettingError(
      `--kernel ${kernel}: does not run on this machine; auto takes the fastest that does`,
    );
}

/**
 * The pools in order of preference, each with whom it is mined for.
 * @param network the network to check the addresses against; without one, what their prefixes tell is checked
 * @throws SettingError for a pool without sense, users that are missing or too many, and addresses of no use
 */
export function poolsOf(
  values: Pick<MinerSettings, 'url' | 'user' | 'password' | 'workerName' | 'nodeCookie'>,
  network: NetworkProfile | undefined,
): readonly PoolPlace[] {
  const { url: urls, user: users, password: passwords, workerName } = values;
  if (urls.length === 0) throw new SettingError('--url is missing: where is the pool?');
  if (users.length === 0)
    throw new SettingError('--user is missing: whom should the pool pay? ADDRESS or ADDRESS.WORKER');
  assertNotMore('--user', users.length, urls.length);
  assertNotMore('--password', passwords.length, urls.length);
  const pools = urls.map((url, index) => ({
    url,
    isNode: 'credentials' in endpointOf(url),
    user: userName(users[index] ?? users.at(-1) ?? '', workerName),
    password: passwords[index] ?? passwords.at(-1) ?? '',
  }));
  for (const { user } of pools) assertAddress(user, network);
  assertOneNetwork(pools.map(({ user }) => user));
  return pools.map(({ isNode, ...place }) =>
    isNode && values.nodeCookie !== undefined ? { ...place, cookieFile: values.nodeCookie } : place,
  );
}

function assertNotMore(flag: string, count: number, pools: number): void {
  if (count <= pools) return;
  const places = pools === 1 ? 'one pool' : `${pools} pools`;
  throw new SettingError(`${flag} is given ${count} times for ${places}: one for each --url, in their order`);
}

/** The address itself is not repeated: it may hold a password. */
function endpointOf(url: string): PoolEndpoint {
  try {
    return parsePoolUrl(url);
  } catch (error) {
    if (error instanceof PoolUrlError)
      throw new SettingError(`--url ${withoutCredentials(url)}: ${error.reason}`);
    throw error;
  }
}

function assertAddress(user: string, network: NetworkProfile | undefined): void {
  if (/[\s\p{Cc}]/u.test(user))
    throw new SettingError(`--user ${JSON.stringify(user)}: must have no spaces in it`);
  try {
    checkAddress(user, network);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const place = network === undefined ? '' : ` on network ${network.name}`;
    throw new SettingError(`--user ${user}: no payment address${place}: ${error.message}`);
  }
}

function assertOneNetwork(users: readonly string[]): void {
  const prefixes = knownPrefixes(users);
  if (prefixes.length < 2) return;
  const shown = prefixes.map((prefix) => `${prefix}1…`).join(' and ');
  throw new SettingError(`--user: addresses ${shown} are of different networks; a miner mines on one`);
}
