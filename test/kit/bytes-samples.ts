/** What a relay answers about real blocks and third-party signatures, for who looks at bytes. */
import { encodeAddress } from '../../protocol/address.ts';
import { type Block, decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { blockHash, encodeHeader } from '../../protocol/header.ts';
import type * as Relay from '../../protocol/relay.ts';
import {
  decodeTransaction,
  encodeTransaction,
  type Transaction,
  totalSize,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import { readRaw, readVectors } from '../protocol/vectors.ts';
import type { FakeAnswers } from './fake-relay.ts';
import { NETWORK } from './relay-samples.ts';

interface SignedCase {
  readonly signed: string;
  readonly inputs: readonly { readonly script: string; readonly value: string }[];
}

const { cases } = readVectors<{ cases: SignedCase[] }>('sighash-p2wpkh.json');

/** A transaction that a third party has signed, and what it spends. */
export function signedTransaction(index: number): { transaction: Transaction; inputs: SignedCase['inputs'] } {
  const { signed, inputs } = cases[index]!;
  return { transaction: decodeTransaction(hexToBytes(signed)), inputs };
}

/** A block of Bitcoin as it went over the wire. */
export function realBlock(name: 'block1' | 'block482683' | 'block928816'): Block {
  return decodeBlock(readRaw(`blocks/${name}.raw`));
}

/** As long as a block may be: the transactions of a real one again and again. Its root fits no more. */
export function longestBlock(bytes = 3_999_000): Block {
  const { header, transactions } = realBlock('block928816');
  const all: Transaction[] = [];
  let size = 90;
  for (let index = 0; ; index++) {
    const next = transactions[index % transactions.length]!;
    size += totalSize(next);
    if (size > bytes) return { header, transactions: all };
    all.push(next);
  }
}

/** Adds what the relay answers about a block; returns the block's hash. */
export function answersAbout(block: Block): { hash: string; answers: FakeAnswers } {
  const hash = displayHash(blockHash(block.header));
  const header = bytesToHex(encodeHeader(block.header));
  const hex = bytesToHex(encodeBlock(block));
  const answer = (text: string) => () => ({ body: { hex: text } satisfies Relay.RelayHex });
  return {
    hash,
    answers: { [`/block/${hash}/header`]: answer(header), [`/block/${hash}/hex`]: answer(hex) },
  };
}

const amount = <Name extends string>(name: Name, nits: bigint) =>
  ({ [name]: Number(nits) / 1e8, [`${name}_nits`]: String(nits) }) as Record<Name, number> &
    Record<`${Name}_nits`, string>;

/** What the relay answers about a transaction whose coins are known. */
export function transactionAnswers(index: number): { id: string; answers: FakeAnswers } {
  const { transaction, inputs } = signedTransaction(index);
  const id = displayHash(txid(transaction));
  const address = (script: Uint8Array) => encodeAddress(script, { hrp: NETWORK.address_prefix }) ?? null;
  const sum = transaction.outputs.reduce((all, { value }) => all + value, 0n);
  const fee = inputs.reduce((all, { value }) => all + BigInt(value), 0n) - sum;
  const body: Relay.RelayTransaction = {
    txid: id,
    wtxid: displayHash(wtxid(transaction)),
    version: transaction.version,
    lock_time: transaction.lockTime,
    size: totalSize(transaction),
    vsize: vsize(transaction),
    weight: transactionWeight(transaction),
    ...amount('fee', fee),
    fee_rate: Number(fee) / vsize(transaction),
    ...amount('output', sum),
    is_coinbase: false,
    block: null,
    confirmations: 0,
    first_seen: 1_795_300_000,
    waits_for: [],
    inputs: transaction.inputs.map(({ previous, scriptSig, sequence, witness }, at) => ({
      txid: displayHash(previous.txid),
      vout: previous.index,
      coinbase_hex: null,
      ...amount('value', BigInt(inputs[at]!.value)),
      address: address(hexToBytes(inputs[at]!.script)),
      script_hex: bytesToHex(scriptSig),
      witness: witness.map(bytesToHex),
      sequence,
    })),
    outputs: transaction.outputs.map(({ value, script }, at) => ({
      index: at,
      ...amount('value', value),
      address: address(script),
      type: 'witness_v0_keyhash',
      script_hex: bytesToHex(script),
      asm: '',
      spent: null,
      spent_by: null,
    })),
    hex: bytesToHex(encodeTransaction(transaction)),
  };
  return { id, answers: { [`/tx/${id}`]: () => ({ body }) } };
}
