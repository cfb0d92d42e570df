/** The services of `nilz up` that strangers would meet: the relay with its explorer, and the faucet. */
import { join } from 'node:path';
import { type RunningFaucet, startFaucet } from '../../faucet/faucet.ts';
import { DEFAULT_FACE_LIMITS } from '../../faucet/http/http-settings.ts';
import { FAUCET_FILE, publicWallet } from '../../faucet/settings.ts';
import { type RunningRelay, startRelay } from '../../node/relay/relay.ts';
import { COIN } from '../../protocol/amount.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Credentials } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import { openBackend } from '../../wallet/chain/backend-choice.ts';

interface PublicServiceOptions {
  readonly profile: NetworkProfile;
  readonly node: { readonly url: string; readonly credentials: Credentials };
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
}

/** The account that the faucet gives from. */
const GIVER = 'faucet';
const AMOUNT_NITS = 10n * COIN;
const DAILY_CAP_NITS = 1_000n * COIN;
/** Everybody here is the same client: enough to see what a refusal is like, not enough to be a nuisance. */
const ADDRESS_COOLDOWN_MS = 600_000;
const CLIENT_COOLDOWN_MS = 10_000;
const QUEUE_LIMIT = 100;
const PAYOUT_INTERVAL_MS = 1_000;
/** Hashes of the proof of work that a claim needs, on average: about a second in a browser. */
const WORK = { least: 16, most: 1_024 };

export function startDevRelay(options: PublicServiceOptions): Promise<RunningRelay> {
  return startRelay({ ...options, portSetting: '--relay-port', id: 'devnet' });
}

/** @param directory of the network's files */
export function startDevFaucet(
  options: PublicServiceOptions & { readonly directory: string; readonly explorerUrl: string },
): Promise<RunningFaucet> {
  const { profile, node, host, port, directory, explorerUrl, log } = options;
  return startFaucet({
    profile,
    file: join(directory, FAUCET_FILE),
    label: GIVER,
    openBackend: () => openBackend({ nodeUrl: urlWithLogin(node) }),
    openWallet: async (backend) => publicWallet(profile, backend),
    rules: {
      amount: AMOUNT_NITS,
      dailyCap: DAILY_CAP_NITS,
      floor: 0n,
      addressCooldownMs: ADDRESS_COOLDOWN_MS,
      clientCooldownMs: CLIENT_COOLDOWN_MS,
      queueLimit: QUEUE_LIMIT,
    },
    policy: { allowClients: [], denyClients: [], denyAddresses: [] },
    payoutIntervalMs: PAYOUT_INTERVAL_MS,
    face: {
      host,
      port,
      portSetting: '--faucet-port',
      corsOrigins: [],
      trustedProxies: 0,
      explorerUrl,
      captcha: undefined,
      work: WORK,
      limits: DEFAULT_FACE_LIMITS,
    },
    log,
  });
}

function urlWithLogin({ url, credentials }: PublicServiceOptions['node']): string {
  const withLogin = new URL(url);
  withLogin.username = credentials.user;
  withLogin.password = credentials.password;
  return withLogin.href;
}
