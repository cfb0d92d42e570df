/** What a miner tells the outside: the source of its log lines, its statistics and its `--json` output. */
import type { KernelBasis } from './kernel/kernel-choice.ts';
import type { Problem, ShareRefusal } from './problem.ts';

export type MinerEvent =
  | { readonly type: 'connecting'; readonly pool: string }
  | { readonly type: 'connected'; readonly pool: string }
  | { readonly type: 'authorized'; readonly user: string }
  /** The connection ended or could not be opened; the next attempt follows. */
  | { readonly type: 'disconnected'; readonly problem: Problem; readonly retryInMs: number }
  | { readonly type: 'difficulty'; readonly difficulty: number }
  | {
      readonly type: 'job';
      readonly jobId: string;
      /** True if everything before is stale. */
      readonly clean: boolean;
      /** Difficulty of a share of this job. */
      readonly difficulty: number;
      /** Difficulty of a block; null where the job's bits make no sense. */
      readonly networkDifficulty: number | null;
    }
  | {
      readonly type: 'share-found';
      /** Difficulty that the share's hash would just meet. */
      readonly shareDifficulty: number;
      readonly hash: string;
      /** True if the hash meets the network's target too. */
      readonly isBlock: boolean;
    }
  | {
      readonly type: 'share-accepted';
      /** Difficulty that the pool credits. */
      readonly difficulty: number;
      readonly isBlock: boolean;
      readonly latencyMs: number;
    }
  | {
      readonly type: 'share-refused';
      readonly refusal: ShareRefusal;
      readonly text: string;
      readonly isBlock: boolean;
    }
  /** The pool never answered, or the connection ended first. */
  | { readonly type: 'share-unanswered'; readonly isBlock: boolean }
  /** Found for a job that is no longer wanted; not sent. */
  | { readonly type: 'share-discarded' }
  /** Text of the pool for the person who mines. */
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'problem'; readonly problem: Problem }
  /** The threads work for this pool from now on; told only where there are several. */
  | { readonly type: 'pool'; readonly pool: string; readonly user: string }
  /** The pool that was mined for is gone, and another has taken its place already. */
  | { readonly type: 'pool-away'; readonly pool: string; readonly problem: Problem }
  /** What befalls a pool that is not mined for now. */
  | { readonly type: 'elsewhere'; readonly pool: string; readonly event: MinerEvent }
  /** A thread has settled on a kernel. */
  | {
      readonly type: 'kernel';
      readonly thread: number;
      readonly kernel: string;
      readonly basis: KernelBasis;
    }
  | { readonly type: 'stopped' };
