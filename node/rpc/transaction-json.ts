import type { AddressFormat } from '../../protocol/address.ts';
import { amountToNumber } from '../../protocol/amount.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import type { Coin } from '../../protocol/connect.ts';
import { disassemble } from '../../protocol/script.ts';
import {
  encodeTransaction,
  isCoinbase,
  type Transaction,
  type TxInput,
  totalSize,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import { UNCONFIRMED_HEIGHT } from '../mempool/mempool.ts';
import { scriptJson } from './script-json.ts';

/**
 * A transaction as Bitcoin Core's `TxToUniv` shows it.
 * @param coins the coins it spends, where they are known: adds the fee, and with `prevouts` each input's coin
 */
export function transactionJson(
  transaction: Transaction,
  format: AddressFormat,
  extra: { readonly coins?: readonly Coin[] | undefined; readonly prevouts?: boolean } = {},
): Record<string, unknown> {
  const { coins, prevouts = false } = extra;
  return {
    txid: displayHash(txid(transaction)),
    hash: displayHash(wtxid(transaction)),
    version: transaction.version,
    size: totalSize(transaction),
    vsize: vsize(transaction),
    weight: transactionWeight(transaction),
    locktime: transaction.lockTime,
    vin: transaction.inputs.map((input, index) => ({
      ...inputJson(input, isCoinbase(transaction)),
      ...(prevouts && coins?.[index] && { prevout: coinJson(coins[index], format) }),
      sequence: input.sequence,
    })),
    vout: transaction.outputs.map(({ value, script }, n) => ({
      value: amountToNumber(value),
      n,
      scriptPubKey: scriptJson(script, format),
    })),
    ...(coins && !isCoinbase(transaction) && { fee: amountToNumber(feeOf(transaction, coins)) }),
    hex: bytesToHex(encodeTransaction(transaction)),
  };
}

function inputJson({ previous, scriptSig, witness }: TxInput, coinbase: boolean): Record<string, unknown> {
  const txinwitness = witness.length > 0 ? { txinwitness: witness.map(bytesToHex) } : {};
  if (coinbase) return { coinbase: bytesToHex(scriptSig), ...txinwitness };
  return {
    txid: displayHash(previous.txid),
    vout: previous.index,
    scriptSig: { asm: disassemble(scriptSig), hex: bytesToHex(scriptSig) },
    ...txinwitness,
  };
}

/** A coin that is not confirmed has no height. */
function coinJson({ coinbase, height, value, script }: Coin, format: AddressFormat): Record<string, unknown> {
  return {
    generated: coinbase,
    ...(height !== UNCONFIRMED_HEIGHT && { height }),
    value: amountToNumber(value),
    scriptPubKey: scriptJson(script, format),
  };
}

function feeOf({ outputs }: Transaction, coins: readonly Coin[]): bigint {
  const spent = coins.reduce((sum, { value }) => sum + value, 0n);
  return spent - outputs.reduce((sum, { value }) => sum + value, 0n);
}
