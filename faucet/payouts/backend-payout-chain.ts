/** The chain of a faucet's payouts: whatever its wallet asks. */
import type { AddressFormat } from '../../protocol/address.ts';
import { decodeTransaction } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { type ChainBackend, PaymentRejectedError } from '../../wallet/chain/backend.ts';
import type { SpentCoin } from '../../wallet/payments/payment.ts';
import type { PayoutInput, PayoutRecord } from '../../wallet/services/payout.ts';
import type { PayoutChain, SendAnswer, TransactionPlace } from '../../wallet/services/payout-chain.ts';
import type { BlockPlace, Obstacle } from '../../wallet/services/payout-state.ts';
import type { PayoutBook } from '../store/payout-book.ts';
import { RivalSearch } from './rival-search.ts';

export class BackendPayoutChain implements PayoutChain<PayoutInput> {
  readonly #backend: ChainBackend;
  readonly #rivals: RivalSearch;

  constructor(backend: ChainBackend, book: Pick<PayoutBook, 'isGone'>, addressFormat: AddressFormat) {
    this.#backend = backend;
    this.#rivals = new RivalSearch({ backend, addressFormat, isGone: (txid) => book.isGone(txid) });
  }

  async tip(): Promise<BlockPlace> {
    const { tip: hash, height } = await this.#backend.chain();
    return { hash, height };
  }

  async places(txids: readonly Hash[]): Promise<readonly TransactionPlace[]> {
    const found = await this.#backend.transactions(txids);
    return txids.map((_, at): TransactionPlace => {
      const confirmations = found[at]?.confirmations;
      if (confirmations === undefined) return { state: 'unknown' };
      return confirmations === 0
        ? { state: 'waiting' }
        : { state: 'in-block', block: undefined, confirmations };
    });
  }

  async send(raw: Uint8Array): Promise<SendAnswer> {
    try {
      await this.#backend.broadcast(decodeTransaction(raw));
      return { accepted: true };
    } catch (error) {
      if (!(error instanceof PaymentRejectedError)) throw error;
      return { accepted: false, reason: error.reason, conflicts: error.conflicts };
    }
  }

  async inputsOf(coins: readonly SpentCoin[]): Promise<readonly PayoutInput[]> {
    return coins.map(({ outPoint, value, script }) => ({ ...outPoint, value, script }));
  }

  /** As deep as the shallowest of what keeps each of its transactions from being mined. */
  async obstacleTo({ transactions }: PayoutRecord): Promise<Obstacle> {
    let depth = Number.POSITIVE_INFINITY;
    for (const { inputs } of transactions) {
      depth = Math.min(depth, await this.#rivals.depthAgainst(inputs));
      if (depth === 0) break;
    }
    return { depth, since: undefined };
  }
}
