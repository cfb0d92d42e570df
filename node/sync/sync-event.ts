import type { Header } from '../../protocol/header.ts';
import type { Inventory } from '../../protocol/peer-message.ts';
import type { RuleError } from '../../protocol/rules.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { AcceptOutcome } from '../chain/acceptance.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { PeerFacts, PeerId, RelayedMessage } from '../peers/peer-network.ts';

/** A transaction of the mempool, as relay looks at it. */
export interface PooledTransaction {
  readonly transaction: Transaction;
  readonly txid: Hash;
  /** `hashKey(txid)`. */
  readonly key: string;
  readonly fee: Nits;
  /** Virtual bytes. */
  readonly vsize: number;
  /** Counts up with every transaction that enters. */
  readonly arrival: number;
}

/** What synchronisation and relay read of the mempool. */
export interface MempoolView {
  /** @param key `hashKey` of a txid */
  get(key: string): PooledTransaction | undefined;
  /** Number of entries. */
  readonly size: number;
  /** In the order they entered. */
  entries(): Iterable<PooledTransaction>;
  /** The lowest fee rate that enters, in nits per 1,000 vB. */
  readonly minFeeRate: Nits;
}

/**
 * One thing to be served: a block of the chain or a transaction of the mempool, looked up when its turn comes, or
 * a message that is ready.
 */
export type ServedItem =
  | { readonly kind: 'block' | 'transaction'; readonly item: Inventory }
  | { readonly kind: 'message'; readonly message: RelayedMessage };

/** What became of a block that a peer sent; `malformed`: its bytes are no block. */
export interface BlockVerdict {
  readonly outcome: AcceptOutcome | 'malformed';
  /** Set where the outcome is `invalid` or `held`. */
  readonly error?: RuleError | undefined;
}

/** What became of a transaction that a peer sent, as `TransactionIntake` says it. */
export type TransactionOutcome =
  | { readonly outcome: 'accepted' | 'known' }
  | { readonly outcome: 'orphan'; readonly parents: readonly Hash[] }
  | { readonly outcome: 'refused'; readonly error: RuleError };

/** What happens to a node that synchronisation and relay must know of. */
export type SyncEvent =
  /** A peer has completed the handshake. */
  | { readonly type: 'peer-up'; readonly peer: PeerFacts }
  | { readonly type: 'peer-down'; readonly peer: PeerId }
  | { readonly type: 'message'; readonly peer: PeerId; readonly message: RelayedMessage }
  /** Answer to `store-headers`: the last of them that is in the chain's index, and why the next was refused. */
  | {
      readonly type: 'headers-checked';
      readonly peer: PeerId;
      readonly last: BlockEntry | undefined;
      /** As in `store-headers`. */
      readonly after: Hash | undefined;
      readonly refused?: RuleError | undefined;
    }
  /** Answer to `take-block`. */
  | ({ readonly type: 'block-checked'; readonly peer: PeerId; readonly hash: Hash } & BlockVerdict)
  /** The best chain has changed; it stands for now. */
  | { readonly type: 'tip-changed' }
  /** A block has joined the best chain near the tip, with these transactions. */
  | { readonly type: 'transactions-confirmed'; readonly txids: readonly Hash[] }
  /** A block has left the best chain: its transactions may be wanted again. */
  | { readonly type: 'block-disconnected' }
  /** Answer to `take-transaction`, and what became of an orphan later. */
  | {
      readonly type: 'transaction-checked';
      readonly peer: PeerId;
      readonly txid: Hash;
      readonly result: TransactionOutcome;
    }
  /** A transaction has entered the mempool, from wherever it came. */
  | { readonly type: 'transaction-entered'; readonly entry: PooledTransaction }
  /** Time has passed; comes several times a second. */
  | { readonly type: 'tick' };

/** What synchronisation and relay want done. */
export type SyncEffect =
  | { readonly type: 'send'; readonly peer: PeerId; readonly message: RelayedMessage }
  /** Ends the connection; `rule` is a short name of what was broken, `detail` what was found. */
  | {
      readonly type: 'misbehaved';
      readonly peer: PeerId;
      readonly rule: string;
      readonly detail: string;
      /** It was provably invalid. */
      readonly discourage: boolean;
    }
  /** Headers with enough work behind them, for the chain's index; answered by `headers-checked`. */
  | {
      readonly type: 'store-headers';
      readonly peer: PeerId;
      readonly headers: readonly Header[];
      /** What follows this header is wanted next; undefined: nothing more. */
      readonly after: Hash | undefined;
    }
  /** A block that was asked for; answered by `block-checked`. */
  | { readonly type: 'take-block'; readonly peer: PeerId; readonly hash: Hash; readonly bytes: Uint8Array }
  /** A transaction that was asked for; answered by `transaction-checked`. */
  | { readonly type: 'take-transaction'; readonly peer: PeerId; readonly transaction: Transaction }
  /** What a peer has asked for, to be sent as fast as it reads; `notfound` for what is not at hand after all. */
  | { readonly type: 'serve'; readonly peer: PeerId; readonly items: readonly ServedItem[] }
  /** The peer was first with something new and valid. */
  | { readonly type: 'delivered'; readonly peer: PeerId; readonly what: 'block' | 'transaction' };
