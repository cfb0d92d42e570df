import { displayHash } from '../../protocol/bytes.ts';
import type { AccountsView, Balance, Credit } from '../accounting/accounts-view.ts';
import { amountFields } from './amount-fields.ts';
import { nextPage } from './blocks.ts';
import { payoutRow } from './payouts.ts';

/** Payouts of an address that one answer shows; all of them are in `/payouts`. */
const SHOWN_PAYOUTS = 50;

/** A balance in its parts; docs/pool.md says what each means. */
export function balanceFields(balance: Balance) {
  return {
    ...amountFields('immature', balance.immature),
    ...amountFields('confirmed', balance.confirmed),
    ...amountFields('owed', balance.owed),
    ...amountFields('in_payout', balance.inPayout),
    ...amountFields('paid', balance.paid),
    ...amountFields('orphaned', balance.orphaned),
    ...amountFields('lost_to_operator', balance.lostToOperator),
  };
}

/** The answer of `GET /earnings?wallet=`: what an address has earned, and with which blocks. */
export async function earningsOf(accounts: AccountsView, address: string, limit: number, before?: number) {
  const [balance, credits, payouts] = await Promise.all([
    accounts.balance(address),
    accounts.credits(address, limit, before),
    accounts.payoutsOf(address, SHOWN_PAYOUTS),
  ]);
  return {
    address,
    ...balanceFields(balance),
    credits: credits.map(creditRow),
    ...nextPage(credits, limit, ({ blockId }) => blockId),
    payouts: payouts.map(payoutRow),
  };
}

/** The answer of `GET /earnings` without an address: everything together, and by address, in pages. */
export async function earningsOfAll(accounts: AccountsView, limit: number, after: string | undefined) {
  const [totals, addresses] = await Promise.all([accounts.totals(), accounts.addresses(limit, after)]);
  return {
    ...balanceFields(totals),
    addresses: addresses.map(({ address, ...balance }) => ({ address, ...balanceFields(balance) })),
    ...nextPage(addresses, limit, ({ address }) => address),
  };
}

/** Blocks that an address found, against what its work would find on average. */
export async function luckOfAddress(accounts: AccountsView, address: string) {
  const { foundBlocks, expectedBlocks } = await accounts.luck(address);
  return {
    blocks: foundBlocks,
    expected_blocks: expectedBlocks,
    /** Work per block found; null while none was found. */
    effort_mean: foundBlocks === 0 ? null : expectedBlocks / foundBlocks,
    meaning: `Found ${foundBlocks} where its work finds ${expectedBlocks.toFixed(2)} on average.`,
  };
}

function creditRow(credit: Credit) {
  return {
    block: displayHash(credit.block),
    block_id: credit.blockId,
    height: credit.height,
    time: credit.timeMs / 1000,
    ...amountFields('amount', credit.amount),
    /** Of the block. */
    state: credit.blockState,
    confirmations: credit.confirmations ?? null,
    /** Paid by the block itself, not by the pool. */
    direct: credit.isDirect,
    payout_id: credit.payoutId ?? null,
  };
}
