/** Signing the own inputs of a PSBT: no chain is asked, what is signed is what the PSBT says. Pure. */
import type { Psbt, PsbtInput } from '../../protocol/psbt.ts';
import { SIGHASH_ALL, sighashMidstate } from '../../protocol/sighash.ts';
import { signInput } from '../../protocol/signature.ts';
import type { KeyPlace, KeyRing } from '../keys/key-ring.ts';
import { inputSignature } from './input-signature.ts';
import type { PsbtReport } from './psbt-report.ts';
import { badPsbt } from './psbt-text.ts';

export interface SignedPsbt {
  readonly psbt: Psbt;
  /** Inputs that got their signature now. */
  readonly signed: readonly number[];
}

/**
 * Signs every input whose key is in this wallet: P2WPKH, with the hash type ALL and no other. "The Signer must only add
 * data": what is there already stays (BIP 174, "Signer").
 * @param report of this PSBT, which the owner agreed to
 * @throws WalletError `watch-only` when the keys are elsewhere, `bad-psbt` when an own input asks for another hash type or has a wrong signature, or when it is a message
 */
export function signOwnInputs(psbt: Psbt, report: PsbtReport, ring: KeyRing): SignedPsbt {
  const message = report.warnings.find(({ code }) => code === 'message');
  if (message !== undefined) throw badPsbt(message.message);
  const midstate = sighashMidstate(psbt.unsigned);
  const signed: number[] = [];
  const elsewhere: KeyPlace[] = [];
  const inputs = psbt.inputs.map((input, at): PsbtInput => {
    const { place, spent, signature } = report.inputs[at] ?? {};
    if (place === undefined || spent === undefined) return input;
    if (signature?.state === 'wrong') {
      throw badPsbt(
        `input ${at} is yours, and what stands there for its signature is wrong: ${signature.why}`,
      );
    }
    if (signature?.state !== 'unsigned') return input;
    requireHashType(input, at);
    if (!ring.canSign(place)) {
      elsewhere.push(place);
      return input;
    }
    const key = ring.privateKey(place);
    const [made, publicKey] = signInput(psbt.unsigned, at, key, spent.value, SIGHASH_ALL, midstate);
    key.fill(0);
    signed.push(at);
    return { ...input, partialSignatures: [...input.partialSignatures, { publicKey, signature: made }] };
  });
  const [missing] = elsewhere;
  // Says that the key is elsewhere; where others are here, they sign their part.
  if (missing !== undefined && signed.length === 0) ring.privateKey(missing);
  const result = { ...psbt, inputs };
  for (const at of signed) requireRight(result, at, report, midstate);
  return { psbt: result, signed };
}

/** "If a sighash type is provided, the signer must check that the sighash is acceptable. If unacceptable, they must fail." */
function requireHashType({ sighashType = SIGHASH_ALL }: PsbtInput, at: number): void {
  if (sighashType === SIGHASH_ALL) return;
  throw badPsbt(
    `input ${at} asks for a signature with the hash type ${sighashType}, which would let others change the payment: this wallet signs with ALL (${SIGHASH_ALL}) only`,
  );
}

/** A fault of the machine must not turn into a signature that gives the key away. */
function requireRight(
  psbt: Psbt,
  at: number,
  report: PsbtReport,
  midstate: ReturnType<typeof sighashMidstate>,
): void {
  const { state } = inputSignature(psbt, at, report.inputs[at]?.spent, midstate);
  if (state !== 'signed') throw new Error(`the signature made for input ${at} is ${state}`);
}
