/** Lets one piece of work run at a time, in the order in which they were asked for. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that was asked for before is done. Work that asks for the same lock waits for ever. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
