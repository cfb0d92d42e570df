/**
 * The seam between hashing and the world: where work comes from and where what is found goes. A pool by Stratum is
 * one, a node by getblocktemplate another, several in order of preference a third; engine.ts knows only this.
 */
import type { MinerEvent } from '../event.ts';
import type { Hit, Work } from '../hashing/work.ts';

/** A pool, a node, or several of them. */
export interface WorkSource {
  /** Begins. From here on the source goes on by itself, however often the other side comes and goes. */
  start(): void;
  /** Takes a hit of a work that this source gave. */
  submit(hit: Hit): void;
  /** Gives no more work, waits briefly for the answers in flight, and resolves when nothing of it runs. */
  stop(): Promise<void>;
}

/** Whom a source tells. Nothing is called from within {@link WorkSource.start}'s caller before `start`. */
export interface SourceListener {
  /** What all threads work on from now on; undefined: nothing. */
  onWork(work: Work | undefined): void;
  /** Nothing for now, of the source's own choice: it is well, and expects to have work again within so long. */
  onRest(withinMs: number): void;
  /** A hit of this thread needs no more attention; see UNSETTLED_HITS_MAX in hash-loop.ts. */
  onSettled(thread: number): void;
  onEvent(event: MinerEvent): void;
}

/** What a source gets from outside. */
export interface SourceTools {
  /** Numbers for works, unique in the process. */
  readonly nextSerial: () => number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** The time of day, in milliseconds since 1970. Only for what other computers' clocks are compared with. */
  readonly unixMs: () => number;
  /** Random numbers in [0, 1), for back-offs. */
  readonly random: () => number;
}
