/** The wallets of one network on this machine: `wallet.json`, and `wallets/NAME.json` beside it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WalletError, type WalletErrorCode } from '../wallet-error.ts';
import { parseKeyFile } from './key-file.ts';
import { CONTENTS_FORMAT, readWalletText } from './wallet-file.ts';

/** What the wallet without a name of its own is called. */
export const DEFAULT_WALLET = 'default';

/** Letters of one case only: on many machines "Rent" and "rent" are one file. */
const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?$/;
/** Names that Windows keeps for its devices, whatever follows the dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/** A wallet file in the folder, told apart without its passphrase. */
export interface ListedWallet {
  readonly name: string;
  readonly path: string;
  /** What the file says it is for; undefined when it cannot be read. */
  readonly network: string | undefined;
  /** 8 hex digits; see `magicHex`. */
  readonly magic: string | undefined;
  /** Why it cannot be opened as it is. */
  readonly problem: { readonly code: WalletErrorCode; readonly message: string } | undefined;
}

/**
 * A wallet's name as it is used in paths.
 * @throws WalletError `bad-name`
 */
export function parseWalletName(text: string): string {
  const name = text.trim().toLowerCase();
  if (!NAME.test(name) || DEVICE.test(name)) {
    throw new WalletError(
      'bad-name',
      `${JSON.stringify(text)} is no name of a wallet: allowed are up to 40 of the letters a to z, digits, "-" and "_", beginning and ending with a letter or digit`,
    );
  }
  return name;
}

/**
 * Where the wallet of a name is, whether there is one or not.
 * @param folder the folder of the network
 * @throws WalletError `bad-name`
 */
export function walletPath(folder: string, name: string): string {
  const parsed = parseWalletName(name);
  return parsed === DEFAULT_WALLET ? join(folder, 'wallet.json') : join(folder, 'wallets', `${parsed}.json`);
}

/**
 * The wallets in the folder of a network, the default one first, then by name. Files of another form, such as
 * copies of older formats, are left out; a file that should be a wallet and is damaged is in the list.
 */
export async function listWallets(folder: string): Promise<ListedWallet[]> {
  const named = (await fileNames(join(folder, 'wallets')))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((name) => NAME.test(name) && !DEVICE.test(name) && name !== DEFAULT_WALLET)
    .sort();
  const listed = await Promise.all([DEFAULT_WALLET, ...named].map((name) => listedAt(folder, name)));
  return listed.filter((wallet) => wallet !== undefined);
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function listedAt(folder: string, name: string): Promise<ListedWallet | undefined> {
  const path = walletPath(folder, name);
  const unknown = { name, path, network: undefined, magic: undefined };
  try {
    const { network, magic } = parseKeyFile(await readWalletText(path), CONTENTS_FORMAT.version);
    return { name, path, network, magic, problem: undefined };
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    const { code, message } = error;
    return code === 'no-file' ? undefined : { ...unknown, problem: { code, message } };
  }
}
