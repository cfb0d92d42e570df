/** What a miner and its hashing threads say to each other; plain data, so that any kind of thread carries it. */
import type { KernelBasis, KernelName } from '../kernel/kernel-choice.ts';
import type { Hit, Work } from './work.ts';

/** Given to a thread when it starts. */
export interface WorkerAssignment {
  /** 0 … threadCount − 1 */
  readonly thread: number;
  readonly threadCount: number;
  /** Share of the time that the thread may compute, 1 … 100 percent. */
  readonly cpuLimitPercent: number;
  /** The kernel to hash with; `auto`: the fastest. */
  readonly kernel: KernelName | 'auto';
  /** The kernel that an earlier run found to be the fastest here. */
  readonly rememberedKernel: KernelName | undefined;
  /** Values of extranonce2 in its lane that a predecessor may have used; see nonce-lane.ts. */
  readonly usedValues: number;
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
  /** The kernel that the thread keeps from now on. */
  | { readonly type: 'kernel'; readonly kernel: string; readonly basis: KernelBasis }
  /** The thread searches this work, and none before it any more. */
  | { readonly type: 'took'; readonly serial: number }
  | { readonly type: 'hit'; readonly hit: Hit }
  /** Hashes done since the last report, and the values of extranonce2 used up in all, predecessors' included. */
  | { readonly type: 'progress'; readonly hashes: number; readonly usedValues: number }
  /** The last message: nothing runs in the thread any more. */
  | { readonly type: 'stopped' };
