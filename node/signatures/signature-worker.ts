/** Worker thread that checks signatures with the same rules, in the same order, as the main thread would. */
import { parentPort } from 'node:worker_threads';
import { verifierName, verify } from '#verify';
import { verifyInputs } from '../../protocol/check-input.ts';
import { RuleError } from '../../protocol/rules.ts';
import { type SignatureBatch, type SignatureMessage, type Spend, spendsCodec } from './signature-batch.ts';

parentPort?.on('message', ({ id, bytes }: SignatureBatch) => {
  const doubtful: number[] = [];
  for (const [index, spend] of spendsCodec.decode(bytes).entries()) if (!passes(spend)) doubtful.push(index);
  say({ type: 'verdict', id, doubtful });
});

function passes({ transaction, coins }: Spend): boolean {
  try {
    verifyInputs(transaction, coins, verify);
    return true;
  } catch (error) {
    if (error instanceof RuleError) return false;
    throw error;
  }
}

function say(message: SignatureMessage): void {
  parentPort?.postMessage(message);
}

say({ type: 'ready', verifier: verifierName });
