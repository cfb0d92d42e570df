/** Makes repeated wrong passphrases cost time, beyond what one costs anyway. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkQueue } from './wallet-store.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

interface Guesses {
  readonly queue: WorkQueue;
  /** Wrong ones in a row. */
  wrong: number;
}

/**
 * One guess at a time for each file, and after every further wrong one in a row a longer wait before the next: none
 * after the first, then 1 s, 2 s, 4 s and so on up to half a minute. A right one clears the account. Only this
 * process is slowed; whoever has the file itself is slowed by scrypt alone.
 */
export class GuessDelay {
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #files = new Map<string, Guesses>();

  constructor(pause: (ms: number) => Promise<unknown> = (ms) => sleep(ms)) {
    this.#pause = pause;
  }

  /**
   * @param file the guesses at one file are counted together
   * @param attempt one guess, right when it resolves
   * @param isWrong whether a failure means a wrong passphrase
   */
  run<T>(file: string, attempt: () => Promise<T>, isWrong: (error: unknown) => boolean): Promise<T> {
    const guesses = this.#files.get(file) ?? { queue: new WorkQueue(), wrong: 0 };
    this.#files.set(file, guesses);
    return guesses.queue.run(async () => {
      const wait = guesses.wrong < 2 ? 0 : FIRST_DELAY_MS * 2 ** Math.min(guesses.wrong - 2, 10);
      if (wait > 0) await this.#pause(Math.min(wait, LONGEST_DELAY_MS));
      try {
        const result = await attempt();
        guesses.wrong = 0;
        return result;
      } catch (error) {
        if (isWrong(error)) guesses.wrong += 1;
        throw error;
      }
    });
  }
}
