/** What an input of a PSBT spends, as the PSBT tells it; lies that can be seen without a chain are refused. Pure. */

import { isMoney } from '../../protocol/amount.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { hash160, sha256 } from '../../protocol/hash.ts';
import type { Psbt } from '../../protocol/psbt.ts';
import { isP2sh, witnessProgram } from '../../protocol/script.ts';
import type { TxOutput } from '../../protocol/transaction.ts';
import { badPsbt } from './psbt-text.ts';

/** An output that an input spends. */
export interface SpentOutput extends TxOutput {
  /**
   * Whether the transaction that made it is there: its id is its hash, so the amount is true. An amount without it is
   * what somebody says.
   */
  readonly proven: boolean;
}

/**
 * The output that an input spends; undefined where the PSBT does not tell.
 * @throws WalletError `bad-psbt` where it tells two different things, or breaks a rule of BIP 174, "Data Signers Check
 *   For"
 */
export function spentOutput(psbt: Psbt, index: number): SpentOutput | undefined {
  const input = psbt.inputs[index];
  const previous = psbt.unsigned.inputs[index]?.previous;
  if (input === undefined || previous === undefined) throw new RangeError(`no input ${index}`);
  const { witnessUtxo, nonWitnessUtxo } = input;
  const made = nonWitnessUtxo?.outputs[previous.index];
  if (witnessUtxo !== undefined && made !== undefined && !isSame(witnessUtxo, made)) {
    throw badPsbt(
      `input ${index} is said to spend ${witnessUtxo.value} nits, the transaction that it spends from says ${made.value}: one of them is a lie`,
    );
  }
  const output = made ?? witnessUtxo;
  if (output === undefined) return undefined;
  if (!isMoney(output.value)) throw badPsbt(`input ${index} spends more than there can be`);
  requireScripts(psbt, index, output.script);
  return { value: output.value, script: output.script, proven: made !== undefined };
}

function isSame(a: TxOutput, b: TxOutput): boolean {
  return a.value === b.value && equalBytes(a.script, b.script);
}

/** The scripts beside an output have to be those that it is locked by. */
function requireScripts(psbt: Psbt, index: number, script: Uint8Array): void {
  const { redeemScript, witnessScript, witnessUtxo } = psbt.inputs[index] ?? {};
  // "If a redeemScript is provided, the scriptPubKey must be for that redeemScript"
  if (redeemScript !== undefined && !(isP2sh(script) && isHashOf(redeemScript, script.subarray(2, 22)))) {
    throw badPsbt(`the redeem script of input ${index} is not that of the output that it spends`);
  }
  const program = witnessProgram(redeemScript ?? script);
  // "If a witnessScript is provided, the scriptPubKey or the redeemScript must be for that witnessScript"
  if (witnessScript !== undefined && !(program && equalBytes(sha256(witnessScript), program.program))) {
    throw badPsbt(`the witness script of input ${index} is not that of the output that it spends`);
  }
  // "If a witness UTXO is provided, no non-witness signature may be created"
  if (witnessUtxo !== undefined && program === undefined) {
    throw badPsbt(`input ${index} is said to spend a witness output, which it does not`);
  }
}

function isHashOf(script: Uint8Array, hash: Uint8Array): boolean {
  return equalBytes(hash160(script), hash);
}
