import { bech32, bech32m, createBase58check } from '@scure/base';
import { encodeWitnessAddress } from './bech32.ts';
import { concatBytes } from './bytes.ts';
import { sha256 } from './hash.ts';
import { OP_0, OP_1, OP_CHECKSIG, OP_DUP, OP_EQUAL, OP_EQUALVERIFY, OP_HASH160 } from './opcodes.ts';
import { isP2pkh, isP2sh, p2wpkhScript, witnessProgram } from './script.ts';

/** How a network writes its addresses. Networks without base58 addresses leave the two versions out. */
export interface AddressFormat {
  /** Human-readable part before the "1" of a bech32 address (BIP 173). */
  readonly hrp: string;
  readonly p2pkh?: number;
  readonly p2sh?: number;
}

/** Bitcoin's own networks (chainparams.cpp of Bitcoin Core). */
export const BITCOIN_FORMATS = {
  main: { hrp: 'bc', p2pkh: 0, p2sh: 5 },
  test: { hrp: 'tb', p2pkh: 111, p2sh: 196 },
  signet: { hrp: 'tb', p2pkh: 111, p2sh: 196 },
  regtest: { hrp: 'bcrt', p2pkh: 111, p2sh: 196 },
} as const satisfies Record<string, AddressFormat>;

export type AddressType = 'p2wpkh' | 'p2wsh' | 'p2tr' | 'p2pkh' | 'p2sh' | 'witness_unknown';

export interface DecodedAddress {
  readonly type: AddressType;
  /** The output script that pays to the address. */
  readonly script: Uint8Array;
  /** Witness program or hash inside the address. */
  readonly program: Uint8Array;
  /** Witness version; absent for base58 addresses. */
  readonly version?: number;
}

/** A text that is no address of this network; the message says what is wrong with it. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

const MAX_BECH32_LENGTH = 90;
/** Longer than any base58 address: base58 takes quadratic time. */
const MAX_BASE58_LENGTH = 50;
const base58check = createBase58check(sha256);

/**
 * The script and parts behind an address.
 * @throws AddressError naming the reason: another network's prefix, a bad checksum, mixed case, …
 */
export function decodeAddress(text: string, format: AddressFormat): DecodedAddress {
  if (text === '') throw new AddressError('address is empty');
  const foreign = /[^0-9A-Za-z]/.exec(text);
  if (foreign !== null) throw new AddressError(`address holds the character ${JSON.stringify(foreign[0])}`);
  if (text.toLowerCase().startsWith(`${format.hrp}1`)) return decodeBech32(text, format.hrp);
  const payload = decodeBase58(text);
  if (payload !== undefined) return fromBase58(payload, format);
  throw unreadable(text, format);
}

/** Why a text is neither a bech32 address with the right prefix nor base58 with a right checksum. */
function unreadable(text: string, format: AddressFormat): AddressError {
  const [, prefix] = OTHER_BECH32.exec(text.toLowerCase()) ?? [];
  if (prefix !== undefined) {
    return new AddressError(`address has the prefix "${prefix}1", this network's is "${format.hrp}1"`);
  }
  if (format.p2pkh !== undefined && BASE58_SHAPE.test(text)) {
    return new AddressError('address has a bad checksum, look for a typing error');
  }
  return new AddressError(`this is no address, one starts with "${format.hrp}1"`);
}

const OTHER_BECH32 = /^([a-z]+)1[02-9ac-hj-np-z]{6,}$/;
const BASE58_SHAPE = /^[1-9A-HJ-NP-Za-km-z]{25,40}$/;

/** BIP 173 and BIP 350: version 0 is bech32, all later versions are bech32m. */
function decodeBech32(text: string, hrp: string): DecodedAddress {
  if (text.length > MAX_BECH32_LENGTH) {
    throw new AddressError(`address has ${text.length} characters, the longest has ${MAX_BECH32_LENGTH}`);
  }
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) {
    throw new AddressError('address mixes upper and lower case');
  }
  const wrong = /[1bio]/i.exec(text.slice(hrp.length + 1));
  if (wrong !== null) {
    throw new AddressError(`address holds "${wrong[0]}", which no address has after its prefix`);
  }
  const classic = bech32.decodeUnsafe(text.toLowerCase(), MAX_BECH32_LENGTH);
  // A checksum that does not fit is found out at the cost of an exception: the other one is tried only then.
  const words = (classic ?? bech32m.decodeUnsafe(text.toLowerCase(), MAX_BECH32_LENGTH))?.words;
  if (words === undefined) throw new AddressError('address has a bad checksum, look for a typing error');
  const [version, ...programWords] = words;
  if (version === undefined || version > 16) throw new AddressError('address has no witness version');
  if ((version === 0) !== (classic !== undefined)) {
    throw new AddressError(`address of witness version ${version} has the checksum of another version`);
  }
  const program = bech32.fromWordsUnsafe(programWords);
  if (program === undefined) throw new AddressError('address has bad padding');
  if (program.length < 2 || program.length > 40) {
    throw new AddressError(`address holds a witness program of ${program.length} bytes, allowed are 2 to 40`);
  }
  if (version === 0 && program.length !== 20 && program.length !== 32) {
    throw new AddressError(`address of witness version 0 holds ${program.length} bytes, not 20 or 32`);
  }
  const opcode = version === 0 ? OP_0 : OP_1 + version - 1;
  const script = concatBytes(Uint8Array.of(opcode, program.length), program);
  return { type: witnessAddressType(version, program.length), script, program, version };
}

function witnessAddressType(version: number, length: number): AddressType {
  if (version === 0) return length === 20 ? 'p2wpkh' : 'p2wsh';
  return version === 1 && length === 32 ? 'p2tr' : 'witness_unknown';
}

function decodeBase58(text: string): Uint8Array | undefined {
  if (text.length > MAX_BASE58_LENGTH) return undefined;
  try {
    return base58check.decode(text);
  } catch {
    return undefined; // Another alphabet or checksum: the caller goes on and names the reason.
  }
}

function fromBase58(payload: Uint8Array, format: AddressFormat): DecodedAddress {
  const [version] = payload;
  const program = payload.slice(1);
  if (format.p2pkh === undefined && format.p2sh === undefined) {
    throw new AddressError(`this is a Bitcoin base58 address, this network's start with "${format.hrp}1"`);
  }
  if (version !== format.p2pkh && version !== format.p2sh) {
    throw new AddressError(`address has the version byte ${version}, which belongs to another network`);
  }
  if (program.length !== 20) throw new AddressError(`address holds ${program.length} bytes, not 20`);
  return version === format.p2pkh
    ? { type: 'p2pkh', script: p2pkhScript(program), program }
    : { type: 'p2sh', script: p2shScript(program), program };
}

function p2pkhScript(keyHash: Uint8Array): Uint8Array {
  return concatBytes(
    Uint8Array.of(OP_DUP, OP_HASH160, 20),
    keyHash,
    Uint8Array.of(OP_EQUALVERIFY, OP_CHECKSIG),
  );
}

function p2shScript(scriptHash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(OP_HASH160, 20), scriptHash, Uint8Array.of(OP_EQUAL));
}

/** The address that stands for an output script, undefined where the network has none for it. */
export function encodeAddress(script: Uint8Array, format: AddressFormat): string | undefined {
  const witness = witnessProgram(script);
  if (witness !== undefined) return encodeBech32(witness.version, witness.program, format.hrp);
  if (format.p2pkh !== undefined && isP2pkh(script)) {
    return base58check.encode(concatBytes(Uint8Array.of(format.p2pkh), script.subarray(3, 23)));
  }
  if (format.p2sh !== undefined && isP2sh(script)) {
    return base58check.encode(concatBytes(Uint8Array.of(format.p2sh), script.subarray(2, 22)));
  }
  return undefined;
}

function encodeBech32(version: number, program: Uint8Array, hrp: string): string | undefined {
  if (version === 0 && program.length !== 20 && program.length !== 32) return undefined;
  return encodeWitnessAddress(hrp, version, program);
}

/** The native-segwit address of a key, from the HASH160 of the compressed public key. */
export function p2wpkhAddress(keyHash: Uint8Array, hrp: string): string {
  return encodeWitnessAddress(hrp, 0, p2wpkhScript(keyHash).subarray(2));
}
