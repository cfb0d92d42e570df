import { bytesToHex } from '../../protocol/bytes.ts';
import { hexWord, notifyParams } from '../../protocol/stratum.ts';
import type { Clock } from '../clock.ts';
import type { JobSource } from '../jobs/job-source.ts';
import type { MinerConnection } from '../stratum/miner-connection.ts';
import { payeeOf } from '../stratum/session.ts';
import type { Recording } from './recording.ts';
import { type ShownEntry, Transcript } from './transcript.ts';

/** What the inspector needs of a connection. */
export type Inspectable = Pick<MinerConnection, 'id' | 'session' | 'tap'>;

export interface InspectorOptions {
  readonly clock: Clock;
  /** The jobs miners work on: a replay needs the one of before it was switched on. */
  readonly jobs: Pick<JobSource, 'find'>;
  /** An open connection by its public name. */
  readonly session: (id: string) => Inspectable | undefined;
}

/** A conversation as it is shown. Times are seconds since 1970. */
export interface Inspection {
  readonly session: string;
  /** Whether it goes on: switched on, and the connection open. */
  readonly on: boolean;
  readonly started: number;
  /** Entries that were dropped to stay within the limits. */
  readonly dropped: number;
  readonly entries: readonly (Omit<ShownEntry, 'timeMs'> & { readonly time: number })[];
  /** What `nilz pool replay` reads. */
  readonly recording: Recording;
}

interface Watched {
  readonly connection: Inspectable;
  readonly transcript: Transcript;
  /** What had been agreed when it was switched on. */
  readonly agreed: Omit<Recording, 'lines'>;
  on: boolean;
}

/** Conversations kept at once; those of closed connections go first. */
const MAX_WATCHED = 16;

/**
 * The protocol inspector: keeps the conversations of the connections it is switched on for, and explains them.
 * A connection it is not switched on for costs nothing. What was kept can be looked at until it is switched on
 * for others, also after the connection has closed: why it did is often the question.
 */
export class Inspector {
  readonly #options: InspectorOptions;
  /** By public name, in the order they were switched on. */
  readonly #watched = new Map<string, Watched>();

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  /**
   * Switches it on or off for an open connection. Switched on again it begins anew.
   * @returns a text where that cannot be: there is no such connection, or no room
   */
  set(id: string, on: boolean): string | undefined {
    const connection = this.#options.session(id);
    const former = this.#watched.get(id);
    if (!on) {
      if (former === undefined) return connection === undefined ? 'there is no such session' : undefined;
      this.#unhook(former);
      return undefined;
    }
    if (connection === undefined) return 'there is no such session';
    if (former?.on === true) return undefined;
    this.#watched.delete(id);
    if (!this.#makeRoom()) return `${MAX_WATCHED} sessions are inspected already; switch one off`;
    this.#watched.set(id, this.#hook(connection));
    return undefined;
  }

  /** The conversation so far; undefined where it was never switched on. */
  show(id: string): Inspection | undefined {
    const watched = this.#watched.get(id);
    if (watched === undefined) return undefined;
    const { transcript, agreed, on } = watched;
    return {
      session: id,
      on: on && this.#isOpen(watched),
      started: transcript.startedMs / 1000,
      dropped: transcript.dropped,
      entries: transcript.show().map(({ timeMs, ...entry }) => ({ ...entry, time: timeMs / 1000 })),
      recording: { ...agreed, lines: transcript.lines() },
    };
  }

  /** How many conversations are kept. */
  get size(): number {
    return this.#watched.size;
  }

  #hook(connection: Inspectable): Watched {
    const { clock, jobs } = this.#options;
    const transcript = new Transcript(clock.wallMs());
    connection.tap = (direction, line, timeMs) =>
      transcript.hear(direction === 'in' ? 'miner' : 'pool', line, timeMs);
    connection.session.onVerdict = (params, verdict, sent) =>
      transcript.judge(params, verdict, sent, clock.wallMs());
    return { connection, transcript, agreed: agreedWith(connection, jobs), on: true };
  }

  #unhook(watched: Watched): void {
    watched.on = false;
    watched.connection.tap = undefined;
    watched.connection.session.onVerdict = undefined;
  }

  #isOpen({ connection }: Watched): boolean {
    return this.#options.session(connection.id) === connection;
  }

  /** Forgets the oldest conversation that is over, where there is no room for another. */
  #makeRoom(): boolean {
    if (this.#watched.size < MAX_WATCHED) return true;
    for (const [id, watched] of this.#watched) {
      if (watched.on && this.#isOpen(watched)) continue;
      this.#watched.delete(id);
      return true;
    }
    return false;
  }
}

/** What a replay has to know of the time before the first line. */
function agreedWith({ session }: Inspectable, jobs: InspectorOptions['jobs']): Omit<Recording, 'lines'> {
  const { subscription, told, rolling, workers, lastSequence } = session;
  const job = lastSequence < 0 ? undefined : jobs.find(lastSequence.toString(16), payeeOf(session));
  return {
    client: subscription?.agent ?? null,
    ...(subscription !== undefined && {
      extranonce1: bytesToHex(subscription.extranonce.extranonce1),
      extranonce2Size: subscription.extranonce.extranonce2Size,
    }),
    ...(told !== undefined && { difficulty: told }),
    ...(rolling !== undefined && { mask: hexWord(rolling.mask) }),
    users: [...workers.keys()],
    ...(job !== undefined && { notify: { params: notifyParams(job) } }),
  };
}
