/** The encrypted file as a store: found, opened, changed under a lock, and never overwritten by accident. */
import { hkdfSync, timingSafeEqual } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lockFile } from '../../service/database.ts';
import { readIfExists, removeUnfinished, writeFileAtomic } from '../../service/files.ts';
import { WalletError } from '../wallet-error.ts';
import { type Contents, contentsSchema } from './contents.ts';
import { contentsFromV1 } from './contents-v1.ts';
import { GuessDelay } from './guess-delay.ts';
import {
  damagedFile,
  deriveSealingKey,
  type KeyFile,
  parseKeyFile,
  type ScryptCost,
  type SealingKey,
  sealKeyFile,
  unsealKeyFile,
  wrongPassphrase,
} from './key-file.ts';
import { type Companion, lockedError, type Updated, type WalletStore, WorkQueue } from './wallet-store.ts';

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
  /** Slows repeated wrong passphrases. Default: one account for the whole process. */
  readonly guesses?: GuessDelay;
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
/** A wallet of ten thousand payments has less than a hundredth of it. */
const MAX_FILE_BYTES = 2 ** 27;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_RETRY_MS = 50;

/** Names the use of a companion's key (RFC 5869, `info`); the name of the companion follows. */
const COMPANION_INFO = 'nilzcoin-wallet';

/** Wrong passphrases of this process. */
const GUESSES = new GuessDelay();

/** What a file held when it was last read or written. */
interface Snapshot {
  readonly text: string;
  readonly version: number;
  readonly contents: Contents;
}

interface Opened {
  readonly key: SealingKey;
  readonly snapshot: Snapshot;
}

export class WalletFile implements WalletStore {
  readonly path: string;
  readonly #network: WalletNetwork;
  readonly #format: ContentsFormat;
  readonly #queue = new WorkQueue();
  /** Undefined once the wallet is locked. */
  #opened: Opened | undefined;
  #closing = false;
  /** Whether what a killed process left behind is gone. */
  #tidied = false;

  private constructor(path: string, network: WalletNetwork, format: ContentsFormat, opened: Opened) {
    this.path = path;
    this.#network = network;
    this.#format = format;
    this.#opened = opened;
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
    const passphrase = await options.passphrase();
    const path = await realpath(options.path);
    const opened = await (options.guesses ?? GUESSES).run(
      path,
      async () => {
        const key = await deriveSealingKey(passphrase, file.kdf);
        return { key, snapshot: snapshotOf(text, file, key, format) };
      },
      isWrongPassphrase,
    );
    return new WalletFile(path, options.network, format, opened);
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
      const snapshot = { text, version, contents };
      return new WalletFile(options.path, options.network, CONTENTS_FORMAT, { key, snapshot });
    });
  }

  /**
   * The contents as they are now.
   * @throws WalletError `locked`; `file-replaced` after a change of passphrase elsewhere; as {@link open} when
   *   something has happened to the file
   */
  async read(): Promise<Contents> {
    if (this.#closing) throw lockedError();
    return (await this.#refreshed()).snapshot.contents;
  }

  async update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T> {
    if (this.#closing) throw lockedError();
    return this.#queue.run(() =>
      locked(this.path, async () => {
        const before = await this.#refreshed();
        const { contents, result } = await step(before.snapshot.contents);
        if (contents !== before.snapshot.contents) await this.#write(before, before.key, contents);
        return result;
      }),
    );
  }

  /**
   * Seals the file, and the copies of older formats beside it, with a key from another passphrase and a new salt.
   * Whoever has it open elsewhere gets `file-replaced` from then on.
   * @param cost lower than the default only in tests
   * @throws WalletError `wrong-passphrase` when `current` does not open the file
   */
  async changePassphrase(current: string, next: string, cost?: ScryptCost): Promise<void> {
    const { key: shown } = this.#requireOpened();
    await GUESSES.run(this.path, () => requirePassphrase(current, shown), isWrongPassphrase);
    await this.#queue.run(() =>
      locked(this.path, async () => {
        const before = await this.#refreshed();
        // It was changed right now by this very copy: then `current` is the one before.
        if (before.key !== shown) throw wrongPassphrase();
        const key = await deriveSealingKey(next, undefined, cost);
        // What another process left unfinished would still open with the old one.
        this.#tidied = false;
        const { contents } = before.snapshot;
        if (before.snapshot.version < this.#format.version) await this.#write(before, before.key, contents);
        for (const version of this.#format.upgrades.keys()) {
          await resealBackup(backupPath(this.path, version), before.key, key, version);
        }
        await this.#write(this.#opened ?? before, key, contents);
        before.key.key.fill(0);
      }),
    );
  }

  companion(name: string): Companion {
    const { kdf, key } = this.#requireOpened().key;
    const info = `${COMPANION_INFO} ${name}`;
    const derived = hkdfSync('sha256', key, Buffer.from(kdf.salt, 'hex'), info, 32);
    return { path: `${this.path}.${name}`, key: new Uint8Array(derived) };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#queue.run(async () => {
      this.#opened?.key.key.fill(0);
      this.#opened = undefined;
    });
  }

  #requireOpened(): Opened {
    if (this.#closing || this.#opened === undefined) throw lockedError();
    return this.#opened;
  }

  /** What the file holds now. Work that began before the wallet was locked still gets it. */
  async #refreshed(): Promise<Opened> {
    const text = await readWalletText(this.path);
    if (this.#opened === undefined) throw lockedError();
    const { key, snapshot } = this.#opened;
    if (text !== snapshot.text) {
      const file = readKeyFile(this.path, text, this.#format.version);
      if (file.kdf.salt !== key.kdf.salt) {
        throw new WalletError(
          'file-replaced',
          `${this.path} was replaced or got another passphrase in the meantime: open it again`,
        );
      }
      requireNetwork(this.path, file, this.#network);
      this.#opened = { key, snapshot: snapshotOf(text, file, key, this.#format) };
    }
    return this.#opened;
  }

  /** Replaces the file; the last one of an older format is kept beside it. */
  async #write({ snapshot: old }: Opened, key: SealingKey, contents: Contents): Promise<void> {
    const { version } = this.#format;
    if (!this.#tidied) await removeUnfinished(this.path);
    this.#tidied = true;
    if (old.version < version) await keepBackup(this.path, old);
    const text = sealKeyFile({ version, ...headOf(this.#network) }, key, contents);
    await writeFileAtomic(this.path, text, OWNER_ONLY);
    this.#opened = { key, snapshot: { text, version, contents } };
  }
}

function isWrongPassphrase(error: unknown): boolean {
  return error instanceof WalletError && error.code === 'wrong-passphrase';
}

/** @throws WalletError `wrong-passphrase` unless it is the one that the key came of */
async function requirePassphrase(passphrase: string, { kdf, key }: SealingKey): Promise<void> {
  const { key: derived } = await deriveSealingKey(passphrase, kdf);
  if (!timingSafeEqual(derived, key)) throw wrongPassphrase();
}

/** Where the last file of an older format is kept. */
function backupPath(path: string, version: number): string {
  return `${path}.v${version}.backup`;
}

async function keepBackup(path: string, { version, text }: Snapshot): Promise<void> {
  const backup = backupPath(path, version);
  await removeUnfinished(backup);
  if ((await readIfExists(backup)) === undefined) await writeFileAtomic(backup, text, OWNER_ONLY);
}

/**
 * A copy of an older format is to open with the new passphrase only, as the wallet itself: whoever changes it may
 * do so because somebody knows the old one. A copy with another key is not ours to change.
 */
async function resealBackup(path: string, from: SealingKey, to: SealingKey, version: number): Promise<void> {
  const bytes = await readIfExists(path);
  if (bytes === undefined) return;
  const file = readKeyFile(path, Buffer.from(bytes).toString('utf8'), version);
  if (file.kdf.salt !== from.kdf.salt) return;
  await removeUnfinished(path);
  await writeFileAtomic(path, sealKeyFile(file, to, unsealKeyFile(file, from)), OWNER_ONLY);
}

/** @throws WalletError `file-exists` when a file, whatever it holds, is at the place of a new wallet */
export async function requireNoWalletFile(path: string): Promise<void> {
  if ((await readIfExists(path)) === undefined) return;
  throw new WalletError(
    'file-exists',
    `${path} exists already and is not overwritten; choose another file with --wallet`,
  );
}

/**
 * The text of what should be a wallet file.
 * @throws WalletError `no-file`, `unreadable`, or `not-a-wallet` for what is no file, or much too large to be one
 */
export async function readWalletText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    // Reading a pipe or a device could wait for ever; a folder fails by itself.
    if (!found.isFile() && !found.isDirectory()) {
      throw new WalletError('not-a-wallet', `${path} is no file`);
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new WalletError('not-a-wallet', `${path} has ${found.size} bytes: no wallet file is that large`);
    }
    const bytes = await readIfExists(path);
    if (bytes !== undefined) return Buffer.from(bytes).toString('utf8');
  } catch (error) {
    if (error instanceof WalletError) throw error;
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      const why = error instanceof Error ? error.message : String(error);
      throw new WalletError('unreadable', `the wallet file ${path} cannot be read (${why})`, {
        cause: error,
      });
    }
  }
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
    try {
      contents = upgrade(contents);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      throw damagedFile(`what it holds has not the form of version ${version}`);
    }
  }
  return { text, version: file.version, contents: parseContents(contents, format) };
}

/** Somebody with the passphrase wrote it in another form. Nothing of what it holds is repeated. */
function parseContents(document: unknown, { schema, version }: ContentsFormat): Contents {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0];
  throw damagedFile(`"${String(field ?? '')}" of what it holds has not the form of version ${version}`);
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
