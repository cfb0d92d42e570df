/** The chain as a public relay tells it (`protocol/relay.ts`): all that a wallet needs, without a node of its own. */
import type * as z from 'zod';
import { bytesToHex, displayHash, hashKey, hexToBytes, parseDisplayHash } from '../../protocol/bytes.ts';
import {
  type CoinRow,
  RelayBroadcast,
  RelayChain,
  RelayCoins,
  type RelayErrorCode,
  RelayFees,
  type RelayTip,
  RelayTransactions,
  RelayTxids,
  RelayUsed,
} from '../../protocol/relay.ts';
import { encodeTransaction, outPointKey, type Transaction } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { RefusedRequestError, type RestClient } from '../../service/rest-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { FeeRate } from '../payments/fee.ts';
import type { WalletError } from '../wallet-error.ts';
import {
  type ChainBackend,
  type ChainCoin,
  type ChainState,
  type ChainTransaction,
  PaymentRejectedError,
  type TransactionIds,
} from './backend.ts';
import * as answers from './backend-answers.ts';
import { parts, requireFeeRate, requireTransaction, unique } from './backend-answers.ts';

/** As errors name it. */
const WHO = 'the relay';
/** Addresses in one request, and ids of transactions: as many as a relay takes. */
const ADDRESSES_PER_REQUEST = 1_000;
const TXIDS_PER_REQUEST = 100;
/** A list that is longer than so many pages has no end. */
const MAX_PAGES = 10_000;
/** So often a list is read again from its start because the chain moved on while it was read. */
const MAX_READINGS = 5;

/** The node's words for a transaction that it has (those of Bitcoin Core's sendrawtransaction). */
const ALREADY_THERE = /txn-already-(known|in-mempool)|already in (block chain|utxo set)/;

/** One page of a list that belongs to a tip. */
interface Page {
  readonly tip: RelayTip;
  readonly next: string | null;
}

export class RelayBackend implements ChainBackend {
  readonly #relay: RestClient;

  constructor(relay: RestClient) {
    this.#relay = relay;
  }

  async chain(): Promise<ChainState> {
    const { network, tip, syncing } = await this.#relay.get('/chain?limit=1', { schema: RelayChain });
    return {
      network: network.name,
      magic: network.magic,
      height: tip.height,
      tip: parseDisplayHash(tip.hash),
      syncing,
    };
  }

  async blockHash(height: Height): Promise<Hash | undefined> {
    const { blocks } = await this.#relay.get(`/chain?limit=1&before=${height + 1}`, { schema: RelayChain });
    const [block] = blocks;
    return block?.height === height ? parseDisplayHash(block.hash) : undefined;
  }

  async usedAddresses(addresses: readonly string[]): Promise<readonly boolean[]> {
    const all: boolean[] = [];
    for (const part of parts(addresses, ADDRESSES_PER_REQUEST)) {
      const { used } = await this.#relay.post('/addresses/used', { addresses: part }, { schema: RelayUsed });
      if (used.length !== part.length) {
        throw inconsistent(`${used.length} answers for ${part.length} addresses that it was asked for`);
      }
      for (const isUsed of used) all.push(isUsed);
    }
    return all;
  }

  async coins(addresses: readonly string[]): Promise<readonly ChainCoin[]> {
    const coins = new Map<string, ChainCoin>();
    const pages = await this.#atOneTip(addresses, '/addresses/utxos', RelayCoins);
    for (const row of pages.flatMap((page) => page.coins)) {
      const coin = coinOf(row);
      coins.set(outPointKey(coin.outPoint), coin);
    }
    return [...coins.values()];
  }

  async transactionIds(addresses: readonly string[], fromHeight: Height = 0): Promise<TransactionIds> {
    const range = fromHeight > 0 ? { from_height: fromHeight } : {};
    const pages = await this.#atOneTip(addresses, '/addresses/txids', RelayTxids, range);
    const confirmed = unique(pages.flatMap((page) => page.confirmed).map(parseDisplayHash));
    const mined = new Set(confirmed.map(hashKey));
    const pending = unique(pages.flatMap((page) => page.pending).map(parseDisplayHash));
    return { confirmed, pending: pending.filter((txid) => !mined.has(hashKey(txid))) };
  }

  async transactions(txids: readonly Hash[]): Promise<readonly (ChainTransaction | undefined)[]> {
    const found: (ChainTransaction | undefined)[] = [];
    for (const part of parts(txids, TXIDS_PER_REQUEST)) {
      const body = { txids: part.map(displayHash) };
      const { transactions } = await this.#relay.post('/txs', body, { schema: RelayTransactions });
      for (const [at, txid] of part.entries()) found.push(standingOf(transactions[at], txid));
    }
    return found;
  }

  async minimumFeeRate(): Promise<FeeRate> {
    const { min_fee_rate } = await this.#relay.get('/fees', { schema: RelayFees });
    return requireFeeRate(WHO, ratePerKvb(min_fee_rate));
  }

  /** A relay has estimates for some numbers of blocks: the slowest that is quick enough counts. */
  async feeEstimates(targets: readonly number[]): Promise<readonly (FeeRate | undefined)[]> {
    const { estimates } = await this.#relay.get('/fees', { schema: RelayFees });
    return targets.map((target) => {
      const rates = estimates
        .filter(({ blocks }) => blocks <= target)
        .sort((a, b) => b.blocks - a.blocks)
        .map(({ fee_rate }) => fee_rate);
      const rate = rates.find((each) => each !== null);
      return typeof rate === 'number' ? requireFeeRate(WHO, ratePerKvb(rate), 'it estimates') : undefined;
    });
  }

  async broadcast(transaction: Transaction): Promise<void> {
    const hex = bytesToHex(encodeTransaction(transaction));
    try {
      await this.#relay.post('/tx', { hex }, { schema: RelayBroadcast });
    } catch (error) {
      if (!isRefused(error, 'rejected')) throw error;
      const reason = typeof error.facts.reason === 'string' ? error.facts.reason : error.message;
      if (!ALREADY_THERE.test(reason)) throw new PaymentRejectedError(reason);
    }
  }

  /**
   * Reads a list of all these addresses to its end. Pages of different tips do not fit together: what moves from
   * the mempool into a block in between would be on none of them, or on two.
   */
  async #atOneTip<S extends z.ZodType<Page>>(
    addresses: readonly string[],
    path: string,
    schema: S,
    range: object = {},
  ): Promise<z.output<S>[]> {
    const each = [...new Set(addresses)];
    for (let reading = 0; reading < MAX_READINGS; reading += 1) {
      const pages = await this.#reading(each, path, schema, range);
      if (pages !== undefined) return pages;
    }
    const { url } = this.#relay;
    throw new UnreachableError(url, 'busy', `${url} moves on faster than it can be read: try again`);
  }

  /** Undefined when the tip changed on the way, or a reorganisation took away what a mark stood for. */
  async #reading<S extends z.ZodType<Page>>(
    addresses: readonly string[],
    path: string,
    schema: S,
    range: object = {},
  ): Promise<z.output<S>[] | undefined> {
    const pages: z.output<S>[] = [];
    try {
      for (const part of parts(addresses, ADDRESSES_PER_REQUEST)) {
        for await (const page of this.#pages(part, path, schema, range)) {
          pages.push(page);
          if (page.tip.hash !== pages[0]?.tip.hash) return undefined;
        }
      }
    } catch (error) {
      if (isRefused(error, 'mark-void')) return undefined;
      throw error;
    }
    return pages;
  }

  async *#pages<S extends z.ZodType<Page>>(
    addresses: readonly string[],
    path: string,
    schema: S,
    range: object = {},
  ): AsyncGenerator<z.output<S>> {
    const seen = new Set<string>();
    for (let after: string | null | undefined; after !== null; ) {
      const body = { addresses, ...range, ...(after !== undefined && { after }) };
      const page: z.output<S> = await this.#relay.post(path, body, { schema });
      yield page;
      after = page.next;
      if (after === null) return;
      if (seen.has(after) || seen.size >= MAX_PAGES) throw inconsistent('a list that has no end');
      seen.add(after);
    }
  }
}

function isRefused(error: unknown, code: RelayErrorCode): error is RefusedRequestError {
  return error instanceof RefusedRequestError && error.facts.code === code;
}

/** Nits per vB with at most three decimals are whole nits per 1,000 vB. */
function ratePerKvb(ratePerVb: number): FeeRate {
  return BigInt(Math.round(ratePerVb * 1_000));
}

/** Where a transaction stands; undefined where there is none. */
function standingOf(
  row: RelayTransactions['transactions'][number] | undefined,
  txid: Hash,
): ChainTransaction | undefined {
  if (row === undefined) throw inconsistent(`nothing about ${displayHash(txid)}, which it was asked for`);
  if (row === null) return undefined;
  const { block, confirmations } = row;
  if ((block === null) !== (confirmations === 0)) {
    throw inconsistent(`${confirmations} confirmations ${block === null ? 'without' : 'with'} a block`);
  }
  return {
    transaction: requireTransaction(WHO, hexToBytes(row.hex), txid),
    confirmations,
    time: block?.time,
  };
}

function coinOf(row: CoinRow): ChainCoin {
  const { address, txid, vout: index, value_nits, state, confirmations, height } = row;
  const isPending = state === 'pending';
  if (value_nits.startsWith('-') || isPending !== (confirmations === 0) || isPending !== (height === null)) {
    throw inconsistent(`coin ${txid}:${index} is ${state} with ${confirmations} confirmations`);
  }
  const outPoint = { txid: parseDisplayHash(txid), index };
  return { address, outPoint, value: BigInt(value_nits), status: state, confirmations };
}

function inconsistent(what: string): WalletError {
  return answers.inconsistent(WHO, what);
}
