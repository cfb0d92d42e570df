/** A miner that hands in shares as fast as they are answered, and remembers what was acknowledged. */
import { displayHash } from '../../protocol/bytes.ts';
import { findShare, StratumMiner, type Work } from './stratum-miner.ts';

/** Shares under way at a time. */
const WINDOW = 24;

export class LoadMiner {
  /** Hashes of shares that were answered with true. */
  readonly acknowledged = new Set<string>();
  /** Messages of those that were refused. */
  readonly refused: string[] = [];
  /** Whether the connection was closed before `stop`. */
  wasDropped = false;
  /** What the owner was shown. */
  readonly notices: string[] = [];
  readonly #miner: StratumMiner;
  #work: Work;
  #nonce = 0;
  #stopping = false;
  readonly #running: Promise<void>;
  readonly #listeners = new Set<() => void>();

  private constructor(miner: StratumMiner, work: Work) {
    this.#miner = miner;
    this.#work = work;
    void miner.closed.then(() => {
      this.wasDropped = !this.#stopping;
    });
    this.#running = this.#mine();
  }

  static async start(url: string, user: string): Promise<LoadMiner> {
    const miner = await StratumMiner.connect(url);
    return new LoadMiner(miner, await miner.login(user));
  }

  /** Resolves when so many more shares are acknowledged. */
  async acknowledges(count: number): Promise<void> {
    const goal = this.acknowledged.size + count;
    while (this.acknowledged.size < goal) {
      await new Promise<void>((accept) => this.#listeners.add(accept));
    }
  }

  /** Ends when everything is answered; the connection stays. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  close(): void {
    this.#stopping = true;
    this.#miner.close();
  }

  async #mine(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!this.#stopping) {
      this.#takeNews();
      const found = findShare(this.#work, { firstNonce: this.#nonce });
      this.#nonce = found.nonce + 1;
      const answered = this.#miner.request('mining.submit', found.params).then(({ result, error }) => {
        underWay.delete(answered);
        if (result === true) this.acknowledged.add(displayHash(found.hash));
        else this.refused.push(String((error as readonly unknown[])[1]));
        for (const told of this.#listeners) told();
        this.#listeners.clear();
      });
      underWay.add(answered);
      if (underWay.size >= WINDOW) await Promise.race(underWay);
      // Others have their turn too.
      await new Promise((accept) => setImmediate(accept));
    }
    await Promise.all(underWay);
  }

  /** Takes what the pool has sent since the last share. */
  #takeNews(): void {
    const { job, notices } = this.#miner.takeNews();
    this.notices.push(...notices);
    if (job === undefined) return;
    this.#work = { ...this.#work, job };
    this.#nonce = 0;
  }
}
