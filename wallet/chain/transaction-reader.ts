/** Transactions by id, each asked for once. */
import { displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { type OutPoint, type TxOutput, txid } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import type { ChainBackend, ChainTransaction } from './backend.ts';

/**
 * Remembers what a backend said about transactions, for as long as one look at the chain takes. Knows the genesis
 * block by itself: nodes do not hand out its transaction (nor does Bitcoin Core), yet its coins can be spent on
 * networks with funded accounts.
 */
export class TransactionReader implements Pick<ChainBackend, 'transactions'> {
  readonly #backend: Pick<ChainBackend, 'transactions'>;
  readonly #known = new Map<string, ChainTransaction>();

  constructor(backend: Pick<ChainBackend, 'transactions'>, profile: NetworkProfile, tipHeight: Height) {
    this.#backend = backend;
    for (const transaction of profile.genesis.transactions) {
      const { time } = profile.genesis.header;
      this.#known.set(displayHash(txid(transaction)), { transaction, confirmations: tipHeight + 1, time });
    }
  }

  async transactions(txids: readonly Hash[]): Promise<readonly (ChainTransaction | undefined)[]> {
    const ids = txids.map(displayHash);
    const unknown = new Map(txids.map((hash, at) => [ids[at] ?? '', hash]));
    for (const id of ids) if (this.#known.has(id)) unknown.delete(id);
    if (unknown.size > 0) {
      const found = await this.#backend.transactions([...unknown.values()]);
      [...unknown.keys()].forEach((id, at) => {
        const transaction = found[at];
        if (transaction !== undefined) this.#known.set(id, transaction);
      });
    }
    return ids.map((id) => this.#known.get(id));
  }

  /**
   * The transactions of these ids, all of which the backend itself spoke of.
   * @throws WalletError `bad-backend` when it does not have one of them
   */
  async listed(txids: readonly Hash[]): Promise<readonly ChainTransaction[]> {
    const found = await this.transactions(txids);
    return found.map((transaction, at) => {
      if (transaction !== undefined) return transaction;
      const id = displayHash(txids[at] ?? new Uint8Array(32));
      throw new WalletError('bad-backend', `the node lists transaction ${id}, but does not have it`);
    });
  }

  /** The output itself, read from the transaction that made it. */
  async outputs(outPoints: readonly OutPoint[]): Promise<readonly TxOutput[]> {
    const made = await this.listed(outPoints.map((outPoint) => outPoint.txid));
    return outPoints.map(({ txid: id, index }, at) => {
      const output = made[at]?.transaction.outputs[index];
      if (output !== undefined) return output;
      throw new WalletError(
        'bad-backend',
        `the node speaks of output ${index} of ${displayHash(id)}: there is none`,
      );
    });
  }
}
