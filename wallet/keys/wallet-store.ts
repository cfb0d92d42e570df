/** Where a wallet's contents are kept between two looks at them. */
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
}

export interface Updated<T> {
  readonly contents: Contents;
  readonly result: T;
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

  constructor(contents: Contents) {
    this.#contents = contents;
  }

  async read(): Promise<Contents> {
    return this.#contents;
  }

  update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T> {
    return this.#queue.run(async () => {
      const { contents, result } = await step(this.#contents);
      this.#contents = contents;
      return result;
    });
  }
}
