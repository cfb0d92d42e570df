import { bytesToHex, concatBytes } from './bytes.ts';
import {
  OP_0,
  OP_1,
  OP_16,
  OP_CHECKMULTISIG,
  OP_CHECKMULTISIGVERIFY,
  OP_CHECKSIG,
  OP_CHECKSIGVERIFY,
  OP_DUP,
  OP_EQUAL,
  OP_EQUALVERIFY,
  OP_HASH160,
  OP_PUSHDATA1,
  OP_PUSHDATA2,
  OP_PUSHDATA4,
  OP_RETURN,
  opcodeName,
} from './opcodes.ts';
import type { Height } from './units.ts';

export * from './opcodes.ts';

/** A longer script can never be run, so a coin locked by one can never be spent (Core's MAX_SCRIPT_SIZE). */
export const MAX_SCRIPT_SIZE = 10_000;

/** The shortest script that pushes `bytes` onto the stack by length (no OP_N forms). */
export function pushData(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < OP_PUSHDATA1) return concatBytes(Uint8Array.of(length), bytes);
  if (length <= 0xff) return concatBytes(Uint8Array.of(OP_PUSHDATA1, length), bytes);
  if (length <= 0xffff) return concatBytes(Uint8Array.of(OP_PUSHDATA2, length, length >> 8), bytes);
  return concatBytes(Uint8Array.of(OP_PUSHDATA4, length, length >> 8, length >> 16, length >> 24), bytes);
}

/**
 * What a coinbase script starts with (BIP 34): the height as `OP_N` up to 16, else as the push of a minimal
 * script number, exactly as Bitcoin Core's `CScript() << height`.
 */
export function pushHeight(height: Height): Uint8Array {
  if (!Number.isSafeInteger(height) || height < 0) throw new RangeError(`no height: ${height}`);
  if (height === 0) return Uint8Array.of(OP_0);
  if (height <= 16) return Uint8Array.of(OP_1 + height - 1);
  const digits: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) digits.push(rest % 256);
  // The top bit of the last byte is the sign.
  if ((digits.at(-1) ?? 0) >= 0x80) digits.push(0);
  return pushData(Uint8Array.from(digits));
}

/** The output script of a native-segwit key (BIP 141): version 0 and the HASH160 of the key, 20 bytes. */
export function p2wpkhScript(keyHash: Uint8Array): Uint8Array {
  if (keyHash.length !== 20) throw new RangeError(`a key hash has 20 bytes, not ${keyHash.length}`);
  return concatBytes(Uint8Array.of(OP_0, 20), keyHash);
}

export function isP2wpkh(script: Uint8Array): boolean {
  return script.length === 22 && script[0] === OP_0 && script[1] === 20;
}

/** The 20-byte key hash of a P2WPKH script; undefined for any other script. */
export function p2wpkhProgram(script: Uint8Array): Uint8Array | undefined {
  return isP2wpkh(script) ? script.slice(2) : undefined;
}

/** The version and program of a witness output (BIP 141); undefined for any other script. */
export function witnessProgram(script: Uint8Array): { version: number; program: Uint8Array } | undefined {
  const [first, length] = script;
  if (first === undefined || length === undefined) return undefined;
  if (first !== OP_0 && (first < OP_1 || first > OP_16)) return undefined;
  if (length < 2 || length > 40 || script.length !== length + 2) return undefined;
  return { version: first === OP_0 ? 0 : first - OP_1 + 1, program: script.slice(2) };
}

/** Whether an output with this script can be forgotten: nobody will ever spend it (Core's IsUnspendable). */
export function isUnspendable(script: Uint8Array): boolean {
  return script[0] === OP_RETURN || script.length > MAX_SCRIPT_SIZE;
}

/** One step of a script: an opcode and, where it pushes, the bytes it pushes. */
interface Operation {
  readonly opcode: number;
  readonly data?: Uint8Array;
}

/** The operations of a script; the last one is undefined where a push runs over the end. */
function* operations(script: Uint8Array): Generator<Operation | undefined> {
  let at = 0;
  while (at < script.length) {
    const opcode = script[at] ?? 0;
    if (opcode > OP_PUSHDATA4) {
      yield { opcode };
      at += 1;
      continue;
    }
    const end = endOfPush(script, at);
    if (end > script.length) {
      yield undefined;
      return;
    }
    yield { opcode, data: script.subarray(at + 1 + lengthBytesOf(opcode), end) };
    at = end;
  }
}

/** Whether a script does nothing but push (Core's IsPushOnly; OP_RESERVED and OP_N count as pushes). */
export function isPushOnly(script: Uint8Array): boolean {
  for (const operation of operations(script)) {
    if (operation === undefined || operation.opcode > OP_16) return false;
  }
  return true;
}

/**
 * Signature operations in a script, counted the old way: a multisig is 20 whatever its keys, and counting
 * stops where a push runs over the end (Core's GetSigOpCount(false)).
 */
export function countSigops(script: Uint8Array): number {
  let count = 0;
  // Not by `operations`: a block may hold a megabyte of them.
  for (let at = 0; at < script.length; ) {
    const opcode = script[at] ?? 0;
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) count += 1;
    if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY) count += 20;
    at = opcode > OP_PUSHDATA4 ? at + 1 : endOfPush(script, at);
  }
  return count;
}

/** Bytes that say how many a push pushes; below OP_PUSHDATA1 the opcode itself says it. */
function lengthBytesOf(opcode: number): number {
  return opcode < OP_PUSHDATA1 ? 0 : 1 << (opcode - OP_PUSHDATA1);
}

/** Where the operation after the push at `at` begins; beyond the script where the push runs over its end. */
function endOfPush(script: Uint8Array, at: number): number {
  const opcode = script[at] ?? 0;
  const lengthBytes = lengthBytesOf(opcode);
  let length = lengthBytes === 0 ? opcode : 0;
  for (let index = 0; index < lengthBytes; index++) {
    length += (script[at + 1 + index] ?? Number.POSITIVE_INFINITY) * 256 ** index;
  }
  return at + 1 + lengthBytes + length;
}

/** Bitcoin Core's names for kinds of output scripts. */
export type ScriptType =
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'witness_unknown'
  | 'anchor'
  | 'nulldata'
  | 'pubkeyhash'
  | 'scripthash'
  | 'pubkey'
  | 'multisig'
  | 'nonstandard';

/** The kind of an output script, as Core's Solver decides it. */
export function scriptType(script: Uint8Array): ScriptType {
  if (isP2sh(script)) return 'scripthash';
  const witness = witnessProgram(script);
  if (witness !== undefined) return witnessType(witness.version, witness.program);
  if (script[0] === OP_RETURN && isPushOnly(script.subarray(1))) return 'nulldata';
  if (isPubkey(script)) return 'pubkey';
  if (isP2pkh(script)) return 'pubkeyhash';
  if (isMultisig(script)) return 'multisig';
  return 'nonstandard';
}

function witnessType(version: number, program: Uint8Array): ScriptType {
  if (version === 0 && program.length === 20) return 'witness_v0_keyhash';
  if (version === 0 && program.length === 32) return 'witness_v0_scripthash';
  if (version === 1 && program.length === 32) return 'witness_v1_taproot';
  if (version === 1 && program.length === 2 && program[0] === 0x4e && program[1] === 0x73) return 'anchor';
  return version === 0 ? 'nonstandard' : 'witness_unknown';
}

/** Whether the script is DUP HASH160 <20 bytes> EQUALVERIFY CHECKSIG. */
export function isP2pkh(script: Uint8Array): boolean {
  return (
    script.length === 25 &&
    script[0] === OP_DUP &&
    script[1] === OP_HASH160 &&
    script[2] === 20 &&
    script[23] === OP_EQUALVERIFY &&
    script[24] === OP_CHECKSIG
  );
}

/** Whether the script is HASH160 <20 bytes> EQUAL (BIP 16). */
export function isP2sh(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === OP_HASH160 && script[1] === 20 && script[22] === OP_EQUAL;
}

function isPubkey(script: Uint8Array): boolean {
  const length = script.length - 2;
  return script[0] === length && script.at(-1) === OP_CHECKSIG && isKeyShaped(script.subarray(1, -1));
}

/** Whether the first byte fits the length (Core's CPubKey::ValidSize); says nothing about the curve. */
function isKeyShaped(bytes: Uint8Array): boolean {
  const [first] = bytes;
  if (first === 2 || first === 3) return bytes.length === 33;
  return (first === 4 || first === 6 || first === 7) && bytes.length === 65;
}

const MAX_MULTISIG_KEYS = 16;
const MAX_MULTISIG_SIZE = 3 + MAX_MULTISIG_KEYS * 66;

/** Whether the script is m <key>… n CHECKMULTISIG with 1 ≤ m ≤ n ≤ 16 (Core's MatchMultisig takes up to 20). */
function isMultisig(script: Uint8Array): boolean {
  if (script.length > MAX_MULTISIG_SIZE || script.at(-1) !== OP_CHECKMULTISIG) return false;
  const steps = [...operations(script)];
  const required = smallNumber(steps.at(0));
  const total = smallNumber(steps.at(-2));
  const keys = steps.slice(1, -2);
  return (
    steps.at(-1)?.opcode === OP_CHECKMULTISIG &&
    required !== undefined &&
    total !== undefined &&
    required >= 1 &&
    required <= total &&
    keys.length === total &&
    keys.every((key) => key?.data !== undefined && isKeyShaped(key.data))
  );
}

function smallNumber(operation: Operation | undefined): number | undefined {
  if (operation === undefined || operation.opcode < OP_1 || operation.opcode > OP_16) return undefined;
  return operation.opcode - OP_1 + 1;
}

/** The script as Bitcoin Core writes it out (ScriptToAsmStr): pushes of up to four bytes as numbers. */
export function disassemble(script: Uint8Array): string {
  const words: string[] = [];
  for (const operation of operations(script)) {
    if (operation === undefined) words.push('[error]');
    else if (operation.data === undefined) words.push(opcodeName(operation.opcode));
    else if (operation.data.length <= 4) words.push(String(scriptNumber(operation.data)));
    else words.push(bytesToHex(operation.data));
  }
  return words.join(' ');
}

/** Little-endian with the sign in the top bit of the last byte (Core's CScriptNum). */
function scriptNumber(bytes: Uint8Array): number {
  let value = 0;
  bytes.forEach((byte, index) => {
    const digit = index === bytes.length - 1 ? byte & 0x7f : byte;
    value += digit * 256 ** index;
  });
  const negative = ((bytes.at(-1) ?? 0) & 0x80) !== 0;
  return negative && value !== 0 ? -value : value;
}
