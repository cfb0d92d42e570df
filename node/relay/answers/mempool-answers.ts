/** What waits for a block, and what it takes to get into one. */

import * as z from 'zod';
import { amountFields } from '../../../protocol/amount-fields.ts';
import type { MempoolRow, RelayFees, RelayMempool, RelayTemplate } from '../../../protocol/relay.ts';
import { amount } from '../../../protocol/schema.ts';
import { HttpError } from '../../../service/http.ts';
import type { RelayView } from '../relay-view.ts';
import { feeRateOf } from '../transaction-reader.ts';
import type { WaitingTransaction } from '../upstream/mempool-mirror.ts';
import { MempoolInfoAnswer } from '../upstream/node-answers.ts';

/** Blocks that fee rates are estimated for. */
const TARGETS = [2, 3, 6, 12, 24, 48];

const EstimateAnswer = z.object({ feerate: amount.optional() });

/** The answer of `GET /mempool`. */
export async function mempoolAnswer(
  view: RelayView,
  limit: number,
  before: number | undefined,
): Promise<RelayMempool> {
  const { mempool, calls } = view;
  const waiting = mempool.newest(limit + 1, before);
  const [info, rows] = await Promise.all([
    calls.quick('getmempoolinfo', [], MempoolInfoAnswer),
    mempoolRows(view, waiting.slice(0, limit)),
  ]);
  const last = waiting[limit - 1];
  return {
    size: mempool.size,
    vsize: mempool.vsize,
    ...amountFields('fees', mempool.fees),
    usage_bytes: info.usage,
    max_bytes: info.maxmempool,
    min_fee_rate: ratePerVb(info.mempoolminfee),
    histogram: mempool.histogram(),
    rows,
    next: waiting.length > limit && last !== undefined ? String(last.arrival) : null,
  };
}

/** Rows of transactions that wait; those that have left meanwhile are left out. */
export async function mempoolRows(
  view: RelayView,
  waiting: readonly WaitingTransaction[],
): Promise<MempoolRow[]> {
  const rows = await Promise.all(
    waiting.map(async ({ txid, time, fee, vsize }): Promise<MempoolRow | undefined> => {
      try {
        const row = await view.transactions.row(txid);
        return { ...row, ...amountFields('fee', fee), fee_rate: feeRateOf(fee, vsize), time };
      } catch (error) {
        if (error instanceof HttpError && error.status === 404) return undefined;
        throw error;
      }
    }),
  );
  return rows.filter((row) => row !== undefined);
}

/** The answer of `GET /template`. */
export async function templateAnswer(view: RelayView): Promise<RelayTemplate> {
  return { template: (await view.templates.current()) ?? null };
}

/** The answer of `GET /fees`. */
export async function feesAnswer({ calls }: RelayView): Promise<RelayFees> {
  const [info, ...estimates] = await Promise.all([
    calls.quick('getmempoolinfo', [], MempoolInfoAnswer),
    ...TARGETS.map((blocks) => calls.quick('estimatesmartfee', [blocks], EstimateAnswer)),
  ]);
  return {
    min_fee_rate: ratePerVb(info.mempoolminfee),
    estimates: TARGETS.map((blocks, index) => {
      const rate = estimates[index]?.feerate;
      return { blocks, fee_rate: rate === undefined ? null : ratePerVb(rate) };
    }),
  };
}

/** From nits per 1,000 virtual bytes, which is what NILZ per 1,000 vB come to. */
function ratePerVb(ratePerKvb: bigint): number {
  return Number(ratePerKvb) / 1_000;
}
