/** A job for tests that need some job, whichever. */
import type { NotifyParams } from '../../protocol/stratum.ts';

export { notifyParams } from '../../protocol/stratum.ts';

/** A job with a coinbase that is cut where the extranonces go; every field can be chosen. */
export function someJob(changes: Partial<NotifyParams> = {}): NotifyParams {
  return {
    jobId: 'job-1',
    previousHash: new Uint8Array(32).map((_, i) => i + 1),
    coinbase1: new Uint8Array(42).fill(0x11),
    coinbase2: new Uint8Array(64).fill(0x22),
    merkleBranch: [new Uint8Array(32).fill(0x33), new Uint8Array(32).fill(0x44)],
    version: 0x20000000,
    bits: 0x1d00ffff,
    time: 1_795_132_800,
    cleanJobs: true,
    ...changes,
  };
}
