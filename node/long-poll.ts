import { displayHash } from '../protocol/bytes.ts';
import { showBits } from '../protocol/compact.ts';
import type { Nits } from '../protocol/units.ts';
import type { BlockTemplate, Moment, TemplateSource } from './template.ts';

/** New work without any other reason after so long, so that the time in it goes on. */
const RENEW_AFTER_MS = 60_000;
/** How often the clock is looked at, which may change the bits. */
const TICK_MS = 1_000;
/** When to look again while the template is behind the mempool, because building takes its time. */
const CATCH_UP_MS = 20;

/** What a miner works on, as far as it decides whether something better has come. */
interface Held {
  /** Hash of the tip, as shown. */
  readonly tip: string;
  readonly bits: string;
  readonly fees: Nits;
}

interface Waiter {
  readonly held: Held;
  readonly sinceMs: number;
  readonly done: () => void;
}

/** The `longpollid` of BIP 22: names the work that a miner got, so that it can wait for better. */
export function longPollId({ previous, fees }: BlockTemplate, { bits }: Moment): string {
  return `${displayHash(previous)}${showBits(bits)}-${fees}`;
}

/** Reads a `longpollid`; undefined where it is of another making, which no work of ours equals. */
function parseLongPollId(id: string): Held | undefined {
  const match = /^([0-9a-f]{64})([0-9a-f]{8})-(\d{1,20})$/.exec(id);
  return match ? { tip: match[1] ?? '', bits: match[2] ?? '', fees: BigInt(match[3] ?? '') } : undefined;
}

/** Better work: another tip or other bits, or fees that grew by a tenth, which even many small fees seldom do. */
function isBetter(held: Held, template: BlockTemplate, moment: Moment): boolean {
  return (
    held.tip !== displayHash(template.previous) ||
    held.bits !== showBits(moment.bits) ||
    (template.fees > held.fees && template.fees * 10n >= held.fees * 11n)
  );
}

/** Those who wait for better work (BIP 22 long poll). */
export class LongPoll {
  readonly #templates: TemplateSource;
  readonly #waiters = new Set<Waiter>();
  #ticker: NodeJS.Timeout | undefined;
  /** The next look that is due to a change. */
  #due: NodeJS.Immediate | NodeJS.Timeout | undefined;

  constructor(templates: TemplateSource) {
    this.#templates = templates;
  }

  /**
   * Resolves when there is better work than that of `id`, after a minute in any case, and when `signal` fires.
   * An `id` of another making resolves at once.
   */
  async wait(id: string, signal: AbortSignal): Promise<void> {
    const held = parseLongPollId(id);
    if (held === undefined || signal.aborted || this.#outdated()(held)) return;
    await new Promise<void>((resolve) => {
      const waiter: Waiter = {
        held,
        sinceMs: performance.now(),
        done: () => {
          signal.removeEventListener('abort', waiter.done);
          this.#waiters.delete(waiter);
          if (this.#waiters.size === 0) this.#stopTicking();
          resolve();
        },
      };
      signal.addEventListener('abort', waiter.done);
      this.#waiters.add(waiter);
      this.#ticker ??= setInterval(() => this.#check(), TICK_MS);
    });
  }

  /** The tip or the mempool has changed. */
  changed(): void {
    if (this.#waiters.size > 0) this.#due ??= setImmediate(() => this.#lookAgain());
  }

  #lookAgain(): void {
    this.#due = undefined;
    this.#check();
    if (this.#waiters.size > 0 && this.#templates.isBehind) {
      this.#due = setTimeout(() => this.#lookAgain(), CATCH_UP_MS);
    }
  }

  #check(): void {
    const isOutdated = this.#outdated();
    const now = performance.now();
    for (const waiter of this.#waiters) {
      if (now - waiter.sinceMs >= RENEW_AFTER_MS || isOutdated(waiter.held)) waiter.done();
    }
  }

  /** Compares with the work of this moment. */
  #outdated(): (held: Held) => boolean {
    const template = this.#templates.current();
    const moment = this.#templates.moment();
    return (held) => isBetter(held, template, moment);
  }

  #stopTicking(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}
