/** What scripts and witnesses say. Pure. */
import { encodeAddress } from '../../../../protocol/address.ts';
import { bytesToHex, equalBytes } from '../../../../protocol/bytes.ts';
import { hash160 } from '../../../../protocol/hash.ts';
import { commitmentScript } from '../../../../protocol/merkle.ts';
import { disassemble, OP_RETURN, p2wpkhScript, scriptType } from '../../../../protocol/script.ts';
import {
  SIGHASH_ALL,
  SIGHASH_ANYONECANPAY,
  SIGHASH_NONE,
  SIGHASH_SINGLE,
} from '../../../../protocol/sighash.ts';
import { decodeDer, isCompressedKey, isLowS } from '../../../../protocol/signature.ts';
import { readableText } from '../readable-text.ts';
import type { Prefix, Reading } from './readings.ts';

/** Longer scripts are not written out. */
const MAX_SHOWN_SCRIPT_BYTES = 2_000;

/** OP_RETURN, a push of 36 bytes, aa21a9ed and the hash (BIP 141). */
const COMMITMENT_SIZE = 38;

const code = (name: string, text: string): Reading => ({ name, text, isCode: true });

/** What an output script locks a coin with, besides its address. */
export function outputScriptReadings(script: Uint8Array): Reading[] {
  const note = script[0] === OP_RETURN ? noteOf(script) : [];
  const means = isCommitment(script)
    ? [{ name: 'Means', text: 'in a coinbase: the witness commitment of the block (BIP 141)' }]
    : note;
  return [{ name: 'Kind', text: scriptType(script) }, ...means, ...wordsOf(script)];
}

/** Only a coinbase's counts; elsewhere it is a note that looks like one. */
function isCommitment(script: Uint8Array): boolean {
  const hash = script.subarray(COMMITMENT_SIZE - 32, COMMITMENT_SIZE);
  return hash.length === 32 && equalBytes(script.subarray(0, COMMITMENT_SIZE), commitmentScript(hash));
}

/** What an input's script says, which is a coinbase's only. */
export function coinbaseReadings(script: Uint8Array, isOfCoinbase: boolean): Reading[] {
  if (script.length === 0) return [{ name: 'Value', text: 'empty: the witness shows what is needed' }];
  if (!isOfCoinbase) return wordsOf(script);
  const [first = ''] = disassemble(script).split(' ');
  const height = /^\d+$/.test(first) ? [{ name: 'Height', text: first }] : [];
  // It is never run: beyond the height its bytes are no opcodes.
  return [...height, ...noteOf(script)];
}

function wordsOf(script: Uint8Array): Reading[] {
  return script.length > MAX_SHOWN_SCRIPT_BYTES ? [] : [code('Script', disassemble(script))];
}

function noteOf(script: Uint8Array): Reading[] {
  const text = readableText(bytesToHex(script.subarray(0, MAX_SHOWN_SCRIPT_BYTES)));
  return text === null ? [] : [{ name: 'Text', text }];
}

/** What an item of a witness is, by its form. */
export function witnessReadings(item: Uint8Array, prefix: Prefix): Reading[] {
  if (item.length === 0) return [{ name: 'Value', text: 'empty' }];
  if (isCompressedKey(item)) return keyReadings(item, prefix);
  const signature = decodeDer(item.subarray(0, -1));
  if (signature !== undefined) return signatureReadings(signature, item[item.length - 1] ?? 0);
  const isReserved = item.length === 32 && item.every((byte) => byte === 0);
  if (isReserved) return [{ name: 'Value', text: 'reserved value of the witness commitment (BIP 141)' }];
  return [{ name: 'Value', text: `${item.length} bytes` }];
}

function keyReadings(publicKey: Uint8Array, prefix: Prefix): Reading[] {
  const hash = hash160(publicKey);
  const address = prefix === undefined ? undefined : encodeAddress(p2wpkhScript(hash), { hrp: prefix });
  const kind = { name: 'Value', text: 'public key, compressed' };
  const keyHash = code('HASH160', bytesToHex(hash));
  if (address === undefined) return [kind, keyHash];
  return [
    kind,
    keyHash,
    { name: 'Address', text: address, isCode: true, leadsTo: { what: 'address', id: address } },
  ];
}

function signatureReadings(signature: Uint8Array, type: number): Reading[] {
  return [
    { name: 'Value', text: 'signature with its hash type' },
    code('r', bytesToHex(signature.subarray(0, 32))),
    code('s', `${bytesToHex(signature.subarray(32))}${isLowS(signature) ? '' : ' (high)'}`),
    { name: 'Hash type', text: hashTypeName(type) },
  ];
}

const BASE_NAMES: Readonly<Record<number, string>> = {
  [SIGHASH_ALL]: 'ALL',
  [SIGHASH_NONE]: 'NONE',
  [SIGHASH_SINGLE]: 'SINGLE',
};

/** "ALL (01)" */
export function hashTypeName(type: number): string {
  const base = BASE_NAMES[type & ~SIGHASH_ANYONECANPAY] ?? 'undefined';
  const shown = type.toString(16).padStart(2, '0');
  return `${base}${(type & SIGHASH_ANYONECANPAY) === 0 ? '' : ' | ANYONECANPAY'} (${shown})`;
}
