/** Unrequested bytes a peer may send at once. */
const BURST_BYTES = 8 * 1024 * 1024;
/** And in the long run, per second. */
const BYTES_PER_SECOND = 64 * 1024;
/** What handling a message costs beside its bytes. */
const MESSAGE_BYTES = 1_024;

/**
 * Meters what a peer sends unasked, or after others have brought it: it is ignored, and too much of it ends
 * the connection. A bucket that fills with time.
 */
export class TrafficMeter {
  #left = BURST_BYTES;
  #atMs: number;
  #messages = 0;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Unrequested messages so far. */
  get messages(): number {
    return this.#messages;
  }

  /** Counts a message of `bytes`; false when it is one too many. */
  spend(bytes: number, nowMs: number): boolean {
    const earned = ((nowMs - this.#atMs) / 1_000) * BYTES_PER_SECOND;
    this.#left = Math.min(BURST_BYTES, this.#left + earned) - bytes - MESSAGE_BYTES;
    this.#atMs = nowMs;
    this.#messages += 1;
    return this.#left >= 0;
  }
}
