/** What happened to the wallet. */
import { parseDisplayHash } from '../../../protocol/bytes.ts';
import { HttpError } from '../../../service/http.ts';
import { WalletError } from '../../wallet-error.ts';
import type { CallRequest } from '../api.ts';
import type { Handlers } from './handlers.ts';
import { historyRow } from './money-rows.ts';

/** Which rows, as the page asks for them. */
type Question = Omit<CallRequest<'history-csv'>, 'wallet'>;

/** Points of the chart: more than a screen has columns for. */
const CHART_POINTS = 800;

export const HISTORY_CALLS: Handlers<'history' | 'history-csv' | 'balance-chart' | 'transaction' | 'check'> =
  {
    history: async ({ wallet, limit, after, ...question }, { shelf }) => {
      const page = await shelf
        .get(wallet)
        .history({ ...selectionOf(question), limit, ...(after !== undefined && { after }) });
      return { rows: page.rows.map(historyRow), total: page.total, next: page.next ?? null };
    },
    'history-csv': async ({ wallet, ...question }, { shelf, now }) => {
      const csv = await shelf.get(wallet).historyCsv(selectionOf(question));
      const day = new Date(now() * 1_000).toISOString().slice(0, 10);
      return { csv, file_name: `${wallet.replace(/[^\w.-]/g, '')}-${day}.csv` };
    },
    'balance-chart': async ({ wallet, label }, { shelf }) => {
      const points = await shelf
        .get(wallet)
        .balanceChart({ points: CHART_POINTS, ...(label !== undefined && { label }) });
      return { points: points.map(({ time, balance }) => ({ time, balance_nits: String(balance) })) };
    },
    transaction: async ({ wallet: id, txid }, { shelf }) => {
      const wallet = shelf.get(id);
      const row = await wallet.historyEntry(parseDisplayHash(txid));
      if (row === undefined) {
        throw new HttpError(404, `the wallet has no transaction ${txid}`, { code: 'no-transaction' });
      }
      const isPending = row.status === 'pending';
      return {
        row: historyRow(row),
        can_bump: isPending && (await isPossible(wallet.planBump(row.txid, {}))),
        can_cancel: isPending && (await isPossible(wallet.planCancel(row.txid, {}))),
      };
    },
    check: async ({ wallet }, { shelf }) => {
      const { sound, findings } = await shelf.get(wallet).check();
      return { sound, findings: findings.map(({ name, ok, detail }) => ({ name, ok, detail })) };
    },
  };

function selectionOf({ scope, label, direction, status, text, since, until }: Question) {
  const filter = {
    ...(direction !== undefined && { direction }),
    ...(status !== undefined && { status }),
    ...(text !== undefined && { text }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
  return { scope, filter, ...(label !== undefined && { label }) };
}

/** Whether a payment can be replaced at all; for how much is for its plan to say. */
async function isPossible(plan: Promise<unknown>): Promise<boolean> {
  try {
    await plan;
    return true;
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return !['not-replaceable', 'unknown-payment', 'watch-only'].includes(error.code);
  }
}
