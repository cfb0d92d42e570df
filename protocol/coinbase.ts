import { concatBytes } from './bytes.ts';
import { commitmentScript } from './merkle.ts';
import { pushHeight } from './script.ts';
import { NULL_INDEX, NULL_TXID, type Transaction, type TxOutput } from './transaction.ts';
import type { Hash, Height } from './units.ts';

/** A coinbase script is at most this long (Core: bad-cb-length). */
export const MAX_COINBASE_SCRIPT_SIZE = 100;
export const MIN_COINBASE_SCRIPT_SIZE = 2;

/** What BIP 141 reserves in the coinbase's witness; nothing but zeros has a meaning yet. */
export const WITNESS_RESERVED_VALUE: Uint8Array = new Uint8Array(32);

export interface CoinbaseParts {
  readonly height: Height;
  readonly outputs: readonly TxOutput[];
  /** Script bytes after the height: extranonces, a pool's tag. */
  readonly extra?: Uint8Array;
  /** Witness commitment of the block (BIP 141); one more output, the last, carries it. */
  readonly commitment?: Hash;
}

/**
 * The transaction that pays out a block. Without `extra` a script of one byte is padded with OP_0 to the two
 * bytes it needs, as Bitcoin Core does.
 * @throws RangeError when the script gets longer than 100 bytes
 */
export function buildCoinbase({ height, outputs, extra, commitment }: CoinbaseParts): Transaction {
  let scriptSig = concatBytes(pushHeight(height), extra ?? new Uint8Array(0));
  if (scriptSig.length < MIN_COINBASE_SCRIPT_SIZE) scriptSig = concatBytes(scriptSig, new Uint8Array(1));
  if (scriptSig.length > MAX_COINBASE_SCRIPT_SIZE) {
    throw new RangeError(`coinbase script has ${scriptSig.length} bytes, at most 100 are allowed`);
  }
  const committed = commitment === undefined ? [] : [{ value: 0n, script: commitmentScript(commitment) }];
  return {
    version: 2,
    inputs: [
      {
        previous: { txid: NULL_TXID, index: NULL_INDEX },
        scriptSig,
        sequence: 0xffff_ffff,
        witness: commitment === undefined ? [] : [WITNESS_RESERVED_VALUE],
      },
    ],
    outputs: [...outputs, ...committed],
    lockTime: 0,
  };
}
