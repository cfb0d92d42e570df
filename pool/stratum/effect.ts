import { bytesToHex } from '../../protocol/bytes.ts';
import {
  encodeError,
  encodeNotification,
  encodeResult,
  type StratumFailure,
  type StratumId,
} from '../../protocol/stratum.ts';
import type { Job } from '../jobs/job.ts';
import type { Tip } from '../jobs/tip.ts';
import type { BlockCandidate, Extranonce, RejectReason, Share, ShareProof } from './share.ts';
import type { Worker } from './worker-name.ts';

/** What the session asks its connection to do. Effects are carried out in their order. */
export type Effect =
  /** An answer: leaves in the order of the requests. */
  | { readonly type: 'answer'; readonly line: string }
  /** Hand the share over; answer `id` in its turn when it is durable. `id` null wants no answer. */
  | {
      readonly type: 'record';
      readonly id: StratumId | null;
      readonly share: Share;
      readonly tip: Tip;
      readonly proof: ShareProof;
    }
  /** Bring a block to the network. */
  | { readonly type: 'found'; readonly candidate: BlockCandidate }
  /** A submission was refused. */
  | {
      readonly type: 'rejected';
      readonly reason: RejectReason;
      readonly worker: Worker | undefined;
      readonly message: string;
    }
  /** A message of ours. */
  | { readonly type: 'send'; readonly line: string }
  /** A job, in the bytes that every miner gets. */
  | { readonly type: 'notify'; readonly job: Job; readonly clean: boolean }
  /** Something has changed that goes with a job: this miner needs one of its own soon. */
  | { readonly type: 'want-job' }
  /** This session goes on here: close the connection of this public name, which had it before. */
  | { readonly type: 'supersede'; readonly id: string }
  /** Close the connection and let its client not come back for a while. */
  | { readonly type: 'ban'; readonly reason: string }
  /** The line was no message of the protocol. */
  | { readonly type: 'garbage'; readonly reason: string };

/** The answer to a request that went well; none to a notification. */
export function answer(id: StratumId | null, result: unknown): Effect[] {
  return id === null ? [] : [{ type: 'answer', line: encodeResult(id, result) }];
}

/** The answer to a request that is refused; none to a notification. */
export function refuse(id: StratumId | null, failure: StratumFailure, result: null | false = null): Effect[] {
  return id === null ? [] : [{ type: 'answer', line: encodeError(id, failure, result) }];
}

/** A notification of ours. */
export function notification(method: string, params: readonly unknown[]): Effect {
  return { type: 'send', line: encodeNotification(method, params) };
}

/** Another part of the search space, from the next job on. */
export function setExtranonce({ extranonce1, extranonce2Size }: Extranonce): Effect {
  return notification('mining.set_extranonce', [bytesToHex(extranonce1), extranonce2Size]);
}
