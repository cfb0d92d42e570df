import { type BlockAnswer, PASSING_ERRORS } from '../../protocol/block-answer.ts';
import { RpcCallError } from '../../service/rpc-client.ts';

/** What an error says of the block; undefined when nothing is known. */
export function readSubmissionError(error: unknown): BlockAnswer | undefined {
  if (!isJudgement(error)) return undefined;
  return { kind: 'rejected', reason: error.message };
}

/** Whether the node has understood the question and refused it, rather than being out of order. */
export function isJudgement(error: unknown): error is RpcCallError {
  return error instanceof RpcCallError && !PASSING_ERRORS.has(error.code);
}
