/** Paying everybody who is due. */
import type { Nits } from '../../protocol/units.ts';
import type { Settlement } from '../../wallet/services/settlement.ts';
import type { SettlementReport } from '../accounting/accounts-view.ts';
import type { PayoutBook } from '../ledger/payout-book.ts';
import type { Debt, PoolInput } from '../ledger/payout-rows.ts';
import { chooseDue } from './due.ts';

export interface PoolSettlementOptions {
  readonly book: PayoutBook;
  readonly settlement: Settlement<Debt, PoolInput>;
  readonly minimum: Nits;
}

export class PoolSettlement {
  readonly #options: PoolSettlementOptions;

  constructor(options: PoolSettlementOptions) {
    this.#options = options;
  }

  /** Pays; or with `isDryRun` says what would be sent now, and nothing is written or signed. */
  async settle(isDryRun: boolean): Promise<SettlementReport> {
    const { book, settlement, minimum } = this.#options;
    let waits: readonly Debt[] = [];
    const choose = async (): Promise<readonly Debt[]> => {
      const chosen = chooseDue(await book.debts(), minimum);
      waits = chosen.waits;
      return chosen.due;
    };
    const { parts, trouble } = await (isDryRun ? settlement.plan(choose) : settlement.pay(choose));
    return {
      isDryRun,
      transactions: parts,
      total: parts.reduce((sum, part) => sum + part.total, 0n),
      waits: waits.map((debt) => ({ ...debt, why: 'below-minimum' })),
      trouble,
    };
  }
}
