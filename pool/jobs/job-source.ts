import type { Hash } from '../../protocol/units.ts';
import type { Job } from './job.ts';

/**
 * Where the Stratum side gets its work from: the templates of a node here, a pool far away on an edge.
 * With `perAddress` (solo) each payout address has jobs of its own, made when first asked for: then every call
 * names the address, and gets nothing without one.
 */
export interface JobSource {
  /** Whether jobs pay to the miner's own address. */
  readonly perAddress: boolean;
  /** Work for a miner that has just come; undefined while there is none. */
  current(address?: string): Job | undefined;
  /** A job that is still known, or was replaced only a while ago; in solo ids are the same for all addresses. */
  find(jobId: string, address?: string): Job | undefined;
  /** One more job, for miners whose difficulty has changed; undefined while there is no work. */
  fresh(address?: string): Job | undefined;
  /** Txids of a job's block without the coinbase; undefined where they are not known. */
  transactionsOf(job: Job): readonly Hash[] | undefined;
  /** Names one who wants to hear of new jobs. Called before the source is started. */
  listen(listener: JobListener): void;
}

export interface JobListener {
  /**
   * New work for everyone; `clean` says that everything before is stale. In solo there is no job for all, so
   * `job` is undefined: `current(address)` has each miner's.
   */
  onJob(job: Job | undefined, clean: boolean): void;
  /** News that miners should show their owners: the node is away, or back. */
  onNotice(text: string): void;
}
