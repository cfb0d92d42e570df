/** What a wallet asks of a chain. A node's RPC is one such source; anything that can answer may be another. */
import type { OutPoint, Transaction } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { FeeRate } from '../payments/fee.ts';
import { WalletError } from '../wallet-error.ts';

/** Which chain a backend follows, and how far it is. */
export interface ChainState {
  /** Name of the network as the backend calls it. */
  readonly network: string;
  /** Magic of the network, 8 hex digits: its identity. Unknown for a backend that is no NilzCoin node. */
  readonly magic: string | undefined;
  readonly height: Height;
  readonly tip: Hash;
  /** Whether the backend says of itself that it is still catching up. */
  readonly syncing: boolean;
}

/**
 * - `spendable`: in a block, and the next block may spend it
 * - `immature`: a block reward that has to wait
 * - `pending`: made by a transaction that is in no block yet
 */
export type CoinStatus = 'spendable' | 'immature' | 'pending';

/** A coin that no transaction spends, not even one that waits for a block. */
export interface ChainCoin {
  readonly address: string;
  readonly outPoint: OutPoint;
  readonly value: Nits;
  readonly status: CoinStatus;
  /** Blocks from its own to the tip, both counted; 0 while it waits for one. */
  readonly confirmations: number;
}

/** A transaction and where it stands. */
export interface ChainTransaction {
  readonly transaction: Transaction;
  /** Blocks from its own to the tip, both counted; 0 while it waits for one. */
  readonly confirmations: number;
  /** Time of its block in Unix seconds; undefined while it waits for one. */
  readonly time: number | undefined;
}

/** The transactions that pay to or spend from a set of addresses, each listed once. */
export interface TransactionIds {
  /** Of one address: oldest first. Of several: in no order, each transaction says itself where it stands. */
  readonly confirmed: readonly Hash[];
  /** In the order they entered the mempool. */
  readonly pending: readonly Hash[];
}

/**
 * A view of one chain. All methods throw `UnreachableError` when the source does not answer, and a WalletError
 * `bad-backend` when what it says contradicts itself.
 */
export interface ChainBackend {
  chain(): Promise<ChainState>;
  /** The hash of the block at this height of the best chain, undefined above its tip. */
  blockHash(height: Height): Promise<Hash | undefined>;
  /** For each address in turn, whether any transaction ever paid to it, in a block or waiting for one. */
  usedAddresses(addresses: readonly string[]): Promise<readonly boolean[]>;
  /** The unspent coins of these addresses; coins that a waiting transaction spends are gone already. */
  coins(addresses: readonly string[]): Promise<readonly ChainCoin[]>;
  /** @param fromHeight confirmed ones of lower blocks may be left out (default 0: all are listed) */
  transactionIds(addresses: readonly string[], fromHeight?: Height): Promise<TransactionIds>;
  /**
   * The transactions of these ids, in their order, undefined where there is none. What comes back really has
   * the id asked for: it was hashed.
   */
  transactions(txids: readonly Hash[]): Promise<readonly (ChainTransaction | undefined)[]>;
  /** The lowest fee rate that is accepted at present. */
  minimumFeeRate(): Promise<FeeRate>;
  /**
   * For each of these numbers of blocks the fee rate with which payments were lately confirmed within them;
   * undefined where not enough was seen to tell.
   */
  feeEstimates(targets: readonly number[]): Promise<readonly (FeeRate | undefined)[]>;
  /**
   * Hands a signed transaction in; having it already counts as success.
   * @throws PaymentRejectedError when it is refused
   */
  broadcast(transaction: Transaction): Promise<void>;
}

/** The chain refuses a transaction. `reason` is the code word of the rule, `detail` says more. */
export class PaymentRejectedError extends WalletError {
  override readonly name = 'PaymentRejectedError';
  readonly reason: string;

  constructor(reason: string) {
    super('rejected', `the node refused the payment: ${reason}`);
    this.reason = reason;
  }

  /** Whether a coin that it spends is gone: this transaction can never be accepted as things stand. */
  get conflicts(): boolean {
    return /missing-?inputs|missingorspent|txn-mempool-conflict|insufficient fee/.test(this.reason);
  }

  /** Whether the next block makes room for it: too many transactions before it wait for one. */
  get isPassing(): boolean {
    return this.reason.includes('too-long-mempool-chain');
  }
}
