/** Keeps a pool whose shares are far too easy from filling the log: some lines a second, and then how many more. */
import type { MinerEvent } from '../event.ts';
import { type LogLine, lineOf } from './event-log.ts';

/** Accepted shares that are told one by one within a second. A pool sends one share in some seconds at its difficulty. */
const TOLD_PER_SECOND = 10;
const SECOND_MS = 1_000;

/** Turns events into log lines, the accepted shares of a flood into one line a second. */
export class ShareLines {
  #secondMs = Number.NEGATIVE_INFINITY;
  /** Accepted within that second. */
  #accepted = 0;

  /**
   * The lines of an event, none for a share that is told of later. What was left untold comes before the next line,
   * the last of all before `stopped`.
   * @param nowMs a clock that never goes back
   */
  of(event: MinerEvent, nowMs: number): readonly LogLine[] {
    const isOver = nowMs - this.#secondMs >= SECOND_MS || event.type === 'stopped';
    const before = isOver ? this.#untold() : [];
    if (event.type !== 'share-accepted' || event.isBlock) return [...before, lineOf(event)];
    if (isOver) this.#secondMs = nowMs;
    this.#accepted += 1;
    return this.#accepted > TOLD_PER_SECOND ? before : [...before, lineOf(event)];
  }

  #untold(): LogLine[] {
    const count = this.#accepted - TOLD_PER_SECOND;
    this.#accepted = 0;
    return count > 0
      ? [{ level: 'info', text: `${count} more share${count === 1 ? '' : 's'} accepted within a second` }]
      : [];
  }
}
