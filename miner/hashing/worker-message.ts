/** What the main thread and its hashing threads say to each other. */
import type { Hit, Work } from './work.ts';

/** Given to a thread when it starts. */
export interface WorkerAssignment {
  /** 0 … threadCount − 1 */
  readonly thread: number;
  readonly threadCount: number;
}

export type ToWorker =
  /** Search this, or nothing, from now on. */
  | { readonly type: 'work'; readonly work: Work | undefined }
  /** So many of the thread's hits need no more attention. */
  | { readonly type: 'settled'; readonly count: number }
  /** End after telling what is left to tell. */
  | { readonly type: 'stop' };

export type FromWorker =
  | { readonly type: 'ready'; readonly kernel: string }
  /** The thread has found out which kernel is the fastest. */
  | { readonly type: 'kernel'; readonly kernel: string }
  | { readonly type: 'hit'; readonly hit: Hit }
  /** Hashes done since the last report. */
  | { readonly type: 'progress'; readonly hashes: number };
