/** The long lists of addresses as the node gives them: history, coins, ids, page by page. */
import * as z from 'zod';
import { wholeNits } from '../../../protocol/schema.ts';
import type { UtxoAnswer } from '../upstream/node-answers.ts';
import type { NodeCalls } from '../upstream/node-calls.ts';
import { utxoAnswers } from '../upstream/plain-answers.ts';

const count = z.int().nonnegative();
const deltaAnswers = z.array(
  z.object({ satoshis: wholeNits, txid: z.string(), blockindex: count, height: count }),
);

/** A confirmed transaction of addresses. */
export interface ConfirmedChange {
  readonly txid: string;
  readonly height: number;
  /** Place in its block. */
  readonly position: number;
  readonly delta: bigint;
}

/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** Confirmed transactions of an address, newest first, and how many there are. */
export async function historyPage(
  calls: NodeCalls,
  address: string,
  limit: number,
  before: string | undefined,
): Promise<Page<ConfirmedChange> & { readonly total: number | null }> {
  const changes = (await changesOf(calls, [address])).reverse();
  return { ...pageOf(changes, limit, before, markOfChange), total: changes.length };
}

/** Ids of confirmed transactions of any of these addresses, oldest first. */
export async function txidsPage(
  calls: NodeCalls,
  addresses: readonly string[],
  limit: number,
  after: string | undefined,
): Promise<Page<string>> {
  const { rows, next } = pageOf(await changesOf(calls, addresses), limit, after, markOfChange);
  return { rows: rows.map(({ txid }) => txid), next };
}

/** Confirmed coins of any of these addresses, oldest first. */
export async function coinsPage(
  calls: NodeCalls,
  addresses: readonly string[],
  limit: number,
  after: string | undefined,
): Promise<Page<UtxoAnswer>> {
  const coins = await calls.call('getaddressutxos', [{ addresses }], utxoAnswers);
  return pageOf(coins, limit, after, ({ height, txid, outputIndex }) => `${height}-${txid}-${outputIndex}`);
}

/** What each transaction brought these addresses together, oldest first. */
async function changesOf(calls: NodeCalls, addresses: readonly string[]): Promise<ConfirmedChange[]> {
  const changes = new Map<string, ConfirmedChange>();
  for (const row of await calls.call('getaddressdeltas', [{ addresses }], deltaAnswers)) {
    const { txid, height, blockindex: position, satoshis } = row;
    changes.set(txid, { txid, height, position, delta: (changes.get(txid)?.delta ?? 0n) + satoshis });
  }
  return [...changes.values()];
}

function markOfChange({ height, position }: ConfirmedChange): string {
  return `${height}-${position}`;
}

/** The rows behind the one of a mark; from the beginning where that is gone. */
function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  mark: string | undefined,
  markOf: (row: Row) => string,
): Page<Row> {
  const start = mark === undefined ? 0 : rows.findIndex((row) => markOf(row) === mark) + 1;
  const page = rows.slice(start, start + limit);
  const last = page.at(-1);
  return { rows: page, next: last !== undefined && start + limit < rows.length ? markOf(last) : null };
}
