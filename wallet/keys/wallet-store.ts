/** Where a wallet's contents are kept between two looks at them. */
import { WalletError } from '../wallet-error.ts';
import type { Contents } from './contents.ts';

/** Keeps the contents of one wallet. */
export interface WalletStore {
  /** The contents as they are now, also when another process changed them. */
  read(): Promise<Contents>;
  /**
   * Changes the contents: `step` gets the newest ones and gives back what is to be kept, which is durable when
   * the promise resolves. Nobody else changes them meanwhile. When `step` throws, nothing changes.
   */
  update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T>;
  /**
   * Gives the wallet another passphrase.
   * @throws WalletError `wrong-passphrase` when the present one is another; `no-file` when there is none at all
   */
  changePassphrase(current: string, next: string): Promise<void>;
  /**
   * A file beside the wallet's own, for what can be made again at any time, and the 32-byte key to seal it with.
   * Undefined where there is no wallet file. After a change of passphrase the key is another one.
   */
  companion(name: string): Companion | undefined;
  /** Forgets the keys once what is going on has ended. From now on every other call throws WalletError `locked`. */
  close(): Promise<void>;
}

export interface Companion {
  readonly path: string;
  readonly key: Uint8Array;
}

export interface Updated<T> {
  readonly contents: Contents;
  readonly result: T;
}

export function lockedError(): WalletError {
  return new WalletError('locked', 'the wallet was locked: open it again with its passphrase');
}

/** Runs one piece of work after the other, in the order they came. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // Whoever queued a piece of work hears of its failure; the next in line does not care.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Contents that are gone when the process ends: for tests, and for accounts whose words are public. */
export class MemoryStore implements WalletStore {
  readonly #queue = new WorkQueue();
  #contents: Contents;
  #closed = false;

  constructor(contents: Contents) {
    this.#contents = contents;
  }

  async read(): Promise<Contents> {
    this.#requireOpen();
    return this.#contents;
  }

  async update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T> {
    this.#requireOpen();
    return this.#queue.run(async () => {
      const { contents, result } = await step(this.#contents);
      this.#contents = contents;
      return result;
    });
  }

  async changePassphrase(): Promise<void> {
    throw new WalletError('no-file', 'this wallet is in no file, so it has no passphrase');
  }

  companion(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.run(async () => undefined);
  }

  #requireOpen(): void {
    if (this.#closed) throw lockedError();
  }
}
