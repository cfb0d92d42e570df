/** The encrypted file as a store: found, opened, changed under a lock, and never overwritten by accident. */
import { mkdir, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { lockFile } from '../../service/database.ts';
import { readIfExists, writeFileAtomic } from '../../service/files.ts';
import { WalletError } from '../wallet-error.ts';
import { type Contents, contentsSchema } from './contents.ts';
import { contentsFromV1 } from './contents-v1.ts';
import {
  deriveSealingKey,
  type KeyFile,
  parseKeyFile,
  type ScryptCost,
  type SealingKey,
  sealKeyFile,
  unsealKeyFile,
} from './key-file.ts';
import { type Updated, type WalletStore, WorkQueue } from './wallet-store.ts';

/** How contents are laid out in one format version, and how those of older versions become it. */
export interface ContentsFormat {
  readonly version: number;
  readonly schema: z.ZodType<Contents>;
  /** By old version: the step to the next one. */
  readonly upgrades: ReadonlyMap<number, (contents: unknown) => unknown>;
}

export const CONTENTS_FORMAT: ContentsFormat = {
  version: 2,
  schema: contentsSchema,
  upgrades: new Map([[1, contentsFromV1]]),
};

/** Which network a wallet is for: the magic is its identity, the name is for people. */
export interface WalletNetwork {
  readonly name: string;
  /** 8 hex digits. */
  readonly magic: string;
}

export interface OpenFileOptions {
  readonly path: string;
  readonly network: WalletNetwork;
  /** Asked only after the file was found, read, and seen to be of this network. */
  readonly passphrase: () => Promise<string>;
  readonly format?: ContentsFormat;
}

export interface CreateFileOptions {
  readonly path: string;
  readonly network: WalletNetwork;
  readonly passphrase: string;
  readonly contents: Contents;
  /** Lower than the default only where the keys are worthless, as in tests. */
  readonly cost?: ScryptCost;
}

const OWNER_ONLY = 0o600;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_RETRY_MS = 50;

/** What a file held when it was last read or written. */
interface Snapshot {
  readonly text: string;
  readonly version: number;
  readonly contents: Contents;
}

export class WalletFile implements WalletStore {
  readonly path: string;
  readonly #network: WalletNetwork;
  readonly #format: ContentsFormat;
  readonly #key: SealingKey;
  readonly #queue = new WorkQueue();
  #snapshot: Snapshot;

  private constructor(options: OpenFileOptions | CreateFileOptions, key: SealingKey, snapshot: Snapshot) {
    this.path = options.path;
    this.#network = options.network;
    this.#format = ('format' in options ? options.format : undefined) ?? CONTENTS_FORMAT;
    this.#key = key;
    this.#snapshot = snapshot;
  }

  /**
   * Opens a wallet file. It is only read. A symbolic link is followed, so that later changes reach what it names.
   * @throws WalletError `no-file`, `unreadable`, `not-a-wallet`, `newer-format`, `damaged-file`, `wrong-network`
   *   or `wrong-passphrase`
   */
  static async open(options: OpenFileOptions): Promise<WalletFile> {
    const format = options.format ?? CONTENTS_FORMAT;
    const text = await readWalletText(options.path);
    const file = readKeyFile(options.path, text, format.version);
    requireNetwork(options.path, file, options.network);
    const key = await deriveSealingKey(await options.passphrase(), file.kdf);
    const path = await realpath(options.path);
    return new WalletFile({ ...options, path }, key, snapshotOf(text, file, key, format));
  }

  /**
   * Makes a new wallet file.
   * @throws WalletError `file-exists` when anything is there already
   */
  static async create(options: CreateFileOptions): Promise<WalletFile> {
    const key = await deriveSealingKey(options.passphrase, undefined, options.cost);
    return locked(options.path, async () => {
      await requireNoWalletFile(options.path);
      const { contents } = options;
      const { version } = CONTENTS_FORMAT;
      const text = sealKeyFile({ version, ...headOf(options.network) }, key, contents);
      await writeFileAtomic(options.path, text, OWNER_ONLY);
      return new WalletFile(options, key, { text, version, contents });
    });
  }

  async read(): Promise<Contents> {
    const text = await readWalletText(this.path);
    if (text !== this.#snapshot.text) {
      const file = readKeyFile(this.path, text, this.#format.version);
      if (file.kdf.salt !== this.#key.kdf.salt) {
        throw new WalletError(
          'wrong-passphrase',
          `${this.path} was replaced or got another passphrase in the meantime: open it again`,
        );
      }
      requireNetwork(this.path, file, this.#network);
      this.#snapshot = snapshotOf(text, file, this.#key, this.#format);
    }
    return this.#snapshot.contents;
  }

  update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T> {
    return this.#queue.run(() =>
      locked(this.path, async () => {
        const before = await this.read();
        const { contents, result } = await step(before);
        if (contents !== before) await this.#write(contents);
        return result;
      }),
    );
  }

  /** Replaces the file; the last one of an older format is kept beside it. */
  async #write(contents: Contents): Promise<void> {
    const { version } = this.#format;
    const old = this.#snapshot;
    if (old.version < version) {
      const backup = `${this.path}.v${old.version}.backup`;
      if ((await readIfExists(backup)) === undefined) await writeFileAtomic(backup, old.text, OWNER_ONLY);
    }
    const text = sealKeyFile({ version, ...headOf(this.#network) }, this.#key, contents);
    await writeFileAtomic(this.path, text, OWNER_ONLY);
    this.#snapshot = { text, version, contents };
  }
}

/** @throws WalletError `file-exists` when a file, whatever it holds, is at the place of a new wallet */
export async function requireNoWalletFile(path: string): Promise<void> {
  if ((await readIfExists(path)) === undefined) return;
  throw new WalletError(
    'file-exists',
    `${path} exists already and is not overwritten; choose another file with --wallet`,
  );
}

async function readWalletText(path: string): Promise<string> {
  const bytes = await readIfExists(path).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new WalletError('unreadable', `the wallet file ${path} cannot be read (${why})`, { cause: error });
  });
  if (bytes !== undefined) return Buffer.from(bytes).toString('utf8');
  throw new WalletError(
    'no-file',
    `there is no wallet file ${path}; "nilz wallet init" or "nilz wallet restore" makes one`,
  );
}

/** @throws WalletError of `parseKeyFile`, naming the file */
function readKeyFile(path: string, text: string, version: number): KeyFile {
  try {
    return parseKeyFile(text, version);
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    throw new WalletError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

function requireNetwork(path: string, file: KeyFile, network: WalletNetwork): void {
  if (file.magic === network.magic) return;
  const same = file.network === network.name ? ' of another identity' : '';
  throw new WalletError(
    'wrong-network',
    `${path} is a wallet of the network ${file.network}${same} (${file.magic}), not ${network.name} (${network.magic}); see --network`,
  );
}

function headOf(network: WalletNetwork): { network: string; magic: string } {
  return { network: network.name, magic: network.magic };
}

function snapshotOf(text: string, file: KeyFile, key: SealingKey, format: ContentsFormat): Snapshot {
  let contents = unsealKeyFile(file, key);
  for (let version = file.version; version < format.version; version++) {
    const upgrade = format.upgrades.get(version);
    if (upgrade === undefined) throw new Error(`no upgrade of wallet format ${version}`);
    contents = upgrade(contents);
  }
  return { text, version: file.version, contents: format.schema.parse(contents) };
}

/** Does something while no other process changes the file. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  await mkdir(dirname(resolve(path)), { recursive: true });
  let unlock = await lockFile(`${path}.lock`);
  while (unlock === undefined) {
    if (Date.now() > deadline) {
      throw new WalletError('busy', `another program has been writing ${path} for a minute; try again later`);
    }
    await sleep(LOCK_RETRY_MS);
    unlock = await lockFile(`${path}.lock`);
  }
  try {
    return await work();
  } finally {
    await unlock();
  }
}
