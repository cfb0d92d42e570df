/** Plays sources and time to the choice between several pools, and notes what it wants. */
import type { MinerEvent } from '../../miner/event.ts';
import type { Hit, Work } from '../../miner/hashing/work.ts';
import { Failover, type FailoverEffect, type FailoverEvent } from '../../miner/source/failover.ts';

const PROBLEM = { code: 'connection-refused', text: 'nothing listens' } as const;

export class FailoverScript {
  nowMs = 1_000;
  readonly failover: Failover;
  /** Sources that were begun and not told to stop. */
  readonly running = new Set<number>();
  /** Sources that were told to stop and have not. */
  readonly leaving = new Set<number>();
  readonly reports: MinerEvent[] = [];
  readonly submitted: { readonly place: number; readonly hit: Hit }[] = [];
  settled = 0;
  isStopped = false;
  /** What the threads are on. */
  work: Work | undefined;
  readonly #owners = new Map<number, number>();
  #lastSerial = 0;

  constructor(places: number) {
    const names = Array.from({ length: places }, (_, i) => ({ pool: `pool-${i}`, user: `user-${i}` }));
    this.failover = new Failover(names);
  }

  /** Whose work the threads are on. */
  get inUse(): number | undefined {
    return this.work === undefined ? undefined : this.#owners.get(this.work.serial);
  }

  do(event: FailoverEvent): readonly FailoverEffect[] {
    const effects = this.failover.handle(event, this.nowMs);
    for (const effect of effects) this.#note(effect);
    return effects;
  }

  start(): this {
    this.do({ type: 'start' });
    return this;
  }

  /** A source has new work. */
  give(place: number): Work {
    this.#lastSerial += 1;
    // Only its serial matters here.
    const work = { serial: this.#lastSerial } as Work;
    this.#owners.set(work.serial, place);
    this.do({ type: 'work', place, work });
    return work;
  }

  /** A source takes a rest of its own choice. */
  rest(place: number, withinMs: number): void {
    this.do({ type: 'rest', place, withinMs });
  }

  /** An attempt begins and fails. */
  fail(place: number, retryInMs = 1_000): void {
    this.do({ type: 'report', place, event: { type: 'connecting', pool: `pool-${place}` } });
    this.do({ type: 'report', place, event: { type: 'disconnected', problem: PROBLEM, retryInMs } });
  }

  /** The connection that gave work ends. */
  lose(place: number, retryInMs = 1_000): void {
    this.do({ type: 'work', place, work: undefined });
    this.do({ type: 'report', place, event: { type: 'disconnected', problem: PROBLEM, retryInMs } });
  }

  hit(work: Work, thread = 0): void {
    const hit = {
      serial: work.serial,
      thread,
      extranonce2: new Uint8Array(4),
      ntime: 0,
      nonce: 0,
      versionBits: 0,
    };
    this.do({ type: 'hit', hit });
  }

  /** Time passes; deadlines on the way are kept. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (
      let due = this.failover.deadlineMs;
      due !== undefined && due <= endMs;
      due = this.failover.deadlineMs
    ) {
      this.nowMs = Math.max(this.nowMs, due);
      this.do({ type: 'tick' });
    }
    this.nowMs = endMs;
  }

  /** Reports since the last call. */
  takeReports(): MinerEvent[] {
    return this.reports.splice(0);
  }

  #note(effect: FailoverEffect): void {
    switch (effect.type) {
      case 'start':
        this.running.add(effect.place);
        return;
      case 'stop':
        this.running.delete(effect.place);
        this.leaving.add(effect.place);
        return;
      case 'work':
        this.work = effect.work;
        return;
      case 'submit':
        this.submitted.push(effect);
        return;
      case 'settled':
        this.settled += 1;
        return;
      case 'report':
        this.reports.push(effect.event);
        return;
      case 'stopped':
        this.isStopped = true;
        return;
    }
  }

  /** A source that was told to stop has stopped. */
  end(place: number): void {
    this.leaving.delete(place);
    this.do({ type: 'ended', place });
  }
}
