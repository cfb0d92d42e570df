/** Too much waits already; it is worth trying again a little later. */
export class GateFullError extends Error {
  override readonly name = 'GateFullError';
}

/**
 * Lets few pieces of work run at once and few more wait: what strangers can ask for takes bounded memory and
 * leaves processors and threads to others.
 */
export class WorkGate {
  readonly #running: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #open = 0;

  /** @param running at once @param waiting beside those that run */
  constructor(running: number, waiting: number) {
    this.#running = running;
    this.#waiting = waiting;
  }

  /** Whether the next one would be refused. */
  get isFull(): boolean {
    return this.#open >= this.#running && this.#queue.length >= this.#waiting;
  }

  /**
   * Runs it when its turn comes.
   * @throws GateFullError at once where too many wait; what `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.isFull) throw new GateFullError('too much waits to be checked');
    if (this.#open >= this.#running) await new Promise<void>((accept) => this.#queue.push(accept));
    else this.#open += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, so nobody slips in between.
      const next = this.#queue.shift();
      if (next === undefined) this.#open -= 1;
      else next();
    }
  }
}
