/** A miner whose pool may die at any moment: it notes what it has handed in, and what of that was acknowledged. */
import { displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { type Found, findShare, StratumMiner, type Work } from './stratum-miner.ts';

/** What became of a share, by its hash as shown. Nothing is known of one that no answer came to. */
export type Fate = 'unanswered' | 'acknowledged' | 'refused';

/** What a miner takes along to the pool's next life. */
export interface Rig {
  /** All of one connection: `ADDRESS.WORKER`; they take turns. */
  readonly users: readonly string[];
  /** Of its shares. */
  readonly difficulty: number;
  /** Over all connections. */
  readonly fates: Map<string, Fate>;
  /** What was refused, and why. */
  readonly refusals: Map<string, string>;
  /** To be resumed. */
  session?: string;
  /** Handed in last, without an answer: the same lines come again on the next connection. */
  unanswered: Found[];
}

export function newRig(users: readonly string[], difficulty: number): Rig {
  return { users, difficulty, fates: new Map(), refusals: new Map(), unanswered: [] };
}

/** Shares under way at a time. */
const WINDOW = 3;

export class NotingMiner {
  readonly #rig: Rig;
  readonly #miner: StratumMiner;
  #work: Work;
  #nonce = 0;
  #isOver = false;
  readonly #mining: Promise<void>;

  private constructor(rig: Rig, miner: StratumMiner, work: Work) {
    this.#rig = rig;
    this.#miner = miner;
    this.#work = work;
    void miner.closed.then(() => {
      this.#isOver = true;
    });
    this.#mining = this.#mine();
  }

  /** Connects, resumes its session, and hands in what it had no answer to. Undefined when the pool died meanwhile. */
  static async start(url: string, rig: Rig): Promise<NotingMiner | undefined> {
    const miner = await StratumMiner.connect(url).catch(() => undefined);
    if (miner === undefined) return undefined;
    const work = await Promise.race([logIn(miner, rig), miner.closed]);
    return work === undefined ? undefined : new NotingMiner(rig, miner, work);
  }

  /** Ends the connection, whatever is under way, and resolves when nothing can come any more. */
  async stop(): Promise<void> {
    this.#miner.close();
    await this.#miner.closed;
    await this.#mining;
  }

  async #mine(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    const gone = this.#miner.closed;
    const repeated = this.#rig.unanswered;
    this.#rig.unanswered = [];
    while (!this.#isOver) {
      const found = repeated.shift() ?? this.#search();
      const answered = this.#handIn(found).finally(() => underWay.delete(answered));
      underWay.add(answered);
      if (underWay.size >= WINDOW) await Promise.race([...underWay, gone]);
      // Others have their turn too.
      await new Promise((accept) => setImmediate(accept));
    }
  }

  #search(): Found {
    const { job } = this.#miner.takeNews();
    if (job !== undefined) {
      this.#work = { ...this.#work, job };
      this.#nonce = 0;
    }
    const { users } = this.#rig;
    const user = users[this.#nonce % users.length]!;
    const found = findShare({ ...this.#work, user }, { firstNonce: this.#nonce });
    this.#nonce = found.nonce + 1;
    return found;
  }

  /** Resolves with the answer; a connection that ends leaves it open for ever. */
  async #handIn(found: Found): Promise<void> {
    const { fates, refusals, unanswered } = this.#rig;
    const hash = displayHash(found.hash);
    const before = fates.get(hash);
    if (before === undefined) fates.set(hash, 'unanswered');
    unanswered.push(found);
    const { result, error } = await this.#miner.request('mining.submit', found.params);
    unanswered.splice(unanswered.indexOf(found), 1);
    if (result === true) fates.set(hash, 'acknowledged');
    // One that comes again may be refused because the first time it was taken: of that nothing is known still.
    else if (before === undefined) {
      fates.set(hash, 'refused');
      refusals.set(hash, String((error as readonly unknown[])[1]));
    }
  }
}

async function logIn(miner: StratumMiner, rig: Rig): Promise<Work> {
  const { result } = await miner.request('mining.subscribe', [
    'test/1.0',
    ...(rig.session ? [rig.session] : []),
  ]);
  const [[[, session]], extranonce1] = result as [[[string, string]], string];
  rig.session = session;
  for (const user of rig.users) await miner.request('mining.authorize', [user, `d=${rig.difficulty}`]);
  const job = await miner.nextJob();
  const { difficulty } = rig;
  return { user: rig.users[0]!, extranonce1: hexToBytes(extranonce1), difficulty, job };
}
