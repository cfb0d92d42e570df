/** The wallets of this machine as the page sees them: which there are, and which are open. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { NetworkProfile } from '../../protocol/network.ts';
import { magicHex } from '../../protocol/network.ts';
import type { Clock } from '../../service/clock.ts';
import { HttpError } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import type { ChainBackend } from '../chain/backend.ts';
import type { ScanProgress } from '../chain/scan.ts';
import type { WalletSettings } from '../keys/contents.ts';
import type { ScryptCost } from '../keys/key-file.ts';
import { type LockReason, UnlockedWallets } from '../keys/unlocked-wallets.ts';
import { requireNoWalletFile } from '../keys/wallet-file.ts';
import { type ListedWallet, listWallets, parseWalletName, walletPath } from '../keys/wallet-folder.ts';
import {
  createWallet,
  openWallet,
  parseMnemonic,
  restoreWallet,
  type WalletUse,
  watchWallet,
} from '../open-wallet.ts';
import type { Wallet } from '../wallet.ts';
import { WalletError } from '../wallet-error.ts';
import type { WalletRow } from './api-values.ts';

export interface WalletShelfOptions {
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  /** The network's folder. */
  readonly directory: string;
  /** One more wallet, which may lie elsewhere. */
  readonly walletFile?: string | undefined;
  readonly clock: Clock;
  /** Of new wallets; for tests. */
  readonly cost?: ScryptCost;
  readonly log: Logger;
  /** There are other wallets than before, or others of them are open. */
  readonly onList: (wallets: WalletRow[]) => void;
  /** Another program wrote the file of an open wallet. */
  readonly onChange: (id: string) => void;
  readonly onLock: (id: string, reason: LockReason) => void;
}

/** A wallet to be made. */
export interface NewWallet {
  readonly name: string;
  readonly passphrase: string;
}

/** How a search for addresses in use ended. */
export interface Found {
  readonly row: WalletRow;
  readonly usedAddresses: number;
}

type OnProgress = (progress: ScanProgress) => void;

/** What the list says of an open wallet beside its file. */
interface OpenFacts {
  readonly path: string;
  readonly kind: 'words' | 'watch';
  autoLockMinutes: number;
  /** When the file was last written, as far as is known. */
  writtenMs: number;
}

const MINUTE_MS = 60_000;
const LOOK_MS = 1_000;
/** A page asks for balance, history and chart at once: they come within this time, and the chain is looked at once. */
const GATHER_MS = 15;

/** What a wallet outside the folder is called by; no name of one in the folder begins so. */
const OUTSIDE = '@';

export class WalletShelf {
  readonly #options: WalletShelfOptions;
  readonly #open: UnlockedWallets<Wallet>;
  readonly #facts = new Map<string, OpenFacts>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: WalletShelfOptions) {
    this.#options = options;
    this.#open = new UnlockedWallets({
      clock: options.clock,
      onLock: (id, reason) => {
        this.#facts.delete(id);
        options.onLock(id, reason);
        this.#tellList();
      },
    });
  }

  /** Locks who is away and notices what other programs write, from now on. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#open.lockIdle();
      this.#looking = this.#looking.then(() => this.#lookAtFiles()).catch((error) => this.#fail(error));
    }, LOOK_MS);
  }

  /** Locks all. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#open.lockAll();
    await this.#looking;
  }

  /** The wallets there are, in the order of their names. */
  async rows(): Promise<WalletRow[]> {
    const { profile } = this.#options;
    return (await this.#listed()).map(({ id, name, path, magic, network, problem }) => {
      const facts = this.#facts.get(id);
      const foreign =
        magic === undefined || magic === magicHex(profile)
          ? undefined
          : `it is a wallet of the network ${network} (${magic})`;
      return {
        id,
        name,
        file: path,
        is_open: facts !== undefined,
        kind: facts?.kind ?? null,
        auto_lock_minutes: facts?.autoLockMinutes ?? null,
        problem: problem?.message ?? foreign ?? null,
      };
    });
  }

  openIds(): string[] {
    return this.#open.ids();
  }

  /**
   * An open wallet.
   * @throws HttpError 409 `locked`
   */
  get(id: string): Wallet {
    const wallet = this.#open.get(id);
    if (wallet !== undefined) return wallet;
    throw new HttpError(409, 'the wallet is locked: open it with its passphrase', { code: 'locked' });
  }

  /** The person is there. */
  touch(id: string): void {
    this.#open.touch(id);
  }

  lock(id: string): void {
    this.#open.lock(id);
  }

  /**
   * Opens a wallet of the list; one that is open stays as it is, if the passphrase is right.
   * @throws WalletError as `openWallet`; HttpError 404 `no-wallet`
   */
  async open(id: string, passphrase: string): Promise<WalletRow> {
    const path = await this.#pathOf(id);
    const wallet = await this.#openFile(id, path, passphrase);
    if (this.#open.get(id) !== undefined) {
      await wallet.close();
      this.#open.touch(id);
    } else await this.#hold(id, path, wallet);
    return this.#row(id);
  }

  /** @throws WalletError `wrong-passphrase` unless it is that of the wallet */
  async requirePassphrase(id: string, passphrase: string): Promise<void> {
    this.get(id);
    await (await this.#openFile(id, await this.#pathOf(id), passphrase)).close();
  }

  /** @throws WalletError `bad-name`, `bad-words`, `file-exists` */
  async create({
    name,
    words,
    passphrase,
    wordsChecked,
  }: NewWallet & { words: string; wordsChecked?: number }) {
    const mnemonic = parseMnemonic(words, this.#options.profile);
    const checked = wordsChecked === undefined ? {} : { wordsChecked };
    return this.#make(name, (place) => createWallet({ ...place, passphrase, mnemonic, ...checked }));
  }

  /** @throws WalletError as `restoreWallet` */
  async restore(
    wanted: NewWallet & { words: string; account?: number; gapLimit?: number; wordsChecked: number },
    onProgress: OnProgress,
  ): Promise<Found> {
    const { name, words, ...rest } = wanted;
    const mnemonic = parseMnemonic(words, this.#options.profile);
    return this.#search(onProgress, (onEach) =>
      this.#make(name, (place) => restoreWallet({ ...place, ...rest, mnemonic, onProgress: onEach })),
    );
  }

  /** @throws WalletError as `watchWallet` */
  async watch(
    { name, ...rest }: NewWallet & { xpub: string; gapLimit?: number },
    onProgress: OnProgress,
  ): Promise<Found> {
    return this.#search(onProgress, (onEach) =>
      this.#make(name, (place) => watchWallet({ ...place, ...rest, onProgress: onEach })),
    );
  }

  /** @throws WalletError `bad-setting` */
  async changeSettings(id: string, changes: Partial<WalletSettings>): Promise<WalletSettings> {
    const wallet = this.get(id);
    await wallet.setSettings(changes);
    const settings = await wallet.settings();
    const facts = this.#facts.get(id);
    if (facts !== undefined) facts.autoLockMinutes = settings.autoLockMinutes;
    this.#open.setIdle(id, settings.autoLockMinutes * MINUTE_MS);
    this.#tellList();
    return settings;
  }

  async #search(onProgress: OnProgress, make: (onEach: OnProgress) => Promise<WalletRow>): Promise<Found> {
    const used = { receive: 0, change: 0 };
    const row = await make((progress) => {
      used[progress.chain] = progress.used;
      onProgress(progress);
    });
    return { row, usedAddresses: used.receive + used.change };
  }

  async #make(
    text: string,
    make: (
      place: Pick<WalletShelfOptions, 'profile' | 'backend' | 'cost'> & WalletUse & { path: string },
    ) => Promise<Wallet>,
  ): Promise<WalletRow> {
    const { directory, profile, backend, cost } = this.#options;
    const name = parseWalletName(text);
    const path = walletPath(directory, name);
    await requireNoWalletFile(path);
    const place = { path, profile, backend, ...this.#use(name) };
    const wallet = await make({ ...place, ...(cost !== undefined && { cost }) });
    await this.#hold(name, path, wallet);
    return this.#row(name);
  }

  #openFile(id: string, path: string, passphrase: string): Promise<Wallet> {
    const { profile, backend } = this.#options;
    return openWallet({ path, profile, backend, passphrase: async () => passphrase, ...this.#use(id) });
  }

  /** A page asks for several things at once, and is told when what it was told turns out wrong. */
  #use(id: string): WalletUse {
    const { log, onChange } = this.#options;
    const onCorrection = (): void => {
      log.warn({ wallet: id }, 'the kept history did not fit the coins of the chain: it was read anew');
      onChange(id);
    };
    const onFailure = (error: unknown): void => {
      log.info(
        { wallet: id, err: error },
        'the coins could not be compared with the chain, which is tried again',
      );
    };
    return { gatherMs: GATHER_MS, reckoning: { onCorrection, onFailure } };
  }

  async #hold(id: string, path: string, wallet: Wallet): Promise<void> {
    const { autoLockMinutes } = await wallet.settings();
    const kind = await wallet.kind();
    this.#open.hold(id, wallet, autoLockMinutes * MINUTE_MS);
    this.#facts.set(id, { path, kind, autoLockMinutes, writtenMs: (await writtenMs(path)) ?? 0 });
    this.#tellList();
  }

  async #row(id: string): Promise<WalletRow> {
    const row = (await this.rows()).find((each) => each.id === id);
    if (row === undefined) throw noWallet();
    return row;
  }

  async #pathOf(id: string): Promise<string> {
    const wallet = (await this.#listed()).find((each) => each.id === id);
    if (wallet === undefined) throw noWallet();
    return wallet.path;
  }

  async #listed(): Promise<readonly (ListedWallet & { readonly id: string })[]> {
    const { directory, walletFile } = this.#options;
    const inFolder = (await listWallets(directory)).map((each) => ({ ...each, id: each.name }));
    if (walletFile === undefined || inFolder.some(({ path }) => resolve(path) === resolve(walletFile))) {
      return inFolder;
    }
    const name = basename(walletFile);
    const outside = { id: `${OUTSIDE}${name}`, name, path: walletFile };
    return [...inFolder, { ...outside, network: undefined, magic: undefined, problem: undefined }];
  }

  #tellList(): void {
    this.rows().then(this.#options.onList, (error) => this.#fail(error));
  }

  /** The folder cannot be read: whoever asks for it hears of that, too. */
  #fail(error: unknown): void {
    this.#options.log.error({ err: error }, 'the wallets cannot be looked at');
  }

  /** Another window of another program may have changed a file, or its passphrase, or taken it away. */
  async #lookAtFiles(): Promise<void> {
    for (const [id, facts] of this.#facts) {
      const now = await writtenMs(facts.path);
      if (now === facts.writtenMs) continue;
      facts.writtenMs = now ?? 0;
      const wallet = this.#open.get(id);
      if (wallet === undefined) continue;
      try {
        await wallet.settings();
        this.#options.onChange(id);
      } catch (error) {
        if (!(error instanceof WalletError)) throw error;
        this.#open.lock(id, 'replaced');
      }
    }
  }
}

function noWallet(): HttpError {
  return new HttpError(404, 'there is no such wallet here', { code: 'no-wallet' });
}

/** When a file was last written, in milliseconds since 1970; undefined when it is not there. */
async function writtenMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
