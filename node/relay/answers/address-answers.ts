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
  RelayTip,
  RelayTxids,
  RelayUsed,
} from '../../../protocol/relay.ts';
import type { Height } from '../../../protocol/units.ts';
import { HttpError } from '../../../service/http.ts';
import type { RelayView } from '../relay-view.ts';
import { type AddressMempoolAnswer, BalanceAnswer, type UtxoAnswer } from '../upstream/node-answers.ts';
import { nodeAway } from '../upstream/node-link.ts';
import { addressMempoolAnswers, flagAnswers } from '../upstream/plain-answers.ts';
import { coinsPage, historyPage, type PageWish, txidsPage } from './address-lists.ts';

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
export async function addressAnswer(view: RelayView, address: string, wish: PageWish): Promise<RelayAddress> {
  const { calls, link } = view;
  // The mempool first: what is mined in between then shows up twice, and not never.
  const waiting = await calls.call('getaddressmempool', [{ addresses: [address] }], addressMempoolAnswers);
  const [summary, page] = await Promise.all([
    summaryOf(view, address, waiting),
    historyPage(calls, address, wish),
  ]);
  const confirmed = page.transactions.map(({ txid, height, time, satoshis, coinbase }) => ({
    txid,
    height,
    time,
    ...amountFields('delta', satoshis),
    confirmations: page.height - height + 1,
    is_coinbase: coinbase,
  }));
  const mined = new Set(confirmed.map(({ txid }) => txid));
  const isFirst = wish.mark === undefined;
  const pending = isFirst ? pendingRows(waiting).filter(({ txid }) => !mined.has(txid)) : [];
  const { script } = decodeAddress(address, link.facts.addressFormat);
  return {
    ...summary,
    script_hex: bytesToHex(script),
    transactions: page.total ?? null,
    history: [...pending, ...confirmed],
    next: page.next ?? null,
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
  // By itself: that of a large address is counted once, which takes its time.
  const balance = await calls.call('getaddressbalance', [{ addresses: [address] }], BalanceAnswer);
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

/** The answer of `POST /addresses/used`. */
export async function usedAnswer(view: RelayView, addresses: readonly string[]): Promise<RelayUsed> {
  const used = await view.calls.call('getaddressused', [{ addresses }], flagAnswers);
  if (used.length === addresses.length) return { tip: view.link.facts.tip, used };
  throw nodeAway(
    `the node says of ${used.length} addresses whether they were used, not of ${addresses.length}`,
  );
}

/** The answer of `GET /address/{address}/utxos` and `POST /addresses/utxos`. */
export async function coinsAnswer(
  view: RelayView,
  addresses: readonly string[],
  wish: PageWish,
): Promise<RelayCoins> {
  const { calls, link } = view;
  // The mempool first, as above.
  const waiting = await calls.call('getaddressmempool', [{ addresses }], addressMempoolAnswers);
  const { utxos, next = null, ...tip } = await coinsPage(calls, addresses, wish);
  const { maturity } = link.facts.network;
  const confirmed = utxos.map((coin) => coinRow(coin, tip.height, maturity));
  const spent = new Set(
    waiting.filter(({ satoshis }) => satoshis < 0n).map(({ prevtxid, prevout }) => `${prevtxid}:${prevout}`),
  );
  const pending = next === null ? pendingCoins(waiting, new Set(utxos.map(({ txid }) => txid))) : [];
  const coins = [...confirmed, ...pending].filter(({ txid, vout }) => !spent.has(`${txid}:${vout}`));
  return { tip: await tipOf(view, tip), coins, next };
}

function coinRow(coin: UtxoAnswer, tipHeight: number, maturity: number): CoinRow {
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
    matures_in: spendable ? 0 : Math.max(1, height + maturity - tipHeight - 1),
  };
}

/** The block that a page is as of. */
async function tipOf(
  { chain }: RelayView,
  { height, hash }: Pick<RelayTip, 'height' | 'hash'>,
): Promise<RelayTip> {
  return { height, hash, time: (await chain.facts(hash)).row.time };
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
  wish: PageWish,
  fromHeight: Height,
): Promise<RelayTxids> {
  const waiting = await view.calls.call('getaddressmempool', [{ addresses }], addressMempoolAnswers);
  const { txids: confirmed, next = null, ...tip } = await txidsPage(view.calls, addresses, wish, fromHeight);
  const mined = new Set(confirmed);
  const byArrival = waiting.toSorted((a, b) => a.timestamp - b.timestamp).map(({ txid }) => txid);
  const pending = next === null ? [...new Set(byArrival)].filter((txid) => !mined.has(txid)) : [];
  return { tip: await tipOf(view, tip), confirmed, pending, next };
}
