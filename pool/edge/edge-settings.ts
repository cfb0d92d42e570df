/** What `nilz edge` can be told, and what `startEdge` makes of it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { boolean, choice, integer, list, SettingError, string, type Values } from '../../service/config.ts';
import { LOG_LEVELS } from '../../service/log.ts';
import { networksComplaint } from '../../service/network-list.ts';
import { PLACE_SETTINGS, poolDirectory, type ReadText } from '../settings.ts';
import { STRATUM_SETTINGS, stratumOptions } from '../stratum/stratum-settings.ts';
import type { EdgeOptions } from './edge.ts';
import { EDGE_TOKEN_FILE } from './edge-token.ts';
import { EdgeId, MAX_HELD } from './wire.ts';

const PORT = { min: 0, max: 65_535 };

/** Settings of `nilz edge`. */
export const EDGE_SETTINGS = {
  ...PLACE_SETTINGS,
  poolUrl: string({
    help: "the pool's HTTP port, http://HOST:PORT or https://HOST:PORT",
    default: 'http://127.0.0.1:8000',
    env: ['NILZ_POOL_UPSTREAM'],
    check: (url) =>
      isPlace(url)
        ? undefined
        : 'must have the form http://HOST:PORT or https://HOST:PORT, without a login or path',
  }),
  edgeToken: string({
    help: `file with the pool's edge token: a copy of ${EDGE_TOKEN_FILE}, which stands beside the pool's ledger; by default looked for in the data directory`,
  }),
  id: string({
    help: 'what this edge is called: one name for each edge of a pool, the same after restarts; by default the name of this machine',
    env: ['NILZ_EDGE_ID'],
    check: (id) =>
      EdgeId.safeParse(id).success ? undefined : 'must be 1 to 64 letters, digits, ".", "_" or "-"',
  }),
  allow: list({
    help: 'network miners may come from, such as 192.0.2.0/24; without any, from everywhere',
    check: networksComplaint,
  }),
  maxOffline: integer({
    help: 'seconds that miners work on at the last job while the pool is away',
    default: 120,
    min: 0,
    max: 600,
  }),
  maxHeldShares: integer({
    help: 'shares that are held until the pool has answered them; half a kilobyte each',
    default: 50_000,
    min: 1,
    max: MAX_HELD,
  }),
  ...STRATUM_SETTINGS,
  stratumBind: string({
    help: 'address the Stratum ports listen on',
    default: '0.0.0.0',
    env: ['NILZ_EDGE_HOST'],
  }),
  stratumPort: integer({ help: 'port miners connect to, 0 for any free one', default: 3334, ...PORT }),
  httpBind: string({
    help: 'address the HTTP port listens on',
    default: '0.0.0.0',
    env: ['NILZ_EDGE_HOST'],
    keys: ['host'],
  }),
  httpPort: integer({
    help: 'port of miners that speak WebSocket, of /health and of /metrics; 0 for any free one',
    default: 8010,
    env: ['NILZ_EDGE_PORT'],
    keys: ['port'],
    ...PORT,
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

export type EdgeSettings = Values<typeof EDGE_SETTINGS>;

/**
 * Turns settings into options of the edge; the token is named by its file.
 * @throws SettingError, ProfileError
 */
export function edgeOptions(
  values: EdgeSettings,
  readText: ReadText,
): Omit<EdgeOptions, 'log' | 'token'> & { readonly tokenFile: string } {
  const directory = poolDirectory(values, readText);
  return {
    id: values.id ?? nameOfMachine(),
    poolUrl: values.poolUrl,
    tokenFile: values.edgeToken ?? join(directory, EDGE_TOKEN_FILE),
    allow: values.allow,
    maxOfflineMs: values.maxOffline * 1000,
    maxHeld: values.maxHeldShares,
    ...stratumOptions(values, directory),
    http: { host: values.httpBind, port: values.httpPort },
  };
}

/** Whether a text is a URL of a host and nothing else: it is shown to whoever asks for the edge's health. */
function isPlace(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search === '' && pathname === '/';
}

/** @throws SettingError when the machine is called something that is no id */
function nameOfMachine(): string {
  const name = EdgeId.safeParse(hostname());
  if (name.success) return name.data;
  throw new SettingError(
    `--id is missing: the name of this machine, "${hostname()}", is no name for an edge`,
  );
}
