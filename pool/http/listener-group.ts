import type { WebSocket } from 'ws';

const SECOND_MS = 1_000;
/** Shares and refusals that one group is told of in a second: more than eyes can follow. */
const FRAMES_PER_SECOND = 50;

/** Listeners that hear the same: everything, or what concerns one address. */
export class ListenerGroup {
  /** Empty for everything. */
  readonly address: string;
  readonly members = new Set<{ readonly socket: WebSocket }>();
  #secondMs = Number.NEGATIVE_INFINITY;
  #told = 0;
  #leftOut = 0;

  constructor(address: string) {
    this.address = address;
  }

  /** Whether one more share or refusal may be told of in this second; counts those that may not. */
  mayTell(nowMs: number): boolean {
    if (nowMs - this.#secondMs >= SECOND_MS) {
      this.#secondMs = nowMs;
      this.#told = 0;
    }
    if (this.#told < FRAMES_PER_SECOND) {
      this.#told += 1;
      return true;
    }
    this.#leftOut += 1;
    return false;
  }

  /** How many were left out since the last call. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
