/** The answers to what may be asked about money: read from the ledger, with depths from the chain. */
import { EventEmitter } from 'node:events';
import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { BlockPlace } from '../../wallet/services/payout-state.ts';
import type { NumberedBlock } from '../ledger/block-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PayoutRecord } from '../ledger/payout-book.ts';
import type { Round } from '../ledger/round-book.ts';
import { chooseDue, payoutMinimum } from '../payouts/due.ts';
import {
  type AccountedBlock,
  type AccountedRound,
  type AccountsEvents,
  type AccountsView,
  type AddressLuck,
  type Balance,
  type BlockState,
  type Credit,
  type NextPayout,
  type Payout,
  SettlementError,
  type SettlementReport,
} from './accounts-view.ts';
import { balanceOf } from './balances.ts';
import type { Terms } from './scheme.ts';

/** The part of a pool that pays. */
export interface Payer {
  /** When it pays next by itself. */
  readonly nextMs: number | undefined;
  /** What kept the last settlement from paying everybody. */
  readonly trouble: string | undefined;
  settle(request: { readonly dryRun: boolean }): Promise<SettlementReport>;
}

export interface AccountsOptions {
  readonly ledger: Pick<Ledger, 'blocks' | 'rounds' | 'payouts'>;
  readonly terms: Terms;
  readonly maturity: number;
  readonly minimum: Nits;
  /** The tip that the accounts are up to. */
  readonly tip: () => BlockPlace | undefined;
  /** Undefined where nobody is paid from here: no operator wallet, or solo. */
  readonly payer: () => Payer | undefined;
}

const NO_WALLET =
  'nobody can be paid: start the pool with --operator-wallet, the wallet that --address belongs to';

export class Accounts extends EventEmitter<AccountsEvents> implements AccountsView {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    super();
    this.#options = options;
  }

  get scheme() {
    return this.#options.terms.scheme;
  }

  get feePercent(): string {
    return this.#options.terms.fee.percent;
  }

  get maturity(): number {
    return this.#options.maturity;
  }

  async balance(address: string): Promise<Balance> {
    return balanceOf(await this.#options.ledger.rounds.sums(address));
  }

  async totals(): Promise<Balance> {
    return balanceOf(await this.#options.ledger.rounds.sums());
  }

  async addresses(limit: number, after?: string): Promise<(Balance & { readonly address: string })[]> {
    const sums = await this.#options.ledger.rounds.sumsByAddress(limit, after);
    return [...sums].map(([address, credits]) => ({ address, ...balanceOf(credits) }));
  }

  async credits(address: string, limit: number, before?: number): Promise<Credit[]> {
    const credits = await this.#options.ledger.rounds.creditsTo(address, limit, before);
    return credits.map((credit) => ({
      ...credit,
      confirmations: this.#confirmations(credit.blockState, credit.height),
    }));
  }

  luck(address: string): Promise<AddressLuck> {
    return this.#options.ledger.rounds.luckOf(address);
  }

  async payouts(limit: number, before?: number): Promise<Payout[]> {
    const records = await this.#options.ledger.payouts.page(limit, before);
    return records.map((record) => this.#payout(record));
  }

  async payoutsOf(address: string, limit: number, before?: number): Promise<Payout[]> {
    const records = await this.#options.ledger.payouts.pageOf(address, limit, before);
    return records.map((record) => this.#payout(record));
  }

  async nextPayout(): Promise<NextPayout> {
    const { ledger, minimum } = this.#options;
    const payer = this.#options.payer();
    const debts = await ledger.payouts.debts();
    if (payer === undefined) {
      return {
        timeMs: undefined,
        minimum: undefined,
        due: [],
        total: 0n,
        waits: debts.map((debt) => ({ ...debt, why: 'no-operator-wallet' as const })),
        trouble: this.scheme === 'solo' ? undefined : NO_WALLET,
      };
    }
    const { due, waits } = chooseDue(debts, minimum);
    return {
      timeMs: payer.nextMs,
      minimum: payoutMinimum(minimum),
      due,
      total: due.reduce((sum, { amount }) => sum + amount, 0n),
      waits: waits.map((debt) => ({ ...debt, why: 'below-minimum' as const })),
      trouble: payer.trouble,
    };
  }

  async blocks(limit: number, before?: number): Promise<AccountedBlock[]> {
    return this.#accounted(await this.#options.ledger.blocks.page(limit, before));
  }

  blockCounts(): Promise<Record<BlockState, number>> {
    return this.#options.ledger.blocks.stateCounts();
  }

  lastRound(): Promise<{ readonly endSequence: number; readonly foundMs: number } | undefined> {
    return this.#options.ledger.rounds.last();
  }

  /** @throws SettlementError where nobody is paid from here */
  async settle(request: { readonly dryRun: boolean }): Promise<SettlementReport> {
    const payer = this.#options.payer();
    if (payer !== undefined) return payer.settle(request);
    throw new SettlementError(
      this.scheme === 'solo' ? 'nothing is settled under solo: the coinbase pays the finder' : NO_WALLET,
    );
  }

  /** Tells that blocks are worth something else now. */
  async announceBlocks(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const blocks = await this.#options.ledger.blocks.byIds(ids);
    for (const block of await this.#accounted(blocks)) this.emit('block', block);
  }

  async announceBlock(hash: Hash): Promise<void> {
    const block = await this.#options.ledger.blocks.byHash(hash);
    if (block !== undefined) await this.announceBlocks([block.id]);
  }

  async announcePayout(id: number): Promise<void> {
    const record = await this.#options.ledger.payouts.byId(id);
    if (record !== undefined) this.emit('payout', this.#payout(record));
  }

  async #accounted(blocks: readonly NumberedBlock[]): Promise<AccountedBlock[]> {
    const rounds = await this.#options.ledger.rounds.of(blocks.map(({ id }) => id));
    return blocks.map((block) => {
      const round = rounds.get(block.id);
      return {
        ...block,
        confirmations: this.#confirmations(block.state, block.height),
        round: round && roundOf(round, block.reward),
      };
    });
  }

  #confirmations(state: BlockState, height: number): number | undefined {
    const tip = this.#options.tip();
    const isInChain = state === 'immature' || state === 'confirmed';
    return tip === undefined || !isInChain ? undefined : Math.max(tip.height - height + 1, 0);
  }

  #payout({ id, timeMs, progress, items, transactions }: PayoutRecord): Payout {
    const { state, inBlock } = progress;
    const tip = this.#options.tip();
    const counts = transactions.find(({ txid }) => inBlock !== undefined && equalBytes(txid, inBlock.txid));
    const shown = counts ?? transactions.at(-1);
    return {
      id,
      state,
      timeMs,
      txid: shown?.txid ?? new Uint8Array(32),
      replacements: transactions.length - 1,
      total: items.reduce((sum, { amount }) => sum + amount, 0n),
      fee: shown?.fee ?? 0n,
      height: inBlock?.height,
      confirmations: tip && inBlock && Math.max(tip.height - inBlock.height + 1, 0),
      items,
    };
  }
}

function roundOf({ terms, endSequence, weight, operator }: Round, reward: Nits): AccountedRound {
  return {
    scheme: terms.scheme,
    feePercent: terms.fee.percent,
    endSequence,
    weight,
    distributed: reward - operator,
    operator,
  };
}
