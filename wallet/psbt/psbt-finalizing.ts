/** A signed PSBT becomes a transaction that can be sent (BIP 174, "Input Finalizer" and "Transaction Extractor"). Pure. */
import { EMPTY_PSBT_INPUT, type Psbt, type PsbtInput } from '../../protocol/psbt.ts';
import { sighashMidstate } from '../../protocol/sighash.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import { WalletError } from '../wallet-error.ts';
import { inputSignature, isFinal } from './input-signature.ts';
import { badPsbt } from './psbt-text.ts';
import { spentOutput } from './spent-output.ts';

/**
 * Completes the inputs that have a signature, each checked first, and leaves the others as they are. "All other data
 * except the UTXO and unknown fields in the input key-value map should be cleared."
 * @throws WalletError `bad-psbt` on a wrong signature, also in an input that somebody else finalized
 */
export function finalizePsbt(psbt: Psbt): Psbt {
  const midstate = sighashMidstate(psbt.unsigned);
  const inputs = psbt.inputs.map((input, at): PsbtInput => {
    const signature = inputSignature(psbt, at, spentOutput(psbt, at), midstate);
    if (signature.state === 'wrong') throw badPsbt(`the signature of input ${at} is wrong: ${signature.why}`);
    if (signature.state !== 'signed') return input;
    const { nonWitnessUtxo, witnessUtxo, others } = input;
    return {
      ...EMPTY_PSBT_INPUT,
      nonWitnessUtxo,
      witnessUtxo,
      others,
      finalScriptWitness: signature.witness,
    };
  });
  return { ...psbt, inputs };
}

/**
 * The signed transaction of a PSBT whose inputs are all final.
 * @throws WalletError `unsigned-psbt` naming the inputs that are not
 */
export function extractTransaction({ unsigned, inputs }: Psbt): Transaction {
  const open = inputs.flatMap((input, at) => (isFinal(input) ? [] : [at]));
  if (open.length > 0) {
    const which = open.length === 1 ? `input ${open[0]} has` : `inputs ${open.join(', ')} have`;
    throw new WalletError('unsigned-psbt', `${which} no signature yet: it cannot be sent`);
  }
  return {
    ...unsigned,
    inputs: unsigned.inputs.map((input, at) => {
      const { finalScriptSig = input.scriptSig, finalScriptWitness = [] } = inputs[at] ?? {};
      return { ...input, scriptSig: finalScriptSig, witness: finalScriptWitness };
    }),
  };
}
