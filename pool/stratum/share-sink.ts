import type { BlockCandidate, RejectReason, Share, ShareProof } from './share.ts';

/** Where the Stratum side hands over what miners bring: the ledger here, a pool far away on an edge. */
export interface ShareSink {
  /**
   * Takes a share over.
   * @param proof for a sink that is not believed by the ledger it stands before
   * @returns a promise that resolves when the share is durable, so that it may be acknowledged, and rejects
   * with a {@link NotRecordedError} when it is not kept
   */
  record(share: Share, proof: ShareProof): Promise<void>;
  /** Brings a block to the network. Called before the share it belongs to is recorded. */
  found(candidate: BlockCandidate): void;
}

/** A share that is not kept; the message is for the miner. */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
  readonly reason: RejectReason;

  /** @param reason another than our own trouble where a pool behind an edge has refused the share */
  constructor(message: string, reason: RejectReason = 'not-recorded') {
    super(message);
    this.reason = reason;
  }
}
