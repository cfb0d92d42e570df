/** Our client with the sessions of our pool: what both read in the protocol is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extranonce2Bytes } from '../../../miner/hashing/nonce-lane.ts';
import { type Hit, headerOfWork, type Work } from '../../../miner/hashing/work.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import type { Effect as PoolEffect } from '../../../pool/stratum/effect.ts';
import { hashHeaderBytes } from '../../../protocol/header.ts';
import { encodeResult, hexWord } from '../../../protocol/stratum.ts';
import { meetsTarget } from '../../../protocol/work.ts';
import { Script } from '../../kit/client-script.ts';
import { poolJob, SessionUnderTest, someTemplate } from '../../kit/session-kit.ts';

/** Of mulberry32: the same moves at every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A client and a session of the pool with a slow line between them: each side hears of the other later. */
class Line {
  readonly script = new Script(undefined, { user: 'dnilz1qexample.rig' });
  readonly pool = new SessionUnderTest({ start: 1e-8, limits: { minimum: 1e-9, maximum: 4e-8 } });
  readonly toPool: string[] = [];
  readonly toMiner: string[] = [];
  readonly rejections: string[] = [];
  accepted = 0;
  #seen = 0;
  #sequence = 0;
  #tip = newTip(new Uint8Array(32).fill(7), 999);
  #hits = 0;

  constructor() {
    this.script.connect();
    this.newJob(true);
    this.flush();
    assert.equal(this.script.client.phase, 'mining');
    // The client begins with the job that the pool held ready.
    assert.ok(this.script.work, 'there is work');
  }

  newJob(isNewTip: boolean): void {
    this.#sequence += 1;
    if (isNewTip) {
      const previous = new Uint8Array(32).fill(this.#sequence % 251);
      this.#tip.retiredMs = this.pool.clock.steadyMs();
      this.#tip = newTip(previous, 1_000 + this.#sequence);
      this.pool.clock.pass(10);
    }
    const seconds = Math.floor(this.pool.clock.wallMs() / 1000);
    const template = someTemplate({ previous: this.#tip.hash, time: seconds });
    const job = poolJob(this.#sequence, template, this.#tip, this.pool.clock.steadyMs());
    this.#carryOut(this.pool.deliver(job, isNewTip));
  }

  order(method: string, params: readonly unknown[]): void {
    const effects = this.pool.order(method, params);
    assert.ok(typeof effects !== 'string', String(effects));
    this.#carryOut(effects);
  }

  /** A share of one of the last works, with what bits a thread might have rolled. */
  mine(back: number, bits: number): void {
    const works = this.script.effects.flatMap((effect) => (effect.type === 'work' ? [effect.work] : []));
    const work: Work | undefined = works.at(-1 - back);
    if (work === undefined) return;
    this.#hits += 1;
    const extranonce2 = extranonce2Bytes(this.#hits, work.extranonce2Size);
    const versionBits = (bits & work.versionMask) >>> 0;
    for (let nonce = 0; ; nonce++) {
      const hit: Hit = {
        serial: work.serial,
        thread: 0,
        extranonce2,
        ntime: work.job.time,
        nonce,
        versionBits,
      };
      if (!meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target)) continue;
      this.script.do({ type: 'hit', hit });
      this.#collect();
      return;
    }
  }

  /** The next line on its way to the pool. */
  poolHears(): void {
    const line = this.toPool.shift();
    if (line !== undefined) this.#carryOut(this.pool.say(line));
  }

  minerHears(): void {
    const line = this.toMiner.shift();
    if (line === undefined) return;
    this.script.pool(line);
    this.#collect();
  }

  flush(): void {
    this.#collect();
    while (this.toPool.length + this.toMiner.length > 0) {
      this.poolHears();
      this.minerHears();
    }
  }

  #collect(): void {
    for (const effect of this.script.effects.slice(this.#seen)) {
      if (effect.type === 'send') this.toPool.push(effect.line);
    }
    this.#seen = this.script.effects.length;
  }

  #carryOut(effects: readonly PoolEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'answer':
        case 'send':
          this.toMiner.push(effect.line);
          break;
        case 'notify': {
          const { clean, further } = effect.job.lines;
          this.toMiner.push(new TextDecoder().decode(effect.clean ? clean : further).trim());
          break;
        }
        case 'record':
          assert.ok(effect.id !== null);
          this.accepted += 1;
          this.toMiner.push(encodeResult(effect.id, true));
          break;
        case 'rejected':
          this.rejections.push(`${effect.reason}: ${effect.message}`);
          break;
        case 'want-job':
          this.newJob(false);
          break;
        default:
          assert.notEqual(effect.type, 'garbage');
      }
    }
  }
}

test('no share is refused, whatever the operator orders and however late each side hears of it', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(seed);
    const line = new Line();
    const upTo = (count: number): number => Math.floor(random() * count);
    for (let step = 0; step < 300; step++) {
      line.pool.clock.pass(upTo(200));
      const move = upTo(12);
      if (move < 3) line.mine(upTo(3), upTo(2 ** 32));
      else if (move < 6) line.poolHears();
      else if (move < 9) line.minerHears();
      else if (move === 9) line.newJob(false);
      else if (move === 10) line.order('mining.set_version_mask', [hexWord(upTo(2 ** 32))]);
      else line.order('mining.set_extranonce', []);
      // The pool remembers what its last 32 changes were; a line is not slower than that.
      while (line.toPool.length > 8) line.poolHears();
      while (line.toMiner.length > 8) line.minerHears();
    }
    line.flush();
    assert.deepEqual(line.rejections, []);
    assert.ok(line.accepted > 20, `${line.accepted} shares`);
    assert.equal(line.script.count('share-accepted'), line.accepted);
    assert.equal(line.script.client.sharesInFlight, 0);
    assert.equal(line.script.count('problem'), 0);
  }
});

test('across new tips the only refusals are of shares that came too late, and they are told as stale', () => {
  let stale = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(seed);
    const line = new Line();
    const upTo = (count: number): number => Math.floor(random() * count);
    for (let step = 0; step < 300; step++) {
      line.pool.clock.pass(upTo(2_000));
      const move = upTo(10);
      if (move < 4) line.mine(0, upTo(2 ** 32));
      else if (move < 6) line.poolHears();
      else if (move < 9) line.minerHears();
      else line.newJob(random() < 0.5);
    }
    line.flush();
    assert.ok(
      line.rejections.every((words) => words.startsWith('stale')),
      line.rejections.join('; '),
    );
    const refusals = line.script.events.flatMap((event) =>
      event.type === 'share-refused' ? [event.refusal] : [],
    );
    assert.ok(refusals.every((refusal) => refusal === 'stale'));
    assert.equal(refusals.length, line.rejections.length);
    stale += refusals.length;
  }
  assert.ok(stale > 0, 'some shares do come too late here');
});
