import { displayHash } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { HttpError } from '../../service/http.ts';
import {
  type AccountsView,
  type NextPayout,
  type Payout,
  type PayoutItem,
  SettlementError,
  type SettlementReport,
} from '../accounting/accounts-view.ts';
import { amountFields, secondsOf } from './amount-fields.ts';
import { nextPage } from './blocks.ts';

/** Of the rows of the next payout, at most so many are shown of each kind; the totals count all. */
const SHOWN_ITEMS = 1_000;

/** One payout, as `/payouts`, `/earnings` and `/live` show it. */
export function payoutRow(payout: Payout) {
  return {
    id: payout.id,
    txid: displayHash(payout.txid),
    time: payout.timeMs / 1000,
    state: payout.state,
    height: payout.height ?? null,
    confirmations: payout.confirmations ?? null,
    replacements: payout.replacements,
    ...amountFields('total', payout.total),
    ...amountFields('fee', payout.fee),
    items: payout.items.map(itemRow),
  };
}

/** The answer of `GET /payouts`. */
export async function payoutsOf(accounts: AccountsView, limit: number, before: number | undefined) {
  const payouts = await accounts.payouts(limit, before);
  return { payouts: payouts.map(payoutRow), ...nextPage(payouts, limit, ({ id }) => id) };
}

/** The answer of `GET /next_payout`. */
export async function nextPayoutOf(accounts: AccountsView, wallMs: number) {
  const next = await accounts.nextPayout();
  return {
    time: secondsOf(next.timeMs),
    in_seconds: next.timeMs === undefined ? null : Math.max(0, Math.round((next.timeMs - wallMs) / 1000)),
    ...amountFields('minimum', next.minimum),
    ...amountFields('total', next.total),
    due_total: next.due.length,
    due: next.due.slice(0, SHOWN_ITEMS).map(itemRow),
    waits_total: next.waits.length,
    waits: waitRows(next.waits),
    trouble: next.trouble ?? null,
  };
}

/**
 * The answer of `POST /settle`: what was sent, or with `dry_run` what would be.
 * @throws HttpError 409 when nothing can be paid as things are
 */
export async function settle(accounts: AccountsView, dryRun: boolean) {
  try {
    return settlementFields(await accounts.settle({ dryRun }));
  } catch (error) {
    if (!(error instanceof SettlementError)) throw error;
    throw new HttpError(409, error.message);
  }
}

function settlementFields(report: SettlementReport) {
  return {
    dry_run: report.isDryRun,
    ...amountFields('total', report.total),
    transactions: report.transactions.map((transaction) => ({
      payout_id: transaction.payoutId ?? null,
      txid: shownTxid(transaction.txid),
      ...amountFields('total', transaction.total),
      ...amountFields('fee', transaction.fee),
      ...amountFields('change', transaction.change),
      vsize: transaction.vsize,
      items: transaction.items.map(itemRow),
      coins: transaction.coins.map(({ txid, index, value }) => ({
        txid: displayHash(txid),
        index,
        ...amountFields('value', value),
      })),
    })),
    waits_total: report.waits.length,
    waits: waitRows(report.waits),
    trouble: report.trouble ?? null,
  };
}

function waitRows(waits: NextPayout['waits']) {
  return waits
    .slice(0, SHOWN_ITEMS)
    .map(({ address, amount, why }) => ({ address, ...amountFields('owed', amount), why }));
}

function itemRow({ address, amount }: PayoutItem) {
  return { address, ...amountFields('amount', amount) };
}

function shownTxid(txid: Hash | undefined): string | null {
  return txid === undefined ? null : displayHash(txid);
}
