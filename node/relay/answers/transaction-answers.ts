/** Transactions: shown, found by the hundred, sent. */
import * as z from 'zod';
import { amountFields } from '../../../protocol/amount-fields.ts';
import type {
  RelayBroadcast,
  RelayHex,
  RelayTransaction,
  RelayTransactions,
  TxBlock,
  TxInputRow,
  TxOutputRow,
} from '../../../protocol/relay.ts';
import { RPC_ERRORS } from '../../../protocol/rpc.ts';
import { HttpError } from '../../../service/http.ts';
import { RpcCallError } from '../../../service/rpc-client.ts';
import { notFound } from '../chain-reader.ts';
import type { RelayView } from '../relay-view.ts';
import { txRow } from '../transaction-reader.ts';
import {
  type InputAnswer,
  MempoolEntryAnswer,
  SpendersAnswer,
  type TransactionAnswer,
} from '../upstream/node-answers.ts';
import { textAnswer } from '../upstream/plain-answers.ts';

/** Of so many outputs of a transaction it is looked up whether they are spent. */
const MAX_LOOKED_UP = 100;

/** The answer of `GET /tx/{txid}`. @throws HttpError 404 */
export async function transactionAnswer(view: RelayView, txid: string): Promise<RelayTransaction> {
  const transaction = await view.transactions.read(txid);
  const [block, waiting, spent] = await Promise.all([
    blockOf(view, transaction),
    transaction.blockhash === undefined ? waitingOf(view, txid) : undefined,
    spentOf(view, transaction),
  ]);
  const { inputs, outputs, ...row } = txRow(transaction);
  return {
    ...row,
    wtxid: transaction.hash,
    version: transaction.version,
    lock_time: transaction.locktime,
    size: transaction.size,
    weight: transaction.weight,
    block,
    confirmations: confirmationsOf(view, block),
    first_seen: waiting?.time ?? null,
    waits_for: waiting?.depends ?? [],
    inputs: transaction.vin.map(inputRow),
    outputs: transaction.vout.map((output, index) => outputRow(output, spent[index] ?? UNKNOWN)),
    hex: transaction.hex,
  };
}

/** The answer of `GET /tx/{txid}/hex`. @throws HttpError 404 */
export async function transactionHexAnswer(view: RelayView, txid: string): Promise<RelayHex> {
  return { hex: (await view.transactions.read(txid)).hex };
}

/** The answer of `POST /txs`. */
export async function transactionsAnswer(
  view: RelayView,
  txids: readonly string[],
): Promise<RelayTransactions> {
  const one = async (txid: string) => {
    try {
      const transaction = await view.transactions.bytes(txid);
      const block = await blockOf(view, transaction);
      return { txid, hex: transaction.hex, block, confirmations: confirmationsOf(view, block) };
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return null;
      throw error;
    }
  };
  return { transactions: await Promise.all(txids.map(one)) };
}

/**
 * The answer of `POST /tx`.
 * @throws HttpError 400 for what is no transaction, 422 with the node's word for one that it refuses
 */
export async function broadcastAnswer(view: RelayView, hex: string): Promise<RelayBroadcast> {
  try {
    return { txid: await view.calls.call('sendrawtransaction', [hex], textAnswer) };
  } catch (error) {
    if (!(error instanceof RpcCallError)) throw error;
    const { code, message } = error;
    if (code === RPC_ERRORS.deserializationError) {
      throw new HttpError(400, `the field "hex": it is no transaction (${message})`, { field: 'hex' });
    }
    if (!REFUSALS.includes(code)) throw error;
    throw new HttpError(422, `the node refuses the transaction: ${message}`, {
      code: 'rejected',
      facts: { reason: message },
    });
  }
}

const REFUSALS: readonly number[] = [
  RPC_ERRORS.verifyError,
  RPC_ERRORS.verifyRejected,
  RPC_ERRORS.alreadyInChain,
  RPC_ERRORS.invalidParameter,
];

/** Where a transaction stands; null while it waits. @throws HttpError 404 where its block has just left the chain */
async function blockOf(
  { chain }: RelayView,
  { blockhash, txid }: Pick<TransactionAnswer, 'blockhash' | 'txid'>,
): Promise<TxBlock | null> {
  if (blockhash === undefined) return null;
  const [{ row }, ids] = await Promise.all([chain.facts(blockhash), chain.ids(blockhash)]);
  const index = ids.indexOf(txid);
  if (!(await chain.isOnBestChain(row))) throw notFound(`the block of ${txid} has just left the best chain`);
  return { hash: row.hash, height: row.height, time: row.time, index: index < 0 ? null : index };
}

function confirmationsOf({ link }: RelayView, block: TxBlock | null): number {
  return block === null ? 0 : Math.max(1, link.facts.tip.height - block.height + 1);
}

/** What the mempool knows of it; undefined where it has just left. */
async function waitingOf({ calls }: RelayView, txid: string) {
  try {
    return await calls.quick('getmempoolentry', [txid], MempoolEntryAnswer);
  } catch (error) {
    if (error instanceof RpcCallError) return undefined;
    throw error;
  }
}

type Spending = Pick<TxOutputRow, 'spent' | 'spent_by'>;

const UNKNOWN: Spending = { spent: null, spent_by: null };

/** Of the first outputs whether they are spent, confirmed or not, and by what. */
async function spentOf(view: RelayView, { txid, vout }: TransactionAnswer): Promise<readonly Spending[]> {
  const looked = await Promise.all(
    vout.slice(0, MAX_LOOKED_UP).map(async ({ n, scriptPubKey }) => {
      if (scriptPubKey.type === 'nulldata') return { n, spent: false };
      return { n, spent: (await view.calls.quick('gettxout', [txid, n, true], z.unknown())) === null };
    }),
  );
  const spenders = await spendersOf(
    view,
    txid,
    looked.filter(({ spent }) => spent).map(({ n }) => n),
  );
  return looked.map(({ n, spent }) => ({ spent, spent_by: spenders.get(n) ?? null }));
}

/** The inputs that spend these outputs, as far as the node finds them. */
async function spendersOf(
  { calls }: RelayView,
  txid: string,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, NonNullable<Spending['spent_by']>>> {
  const spenders = new Map<number, NonNullable<Spending['spent_by']>>();
  if (indexes.length === 0) return spenders;
  const found = await calls
    .call('getspentinfo', [{ txid, index: indexes }], SpendersAnswer)
    .catch((error: unknown) => {
      // The transaction has just left the chain, or the node is one that cannot tell.
      if (error instanceof RpcCallError) return [];
      throw error;
    });
  for (const [at, { txid: by, index: input }] of found.entries()) {
    const index = indexes[at];
    if (index !== undefined && by !== undefined && input !== undefined)
      spenders.set(index, { txid: by, input });
  }
  return spenders;
}

function inputRow(input: InputAnswer): TxInputRow {
  const { prevout } = input;
  return {
    txid: input.txid ?? null,
    vout: input.vout ?? null,
    coinbase_hex: input.coinbase ?? null,
    ...amountFields('value', prevout?.value),
    address: prevout?.scriptPubKey.address ?? null,
    script_hex: input.scriptSig?.hex ?? '',
    witness: input.txinwitness,
    sequence: input.sequence,
  };
}

function outputRow(
  { n, value, scriptPubKey }: TransactionAnswer['vout'][number],
  spending: Spending,
): TxOutputRow {
  return {
    index: n,
    ...amountFields('value', value),
    address: scriptPubKey.address ?? null,
    type: scriptPubKey.type,
    script_hex: scriptPubKey.hex,
    asm: scriptPubKey.asm,
    ...spending,
  };
}
