import { verifyInput } from '../../protocol/check-input.ts';
import type { RuleError } from '../../protocol/rules.ts';
import { sighashMidstate } from '../../protocol/sighash.ts';
import type { Verify } from '../../protocol/signature.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import { faultOf } from '../chain/acceptance.ts';
import type { Spend } from './signature-batch.ts';

/** Checks the signatures of transactions; whoever does it, the verdicts are the same. */
export interface SignatureChecks {
  /** For every spend, in their order, the rule that its signatures break, if they break one. */
  faultsOf(spends: readonly Spend[]): Promise<(RuleError | undefined)[]>;
}

/** Checks signatures in this thread, which others share. */
export class LocalSignatureChecks implements SignatureChecks {
  readonly #verify: Verify;

  constructor(verify: Verify) {
    this.#verify = verify;
  }

  async faultsOf(spends: readonly Spend[]): Promise<(RuleError | undefined)[]> {
    const slice = new TimeSlice();
    const faults: (RuleError | undefined)[] = [];
    for (const spend of spends) faults.push(await this.#faultOf(spend, slice));
    return faults;
  }

  /** What `verifyInputs` would throw. */
  async #faultOf({ transaction, coins }: Spend, slice: TimeSlice): Promise<RuleError | undefined> {
    const midstate = sighashMidstate(transaction);
    for (const [index, coin] of coins.entries()) {
      if (slice.isUsedUp) await slice.renew();
      const fault = faultOf(() => verifyInput(transaction, index, coin, this.#verify, midstate));
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
