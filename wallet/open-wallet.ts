/** Getting a wallet: made new, made again from its words, or opened from its file. */
import { randomBytes } from 'node:crypto';
import { equalBytes } from '../protocol/bytes.ts';
import { isMnemonic, newMnemonic, normalizeMnemonic, unknownWordPlaces } from '../protocol/key.ts';
import { DEV_MNEMONIC, magicHex, type NetworkProfile } from '../protocol/network.ts';
import type { ChainBackend } from './chain/backend.ts';
import type { ScanProgress } from './chain/scan.ts';
import { type Contents, DEFAULT_LABEL, newContents, withReceive, wordKeys } from './keys/contents.ts';
import type { ScryptCost } from './keys/key-file.ts';
import { KeyRing, RECEIVE } from './keys/key-ring.ts';
import { WalletFile, type WalletNetwork } from './keys/wallet-file.ts';
import { MemoryStore } from './keys/wallet-store.ts';
import { readWatchKey } from './keys/watch-key.ts';
import { Wallet } from './wallet.ts';
import type { WalletOptions } from './wallet-context.ts';
import { WalletError } from './wallet-error.ts';

/** How the wallet will be asked. */
export type WalletUse = Pick<WalletOptions, 'gatherMs' | 'reckoning'>;

export interface OpenWalletOptions extends WalletUse {
  readonly path: string;
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  /** Asked only when the file turned out to be a wallet of this network. */
  readonly passphrase: () => Promise<string>;
}

/**
 * Opens the wallet of a file.
 * @throws WalletError as {@link WalletFile.open}
 */
export async function openWallet(options: OpenWalletOptions): Promise<Wallet> {
  const { path, passphrase, ...rest } = options;
  const store = await WalletFile.open({ path, network: networkOf(rest.profile), passphrase });
  return new Wallet({ store, ...rest });
}

export interface CreateWalletOptions extends WalletUse {
  readonly path: string;
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  readonly passphrase: string;
  readonly mnemonic: string;
  /** N of m/84'/coin type'/N' (BIP 84). Default: 0. */
  readonly account?: number;
  /** When the owner showed that they have the words, Unix seconds. */
  readonly wordsChecked?: number;
  /** Unix seconds. Default: the machine's clock. */
  readonly created?: number;
  /** See {@link ScryptCost}. */
  readonly cost?: ScryptCost;
}

/** Twelve new words from a secure source. */
export function freshMnemonic(): string {
  return newMnemonic(Uint8Array.from(randomBytes(16)));
}

/**
 * Words as they are stored.
 * @throws WalletError `bad-words` unless they are a BIP-39 mnemonic, or when they are the published ones of the
 *   networks for trying out and this is not such a network
 */
export function parseMnemonic(text: string, profile: NetworkProfile): string {
  const mnemonic = normalizeMnemonic(text);
  if (!isMnemonic(mnemonic)) {
    throw new WalletError('bad-words', whyNoMnemonic(mnemonic));
  }
  if (mnemonic === DEV_MNEMONIC && profile.fundedAccounts.length === 0) {
    throw new WalletError(
      'bad-words',
      `these words are public: anybody could spend what they hold on ${profile.name}`,
    );
  }
  return mnemonic;
}

/** Tells places, never words. */
function whyNoMnemonic(text: string): string {
  const count = text === '' ? 0 : text.split(' ').length;
  if (count % 3 !== 0 || count < 12 || count > 24) {
    return `a mnemonic has 12, 15, 18, 21 or 24 words, these are ${count}`;
  }
  const unknown = unknownWordPlaces(text);
  if (unknown.length === 0) {
    return `these ${count} words are no mnemonic: one of them is another word, or they are in another order`;
  }
  const which = unknown.length === 1 ? `word ${unknown[0]} is` : `words ${unknown.join(', ')} are`;
  return `these ${count} words are no mnemonic: ${which} not in the English list of BIP 39`;
}

/**
 * Writes a new wallet file. Its first address has the default label.
 * @throws WalletError `file-exists`
 */
export async function createWallet(options: CreateWalletOptions): Promise<Wallet> {
  return save(
    options,
    withBeginning(firstContents(options.mnemonic, options.profile, options.account), options),
  );
}

interface Search {
  /** Unused addresses in a row after which the search ends. */
  readonly gapLimit?: number;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export type RestoreWalletOptions = CreateWalletOptions & Search;

export interface WatchWalletOptions
  extends Search,
    Omit<CreateWalletOptions, 'mnemonic' | 'account' | 'wordsChecked'> {
  /** The public half of an account; see {@link readWatchKey}. */
  readonly xpub: string;
}

/**
 * Finds the addresses in use again, and only then writes the wallet file. Labels are not in the chain: the funded
 * accounts of a network have theirs, all other addresses get the default label, and change belongs to whoever
 * paid for it.
 * @throws WalletError `file-exists`, `wrong-network`; UnreachableError when the chain cannot be asked
 */
export async function restoreWallet(options: RestoreWalletOptions): Promise<Wallet> {
  const { mnemonic, profile, account } = options;
  return save(
    options,
    await searched(options, withBeginning(firstContents(mnemonic, profile, account), options)),
  );
}

/**
 * Makes a wallet that sees an account and cannot spend from it, looking for its addresses in use as a restore does.
 * @throws WalletError `bad-key`, and as {@link restoreWallet}
 */
export async function watchWallet(options: WatchWalletOptions): Promise<Wallet> {
  const keys = readWatchKey(options.xpub, options.profile);
  const first = withReceive(newContents(keys), DEFAULT_LABEL, 0);
  return save(options, await searched(options, withBeginning(first, options)));
}

async function searched(
  { profile, backend, gapLimit, onProgress }: Search & Pick<CreateWalletOptions, 'profile' | 'backend'>,
  contents: Contents,
): Promise<Contents> {
  const store = new MemoryStore(contents);
  await new Wallet({ store, profile, backend }).scan({
    ...(gapLimit !== undefined && { gapLimit }),
    ...(onProgress !== undefined && { onProgress }),
  });
  return store.read();
}

function withBeginning(
  contents: Contents,
  { created, wordsChecked }: Pick<CreateWalletOptions, 'created' | 'wordsChecked'>,
): Contents {
  return {
    ...contents,
    created: created ?? Math.floor(Date.now() / 1_000),
    wordsChecked: wordsChecked ?? null,
  };
}

async function save(options: Omit<CreateWalletOptions, 'mnemonic'>, contents: Contents): Promise<Wallet> {
  const { path, profile, backend, passphrase, cost, gatherMs, reckoning } = options;
  const network = networkOf(profile);
  const store = await WalletFile.create({ path, network, passphrase, contents, ...(cost && { cost }) });
  const use = { ...(gatherMs !== undefined && { gatherMs }), ...(reckoning && { reckoning }) };
  return new Wallet({ store, profile, backend, ...use });
}

/** The contents before anything is known from the chain: the funded accounts if these are their words. */
export function firstContents(mnemonic: string, profile: NetworkProfile, account = 0): Contents {
  const keys = wordKeys(mnemonic, account);
  const ring = new KeyRing(keys, profile);
  const funded = profile.fundedAccounts.filter(({ index, script }) =>
    equalBytes(ring.script({ chain: RECEIVE, index }), script),
  );
  const empty = newContents(keys);
  if (funded.length === 0) return withReceive(empty, DEFAULT_LABEL, 0);
  return funded.reduce((contents, { name, index }) => withReceive(contents, name, index), empty);
}

function networkOf(profile: NetworkProfile): WalletNetwork {
  return { name: profile.name, magic: magicHex(profile) };
}
