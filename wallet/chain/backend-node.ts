/** The chain as a node's JSON-RPC tells it, with the address methods of a NilzCoin node. */
import { z } from 'zod';
import { bytesToHex, displayHash, hashKey } from '../../protocol/bytes.ts';
import {
  AddressMempoolEntry,
  AddressTxids,
  AddressUtxo,
  BlockchainInfo,
  MempoolInfo,
  RawTransaction,
  RPC_ERRORS,
  SmartFee,
} from '../../protocol/rpc.ts';
import { displayedHash } from '../../protocol/schema.ts';
import { encodeTransaction, outPointKey, type Transaction } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { RpcCallError, type RpcClient } from '../../service/rpc-client.ts';
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

/** Calls in one HTTP request: keeps bodies under the node's limit of 1 MB and answers in reach. */
const CALLS_PER_BATCH = 200;
/** Addresses in one call: as many as the node takes. */
const ADDRESSES_PER_CALL = 1_000;

/** Calls on their way together: while the node reads its disk for the one, this side reads the answer of another. */
const CALLS_AT_ONCE = 3;

/** As errors name it. */
const WHO = 'the node';

const addressUtxos = z.array(AddressUtxo);
const mempoolEntries = z.array(AddressMempoolEntry);

export class NodeBackend implements ChainBackend {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  async chain(): Promise<ChainState> {
    const info = await this.#rpc.call('getblockchaininfo', [], { schema: BlockchainInfo });
    return {
      network: info.nilzcoin?.network ?? info.chain,
      magic: info.nilzcoin?.magic,
      height: info.blocks,
      tip: info.bestblockhash,
      syncing: info.initialblockdownload,
    };
  }

  async blockHash(height: Height): Promise<Hash | undefined> {
    try {
      return await this.#rpc.call('getblockhash', [height], { schema: displayedHash });
    } catch (error) {
      if (error instanceof RpcCallError && error.code === RPC_ERRORS.invalidParameter) return undefined;
      throw error;
    }
  }

  async usedAddresses(addresses: readonly string[]): Promise<readonly boolean[]> {
    const used = await this.#perAddresses('getaddressused', addresses, z.array(z.boolean()));
    if (used.length === addresses.length) return used;
    throw inconsistent(`${used.length} answers for ${addresses.length} addresses`);
  }

  async coins(addresses: readonly string[]): Promise<readonly ChainCoin[]> {
    // The mempool first: a transaction that is mined in between then shows up twice, and not never.
    const waiting = await this.#mempool(addresses);
    const confirmed = await this.#perAddresses('getaddressutxos', addresses, addressUtxos);
    const coins = new Map<string, ChainCoin>();
    for (const entry of waiting.filter(({ satoshis }) => satoshis > 0n)) {
      const outPoint = { txid: entry.txid, index: entry.index };
      const { address, satoshis: value } = entry;
      coins.set(outPointKey(outPoint), { address, outPoint, value, status: 'pending', confirmations: 0 });
    }
    for (const utxo of confirmed) {
      const outPoint = { txid: utxo.txid, index: utxo.outputIndex };
      const status = utxo.spendable ? 'spendable' : 'immature';
      const { address, satoshis: value, confirmations } = utxo;
      coins.set(outPointKey(outPoint), { address, outPoint, value, status, confirmations });
    }
    for (const { satoshis, prevtxid, prevout } of waiting) {
      if (satoshis > 0n) continue;
      if (prevtxid === undefined || prevout === undefined) throw inconsistent('an input without its coin');
      coins.delete(outPointKey({ txid: prevtxid, index: prevout }));
    }
    return [...coins.values()];
  }

  async transactionIds(addresses: readonly string[], fromHeight: Height = 0): Promise<TransactionIds> {
    const waiting = await this.#mempool(addresses);
    const confirmed = unique(await this.#confirmedIds(addresses, fromHeight));
    const mined = new Set(confirmed.map(hashKey));
    const byArrival = waiting.toSorted((a, b) => a.timestamp - b.timestamp).map((entry) => entry.txid);
    return { confirmed, pending: unique(byArrival).filter((txid) => !mined.has(hashKey(txid))) };
  }

  /** Often nothing is asked for: of blocks that have not come yet. */
  async #confirmedIds(addresses: readonly string[], fromHeight: Height): Promise<readonly Hash[]> {
    if (fromHeight === 0) return this.#perAddresses('getaddresstxids', addresses, AddressTxids);
    const height = await this.#rpc.call('getblockcount', [], { schema: z.int() });
    if (fromHeight > height) return [];
    return this.#perAddresses('getaddresstxids', addresses, AddressTxids, { start: fromHeight });
  }

  async transactions(txids: readonly Hash[]): Promise<readonly (ChainTransaction | undefined)[]> {
    const answers = await this.#batch(
      txids.map((txid) => ({ method: 'getrawtransaction', params: [displayHash(txid), true] })),
      RawTransaction,
    );
    return answers.map((answer, at) => {
      if (answer instanceof RpcCallError) {
        if (answer.code === RPC_ERRORS.notFound) return undefined;
        throw answer;
      }
      const { hex, confirmations = 0, blocktime } = answer;
      const txid = txids[at];
      if (hex === undefined || txid === undefined) throw inconsistent('a transaction without its bytes');
      return { transaction: requireTransaction(WHO, hex, txid), confirmations, time: blocktime };
    });
  }

  async minimumFeeRate(): Promise<FeeRate> {
    const { mempoolminfee } = await this.#rpc.call('getmempoolinfo', [], { schema: MempoolInfo });
    // NILZ per 1,000 vB, read as nits, are nits per 1,000 vB.
    return requireFeeRate(WHO, BigInt(mempoolminfee));
  }

  async feeEstimates(targets: readonly number[]): Promise<readonly (FeeRate | undefined)[]> {
    const calls = targets.map((blocks) => ({ method: 'estimatesmartfee', params: [blocks] }));
    const estimates = await this.#batch(calls, SmartFee);
    return estimates.map((estimate) => {
      if (estimate instanceof RpcCallError) throw estimate;
      const { feerate } = estimate;
      return feerate === undefined ? undefined : requireFeeRate(WHO, BigInt(feerate), 'it estimates');
    });
  }

  async broadcast(transaction: Transaction): Promise<void> {
    try {
      await this.#rpc.call('sendrawtransaction', [bytesToHex(encodeTransaction(transaction))]);
    } catch (error) {
      if (!(error instanceof RpcCallError)) throw error;
      const alreadyThere =
        error.code === RPC_ERRORS.alreadyInChain || /txn-already-(known|in-mempool)/.test(error.message);
      if (!alreadyThere) throw new PaymentRejectedError(error.message);
    }
  }

  #mempool(addresses: readonly string[]) {
    return this.#perAddresses('getaddressmempool', addresses, mempoolEntries);
  }

  /** Calls a method that takes a list of addresses and answers with a list. */
  async #perAddresses<S extends z.ZodType<readonly unknown[]>>(
    method: string,
    addresses: readonly string[],
    schema: S,
    range: { readonly start?: Height } = {},
  ): Promise<z.output<S>[number][]> {
    const rows: z.output<S>[number][] = [];
    for (const some of parts([...parts(addresses, ADDRESSES_PER_CALL)], CALLS_AT_ONCE)) {
      const calls = some.map((part) => this.#rpc.call(method, [{ addresses: part, ...range }], { schema }));
      for (const found of await Promise.all(calls)) for (const row of found) rows.push(row);
    }
    return rows;
  }

  async #batch<S extends z.ZodType>(
    calls: readonly { readonly method: string; readonly params: readonly unknown[] }[],
    schema: S,
  ): Promise<(RpcCallError | z.output<S>)[]> {
    const answers: (RpcCallError | z.output<S>)[] = [];
    for (const part of parts(calls, CALLS_PER_BATCH)) {
      for (const answer of await this.#rpc.batch(part)) {
        answers.push(answer instanceof RpcCallError ? answer : parsed(schema, answer.result));
      }
    }
    return answers;
  }
}

function parsed<S extends z.ZodType>(schema: S, result: unknown): z.output<S> {
  const answer = schema.safeParse(result);
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  throw inconsistent(`${issue?.path.join('.')}: ${issue?.message}`);
}

function inconsistent(what: string): WalletError {
  return answers.inconsistent(WHO, what);
}
