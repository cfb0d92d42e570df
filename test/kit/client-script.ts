/** The miner's Stratum client under a script: tests play the pool, the clock and the threads. */
import assert from 'node:assert/strict';
import type { MinerEvent } from '../../miner/event.ts';
import { extranonce2Bytes } from '../../miner/hashing/nonce-lane.ts';
import type { Hit, Work } from '../../miner/hashing/work.ts';
import type { BackOffLimits } from '../../miner/source/back-off.ts';
import { StratumClient } from '../../miner/stratum/client.ts';
import type { ClientEvent, Effect } from '../../miner/stratum/effect.ts';
import type { IsSameDomain } from '../../miner/stratum/reconnect.ts';
import type { NotifyParams } from '../../protocol/stratum.ts';
import { notifyParams, someJob } from './stratum-job.ts';

export const BACK_OFF = { firstDelayMs: 1_000, maxDelayMs: 60_000 };
/** So easy that every hash is a share. */
export const EASY = 1e-10;

export interface Line {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A client with a clock that tests move, and everything it wanted done. */
export class Script {
  nowMs = 5_000;
  /** The clock on the wall, right as the jobs of tests have it. */
  unixMs = 1_795_132_800_000;
  #serial = 0;
  effects: Effect[] = [];
  readonly client: StratumClient;

  constructor(
    random: () => number = () => 1,
    more: {
      host?: string;
      user?: string;
      isSameDomain?: IsSameDomain;
      suggestedDifficulty?: number;
      backOff?: BackOffLimits;
    } = {},
  ) {
    this.client = new StratumClient({
      host: 'pool.test',
      port: 3333,
      user: 'dnilz1address.rig',
      password: 'x',
      agent: 'tester/1.0',
      random,
      nextSerial: () => ++this.#serial,
      unixMs: () => this.unixMs,
      backOff: BACK_OFF,
      ...more,
    });
  }

  /** Hands in an event; returns what the client wants done about it. */
  do(event: ClientEvent): readonly Effect[] {
    const effects = this.client.handle(event, this.nowMs);
    this.effects.push(...effects);
    return effects;
  }

  pool(message: unknown): readonly Effect[] {
    return this.do({ type: 'line', line: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  notify(method: string, ...params: readonly unknown[]): readonly Effect[] {
    return this.pool({ id: null, method, params });
  }

  /** Answers the newest request of a method. */
  answer(method: string, result: unknown, error: unknown = null): readonly Effect[] {
    const request = this.sent.findLast((line) => line.method === method);
    assert.ok(request, `the client has sent ${method}`);
    return this.pool({ id: request.id, result, error });
  }

  /** Moves the clock on to the next deadline, which must not be later than a time from now. */
  expire(withinMs = 200_000): readonly Effect[] {
    const deadlineMs = this.client.deadlineMs;
    assert.ok(deadlineMs !== undefined && deadlineMs <= this.nowMs + withinMs, 'a deadline is set');
    this.nowMs = deadlineMs;
    return this.do({ type: 'tick' });
  }

  get sent(): Line[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' ? [JSON.parse(effect.line) as Line] : [],
    );
  }

  get events(): MinerEvent[] {
    return this.effects.flatMap((effect) => (effect.type === 'report' ? [effect.event] : []));
  }

  /** The newest event of a type. */
  last<T extends MinerEvent['type']>(type: T): Extract<MinerEvent, { type: T }> {
    const event = this.events.findLast((candidate) => candidate.type === type);
    assert.ok(event, `there was an event ${type}`);
    return event as Extract<MinerEvent, { type: T }>;
  }

  count(type: MinerEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** What the threads work on now. */
  get work(): Work | undefined {
    return this.effects.findLast((effect) => effect.type === 'work')?.work;
  }

  connect(): this {
    if (this.client.phase === 'idle') this.do({ type: 'start' });
    assert.equal(this.client.phase, 'connecting');
    this.do({ type: 'connected' });
    return this;
  }

  subscribe(): this {
    if (this.client.phase !== 'subscribing') this.connect();
    this.answer('mining.subscribe', [
      [
        ['mining.set_difficulty', 's1'],
        ['mining.notify', 's1'],
      ],
      '0000a7c3',
      4,
    ]);
    return this;
  }

  authorize(): this {
    this.subscribe();
    this.answer('mining.authorize', true);
    return this;
  }

  /** Authorized, with leave to roll the bits of a mask. */
  roll(mask: string): this {
    this.connect();
    this.answer('mining.configure', { 'version-rolling': true, 'version-rolling.mask': mask });
    return this.authorize();
  }

  /** Sends a job; what the threads work on thereupon. */
  job(changes: Partial<NotifyParams> = {}): Work {
    this.notify('mining.notify', ...notifyParams(someJob(changes)));
    assert.ok(this.work, 'there is work');
    return this.work;
  }

  /** Mining at a difficulty, on some job. */
  mine(difficulty = EASY): this {
    if (this.client.phase !== 'mining') this.authorize();
    this.notify('mining.set_difficulty', difficulty);
    this.notify('mining.notify', ...notifyParams(someJob()));
    return this;
  }

  /** A thread's hit on the present work, with bits of the version that the thread chose. */
  hit(nonce = 0, work = this.work, thread = 0, versionBits = 0): readonly Effect[] {
    assert.ok(work, 'there is work');
    const hit: Hit = {
      serial: work.serial,
      thread,
      extranonce2: extranonce2Bytes(7, work.extranonce2Size),
      ntime: work.job.time,
      nonce,
      versionBits,
    };
    return this.do({ type: 'hit', hit });
  }
}
