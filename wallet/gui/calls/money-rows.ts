/** Coins, addresses and history as the page reads them. */
import { displayHash, parseDisplayHash } from '../../../protocol/bytes.ts';
import type { OutPoint } from '../../../protocol/transaction.ts';
import type { Balance } from '../../chain/balance.ts';
import type { WalletCoin } from '../../chain/chain-view.ts';
import type { RefusedPayment } from '../../chain/outgoing.ts';
import type { Counterparty, HistoryEntry } from '../../history/history.ts';
import type { CoinRow, HistoryRow, RefusedRow } from '../api-values.ts';

export function balanceFields({ spendable, pending, immature }: Balance) {
  return {
    spendable_nits: String(spendable),
    pending_nits: String(pending),
    immature_nits: String(immature),
  };
}

/** `TXID:INDEX`. */
export function outPointText({ txid, index }: OutPoint): string {
  return `${displayHash(txid)}:${index}`;
}

export function coinRow(coin: WalletCoin): CoinRow {
  const { outPoint, address, label, value, status, confirmations, own, frozen } = coin;
  return {
    out_point: outPointText(outPoint),
    address,
    label,
    value_nits: String(value),
    status,
    confirmations,
    own,
    frozen,
  };
}

export function refusedRow({ txid, label, reason, givenUp }: RefusedPayment): RefusedRow {
  return { txid, label, reason, given_up: givenUp };
}

export function historyRow(entry: HistoryEntry): HistoryRow {
  return {
    txid: displayHash(entry.txid),
    direction: entry.direction,
    status: entry.status,
    confirmations: entry.confirmations,
    height: entry.height ?? null,
    blocks_left: entry.blocksLeft ?? null,
    time: entry.time ?? null,
    problem: entry.problem ?? null,
    label: entry.label ?? null,
    labels: [...entry.labels],
    amount_nits: String(entry.amount),
    fee_nits: entry.fee === undefined ? null : String(entry.fee),
    net_nits: String(entry.net),
    paid: entry.paid.map(counterpartyRow),
    received: entry.received.map(counterpartyRow),
    from: entry.from ?? null,
    note: entry.note,
  };
}

function counterpartyRow({ address, label, amount }: Counterparty) {
  return { address: address ?? null, label: label ?? null, amount_nits: String(amount) };
}

/** @param text checked by the schema of the request */
export function outPointOf(text: string): OutPoint {
  const [txid = '', index = ''] = text.split(':');
  return { txid: parseDisplayHash(txid), index: Number(index) };
}
