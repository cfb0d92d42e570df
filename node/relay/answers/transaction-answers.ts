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
import { type InputAnswer, MempoolEntryAnswer, type TransactionAnswer } from '../upstream/node-answers.ts';
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
    outputs: transaction.vout.map((output, index) => outputRow(output, spent[index] ?? null)),
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
      const transaction = await view.transactions.read(txid);
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
  { blockhash, txid }: TransactionAnswer,
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

/** Of each output whether it is spent, confirmed or not; undefined where that was not looked up. */
async function spentOf(
  { calls }: RelayView,
  { txid, vout }: TransactionAnswer,
): Promise<(boolean | undefined)[]> {
  return await Promise.all(
    vout.slice(0, MAX_LOOKED_UP).map(async ({ n, scriptPubKey }) => {
      if (scriptPubKey.type === 'nulldata') return false;
      return (await calls.quick('gettxout', [txid, n, true], z.unknown())) === null;
    }),
  );
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
  spent: boolean | null,
): TxOutputRow {
  return {
    index: n,
    ...amountFields('value', value),
    address: scriptPubKey.address ?? null,
    type: scriptPubKey.type,
    script_hex: scriptPubKey.hex,
    asm: scriptPubKey.asm,
    spent,
    spent_by: null,
  };
}
