/** Finds what keeps a payout out of the chain for good: somebody else has spent one of its coins. */
import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { outPointKey, type Transaction } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import type { ChainBackend } from '../../wallet/chain/backend.ts';
import type { PayoutInput } from '../../wallet/services/payout.ts';

export interface RivalSearchOptions {
  readonly backend: Pick<ChainBackend, 'transactionIds' | 'transactions'>;
  readonly addressFormat: AddressFormat;
  /** Whether a transaction is one of the faucet's that can never be mined any more. */
  readonly isGone: (txid: Hash) => Promise<boolean>;
}

const TRANSACTIONS_PER_CALL = 100;
/** How far back a search goes: an address with a longer history since the coin was chosen is none of a faucet's. */
const MOST_SEARCHED = 5_000;

export class RivalSearch {
  readonly #options: RivalSearchOptions;
  /** By coin: the transaction that was found to spend it. */
  readonly #found = new Map<string, Hash>();

  constructor(options: RivalSearchOptions) {
    this.#options = options;
  }

  /**
   * How many blocks, its own counted, lie on what keeps a transaction with these inputs from being mined: another one
   * in the best chain that spends one of the coins. 0 when there is none; then the coin may come back.
   */
  async depthAgainst(inputs: readonly PayoutInput[]): Promise<number> {
    let deepest = 0;
    for (const input of inputs) {
      if (await this.#options.isGone(input.txid)) return Number.POSITIVE_INFINITY;
      deepest = Math.max(deepest, await this.#depthOfSpender(input));
    }
    return deepest;
  }

  async #depthOfSpender(input: PayoutInput): Promise<number> {
    const { backend } = this.#options;
    const key = outPointKey(input);
    const known = this.#found.get(key);
    if (known !== undefined) {
      const [standing] = await backend.transactions([known]);
      if (standing !== undefined && standing.confirmations > 0) return standing.confirmations;
      this.#found.delete(key);
    }
    const address = encodeAddress(input.script, this.#options.addressFormat);
    if (address === undefined) return 0;
    const { confirmed } = await backend.transactionIds([address]);
    const newestFirst = confirmed.slice(-MOST_SEARCHED).reverse();
    for (let start = 0; start < newestFirst.length; start += TRANSACTIONS_PER_CALL) {
      const txids = newestFirst.slice(start, start + TRANSACTIONS_PER_CALL);
      const found = await backend.transactions(txids);
      const at = found.findIndex((each) => each !== undefined && spends(each.transaction, key));
      const [rival, txid] = [found[at], txids[at]];
      if (rival === undefined || txid === undefined) continue;
      this.#found.set(key, txid);
      return rival.confirmations;
    }
    return 0;
  }
}

function spends({ inputs }: Transaction, key: string): boolean {
  return inputs.some(({ previous }) => outPointKey(previous) === key);
}
