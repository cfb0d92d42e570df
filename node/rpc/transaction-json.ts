import type * as z from 'zod';
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
import { bool, hex, list, num, obj, str } from '../../service/rpc-result.ts';
import { UNCONFIRMED_HEIGHT } from '../mempool/mempool.ts';
import { SCRIPT_RESULT, scriptJson } from './script-json.ts';

const PREVOUT_RESULT = obj('the coin it spends, where it is known', {
  generated: bool('whether a coinbase made it'),
  height: num('of the block that made it; absent while that is not mined').optional(),
  value: num('in NILZ'),
  scriptPubKey: SCRIPT_RESULT,
});

const INPUT_FIELDS = {
  coinbase: hex('script of a coinbase, which has none of the next three').optional(),
  txid: hex('id of the transaction whose output it spends').optional(),
  vout: num('index of that output').optional(),
  scriptSig: obj('its script', { asm: str('in words'), hex: hex('its bytes') }).optional(),
  txinwitness: list('its witness, if it has one', hex('an element')).optional(),
  sequence: num('its sequence number'),
};

const FIELDS = {
  txid: hex('id, without witnesses'),
  hash: hex('hash with witnesses (the wtxid)'),
  version: num('version'),
  size: num('serialised bytes'),
  vsize: num('virtual bytes: a quarter of the weight, rounded up'),
  weight: num('weight (BIP 141)'),
  locktime: num('height or time before which it cannot be mined'),
  vin: list('inputs', obj('', INPUT_FIELDS)),
  vout: list('outputs', obj('', { value: num('in NILZ'), n: num('index'), scriptPubKey: SCRIPT_RESULT })),
};

/** What {@link transactionJson} answers without its bytes. */
export const DECODED_FIELDS = FIELDS;
/** With its bytes, and the fee where the coins it spends are known. */
export const TRANSACTION_FIELDS = {
  ...FIELDS,
  fee: num('fee in NILZ, where the coins it spends are known').optional(),
  hex: hex('its bytes'),
};
/** With the coins it spends. */
export const PREVOUTS_FIELDS = {
  ...TRANSACTION_FIELDS,
  vin: list('inputs', obj('', { ...INPUT_FIELDS, prevout: PREVOUT_RESULT.optional() })),
};

const WHOLE_RESULT = obj('', PREVOUTS_FIELDS);
export type TransactionJson = z.input<typeof WHOLE_RESULT>;
type InputJson = TransactionJson['vin'][number];

/**
 * A transaction as Bitcoin Core's `TxToUniv` shows it.
 * @param coins the coins it spends, where they are known: adds the fee, and with `prevouts` each input's coin
 */
export function transactionJson(
  transaction: Transaction,
  format: AddressFormat,
  extra: { readonly coins?: readonly Coin[] | undefined; readonly prevouts?: boolean } = {},
): TransactionJson {
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

function inputJson(
  { previous, scriptSig, witness }: TxInput,
  coinbase: boolean,
): Omit<InputJson, 'sequence'> {
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
function coinJson(
  { coinbase, height, value, script }: Coin,
  format: AddressFormat,
): z.input<typeof PREVOUT_RESULT> {
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
