import type { Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { SyncPhase } from './sync-status.ts';

/** How often a node that is catching up says how far it is. */
const INTERVAL_MS = 10_000;

/** How far a node is. */
export interface Progress {
  readonly phase: SyncPhase;
  readonly height: Height;
  /** Of the best header. */
  readonly headers: Height;
}

/** Says when a node begins and ends to catch up, and now and then how far it is: not a line for every block. */
export class ProgressLog {
  readonly #log: Logger;
  #phase: SyncPhase = 'synced';
  #toldMs = 0;
  #toldHeight: Height = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called every second or so. */
  look({ phase, height, headers }: Progress, nowMs: number): void {
    const hasChanged = phase !== this.#phase;
    if (!hasChanged && (phase === 'synced' || nowMs - this.#toldMs < INTERVAL_MS)) return;
    const seconds = (nowMs - this.#toldMs) / 1_000;
    const blocksPerSecond = hasChanged ? undefined : Math.round((height - this.#toldHeight) / seconds);
    this.#log.info(
      { phase, height, headers, blocksPerSecond },
      phase === 'synced' ? 'caught up' : 'catching up',
    );
    this.#phase = phase;
    this.#toldMs = nowMs;
    this.#toldHeight = height;
  }
}
