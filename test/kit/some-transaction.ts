import { hexToBytes } from '../../protocol/bytes.ts';
import type { Transaction } from '../../protocol/transaction.ts';

/** A transaction with a witness: what it spends does not matter here. */
export function someTransaction(mark: number): Transaction {
  return {
    version: 2,
    inputs: [
      {
        previous: { txid: new Uint8Array(32).fill(mark), index: 0 },
        scriptSig: new Uint8Array(0),
        sequence: 0xffffffff,
        witness: [new Uint8Array(71).fill(mark), new Uint8Array(33).fill(2)],
      },
    ],
    outputs: [{ value: 1_000n, script: hexToBytes(`0014${'22'.repeat(20)}`) }],
    lockTime: 0,
  };
}
