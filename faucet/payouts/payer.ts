/** Paying who waits, those who have waited longest first. */
import type { Nits } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { MAX_PAYEES } from '../../wallet/services/payment-parts.ts';
import type { PayoutInput } from '../../wallet/services/payout.ts';
import type { Settlement } from '../../wallet/services/settlement.ts';
import type { QueuedClaim } from '../store/claim-book.ts';
import type { FaucetStore } from '../store/faucet-store.ts';

export interface PayerOptions {
  readonly store: FaucetStore;
  readonly settlement: Settlement<QueuedClaim, PayoutInput>;
  readonly log: Logger;
  /** Why an address is not paid although it was promised; undefined for those that are. */
  readonly objection: (address: string) => Promise<string | undefined>;
}

/** What a round of payments came to. */
export interface PayReport {
  /** Ids of the claims that are in another state now. */
  readonly changed: readonly string[];
  /** Why claims wait although it was tried to pay them. */
  readonly trouble: string | undefined;
}

export class Payer {
  readonly #options: PayerOptions;

  constructor(options: PayerOptions) {
    this.#options = options;
  }

  /**
   * Pays who is queued. The caller sees to it that no other round runs.
   * @param onWritten hears at once what each payout costs, fee included
   */
  async pay(onWritten: (cost: Nits) => void): Promise<PayReport> {
    const refused: string[] = [];
    const { parts, trouble } = await this.#options.settlement.pay(
      () => this.#choose(refused),
      ({ total, fee }) => onWritten(total + fee),
    );
    const paid = parts.flatMap(({ items }) => items.map(({ id }) => id));
    return { changed: [...refused, ...paid], trouble };
  }

  /** The claims to pay; those that the operator has ruled out since they were made are refused. */
  async #choose(refused: string[]): Promise<readonly QueuedClaim[]> {
    const { store, objection, log } = this.#options;
    const payable: QueuedClaim[] = [];
    for (const claim of await store.claims.queued(MAX_PAYEES)) {
      const reason = await objection(claim.address);
      if (reason === undefined) payable.push(claim);
      else {
        await store.claims.refuse([claim.id], reason);
        log.warn({ claim: claim.id, reason }, 'claim refused that was queued');
        refused.push(claim.id);
      }
    }
    return payable;
  }
}
