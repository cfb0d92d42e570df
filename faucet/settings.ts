/** What `nilz faucet` can be told, and what `startFaucet` makes of it. */
import { join } from 'node:path';
import { AmountError, formatAmount, parseAmount } from '../protocol/amount.ts';
import { DEV_MNEMONIC, type NetworkProfile, networkDirectory } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import {
  boolean,
  choice,
  integer,
  list,
  number,
  SettingError,
  string,
  type Values,
} from '../service/config.ts';
import { LOG_LEVELS } from '../service/log.ts';
import { networksComplaint } from '../service/network-list.ts';
import type { ChainBackend } from '../wallet/chain/backend.ts';
import { openBackend } from '../wallet/chain/backend-choice.ts';
import { DEFAULT_LABEL } from '../wallet/keys/contents.ts';
import { MemoryStore } from '../wallet/keys/wallet-store.ts';
import { NETWORK_SETTINGS } from '../wallet/network-settings.ts';
import { firstContents, openWallet } from '../wallet/open-wallet.ts';
import { DUST_LIMIT } from '../wallet/payments/coins.ts';
import { isAddressOf } from '../wallet/payments/payee.ts';
import { Wallet } from '../wallet/wallet.ts';
import { WalletError } from '../wallet/wallet-error.ts';
import type { FaucetOptions } from './faucet.ts';
import { FACE_SETTINGS, faceOptions } from './http/http-settings.ts';

/** The account of the networks for trying out whose public words a faucet pays from unless it is told otherwise. */
const PUBLIC_ACCOUNT = 'faucet';
const LONGEST_COOLDOWN_SECONDS = 31_536_000;

export const FAUCET_SETTINGS = {
  ...NETWORK_SETTINGS,
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
  nodeUrl: string({
    help: 'a node, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or a relay',
    env: ['NILZ_FAUCET_NODE_URL'],
    default: 'http://127.0.0.1:5000',
  }),
  relayUrl: string({
    help: 'a relay in place of the node, as http://HOST:PORT: it is never shown a cookie or password',
    env: ['NILZ_FAUCET_RELAY_URL'],
  }),
  nodeCookie: string({ help: "the node's cookie file, if not in the folder of the network" }),
  wallet: string({
    help:
      'wallet file that claims are paid from; on networks for trying out the public account "faucet" pays where ' +
      'none is named',
    env: ['NILZ_FAUCET_WALLET'],
  }),
  walletLabel: string({
    help: 'label of the wallet whose coins pay',
    env: ['NILZ_FAUCET_WALLET_LABEL'],
    default: DEFAULT_LABEL,
  }),
  faucetPassphrase: string({ help: 'passphrase of the wallet', secret: true }),
  amount: coins({
    help: 'what one claim is given, in coins',
    env: ['NILZ_FAUCET_AMOUNT'],
    default: 1,
  }),
  dailyCap: coins({
    help: 'what is promised on one day (UTC) at most, in coins',
    env: ['NILZ_FAUCET_DAILY_CAP'],
    default: 1_000,
  }),
  floor: coins({
    help: 'what stays in the wallet, in coins: below it the faucet is empty',
    env: ['NILZ_FAUCET_FLOOR'],
    default: 0,
  }),
  cooldown: integer({
    help: 'seconds after which something is given to the same coin address again',
    env: ['NILZ_FAUCET_COOLDOWN'],
    default: 86_400,
    min: 0,
    max: LONGEST_COOLDOWN_SECONDS,
  }),
  clientCooldown: integer({
    help: 'seconds after which something is given to the same client again (an IPv4 address, a /64 of IPv6)',
    env: ['NILZ_FAUCET_CLIENT_COOLDOWN'],
    default: 3_600,
    min: 0,
    max: LONGEST_COOLDOWN_SECONDS,
  }),
  queueLimit: integer({
    help: 'claims that may wait to be paid; more are sent away',
    env: ['NILZ_FAUCET_QUEUE_LIMIT'],
    default: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  payoutInterval: integer({
    help: 'seconds between two payments at least: claims that come meanwhile are paid together',
    env: ['NILZ_FAUCET_PAYOUT_INTERVAL'],
    default: 5,
    min: 0,
    max: 86_400,
  }),
  allow: list({
    help: 'network whose clients are served, such as 192.0.2.0/24; all are while none is named',
    env: ['NILZ_FAUCET_ALLOW'],
    check: networksComplaint,
  }),
  deny: list({
    help: 'network whose clients are not served',
    env: ['NILZ_FAUCET_DENY'],
    check: networksComplaint,
  }),
  denyAddress: list({ help: 'coin address that is not paid', env: ['NILZ_FAUCET_DENY_ADDRESS'] }),
  ...FACE_SETTINGS,
  logLevel: choice(LOG_LEVELS, { help: 'how much is told', default: 'info' }),
  json: boolean({ help: 'print one line of JSON when ready, and the log as JSON' }),
};

export type FaucetSettings = Values<typeof FAUCET_SETTINGS>;

/** Gives the text of a file: the JSON of a private network. */
export type ReadText = (file: string) => string;

/** The faucet's file in the folder of its network. */
export const FAUCET_FILE = 'faucet.sqlite';

/**
 * Turns settings into options of the faucet. Nothing is opened yet.
 * @throws SettingError, ProfileError
 */
export function faucetOptions(values: FaucetSettings, readText: ReadText): Omit<FaucetOptions, 'log'> {
  const { nodeUrl, relayUrl, nodeCookie } = values;
  const profile = chooseNetwork(values, readText);
  const directory = join(values.datadir, networkDirectory(profile));
  return {
    profile,
    file: join(directory, FAUCET_FILE),
    ...walletOptions(values, profile),
    rules: rulesOf(values),
    policy: {
      allowClients: values.allow,
      denyClients: values.deny,
      denyAddresses: payableAddresses(values.denyAddress, profile),
    },
    payoutIntervalMs: values.payoutInterval * 1_000,
    openBackend: () =>
      openBackend({ nodeUrl, relayUrl, cookieFile: nodeCookie ?? join(directory, '.cookie') }),
    face: faceOptions(values),
  };
}

function rulesOf(values: FaucetSettings): FaucetOptions['rules'] {
  const amount = parseAmount(values.amount);
  const dailyCap = parseAmount(values.dailyCap);
  if (amount < DUST_LIMIT) {
    throw new SettingError(
      `--amount ${values.amount}: must be at least ${formatAmount(DUST_LIMIT)}, nodes relay nothing less`,
    );
  }
  if (dailyCap < amount) {
    throw new SettingError(`--daily-cap ${values.dailyCap}: must not be below --amount ${values.amount}`);
  }
  return {
    amount,
    dailyCap,
    floor: parseAmount(values.floor),
    addressCooldownMs: values.cooldown * 1_000,
    clientCooldownMs: values.clientCooldown * 1_000,
    queueLimit: values.queueLimit,
  };
}

function walletOptions(
  { wallet: path, walletLabel, faucetPassphrase: passphrase }: FaucetSettings,
  profile: NetworkProfile,
): Pick<FaucetOptions, 'label' | 'openWallet'> {
  if (path === undefined) {
    if (!profile.fundedAccounts.some(({ name }) => name === PUBLIC_ACCOUNT)) {
      throw new SettingError(
        `--wallet is missing: which coins are given away on ${profile.name}? "nilz wallet init" makes a wallet`,
      );
    }
    return {
      label: walletLabel === DEFAULT_LABEL ? PUBLIC_ACCOUNT : walletLabel,
      openWallet: async (backend) => publicWallet(profile, backend),
    };
  }
  return {
    label: walletLabel,
    openWallet: (backend) =>
      openWallet({
        path,
        profile,
        backend,
        passphrase: async () => {
          if (passphrase !== undefined) return passphrase;
          throw new SettingError(`NILZ_FAUCET_PASSPHRASE is not set: it opens the wallet ${path}`);
        },
      }).catch((error: unknown) => Promise.reject(namedAfterSetting(error, path))),
  };
}

/** The wallet of the public words; there is nothing about it to be kept. */
export function publicWallet(profile: NetworkProfile, backend: ChainBackend): Wallet {
  return new Wallet({ store: new MemoryStore(firstContents(DEV_MNEMONIC, profile)), profile, backend });
}

/** The wallet's complaint in the words of the faucet's settings. */
function namedAfterSetting(error: unknown, path: string): unknown {
  if (!(error instanceof WalletError)) return error;
  if (error.code === 'wrong-passphrase') {
    return new SettingError(`NILZ_FAUCET_PASSPHRASE does not open the wallet ${path}`);
  }
  return new SettingError(`--wallet: ${error.message}`);
}

/** @throws SettingError naming one that is no address of the network */
function payableAddresses(addresses: readonly string[], profile: NetworkProfile): readonly string[] {
  const wrong = addresses.find((address) => !isAddressOf(address, profile.address));
  if (wrong === undefined) return addresses;
  throw new SettingError(`--deny-address: "${wrong}" is no address of the network ${profile.name}`);
}

/** A setting with an amount in coins. */
function coins(options: {
  readonly help: string;
  readonly env: readonly string[];
  readonly default: number;
}) {
  return number({ ...options, min: 0, check: amountComplaint });
}

function amountComplaint(amount: number): string | undefined {
  try {
    parseAmount(String(amount));
    return undefined;
  } catch (error) {
    if (error instanceof AmountError) return `must be an amount: ${error.message}`;
    throw error;
  }
}
