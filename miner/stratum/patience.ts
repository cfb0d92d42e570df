/** How much of a pool's silence, nonsense and chatter is borne before its connection is given up. */
import { PING_TIMEOUT_MS, SILENCE_MS } from './time-limits.ts';

/** Messages without sense that a connection may bring before it is given up. */
const VIOLATIONS_MAX = 10;

/**
 * Messages that nobody asked for: so many at once, so many a second for long. A chain that is mined in fractions of
 * a second stays below; what is above keeps this computer from mining.
 */
const UNASKED_BURST = 2_000;
const UNASKED_PER_SECOND = 300;
/** Texts for the person at the screen: more are not read by anybody. */
const TEXT_BURST = 10;
const TEXTS_PER_SECOND = 1 / 30;

/** A stock that is drawn from, and that time fills up again. */
class Allowance {
  readonly #size: number;
  readonly #perSecond: number;
  #left: number;
  #filledMs: number;

  constructor(size: number, perSecond: number, nowMs: number) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#left = size;
    this.#filledMs = nowMs;
  }

  /** Takes one out, if there is one. */
  take(nowMs: number): boolean {
    const filled = this.#left + ((nowMs - this.#filledMs) * this.#perSecond) / 1_000;
    this.#left = Math.min(this.#size, filled);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Patience with one connection, from its opening on. */
export class Patience {
  #lastLineMs: number;
  /** When the pool was asked for a sign of life that it has not given yet. */
  #pingedMs: number | undefined;
  #violations = 0;
  readonly #unasked: Allowance;
  readonly #texts: Allowance;

  constructor(nowMs: number) {
    this.#lastLineMs = nowMs;
    this.#unasked = new Allowance(UNASKED_BURST, UNASKED_PER_SECOND, nowMs);
    this.#texts = new Allowance(TEXT_BURST, TEXTS_PER_SECOND, nowMs);
  }

  /** Whether the pool was asked for a sign of life and has given none. */
  get isPinged(): boolean {
    return this.#pingedMs !== undefined;
  }

  /** Until when the pool may say nothing. */
  get silenceDeadlineMs(): number {
    return this.#pingedMs === undefined ? this.#lastLineMs + SILENCE_MS : this.#pingedMs + PING_TIMEOUT_MS;
  }

  /** The pool has said something, whatever it is. */
  heard(nowMs: number): void {
    this.#lastLineMs = nowMs;
    this.#pingedMs = undefined;
  }

  /** The pool is asked for a sign of life. */
  pinged(nowMs: number): void {
    this.#pingedMs = nowMs;
  }

  /** Notes a message without sense. @returns whether it can still be borne */
  bearsViolation(): boolean {
    this.#violations += 1;
    return this.#violations < VIOLATIONS_MAX;
  }

  /** Notes a message that nobody asked for. @returns whether it can still be borne */
  bearsUnasked(nowMs: number): boolean {
    return this.#unasked.take(nowMs);
  }

  /** Notes a text for the person at the screen. @returns whether it is still shown */
  bearsText(nowMs: number): boolean {
    return this.#texts.take(nowMs);
  }
}
