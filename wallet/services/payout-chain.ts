/** What payouts ask of a chain. A pool asks its node, a faucet whatever its wallet asks. */
import type { Hash } from '../../protocol/units.ts';
import { RefusedRequestError } from '../../service/rest-client.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { SpentCoin } from '../payments/payment.ts';
import { WalletError } from '../wallet-error.ts';
import type { Owed, PayoutInput, PayoutRecord } from './payout.ts';
import type { BlockPlace, Obstacle } from './payout-state.ts';

/** The tip moved while the chain was looked at: what was seen does not fit together. Look again. */
export class ChainMovedError extends Error {
  override readonly name = 'ChainMovedError';
}

/** Where a transaction stands. */
export type TransactionPlace =
  | { readonly state: 'unknown' }
  | { readonly state: 'waiting' }
  | { readonly state: 'in-block'; readonly block: Hash | undefined; readonly confirmations: number };

/** What a node says to a transaction that is handed in. */
export type SendAnswer =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly reason: string;
      /** Whether a coin that it spends may be gone for good: only then is it worth looking for what took it. */
      readonly conflicts: boolean;
    };

/**
 * All methods throw UnreachableError, RpcCallError or RefusedRequestError when there is no answer, and
 * {@link ChainMovedError} when the tip is not `tip` any more and that matters.
 */
export interface PayoutChain<I extends PayoutInput> {
  tip(): Promise<BlockPlace>;
  /** Where these transactions stand, in their order. */
  places(txids: readonly Hash[], tip: BlockPlace): Promise<readonly TransactionPlace[]>;
  /** Hands a signed transaction in; having it already is as good. */
  send(raw: Uint8Array): Promise<SendAnswer>;
  /** What is to be remembered of coins that a payout spends. @throws WalletError `coins-gone` */
  inputsOf(coins: readonly SpentCoin[], tip: BlockPlace): Promise<readonly I[]>;
  /** What keeps every transaction of a payout out of the chain for good. */
  obstacleTo(payout: PayoutRecord<Owed, I>, tip: BlockPlace): Promise<Obstacle>;
}

/** Whether it may go well later, with nothing changed here: a payout that is written down is tried again. */
export function mayPassLater(error: unknown): error is Error {
  return [UnreachableError, RpcCallError, RefusedRequestError, WalletError].some(
    (kind) => error instanceof kind,
  );
}
