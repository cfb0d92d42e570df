/** What addresses own and what happened to it. */
import { AddressError, decodeAddress, encodeAddress } from '../../../protocol/address.ts';
import { amountFields } from '../../../protocol/amount-fields.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import type {
  AddressSummary,
  CoinRow,
  HistoryRow,
  RelayAddress,
  RelayAddresses,
  RelayCoins,
  RelayTxids,
} from '../../../protocol/relay.ts';
import { HttpError } from '../../../service/http.ts';
import type { RelayView } from '../relay-view.ts';
import { type AddressMempoolAnswer, BalanceAnswer } from '../upstream/node-answers.ts';
import { addressMempoolAnswers } from '../upstream/plain-answers.ts';
import { type ConfirmedChange, coinsPage, historyPage, txidsPage } from './address-lists.ts';

/** Unconfirmed rows on top of a history: an address may have thousands. */
const MAX_PENDING_ROWS = 100;

/**
 * An address in its one spelling.
 * @throws HttpError 400 naming the field and what is wrong with the address
 */
export function readAddress({ link }: RelayView, text: string, field: string): string {
  const { addressFormat, network } = link.facts;
  try {
    const { script } = decodeAddress(text, addressFormat);
    return encodeAddress(script, addressFormat) ?? text;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const message = `${error.message} (the relay is on "${network.name}")`;
    throw new HttpError(400, `the field "${field}": ${message}`, { field });
  }
}

/** The answer of `GET /address/{address}`. */
export async function addressAnswer(
  view: RelayView,
  address: string,
  limit: number,
  before: string | undefined,
): Promise<RelayAddress> {
  const { calls, link } = view;
  // The mempool first: what is mined in between then shows up twice, and not never.
  const waiting = await calls.call('getaddressmempool', [{ addresses: [address] }], addressMempoolAnswers);
  const [summary, { rows, next, total }] = await Promise.all([
    summaryOf(view, address, waiting),
    historyPage(calls, address, limit, before),
  ]);
  const confirmed = await Promise.all(rows.map((change) => confirmedRow(view, change)));
  const mined = new Set(confirmed.map(({ txid }) => txid));
  const pending = before === undefined ? pendingRows(waiting).filter(({ txid }) => !mined.has(txid)) : [];
  const { script } = decodeAddress(address, link.facts.addressFormat);
  return {
    ...summary,
    script_hex: bytesToHex(script),
    transactions: total,
    history: [...pending, ...confirmed],
    next,
  };
}

async function confirmedRow(
  view: RelayView,
  { txid, height, position, delta }: ConfirmedChange,
): Promise<HistoryRow> {
  const { row } = await view.chain.facts(await view.chain.hashAt(height));
  return {
    txid,
    height,
    time: row.time,
    ...amountFields('delta', delta),
    confirmations: Math.max(1, view.link.facts.tip.height - height + 1),
    is_coinbase: position === 0,
  };
}

/** Newest first. */
function pendingRows(waiting: readonly AddressMempoolAnswer[]): HistoryRow[] {
  const changes = new Map<string, { time: number; delta: bigint }>();
  for (const { txid, satoshis, timestamp: time } of waiting) {
    changes.set(txid, { time, delta: (changes.get(txid)?.delta ?? 0n) + satoshis });
  }
  return [...changes]
    .map(([txid, { time, delta }]) => ({
      txid,
      height: null,
      time,
      ...amountFields('delta', delta),
      confirmations: 0,
      is_coinbase: false,
    }))
    .sort((a, b) => b.time - a.time)
    .slice(0, MAX_PENDING_ROWS);
}

async function summaryOf(
  { calls }: RelayView,
  address: string,
  waiting: readonly AddressMempoolAnswer[],
): Promise<AddressSummary> {
  const balance = await calls.quick('getaddressbalance', [{ addresses: [address] }], BalanceAnswer);
  const { spendable_nits: spendable, immature_nits: immature, received_nits: received } = balance;
  const own = waiting.filter((entry) => entry.address === address);
  const pendingIn = sumOf(own.map(({ satoshis }) => (satoshis > 0n ? satoshis : 0n)));
  const pendingOut = sumOf(own.map(({ satoshis }) => (satoshis < 0n ? -satoshis : 0n)));
  return {
    address,
    used: received > 0n || own.length > 0,
    ...amountFields('balance', spendable + immature),
    ...amountFields('spendable', spendable),
    ...amountFields('immature', immature),
    ...amountFields('pending', pendingIn - pendingOut),
    ...amountFields('pending_in', pendingIn),
    ...amountFields('pending_out', pendingOut),
    ...amountFields('received', received),
    ...amountFields('sent', received - spendable - immature),
  };
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

/** The answer of `POST /addresses`. */
export async function addressesAnswer(
  view: RelayView,
  addresses: readonly string[],
): Promise<RelayAddresses> {
  const waiting = await view.calls.call('getaddressmempool', [{ addresses }], addressMempoolAnswers);
  const summaries = await Promise.all(addresses.map((address) => summaryOf(view, address, waiting)));
  return { tip: view.link.facts.tip, addresses: summaries };
}

/** The answer of `GET /address/{address}/utxos` and `POST /addresses/utxos`. */
export async function coinsAnswer(
  view: RelayView,
  addresses: readonly string[],
  limit: number,
  after: string | undefined,
): Promise<RelayCoins> {
  const { calls, link } = view;
  // The mempool first, as above.
  const waiting = await calls.call('getaddressmempool', [{ addresses }], addressMempoolAnswers);
  const { rows, next } = await coinsPage(calls, addresses, limit, after);
  const { network, tip } = link.facts;
  const spent = new Set(
    waiting.filter(({ satoshis }) => satoshis < 0n).map(({ prevtxid, prevout }) => `${prevtxid}:${prevout}`),
  );
  const confirmed = rows.map((coin): CoinRow => {
    const { address, txid, outputIndex: vout, satoshis, height, confirmations, coinbase, spendable } = coin;
    return {
      address,
      txid,
      vout,
      ...amountFields('value', satoshis),
      height,
      confirmations,
      is_coinbase: coinbase,
      state: spendable ? 'spendable' : 'immature',
      // A coinbase may be spent in the block `maturity` above its own (consensus/tx_verify.cpp), which is the next one.
      matures_in: spendable ? 0 : Math.max(1, height + network.maturity - tip.height - 1),
    };
  });
  const pending = next === null ? pendingCoins(waiting, new Set(rows.map(({ txid }) => txid))) : [];
  const coins = [...confirmed, ...pending].filter(({ txid, vout }) => !spent.has(`${txid}:${vout}`));
  return { tip, coins, next };
}

/** @param mined transactions that have been mined meanwhile */
function pendingCoins(waiting: readonly AddressMempoolAnswer[], mined: ReadonlySet<string>): CoinRow[] {
  return waiting
    .filter(({ satoshis, txid }) => satoshis > 0n && !mined.has(txid))
    .map(({ address, txid, index: vout, satoshis }) => ({
      address,
      txid,
      vout,
      ...amountFields('value', satoshis),
      height: null,
      confirmations: 0,
      is_coinbase: false,
      state: 'pending',
      matures_in: 0,
    }));
}

/** The answer of `POST /addresses/txids`. */
export async function txidsAnswer(
  view: RelayView,
  addresses: readonly string[],
  limit: number,
  after: string | undefined,
): Promise<RelayTxids> {
  const waiting = await view.calls.call('getaddressmempool', [{ addresses }], addressMempoolAnswers);
  const { rows, next } = await txidsPage(view.calls, addresses, limit, after);
  const mined = new Set(rows);
  const byArrival = waiting.toSorted((a, b) => a.timestamp - b.timestamp).map(({ txid }) => txid);
  const pending = next === null ? [...new Set(byArrival)].filter((txid) => !mined.has(txid)) : [];
  return { tip: view.link.facts.tip, confirmed: [...rows], pending, next };
}
