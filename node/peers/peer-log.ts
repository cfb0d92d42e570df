import type { Logger } from '../../service/log.ts';

/** Lines about inbound peers a minute: anybody can cause one by connecting. */
const MAX_LINES = 100;
const MINUTE_MS = 60_000;

/** The log of what peers do. What strangers cause is told up to a number of lines a minute, then counted. */
export class PeerLog {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #minuteMs: number;
  #lines = 0;
  #unsaid = 0;

  constructor(log: Logger, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#minuteMs = nowMs();
  }

  info(fields: object, message: string, isInbound: boolean): void {
    if (this.#says(isInbound)) this.#log.info(fields, message);
  }

  warn(fields: object, message: string, isInbound: boolean): void {
    if (this.#says(isInbound)) this.#log.warn(fields, message);
  }

  debug(fields: object, message: string): void {
    this.#log.debug(fields, message);
  }

  #says(isInbound: boolean): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#minuteMs >= MINUTE_MS) {
      if (this.#unsaid > 0) this.#log.info({ lines: this.#unsaid }, 'more happened to inbound peers');
      this.#minuteMs = nowMs;
      this.#lines = 0;
      this.#unsaid = 0;
    }
    if (!isInbound || this.#lines < MAX_LINES) {
      if (isInbound) this.#lines += 1;
      return true;
    }
    this.#unsaid += 1;
    return false;
  }
}
