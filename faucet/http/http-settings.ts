/** What an operator can set about the faucet's HTTP port, its page, and what a claim has to show. */
import { integer, list, string, type Values } from '../../service/config.ts';
import { originsComplaint } from '../../service/http-server/cors.ts';
import type { Rate } from '../../service/limits.ts';
import { CAPTCHA_SETTINGS, type CaptchaOptions, captchaOptions } from '../captcha/captcha-settings.ts';
import type { WorkRange } from '../challenge/demand.ts';

/** What clients of the HTTP port may take. */
export interface FaceLimits {
  /** Open connections of all clients, and of one address. */
  readonly connections: { readonly total: number; readonly perAddress: number };
  /** Of one client: answers that are read, and what makes the faucet work: challenges and claims. */
  readonly reads: Rate;
  readonly writes: Rate;
  /** Wrong admin tokens that one client may send in a minute. */
  readonly wrongTokensPerMinute: number;
}

/** The HTTP port as its settings have it. */
export interface FaceOptions {
  readonly host: string;
  readonly port: number;
  /** The setting that changes it (default `--http-port`). */
  readonly portSetting?: string;
  readonly corsOrigins: readonly string[];
  /** Proxies in front, each of which adds its caller to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Pages of an explorer: `/tx/TXID` below it shows a transaction. */
  readonly explorerUrl: string | undefined;
  /** Needed instead of work, where set. */
  readonly captcha: CaptchaOptions | undefined;
  /** What a claim costs; undefined where it costs nothing. */
  readonly work: WorkRange | undefined;
  readonly limits: FaceLimits;
}

const DEFAULT_LEAST_ATTEMPTS = 64;
/** A flood makes a claim this many times as dear as it is on a quiet day, and no dearer. */
const FLOOD_FACTOR = 64;
const MOST_ATTEMPTS = 1_000_000;
const MANY = { min: 1, max: 1_000_000 };

export const DEFAULT_FACE_LIMITS: FaceLimits = {
  connections: { total: 1_000, perAddress: 64 },
  reads: { perSecond: 5, burst: 100 },
  writes: { perSecond: 0.2, burst: 20 },
  wrongTokensPerMinute: 10,
};

export const FACE_SETTINGS = {
  httpBind: string({ help: 'address the HTTP port listens on', default: '127.0.0.1', keys: ['host'] }),
  httpPort: integer({
    help: "port of the faucet's page and HTTP API, 0 for any free one",
    default: 5020,
    keys: ['port'],
    min: 0,
    max: 65_535,
  }),
  corsOrigin: list({
    help: 'origin of a site whose pages may use the faucet, such as https://example.org; * for any',
    env: ['NILZ_FAUCET_CORS_ORIGIN'],
    check: originsComplaint,
  }),
  trustedProxies: integer({
    help: 'proxies in front of the faucet: so many entries of X-Forwarded-For are believed, from the right',
    env: ['NILZ_FAUCET_TRUSTED_PROXIES'],
    default: 0,
    min: 0,
    max: 10,
  }),
  explorerUrl: string({
    help: 'pages of an explorer, linked from claims: http://127.0.0.1:5010/explorer',
    env: ['NILZ_FAUCET_EXPLORER_URL'],
    check: webUrlComplaint,
  }),
  challengeAttempts: integer({
    help: 'work of a claim on a quiet day: hashes that take 4 MiB each, on average; 0 for no work',
    env: ['NILZ_FAUCET_CHALLENGE_ATTEMPTS'],
    default: DEFAULT_LEAST_ATTEMPTS,
    min: 0,
    max: MOST_ATTEMPTS / FLOOD_FACTOR,
  }),
  maxHttpConnections: integer({
    help: 'open connections of all HTTP clients',
    default: DEFAULT_FACE_LIMITS.connections.total,
    ...MANY,
  }),
  maxHttpConnectionsPerAddress: integer({
    help: 'open connections of HTTP clients from one IP address',
    default: DEFAULT_FACE_LIMITS.connections.perAddress,
    ...MANY,
  }),
  ...CAPTCHA_SETTINGS,
};

/**
 * Turns the settings into options of the HTTP port.
 * @throws SettingError where they contradict each other
 */
export function faceOptions(values: Values<typeof FACE_SETTINGS>): FaceOptions {
  const { challengeAttempts: least } = values;
  return {
    host: values.httpBind,
    port: values.httpPort,
    corsOrigins: values.corsOrigin,
    trustedProxies: values.trustedProxies,
    explorerUrl: values.explorerUrl?.replace(/\/+$/, ''),
    captcha: captchaOptions(values),
    work: least === 0 ? undefined : { least, most: least * FLOOD_FACTOR },
    limits: {
      ...DEFAULT_FACE_LIMITS,
      connections: {
        total: values.maxHttpConnections,
        perAddress: values.maxHttpConnectionsPerAddress,
      },
    },
  };
}

/** It becomes a link on the page: nothing but the web. */
function webUrlComplaint(text: string): string | undefined {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isWeb ? undefined : 'must be a URL with http:// or https://';
}
