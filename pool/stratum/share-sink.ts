import type { BlockCandidate, Share } from './share.ts';

/** Where the Stratum side hands over what miners bring: the ledger here, a pool far away on an edge. */
export interface ShareSink {
  /**
   * Takes a share over.
   * @returns a promise that resolves when the share is durable, so that it may be acknowledged, and rejects
   * with a {@link NotRecordedError} when it is not kept
   */
  record(share: Share): Promise<void>;
  /** Brings a block to the network. Called before the share it belongs to is recorded. */
  found(candidate: BlockCandidate): void;
}

/** A share that could not be kept; the message is for the miner. */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
}
