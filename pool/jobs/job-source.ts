import type { Job } from './job.ts';

/** Where the Stratum side gets its work from: the templates of a node here, a pool far away on an edge. */
export interface JobSource {
  /** Work for a miner that has just come; undefined while there is none. */
  current(): Job | undefined;
  /** A job that is still known, or was replaced only a while ago. */
  find(jobId: string): Job | undefined;
  /** One more job, for miners whose difficulty has changed; undefined while there is no work. */
  fresh(): Job | undefined;
  /** Names the one who wants to hear of new jobs. Called once, before the source is started. */
  listen(listener: JobListener): void;
}

export interface JobListener {
  /** New work for everyone; `clean` says that everything before is stale. */
  onJob(job: Job, clean: boolean): void;
  /** News that miners should show their owners: the node is away, or back. */
  onNotice(text: string): void;
}
