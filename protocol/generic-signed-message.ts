/**
 * Messages signed as if they were payments (BIP 322, version 2.0.0): a transaction that pays the message to a script,
 * and one that spends it. Whoever can spend what is paid to an address can sign for it.
 */
import { schnorr } from '@noble/secp256k1';
import { base64 } from '@scure/base';
import { CodecError, concatBytes, equalBytes } from './bytes.ts';
import { verifyInput } from './check-input.ts';
import { varBytes } from './codec.ts';
import { hash160, sha256, sha256d } from './hash.ts';
import { RuleError } from './rules.ts';
import {
  isP2pkh,
  isP2sh,
  isP2wpkh,
  OP_0,
  OP_RETURN,
  p2wpkhScript,
  pushData,
  witnessProgram,
} from './script.ts';
import { SIGHASH_ALL, sighashMidstate } from './sighash.ts';
import { decodeDer, isCompressedKey, isLowS, signInput, type Verify } from './signature.ts';
import {
  decodeTransaction,
  encodeWithoutWitness,
  NULL_INDEX,
  NULL_TXID,
  outputCodec,
  type Transaction,
  type TxOutput,
  txid,
  witnessCodec,
} from './transaction.ts';
import type { Hash } from './units.ts';

const UTF8 = new TextEncoder();

/** SHA-256 with a domain of its own (BIP 340, "Tagged hashes"). */
function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Hash {
  const domain = sha256(UTF8.encode(tag));
  return sha256(concatBytes(domain, domain, ...parts));
}

/** "a BIP340-tagged hash of the message … as-is without length prefix or null terminator" */
export function genericMessageHash(message: string): Hash {
  return taggedHash('BIP0322-signed-message', UTF8.encode(message));
}

/** The transaction `to_spend`, which pays nothing to a script and holds the message. */
export function toSpend(message: string, script: Uint8Array): Transaction {
  const scriptSig = concatBytes(Uint8Array.of(OP_0), pushData(genericMessageHash(message)));
  return {
    version: 0,
    inputs: [{ previous: { txid: NULL_TXID, index: NULL_INDEX }, scriptSig, sequence: 0, witness: [] }],
    outputs: [{ value: 0n, script }],
    lockTime: 0,
  };
}

const NOTHING: TxOutput = { value: 0n, script: Uint8Array.of(OP_RETURN) };

/** The transaction `to_sign` of the simple form, which spends `to_spend` and pays nobody. */
export function toSign(
  message: string,
  script: Uint8Array,
  witness: readonly Uint8Array[] = [],
): Transaction {
  const previous = { txid: txid(toSpend(message, script)), index: 0 };
  return {
    version: 0,
    inputs: [{ previous, scriptSig: new Uint8Array(), sequence: 0, witness }],
    outputs: [NOTHING],
    lockTime: 0,
  };
}

/** What each form of a signature begins with. */
const PREFIX = { simple: 'smp', full: 'ful', funds: 'pof' } as const;

/** A simple signature for the P2WPKH script of a key: "a witness stack, consensus-encoded and base64-encoded". */
export function signGenericMessage(message: string, script: Uint8Array, privateKey: Uint8Array): string {
  const witness = signInput(toSign(message, script), 0, privateKey, 0n);
  return PREFIX.simple + base64.encode(witnessCodec.encode(witness));
}

/** The transaction whose signature is to be checked, and which form it came in. */
export interface GenericSignature {
  readonly form: 'simple' | 'full';
  /** `to_sign` with its signature. */
  readonly signed: Transaction;
}

/** Whether a signature is of the form that proves funds as well: only a node knows their coins. */
export function isProofOfFunds(text: string): boolean {
  return text.startsWith(PREFIX.funds);
}

/**
 * Reads a signature: with its prefix, or, as before version 1.0.0 of the BIP, without.
 * @throws CodecError where it cannot be read, or {@link isProofOfFunds}
 */
export function parseGenericSignature(text: string, message: string, script: Uint8Array): GenericSignature {
  if (isProofOfFunds(text)) throw new CodecError('it is a proof of funds');
  const isFull = text.startsWith(PREFIX.full);
  const bytes = base64Bytes(isFull || text.startsWith(PREFIX.simple) ? text.slice(3) : text);
  if (isFull) return { form: 'full', signed: decodeTransaction(bytes) };
  return { form: 'simple', signed: toSign(message, script, witnessCodec.decode(bytes)) };
}

function base64Bytes(text: string): Uint8Array {
  try {
    return base64.decode(text);
  } catch {
    throw new CodecError('it is no base64');
  }
}

/** What a check came to; the words of BIP 322, "Verification". */
export type GenericVerdict =
  | {
      readonly state: 'valid';
      /** "valid at time T and age S": 0 where there is no such condition. */
      readonly lockTime: number;
      readonly sequence: number;
    }
  | { readonly state: 'invalid' | 'inconclusive'; readonly reason: string };

/**
 * Checks a signature of the simple or the full form. Scripts that are more than one key are not run, so their
 * signatures are inconclusive: P2WSH, P2SH of anything but P2WPKH, and the script paths of Taproot.
 */
export function verifyGenericMessage(
  message: string,
  script: Uint8Array,
  { signed }: GenericSignature,
  verify: Verify,
): GenericVerdict {
  const fault = shapeFault(signed, txid(toSpend(message, script)));
  if (fault !== undefined) return { state: 'invalid', reason: fault };
  const verdict = spendVerdict(signed, script, verify);
  if (verdict !== undefined) return verdict;
  // "The version of to_sign must be 0 or 2."
  if (signed.version !== 0 && signed.version !== 2) {
    return {
      state: 'inconclusive',
      reason: `its transaction has version ${signed.version}, understood are 0 and 2`,
    };
  }
  return { state: 'valid', lockTime: signed.lockTime, sequence: signed.inputs[0]?.sequence ?? 0 };
}

/** "confirm all fields are set as specified above" */
function shapeFault({ inputs, outputs }: Transaction, spends: Hash): string | undefined {
  const [input, ...moreInputs] = inputs;
  const [output, ...moreOutputs] = outputs;
  if (input === undefined || input.previous.index !== 0 || !equalBytes(input.previous.txid, spends)) {
    return 'it is a signature for another message or another address';
  }
  // More inputs are a proof of funds, which has a form of its own.
  if (moreInputs.length > 0) return 'its transaction has more than one input';
  const paysNothing = output?.value === 0n && equalBytes(output.script, NOTHING.script);
  return paysNothing && moreOutputs.length === 0 ? undefined : 'its transaction pays somebody';
}

/** Undefined where the input rightly spends an output with this script. */
function spendVerdict(signed: Transaction, script: Uint8Array, verify: Verify): GenericVerdict | undefined {
  if (isP2wpkh(script)) return verdictOf(keyFault(signed, script, verify));
  if (isP2pkh(script)) return verdictOf(legacyFault(signed, script, verify));
  const program = witnessProgram(script);
  if (program?.version === 1 && program.program.length === 32)
    return taprootVerdict(signed, script, program.program);
  if (isP2sh(script)) {
    const redeem = nestedScript(signed);
    if (redeem !== undefined && !equalBytes(hash160(redeem), script.subarray(2, 22))) {
      return { state: 'invalid', reason: 'its script is not that of the address' };
    }
    if (redeem !== undefined) return verdictOf(keyFault(withoutScriptSig(signed), redeem, verify));
  }
  return { state: 'inconclusive', reason: 'the address is that of a script, and scripts are not run here' };
}

function verdictOf(fault: string | undefined): GenericVerdict | undefined {
  return fault === undefined ? undefined : { state: 'invalid', reason: fault };
}

/** P2WPKH; "All signatures MUST use the SIGHASH_ALL flag". */
function keyFault(signed: Transaction, script: Uint8Array, verify: Verify): string | undefined {
  const type = signed.inputs[0]?.witness[0]?.at(-1);
  if (type !== undefined && type !== SIGHASH_ALL) return `its hash type is ${type}, allowed is ALL (1)`;
  try {
    const coin = { value: 0n, script, height: 0, coinbase: false };
    verifyInput(signed, 0, coin, verify, sighashMidstate(signed));
    return undefined;
  } catch (error) {
    if (error instanceof RuleError) return reasonOf(error);
    throw error;
  }
}

/** Without the name of a transaction that nobody knows. */
function reasonOf(error: RuleError): string {
  return error.message.replace(/^.*?input 0 of [0-9a-f]{64}: /, '');
}

/** The P2WPKH script inside P2SH (BIP 141, "P2WPKH nested in BIP16 P2SH"); undefined for any other. */
function nestedScript({ inputs }: Transaction): Uint8Array | undefined {
  const pushed = inputs[0]?.scriptSig.subarray(1);
  return pushed && isP2wpkh(pushed) && equalBytes(inputs[0]?.scriptSig ?? pushed, pushData(pushed))
    ? p2wpkhScript(pushed.slice(2))
    : undefined;
}

function withoutScriptSig(signed: Transaction): Transaction {
  return { ...signed, inputs: signed.inputs.map((input) => ({ ...input, scriptSig: new Uint8Array() })) };
}

const script = varBytes(520);

/** P2PKH: the digest from before BIP 143 (Bitcoin Core, SignatureHash), which for one input and ALL is this. */
function legacyFault(signed: Transaction, locked: Uint8Array, verify: Verify): string | undefined {
  const [input] = signed.inputs;
  if (input === undefined || input.witness.length > 0) return 'a P2PKH signature has no witness';
  const [item, publicKey] = twoPushes(input.scriptSig);
  if (item === undefined || publicKey === undefined) return 'its script does not hold a signature and a key';
  if (item.at(-1) !== SIGHASH_ALL) return `its hash type is ${item.at(-1)}, allowed is ALL (1)`;
  const compact = decodeDer(item.subarray(0, -1));
  if (compact === undefined || !isLowS(compact)) return 'its signature is no strict DER with a low S';
  if (!isCompressedKey(publicKey)) return 'its key is not compressed';
  if (!equalBytes(hash160(publicKey), locked.subarray(3, 23)))
    return 'it is signed by the key of another address';
  const bare = { ...signed, inputs: [{ ...input, scriptSig: locked, witness: [] }] };
  const digest = sha256d(concatBytes(encodeWithoutWitness(bare), Uint8Array.of(SIGHASH_ALL, 0, 0, 0)));
  return verify(compact, digest, publicKey) ? undefined : 'the signature is not that of the key';
}

/** What a script pushes that does nothing but push two things by length. */
function twoPushes(scriptSig: Uint8Array): Uint8Array[] {
  const [first = 0] = scriptSig;
  const second = scriptSig[1 + first] ?? 0;
  const pushes = [scriptSig.subarray(1, 1 + first), scriptSig.subarray(2 + first, 2 + first + second)];
  return equalBytes(scriptSig, concatBytes(...pushes.map(pushData))) ? pushes : [];
}

const ANNEX_START = 0x50;
const SIGHASH_DEFAULT = 0x00;

/** Taproot by its key (BIP 341); one item is a signature, more are a script, which is not run. */
function taprootVerdict(
  signed: Transaction,
  locked: Uint8Array,
  key: Uint8Array,
): GenericVerdict | undefined {
  const [input] = signed.inputs;
  const [signature, ...more] = input?.witness ?? [];
  if (input === undefined || signature === undefined)
    return { state: 'invalid', reason: 'its witness is empty' };
  if (input.scriptSig.length > 0) return { state: 'invalid', reason: 'Witness requires empty scriptSig' };
  if (more.length > 0) {
    const what = more.at(-1)?.[0] === ANNEX_START ? 'an annex' : 'a script';
    return { state: 'inconclusive', reason: `it is signed with ${what}, which is not understood here` };
  }
  const type = signature.length === 65 ? signature[64] : SIGHASH_DEFAULT;
  if (type !== SIGHASH_DEFAULT && type !== SIGHASH_ALL) {
    return { state: 'invalid', reason: `its hash type is ${type}, allowed are DEFAULT (0) and ALL (1)` };
  }
  // "If the sig is 65 bytes long … hash_type != 0x00" (BIP 341)
  const isWellFormed = signature.length === 64 || (signature.length === 65 && type === SIGHASH_ALL);
  const digest = taprootDigest(signed, locked, type);
  const isRight = isWellFormed && schnorrVerify(signature.subarray(0, 64), digest, key);
  return isRight ? undefined : { state: 'invalid', reason: 'the signature is not that of the key' };
}

/** BIP 341, "Common signature message", for one input and one output, spent by its key without an annex. */
function taprootDigest(signed: Transaction, locked: Uint8Array, type: number): Hash {
  const { version, lockTime, inputs, outputs } = signed;
  const [{ previous, sequence } = { previous: { txid: NULL_TXID, index: 0 }, sequence: 0 }] = inputs;
  const u32 = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
  return taggedHash(
    'TapSighash',
    // The epoch, then hash_type, nVersion, nLockTime.
    Uint8Array.of(0, type),
    u32(version),
    u32(lockTime),
    sha256(concatBytes(previous.txid, u32(previous.index))),
    sha256(new Uint8Array(8)), // amounts: one of nothing
    sha256(script.encode(locked)),
    sha256(u32(sequence)),
    sha256(concatBytes(...outputs.map((output) => outputCodec.encode(output)))),
    // spend_type 0, input_index 0.
    Uint8Array.of(0),
    u32(0),
  );
}

function schnorrVerify(signature: Uint8Array, digest: Hash, key: Uint8Array): boolean {
  try {
    return schnorr.verify(signature, digest, key);
  } catch {
    // A program that is no point of the curve: nobody can sign for it.
    return false;
  }
}
