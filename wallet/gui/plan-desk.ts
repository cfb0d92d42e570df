/** Payments that were planned and shown, and wait for a yes. Each can be made once. */
import { HttpError } from '../../service/http.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';

/** A payment as it was shown. */
export interface ShownPlan {
  readonly id: string;
  /** The wallet's id. */
  readonly wallet: string;
  readonly kind: 'payment' | 'bump' | 'cancel';
  /** As shown; the transaction whose place it takes. */
  readonly replaces: string | undefined;
  readonly plan: PaymentPlan;
}

/** Plans at once, of all wallets; the oldest goes before there are more. */
const MAX_PLANS = 200;
const ID_BYTES = 16;

export class PlanDesk {
  readonly #random: (count: number) => Uint8Array;
  readonly #plans = new Map<string, ShownPlan>();

  /** @param random secure random bytes */
  constructor(random: (count: number) => Uint8Array) {
    this.#random = random;
  }

  keep(plan: Omit<ShownPlan, 'id'>): ShownPlan {
    const id = Buffer.from(this.#random(ID_BYTES)).toString('hex');
    const shown = { ...plan, id };
    this.#plans.set(id, shown);
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= MAX_PLANS) break;
      this.#plans.delete(oldest);
    }
    return shown;
  }

  /** @throws HttpError 409 `no-plan` when there is none, as after it was paid */
  find(id: string, wallet: string): ShownPlan {
    const plan = this.#plans.get(id);
    if (plan !== undefined && plan.wallet === wallet) return plan;
    throw new HttpError(409, 'this payment was made already, or it was not planned: look at it anew', {
      code: 'no-plan',
    });
  }

  /** Gives a plan away: nobody else can make it. @throws HttpError as {@link find} */
  take(id: string, wallet: string): ShownPlan {
    const plan = this.find(id, wallet);
    this.#plans.delete(id);
    return plan;
  }

  /** Takes back a plan that was not made: nobody could be asked. */
  putBack(plan: ShownPlan): void {
    this.#plans.set(plan.id, plan);
  }

  /** Forgets the plans of a wallet that was locked. */
  forget(wallet: string): void {
    for (const [id, plan] of this.#plans) if (plan.wallet === wallet) this.#plans.delete(id);
  }
}
