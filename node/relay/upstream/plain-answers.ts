/** Answers of the node that are one value or a list. */
import * as z from 'zod';
import type { RpcParams } from '../../../service/rpc-client.ts';
import { found } from '../chain-reader.ts';
import { AddressMempoolAnswer, PeerAnswer, TipAnswer, UtxoAnswer } from './node-answers.ts';
import type { NodeCalls } from './node-calls.ts';

export const numberAnswer = z.number();
export const textAnswer = z.string();
export const flagAnswers = z.array(z.boolean());
export const tipAnswers = z.array(TipAnswer);
export const peerAnswers = z.array(PeerAnswer);
export const utxoAnswers = z.array(UtxoAnswer);
export const addressMempoolAnswers = z.array(AddressMempoolAnswer);

/** Bytes in hex. @throws HttpError 404 with this sentence where there are none */
export function hexAnswer(
  calls: NodeCalls,
  method: string,
  params: RpcParams,
  missing: string,
): Promise<string> {
  return found(calls.call(method, params, textAnswer), missing);
}
