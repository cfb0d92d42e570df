/** Whether an input of a PSBT is signed, and rightly so. Only P2WPKH coins can be spent on this chain. Pure. */
import { verify } from '#verify';
import { equalBytes } from '../../protocol/bytes.ts';
import { verifyInput } from '../../protocol/check-input.ts';
import { hash160 } from '../../protocol/hash.ts';
import type { Psbt, PsbtInput } from '../../protocol/psbt.ts';
import { RuleError } from '../../protocol/rules.ts';
import { p2wpkhProgram } from '../../protocol/script.ts';
import type { SighashMidstate } from '../../protocol/sighash.ts';
import type { TxOutput } from '../../protocol/transaction.ts';

/**
 * - `unsigned`: the signature is missing
 * - `signed`: it is there and right
 * - `final`: the witness is complete and right (BIP 174, input finalizer)
 * - `wrong`: what is there is not right, `why` says what
 * - `unknown`: it cannot be checked, since the PSBT does not tell what is spent
 */
export type InputSignature =
  | { readonly state: 'unsigned' | 'unknown' }
  | { readonly state: 'signed' | 'final'; readonly witness: readonly Uint8Array[] }
  | { readonly state: 'wrong'; readonly why: string };

/**
 * What stands there for a signature of an input.
 * @param spent what the input spends
 * @param midstate sighashMidstate(psbt.unsigned)
 */
export function inputSignature(
  psbt: Psbt,
  index: number,
  spent: TxOutput | undefined,
  midstate: SighashMidstate,
): InputSignature {
  const input = psbt.inputs[index];
  if (input === undefined) throw new RangeError(`no input ${index}`);
  const final = isFinal(input);
  if (spent === undefined) return { state: final ? 'unknown' : 'unsigned' };
  const witness = final ? (input.finalScriptWitness ?? []) : partialWitness(input, spent.script);
  if (witness === undefined) return { state: 'unsigned' };
  const why = fault(psbt, index, spent, witness, midstate);
  return why === undefined ? { state: final ? 'final' : 'signed', witness } : { state: 'wrong', why };
}

/** Whether somebody has finalized an input. */
export function isFinal({ finalScriptSig, finalScriptWitness }: PsbtInput): boolean {
  return finalScriptSig !== undefined || finalScriptWitness !== undefined;
}

/** The witness that the partial signature of the one key makes that the script pays to. */
function partialWitness({ partialSignatures }: PsbtInput, script: Uint8Array): Uint8Array[] | undefined {
  const program = p2wpkhProgram(script);
  if (program === undefined) return undefined;
  const own = partialSignatures.find(({ publicKey }) => equalBytes(hash160(publicKey), program));
  return own && [own.signature, own.publicKey];
}

function fault(
  { unsigned, inputs }: Psbt,
  index: number,
  spent: TxOutput,
  witness: readonly Uint8Array[],
  midstate: SighashMidstate,
): string | undefined {
  const { finalScriptSig = new Uint8Array(), sighashType } = inputs[index] ?? {};
  const bare = unsigned.inputs[index];
  if (bare === undefined) throw new RangeError(`no input ${index}`);
  const signed = {
    ...unsigned,
    inputs: unsigned.inputs.with(index, { ...bare, witness, scriptSig: finalScriptSig }),
  };
  try {
    verifyInput(signed, index, { ...spent, height: 0, coinbase: false }, verify, midstate);
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
  // "finalizers must fail to finalize inputs which have signatures that do not match the specified sighash type"
  const type = witness[0]?.at(-1);
  return sighashType === undefined || sighashType === type
    ? undefined
    : `its signature has the hash type ${type}, asked for is ${sighashType}`;
}
