/** What the rest of the pool may ask about money. Amounts are nits, times are milliseconds since 1970. */
import type { EventEmitter } from 'node:events';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { PayoutState } from '../../wallet/services/payout-state.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';
import type { Balance } from './balances.ts';
import type { BlockState, Delivery } from './block-state.ts';
import type { Scheme } from './scheme.ts';

export type { Balance, BlockState, Delivery, PayoutState };

/** A block with what it is worth. */
export interface AccountedBlock extends LedgerBlock {
  /** Rises with every block entered: for paging. */
  readonly id: number;
  readonly state: BlockState;
  /** Undefined while it is not in the best chain, or before the chain was first asked. */
  readonly confirmations: number | undefined;
  /** Undefined until its round is summed up. */
  readonly round: AccountedRound | undefined;
}

export interface AccountedRound {
  readonly scheme: Scheme;
  /** Digits: "1.5". */
  readonly feePercent: string;
  /** The round's last share, the finding one. */
  readonly endSequence: number;
  /** Expected hashes of the round's shares: effort is this ÷ (difficulty × 2³²). */
  readonly weight: bigint;
  /** What miners get of the reward. */
  readonly distributed: Nits;
  readonly operator: Nits;
}

/** What a block brought an address. */
export interface Credit {
  readonly block: Hash;
  /** Of the block: for paging. */
  readonly blockId: number;
  readonly height: Height;
  readonly timeMs: number;
  readonly amount: Nits;
  readonly blockState: BlockState;
  readonly confirmations: number | undefined;
  /** The coinbase pays it (`solo`). */
  readonly isDirect: boolean;
  readonly payoutId: number | undefined;
}

export interface PayoutItem {
  readonly address: string;
  readonly amount: Nits;
}

export interface Payout {
  readonly id: number;
  readonly state: PayoutState;
  readonly timeMs: number;
  /** Of its newest transaction, or of the one that is in a block. */
  readonly txid: Hash;
  /** How often the fee was raised. */
  readonly replacements: number;
  readonly total: Nits;
  /** Paid by the operator. */
  readonly fee: Nits;
  readonly height: Height | undefined;
  readonly confirmations: number | undefined;
  readonly items: readonly PayoutItem[];
}

/** Why an address is owed something that the next payout does not carry. */
export type WaitReason = 'below-minimum' | 'no-operator-wallet';

export interface NextPayout {
  /** Undefined when nobody is paid by itself. */
  readonly timeMs: number | undefined;
  /** Undefined where nobody is paid from here: without an operator's wallet, and under `solo`. */
  readonly minimum: Nits | undefined;
  readonly due: readonly PayoutItem[];
  readonly total: Nits;
  readonly waits: readonly (PayoutItem & { readonly why: WaitReason })[];
  /** What keeps payouts from being made, or kept the last one; undefined when nothing does. */
  readonly trouble: string | undefined;
}

/** One transaction of a settlement: made, or as it would be made. */
export interface SettlementTransaction {
  /** Undefined in a dry run: nothing was signed. */
  readonly payoutId: number | undefined;
  readonly txid: Hash | undefined;
  readonly items: readonly PayoutItem[];
  readonly total: Nits;
  readonly fee: Nits;
  readonly change: Nits;
  readonly vsize: number;
  /** What it spends: txid and index. */
  readonly coins: readonly { readonly txid: Hash; readonly index: number; readonly value: Nits }[];
}

export interface SettlementReport {
  readonly isDryRun: boolean;
  readonly transactions: readonly SettlementTransaction[];
  readonly total: Nits;
  readonly waits: NextPayout['waits'];
  /** Why not everything that is due was, or would be, sent; undefined when it was. */
  readonly trouble: string | undefined;
}

/** Blocks an address found, against what its work would find on average. */
export interface AddressLuck {
  readonly foundBlocks: number;
  /** Over all rounds: its weight ÷ the block's. */
  readonly expectedBlocks: number;
}

export interface AccountsEvents {
  /** A block was entered, or is worth something else now. */
  block: [AccountedBlock];
  payout: [Payout];
}

export interface AccountsView extends Pick<EventEmitter<AccountsEvents>, 'on' | 'off'> {
  readonly scheme: Scheme;
  /** Digits: "1.5". */
  readonly feePercent: string;
  readonly maturity: number;
  balance(address: string): Promise<Balance>;
  totals(): Promise<Balance>;
  /** By address, those after `after`. */
  addresses(limit: number, after?: string): Promise<readonly (Balance & { readonly address: string })[]>;
  /** Newest block first, those with a `blockId` below `before`. */
  credits(address: string, limit: number, before?: number): Promise<readonly Credit[]>;
  luck(address: string): Promise<AddressLuck>;
  /** Newest first, those with an id below `before`. */
  payouts(limit: number, before?: number): Promise<readonly Payout[]>;
  /** Those that pay an address; the items are this address's only. */
  payoutsOf(address: string, limit: number, before?: number): Promise<readonly Payout[]>;
  nextPayout(): Promise<NextPayout>;
  /** Newest first, those with an id below `before`. */
  blocks(limit: number, before?: number): Promise<readonly AccountedBlock[]>;
  blockCounts(): Promise<Readonly<Record<BlockState, number>>>;
  /** Where the running round begins; undefined before the first block. */
  lastRound(): Promise<{ readonly endSequence: number; readonly foundMs: number } | undefined>;
  /**
   * Pays everybody who is due; with `dryRun` says what would be sent. One settlement at a time: others wait.
   * @throws SettlementError when nothing can be paid, with the reason
   */
  settle(request: { readonly dryRun: boolean }): Promise<SettlementReport>;
}

/** Nothing can be paid as things are. */
export class SettlementError extends Error {
  override readonly name = 'SettlementError';
}
