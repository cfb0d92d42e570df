import type { Logger } from '../../service/log.ts';

/** Lines about inbound peers a minute: anybody can cause one by connecting. */
const MAX_LINES = 100;
const MINUTE_MS = 60_000;

/** Fields of a line; `rule` is the one that was broken, out of a table. */
export interface PeerLogFields {
  readonly rule?: string;
  readonly [field: string]: unknown;
}

/** The log of what peers do. What strangers cause is told up to a number of lines a minute, then counted by rule. */
export class PeerLog {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #minuteMs: number;
  #lines = 0;
  #unsaid = 0;
  /** Of what is unsaid, how often each rule was broken. */
  readonly #unsaidRules = new Map<string, number>();

  constructor(log: Logger, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#minuteMs = nowMs();
  }

  info(fields: PeerLogFields, message: string, isInbound: boolean): void {
    if (this.#says(fields, isInbound)) this.#log.info(fields, message);
  }

  warn(fields: PeerLogFields, message: string, isInbound: boolean): void {
    if (this.#says(fields, isInbound)) this.#log.warn(fields, message);
  }

  debug(fields: object, message: string): void {
    this.#log.debug(fields, message);
  }

  #says({ rule }: PeerLogFields, isInbound: boolean): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#minuteMs >= MINUTE_MS) {
      if (this.#unsaid > 0) {
        const rules = Object.fromEntries(this.#unsaidRules);
        this.#log.info({ lines: this.#unsaid, rules }, 'more happened to inbound peers');
      }
      this.#unsaidRules.clear();
      this.#minuteMs = nowMs;
      this.#lines = 0;
      this.#unsaid = 0;
    }
    if (!isInbound || this.#lines < MAX_LINES) {
      if (isInbound) this.#lines += 1;
      return true;
    }
    this.#unsaid += 1;
    if (rule !== undefined) this.#unsaidRules.set(rule, (this.#unsaidRules.get(rule) ?? 0) + 1);
    return false;
  }
}
