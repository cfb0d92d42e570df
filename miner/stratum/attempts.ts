/** What the next attempt to reach a pool is like, from how those before it ended. */
import { type BackOffLimits, backOffDelayMs, DEFAULT_BACK_OFF } from '../source/back-off.ts';
import type { Phase } from './phase.ts';
import { SNUB_WITHIN_MS } from './time-limits.ts';

/** A place to connect to. */
export interface Place {
  readonly host: string;
  /** 1 … 65535 */
  readonly port: number;
}

export interface AttemptsOptions extends Place {
  readonly backOff?: BackOffLimits | undefined;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** How a connection ended, or the attempt to open it. */
export interface AttemptEnd {
  /** How far it had come. */
  readonly phase: Phase['name'];
  /** It was good for mining for a while: the next attempt need not wait long. */
  readonly isProven: boolean;
  /** The pool hung up, or gave no answer, soon after we had spoken: what we said may have been too much for it. */
  readonly isSnub: boolean;
}

/** The attempts of one client, over all its connections. */
export class Attempts {
  readonly #options: AttemptsOptions;
  #place: Place;
  /** Those in a row that came to nothing. */
  #failures = 0;
  #isPlain = false;
  #sessionId: string | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#place = { host: options.host, port: options.port };
  }

  /** Where to connect: client.reconnect may have named another place than the one that was configured. */
  get place(): Place {
    return this.#place;
  }

  /**
   * Whether to say only what pools have always known: "if a miner sends an unknown message to a server, the server
   * closes the connection (not all implementations do that but some do)" (BIP 310). A pool that hung up on one way
   * of speaking is spoken to in the other.
   */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Names the last session to the pool, so that a new connection gets its extranonce1 again. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** The least wait after a pool refused us, or flooded us. */
  get penaltyMs(): number {
    const { maxDelayMs, penaltyMs = maxDelayMs } = this.#options.backOff ?? DEFAULT_BACK_OFF;
    return penaltyMs;
  }

  /** Notes the name of the present session; undefined if it has none, or one that the pool no longer wants. */
  remember(sessionId: string | undefined): void {
    this.#sessionId = sessionId;
  }

  /** Notes how the present attempt ended. @returns how long to wait before the next */
  end({ phase, isProven, isSnub }: AttemptEnd): number {
    const { host, port, backOff = DEFAULT_BACK_OFF, random } = this.#options;
    // A place that client.reconnect named and that is no good: back to the one that was configured.
    if (!isProven) this.#place = { host, port };
    if (isSnub) this.#isPlain = !this.#isPlain;
    if (isSnub && phase === 'subscribing') this.#sessionId = undefined;
    this.#failures = isProven ? 1 : this.#failures + 1;
    return backOffDelayMs(this.#failures, random(), backOff);
  }

  /** Sends the next attempt somewhere else. */
  redirect(place: Place): void {
    this.#place = place;
  }
}

/** Whether a pool that hangs up in a phase may do so for something that we have just said. */
export function isJustSpokenTo(phase: Phase, nowMs: number): boolean {
  if (phase.name !== 'mining') return phase.name === 'subscribing' || phase.name === 'authorizing';
  return !phase.session.hasAcceptedShare && nowMs - phase.sinceMs < SNUB_WITHIN_MS;
}
