import { array, type Codec, struct } from '../../protocol/codec.ts';
import { type Coin, coinCodec } from '../../protocol/coins.ts';
import { type Transaction, transactionCodec } from '../../protocol/transaction.ts';

/** A transaction with the coins its inputs spend, in their order. */
export interface Spend {
  readonly transaction: Transaction;
  readonly coins: readonly Coin[];
}

/** No block has more inputs than it has bytes. */
const MAX_SPENDS = 4_000_000;

/** Spends on their way to a worker thread. */
export const spendsCodec: Codec<readonly Spend[]> = array(
  struct<Spend>({ transaction: transactionCodec, coins: array(coinCodec, MAX_SPENDS) }),
  MAX_SPENDS,
);

/** What a worker thread is asked: are the signatures of these spends right? */
export interface SignatureBatch {
  readonly id: number;
  /** `spendsCodec`; handed over, not copied. */
  readonly bytes: Uint8Array;
}

/** What a worker thread says: first that it is ready, then one verdict for each batch. */
export type SignatureMessage =
  | { readonly type: 'ready'; readonly verifier: 'native' | 'noble' }
  /** `doubtful`: which spends of the batch did not pass, by their place in it. */
  | { readonly type: 'verdict'; readonly id: number; readonly doubtful: readonly number[] };
