/** A PSBT that comes back as the transaction it became: some wallets, Electrum among them, hand out nothing else. Pure. */
import { CodecError, hexToBytes } from '../../protocol/bytes.ts';
import { EMPTY_PSBT_INPUT, newPsbt, type Psbt, type PsbtInput } from '../../protocol/psbt.ts';
import { decodeTransaction, type Transaction, type TxInput } from '../../protocol/transaction.ts';
import { badPsbt, requireTransaction } from './psbt-text.ts';

/**
 * The signed transaction that somebody handed in instead of a PSBT; undefined where it is none.
 * @param input hexadecimal text, or the bytes of a file with it, as those wallets write it
 * @throws WalletError `bad-psbt` when the transaction lacks a signature, or can never be valid
 */
export function readSignedTransaction(input: string | Uint8Array): Transaction | undefined {
  const transaction = decoded(input);
  if (transaction === undefined) return undefined;
  const open = transaction.inputs.flatMap((each, at) => (isSigned(each) ? [] : [at]));
  if (open.length > 0) {
    throw badPsbt(
      `this is a transaction and no PSBT, and input ${open.join(', ')} has no signature: to be signed here it has to come as a PSBT`,
    );
  }
  requireTransaction(transaction);
  return transaction;
}

function decoded(input: string | Uint8Array): Transaction | undefined {
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input);
  const digits = text.replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})+$/i.test(digits)) return undefined;
  try {
    return decodeTransaction(hexToBytes(digits));
  } catch (error) {
    // A PSBT may be in hexadecimal digits too; its own reader says what is wrong with others.
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function isSigned({ scriptSig, witness }: TxInput): boolean {
  return scriptSig.length > 0 || witness.length > 0;
}

/**
 * The PSBT that a signed transaction was a moment ago, all its inputs final.
 * @param previous the transaction that each input spends from
 */
export function psbtOfSigned(transaction: Transaction, previous: readonly (Transaction | undefined)[]): Psbt {
  const unsigned = {
    ...transaction,
    inputs: transaction.inputs.map((input) => ({ ...input, scriptSig: new Uint8Array(), witness: [] })),
  };
  return {
    ...newPsbt(unsigned),
    inputs: transaction.inputs.map(({ previous: { index }, scriptSig, witness }, at): PsbtInput => {
      const witnessUtxo = previous[at]?.outputs[index];
      return {
        ...EMPTY_PSBT_INPUT,
        witnessUtxo,
        nonWitnessUtxo: witnessUtxo && previous[at],
        finalScriptSig: scriptSig.length > 0 ? scriptSig : undefined,
        finalScriptWitness: witness,
      };
    }),
  };
}
