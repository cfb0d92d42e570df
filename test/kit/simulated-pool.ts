/**
 * A Stratum pool in virtual time that does at random all that a pool may do, many times a day. It judges shares by its
 * own arithmetic on `node:crypto`, sharing no code with the miner.
 */
import { createHash } from 'node:crypto';
import type { Connector } from '../../miner/transport/connection.ts';
import type { VirtualTime } from './virtual-time.ts';

const LATENCY_MS = 30;
const FULL_MASK = 0x1fffe000;
/** Jobs of the past that may come again. */
const REPEATED_JOBS = 5;
/** Share difficulties are multiples of this: a share takes k / 256 hashes. */
const DIFFICULTY_UNIT = 2 ** -40;

export type Verdict = 'accepted' | 'stale' | 'duplicate' | 'low-difficulty' | 'unknown-job' | 'malformed';

/** What a job is made of; the parameters of mining.notify but for its name and whether it is clean. */
interface Content {
  readonly previousHash: string;
  readonly coinbase1: string;
  readonly coinbase2: string;
  readonly branch: readonly string[];
  readonly version: number;
  readonly time: number;
}

/** A job as one miner was sent it, with all that was agreed then. */
interface SentJob {
  readonly content: Content;
  readonly extranonce1: string;
  readonly extranonce2Size: number;
  readonly target: bigint;
  /** Bits that were allowed at any time since. */
  mask: number;
  isStale: boolean;
}

interface Miner {
  readonly say: (message: unknown) => void;
  readonly hangUp: () => void;
  readonly jobs: Map<string, SentJob>;
  extranonce1: string;
  extranonce2Size: number;
  mask: number;
  isAuthorized: boolean;
}

export class SimulatedPool {
  readonly verdicts = new Map<Verdict, number>();
  /** What the pool did, by name. */
  readonly deeds = new Map<string, number>();
  /** Shares whose time, version or extranonce2 was rolled. */
  readonly rolled = { time: 0, version: 0, extranonce2: 0 };
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #unixMs: () => number;
  readonly #seen = new Set<string>();
  readonly #past: Content[] = [];
  #miner: Miner | undefined;
  #isOpen = true;
  #extranonces = 0;
  /** Sessions of earlier ages are not resumed. */
  #age = 0;
  #jobs = 0;
  #difficulty = 60 * 256;

  constructor(time: VirtualTime, unixMs: () => number, random: () => number) {
    this.#time = time;
    this.#unixMs = unixMs;
    this.#random = random;
    time.later(() => this.#act(), 5_000);
  }

  /** Opens connections to this pool; a line is on its way for a while. */
  readonly connector: Connector = (_endpoint, handlers) => {
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    const soon = (run: () => void): void => {
      this.#time.later(() => {
        if (isOpen) run();
      }, LATENCY_MS);
    };
    if (!this.#isOpen) {
      soon(() => {
        close();
        handlers.onClosed('refused');
      });
      return { send: () => {}, close };
    }
    const miner: Miner = {
      say: (message) => soon(() => handlers.onLine(JSON.stringify(message))),
      hangUp: () => {
        if (!isOpen) return;
        close();
        handlers.onClosed('ended');
      },
      jobs: new Map(),
      extranonce1: '',
      extranonce2Size: 4,
      mask: 0,
      isAuthorized: false,
    };
    this.#miner = miner;
    soon(() => handlers.onConnected());
    return {
      send: (line) => {
        if (isOpen) this.#time.later(() => this.#hear(miner, line), LATENCY_MS);
      },
      close,
    };
  };

  /** Extranonce2 of the miner that is connected: tests need to know how much room there is. */
  get extranonce2Size(): number {
    return this.#miner?.extranonce2Size ?? 0;
  }

  /** Resumes none of the sessions that there were so far. */
  forgetSessions(): void {
    this.#age += 1;
  }

  /** Lets go of what it remembers, to see what others do. */
  forget(): void {
    this.#seen.clear();
  }

  #hear(miner: Miner, line: string): void {
    const { id, method, params } = JSON.parse(line) as { id: unknown; method: string; params: unknown[] };
    const answer = (result: unknown, error: unknown = null): void => miner.say({ id, result, error });
    switch (method) {
      case 'mining.configure':
        // Not every pool knows it.
        if (this.#chance(0.2)) {
          answer(null, [20, 'unknown method', null]);
          return;
        }
        miner.mask = FULL_MASK;
        answer({ 'version-rolling': true, 'version-rolling.mask': hex(FULL_MASK) });
        return;
      case 'mining.subscribe': {
        const [, session] = params;
        const [extranonce1, size, age] = typeof session === 'string' ? session.split('-') : [];
        const isResumed = age === String(this.#age) && this.#chance(0.7);
        miner.extranonce1 = isResumed && extranonce1 !== undefined ? extranonce1 : this.#newExtranonce();
        miner.extranonce2Size = Number(isResumed ? size : this.#pick([8, 4, 4, 4, 2, 1, 0]));
        const name = `${miner.extranonce1}-${miner.extranonce2Size}-${this.#age}`;
        answer([[['mining.notify', name]], miner.extranonce1, miner.extranonce2Size]);
        return;
      }
      case 'mining.authorize':
        answer(true);
        miner.isAuthorized = true;
        this.#setDifficulty(miner);
        // After a break the tip is often still the same.
        this.#notify(miner, this.#past.at(-1) ?? this.#newContent(), true);
        return;
      case 'mining.submit': {
        const verdict = this.#judge(miner, params as string[]);
        this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
        if (verdict === 'accepted') answer(true);
        else answer(null, [verdict === 'stale' ? 21 : 20, verdict, null]);
        return;
      }
      case 'mining.extranonce.subscribe':
      case 'mining.ping':
        answer(true);
        return;
    }
  }

  /** Does something, and again after a while. */
  #act(): void {
    this.#time.later(() => this.#act(), 2_000 + this.#random() * 50_000);
    const miner = this.#miner;
    if (miner?.isAuthorized !== true) return;
    const repeated = this.#pick(this.#past.slice(-REPEATED_JOBS)) ?? this.#newContent();
    const deeds: Readonly<Record<string, () => void>> = {
      'new tip': () => this.#notify(miner, this.#newContent(), true),
      'new transactions': () => this.#notify(miner, this.#newContent(), false),
      'same job again': () => this.#notify(miner, this.#past.at(-1) ?? repeated, this.#chance(0.5)),
      'same job later': () =>
        this.#notify(miner, { ...repeated, time: this.#unixSeconds() }, this.#chance(0.5)),
      'earlier job again': () => this.#notify(miner, repeated, this.#chance(0.5)),
      'another version': () =>
        this.#notify(miner, { ...repeated, version: 0x2000_2000 ^ repeated.version }, true),
      'flurry of jobs': () => {
        for (let count = 0; count < 12; count++) this.#notify(miner, this.#newContent(), this.#chance(0.5));
      },
      'other difficulty': () => {
        this.#difficulty = Math.floor(256 * (20 + this.#random() * 180));
        this.#setDifficulty(miner);
        if (this.#chance(0.7)) this.#notify(miner, repeated, this.#chance(0.5));
      },
      'other extranonce': () => {
        miner.extranonce1 = this.#newExtranonce();
        miner.extranonce2Size = this.#pick([8, 4, 2, 1, 0]) ?? 4;
        miner.say({
          id: null,
          method: 'mining.set_extranonce',
          params: [miner.extranonce1, miner.extranonce2Size],
        });
        if (this.#chance(0.7)) this.#notify(miner, repeated, true);
      },
      'other mask': () => {
        if (miner.mask === 0) return;
        miner.mask = this.#pick([FULL_MASK, 0x0000_2000, 0x1000_6000, 0x00ff_e000]) ?? FULL_MASK;
        for (const job of miner.jobs.values()) job.mask |= miner.mask;
        miner.say({ id: null, method: 'mining.set_version_mask', params: [hex(miner.mask)] });
        if (this.#chance(0.5)) this.#notify(miner, repeated, this.#chance(0.5));
      },
      'hangs up': () => miner.hangUp(),
      'sends away': () => miner.say({ id: null, method: 'client.reconnect', params: [] }),
      'is down for a while': () => {
        this.#isOpen = false;
        miner.hangUp();
        this.#time.later(() => {
          this.#isOpen = true;
        }, this.#random() * 300_000);
      },
    };
    // Jobs come more often than trouble.
    const names = Object.keys(deeds);
    const name = this.#pick(this.#chance(0.5) ? names.slice(0, 6) : names) ?? 'new tip';
    this.deeds.set(name, (this.deeds.get(name) ?? 0) + 1);
    deeds[name]?.();
  }

  #newContent(): Content {
    const number = ++this.#jobs;
    const word = (salt: string): string => sha256d(Buffer.from(`${salt} ${number}`)).toString('hex');
    const content: Content = {
      previousHash: word('tip'),
      coinbase1: `01000000${'00'.repeat(32)}ffffffff08${hex(number)}`,
      coinbase2: `ffffffff${'22'.repeat(40)}`,
      branch: Array.from({ length: number % 4 }, (_, index) => word(`branch ${index}`)),
      version: 0x2000_0000,
      time: this.#unixSeconds(),
    };
    this.#past.push(content);
    if (this.#past.length > REPEATED_JOBS) this.#past.shift();
    return content;
  }

  #notify(miner: Miner, content: Content, clean: boolean): void {
    const jobId = `j${++this.#jobs}`;
    const { previousHash, coinbase1, coinbase2, branch, version, time } = content;
    const { extranonce1, extranonce2Size, mask } = miner;
    if (clean) for (const job of miner.jobs.values()) job.isStale = true;
    const target = ((0xffffn << 208n) * 2n ** 40n) / BigInt(this.#difficulty);
    miner.jobs.set(jobId, { content, extranonce1, extranonce2Size, target, mask, isStale: false });
    for (const old of miner.jobs.keys()) if (miner.jobs.size > 30) miner.jobs.delete(old);
    const params = [
      jobId,
      previousHash,
      coinbase1,
      coinbase2,
      branch,
      hex(version),
      '1d00ffff',
      hex(time),
      clean,
    ];
    miner.say({ id: null, method: 'mining.notify', params });
  }

  #setDifficulty(miner: Miner): void {
    miner.say({ id: null, method: 'mining.set_difficulty', params: [this.#difficulty * DIFFICULTY_UNIT] });
  }

  #judge(miner: Miner, params: readonly string[]): Verdict {
    const [, jobId = '', extranonce2 = '', time = '', nonce = '', bits = '00000000'] = params;
    const job = miner.jobs.get(jobId);
    if (job === undefined) return 'unknown-job';
    const fields = [time, nonce, bits];
    const isFormed =
      (params.length === 5 || params.length === 6) &&
      fields.every((field) => /^[0-9a-f]{8}$/.test(field)) &&
      /^[0-9a-f]*$/.test(extranonce2) &&
      extranonce2.length === 2 * job.extranonce2Size &&
      (Number.parseInt(bits, 16) & ~job.mask) === 0;
    const { content } = job;
    const ntime = Number.parseInt(time, 16);
    // A time that was rolled faster than time passes is no good to anybody.
    if (!isFormed || ntime < content.time || ntime > this.#unixSeconds() + 1) return 'malformed';
    if (job.isStale) return 'stale';
    const header = headerOf(job, extranonce2, ntime, Number.parseInt(nonce, 16), Number.parseInt(bits, 16));
    const hash = sha256d(header);
    const name = hash.toString('latin1');
    if (BigInt(`0x${hash.reverse().toString('hex')}`) > job.target) return 'low-difficulty';
    if (this.#seen.has(name)) return 'duplicate';
    this.#seen.add(name);
    if (ntime > content.time) this.rolled.time += 1;
    if (bits !== '00000000') this.rolled.version += 1;
    if (/[1-9a-f]/.test(extranonce2)) this.rolled.extranonce2 += 1;
    return 'accepted';
  }

  #newExtranonce(): string {
    return hex(++this.#extranonces);
  }

  #unixSeconds(): number {
    return Math.floor(this.#unixMs() / 1000);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#random() * choices.length)];
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

function sha256d(bytes: Uint8Array): Buffer {
  const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
  return sha256(sha256(bytes));
}

/** The 80 bytes of a header, put together as Stratum V1 and BIP 310 describe it. */
function headerOf(
  { content, extranonce1 }: SentJob,
  extranonce2: string,
  ntime: number,
  nonce: number,
  bits: number,
): Buffer {
  let root = sha256d(Buffer.from(content.coinbase1 + extranonce1 + extranonce2 + content.coinbase2, 'hex'));
  for (const sibling of content.branch) root = sha256d(Buffer.concat([root, Buffer.from(sibling, 'hex')]));
  const header = Buffer.alloc(80);
  // The job's version has no bit where bits are rolled, or else they were not rolled.
  header.writeUInt32LE((content.version | bits) >>> 0, 0);
  Buffer.from(content.previousHash, 'hex').swap32().copy(header, 4);
  root.copy(header, 36);
  header.writeUInt32LE(ntime, 68);
  header.writeUInt32LE(0x1d00ffff, 72);
  header.writeUInt32LE(nonce, 76);
  return header;
}
