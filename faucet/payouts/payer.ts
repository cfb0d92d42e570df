/** Paying who waits: several claims in one transaction, which is written down before anybody hears of it. */
import { displayHash } from '../../protocol/bytes.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import type { ChainBackend } from '../../wallet/chain/backend.ts';
import { InsufficientFundsError } from '../../wallet/payments/coins.ts';
import { affordable, inTransactions, MAX_PAYEES } from '../../wallet/services/payment-parts.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { QueuedClaim } from '../store/claim-book.ts';
import { ClaimsChangedError } from '../store/claims-changed.ts';
import type { FaucetStore } from '../store/faucet-store.ts';
import { type CoinRules, isPassing, type Purse, recordOf } from './purse.ts';

/** The steps of one payout, in their order. A crash after any of them is survived. */
export const PAYOUT_STEPS = ['chosen', 'signed', 'written', 'kept', 'sent'] as const;
export type PayoutStep = (typeof PAYOUT_STEPS)[number];

export interface PayerOptions {
  readonly store: FaucetStore;
  readonly purse: Purse;
  readonly backend: ChainBackend;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why an address is not paid although it was promised; undefined for those that are. */
  readonly objection: (address: string) => Promise<string | undefined>;
  /** Called after each step: a test ends the process here. */
  readonly onStep?: ((step: PayoutStep) => Promise<void>) | undefined;
}

/** What a round of payments came to. */
export interface PayReport {
  /** Ids of the claims that are in another state now. */
  readonly changed: readonly string[];
  /** Why claims wait although it was tried to pay them. */
  readonly trouble: string | undefined;
}

/** What one part of the queue came to. */
interface PartResult {
  readonly paid: readonly QueuedClaim[];
  readonly trouble?: string | undefined;
}

/** Coins may change while a payment is signed; so often it is tried again. */
const TRIES = 3;

export class Payer {
  readonly #options: PayerOptions;

  constructor(options: PayerOptions) {
    this.#options = options;
  }

  /**
   * Pays who is queued, those who have waited longest first. The caller sees to it that no other round runs.
   * @param onWritten hears at once what each payout costs, fee included
   */
  async pay(height: Height, onWritten: (cost: Nits) => void): Promise<PayReport> {
    const { payable, refused } = await this.#choose();
    const changed = [...refused];
    for (const part of inTransactions(payable)) {
      const { paid, trouble } = await this.#payPart(part, height, onWritten);
      changed.push(...paid.map(({ id }) => id));
      if (paid.length < part.length) return { changed, trouble };
    }
    return { changed, trouble: undefined };
  }

  /** The claims to pay; those that the operator has ruled out since they were made are refused. */
  async #choose(): Promise<{ payable: readonly QueuedClaim[]; refused: readonly string[] }> {
    const { store, objection, log } = this.#options;
    const payable: QueuedClaim[] = [];
    const refused: string[] = [];
    for (const claim of await store.claims.queued(MAX_PAYEES)) {
      const reason = await objection(claim.address);
      if (reason === undefined) payable.push(claim);
      else {
        await store.claims.refuse([claim.id], reason);
        log.warn({ claim: claim.id, reason }, 'claim refused that was queued');
        refused.push(claim.id);
      }
    }
    return { payable, refused };
  }

  /** One transaction for as many as the coins cover, and for nobody where they cover none. */
  async #payPart(
    part: readonly QueuedClaim[],
    height: Height,
    onWritten: (cost: Nits) => void,
  ): Promise<PartResult> {
    let payable = part;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#send(payable, height, onWritten);
        return { paid: payable };
      } catch (error) {
        const fewer = fewerAfter(error, payable);
        if (fewer !== undefined && fewer.length > 0) {
          payable = fewer;
          attempt = 0;
          continue;
        }
        const mayPass =
          error instanceof ClaimsChangedError ||
          (error instanceof WalletError && error.code === 'coins-gone');
        if (mayPass && attempt < TRIES) continue;
        if (!mayPass && !isPassing(error)) throw error;
        return { paid: [], trouble: error.message };
      }
    }
  }

  /** Choose → sign → write down → let the wallet and the node know. */
  async #send(
    claims: readonly QueuedClaim[],
    height: Height,
    onWritten: (cost: Nits) => void,
  ): Promise<void> {
    const { store, purse, backend, clock, log, onStep } = this.#options;
    const rules = await coinRules(store, height);
    await onStep?.('chosen');
    const payment = await purse.sign(claims, rules);
    await onStep?.('signed');
    const payoutId = await store.payouts.enter(claims, recordOf(payment, height, clock.wallMs()));
    onWritten(claims.reduce((sum, { amount }) => sum + amount, payment.fee));
    await onStep?.('written');
    log.info({ payoutId, txid: displayHash(payment.txid), claims: claims.length }, 'payout');
    // From here on the payout stands, whatever fails: the watch hands it in again until a block has it.
    try {
      await purse.keep(payment);
      await onStep?.('kept');
      await backend.broadcast(payment.transaction);
    } catch (error) {
      if (!isPassing(error)) throw error;
      log.warn({ payoutId, reason: error.message }, 'payout written down, to be sent later');
    }
    await onStep?.('sent');
  }
}

/** Coins of payouts under way are left alone. */
export async function coinRules({ payouts }: FaucetStore, height: Height): Promise<CoinRules> {
  return { height, spent: await payouts.spentCoins(), ours: await payouts.txidsUnderWay() };
}

/** Who can be paid instead: those that the coins cover, or one half where the coins are too small. */
function fewerAfter(error: unknown, claims: readonly QueuedClaim[]): readonly QueuedClaim[] | undefined {
  if (error instanceof InsufficientFundsError) {
    const fee = error.missing + error.available - error.target;
    const covered = affordable(claims, error.available - fee);
    return covered.length < claims.length ? covered : claims.slice(0, -1);
  }
  if (error instanceof WalletError && error.code === 'too-many-coins') {
    return claims.slice(0, Math.floor(claims.length / 2));
  }
  return undefined;
}
