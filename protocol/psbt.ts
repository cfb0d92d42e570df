/**
 * Partially signed transactions, version 0 (BIP 174): a transaction without its signatures, and what its signers
 * have to know. Records of types that are not known here are kept and passed on, as the BIP demands.
 */
import { bytesToHex, equalBytes, hexToBytes } from './bytes.ts';
import { CodecError, fixedBytes, Reader, repeated, struct, u32, varint } from './codec.ts';
import { hash160, ripemd160, sha256, sha256d } from './hash.ts';
import {
  encodeMaps,
  MapSource,
  type PsbtMaps,
  type PsbtRecord,
  RecordList,
  RecordTaker,
} from './psbt-map.ts';
import { isDefinedSighash } from './sighash.ts';
import { decodeDer } from './signature.ts';
import {
  decodeTransaction,
  encodeTransaction,
  type OutPoint,
  originalForm,
  outputCodec,
  type Transaction,
  type TxOutput,
  txid,
  witnessCodec,
} from './transaction.ts';

/** "psbt" and 0xff, which no transaction starts with. */
export const PSBT_MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/** A larger one is not read: room for hundreds of inputs with the transactions that they spend from. */
export const MAX_PSBT_BYTES = 16 * 2 ** 20;

/** How a key was derived (BIP 32): by whom, and along which path. */
export interface KeyOrigin {
  readonly publicKey: Uint8Array;
  /** Fingerprint of the master key, 8 hex digits. */
  readonly fingerprint: string;
  /** From the master key on; hardened steps have the highest bit set. */
  readonly path: readonly number[];
}

export interface PartialSignature {
  readonly publicKey: Uint8Array;
  /** DER, and the hash type in one byte. */
  readonly signature: Uint8Array;
}

export interface PsbtInput {
  /** The transaction whose output is spent. */
  readonly nonWitnessUtxo: Transaction | undefined;
  /** The output that is spent. */
  readonly witnessUtxo: TxOutput | undefined;
  readonly partialSignatures: readonly PartialSignature[];
  /** The hash type that all signatures must have. */
  readonly sighashType: number | undefined;
  readonly redeemScript: Uint8Array | undefined;
  readonly witnessScript: Uint8Array | undefined;
  readonly origins: readonly KeyOrigin[];
  readonly finalScriptSig: Uint8Array | undefined;
  readonly finalScriptWitness: readonly Uint8Array[] | undefined;
  readonly preimages: readonly PsbtRecord[];
  /** Records of other types. */
  readonly others: readonly PsbtRecord[];
}

export interface PsbtOutput {
  readonly redeemScript: Uint8Array | undefined;
  readonly witnessScript: Uint8Array | undefined;
  readonly origins: readonly KeyOrigin[];
  readonly others: readonly PsbtRecord[];
}

export interface Psbt {
  /** The transaction; all its script signatures and witnesses are empty. */
  readonly unsigned: Transaction;
  /** Extended public keys that keys of this PSBT derive from, and how they were derived themselves. */
  readonly extendedKeys: readonly PsbtRecord[];
  /** Whether the version, which is 0, is written out. */
  readonly hasVersion: boolean;
  readonly others: readonly PsbtRecord[];
  /** In the order of the transaction's inputs. */
  readonly inputs: readonly PsbtInput[];
  /** In the order of the transaction's outputs. */
  readonly outputs: readonly PsbtOutput[];
}

/** Types of records (BIP 174 and its type registry). */
const GLOBAL = { unsignedTx: 0x00, xpub: 0x01, message: 0x09, version: 0xfb } as const;
const IN = {
  nonWitnessUtxo: 0x00,
  witnessUtxo: 0x01,
  partialSignature: 0x02,
  sighashType: 0x03,
  redeemScript: 0x04,
  witnessScript: 0x05,
  origin: 0x06,
  finalScriptSig: 0x07,
  finalScriptWitness: 0x08,
} as const;
const OUT = { redeemScript: 0x00, witnessScript: 0x01, origin: 0x02 } as const;
const PROPRIETARY = 0xfc;

/** Hash preimages of an input: the type, and the hash that its key data is. */
const PREIMAGES = [
  { type: 0x0a, name: 'RIPEMD160 preimage', hash: ripemd160 },
  { type: 0x0b, name: 'SHA256 preimage', hash: sha256 },
  { type: 0x0c, name: 'HASH160 preimage', hash: hash160 },
  { type: 0x0d, name: 'HASH256 preimage', hash: sha256d },
] as const;

/** Types of version 2, which version 0 must not have (BIP 370, "Versions Requiring Exclusion"). */
const VERSION_2_ONLY = {
  global: [0x02, 0x03, 0x04, 0x05, 0x06],
  input: [0x0e, 0x0f, 0x10, 0x11, 0x12],
  output: [0x03, 0x04],
} as const;

/** BIP 322's global field: the PSBT is a message to be signed, and no payment. */
export const PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE = GLOBAL.message;

/** What a map looks like that nobody has added anything to. */
export const EMPTY_PSBT_INPUT: PsbtInput = {
  nonWitnessUtxo: undefined,
  witnessUtxo: undefined,
  partialSignatures: [],
  sighashType: undefined,
  redeemScript: undefined,
  witnessScript: undefined,
  origins: [],
  finalScriptSig: undefined,
  finalScriptWitness: undefined,
  preimages: [],
  others: [],
};
export const EMPTY_PSBT_OUTPUT: PsbtOutput = {
  redeemScript: undefined,
  witnessScript: undefined,
  origins: [],
  others: [],
};

/** BIP 174's creator: a PSBT that holds a transaction and nothing else. */
export function newPsbt(unsigned: Transaction): Psbt {
  return {
    unsigned,
    extendedKeys: [],
    hasVersion: false,
    others: [],
    inputs: unsigned.inputs.map(() => EMPTY_PSBT_INPUT),
    outputs: unsigned.outputs.map(() => EMPTY_PSBT_OUTPUT),
  };
}

/**
 * Reads a PSBT.
 * @throws CodecError on anything that BIP 174 calls invalid, on versions other than 0, and on more than
 *   {@link MAX_PSBT_BYTES}
 */
export function decodePsbt(bytes: Uint8Array): Psbt {
  if (bytes.length > MAX_PSBT_BYTES) {
    throw new CodecError(`a PSBT of ${bytes.length} bytes is too large, allowed are ${MAX_PSBT_BYTES}`);
  }
  const reader = new Reader(bytes);
  if (!equalBytes(reader.take(Math.min(PSBT_MAGIC.length, reader.remaining)), PSBT_MAGIC)) {
    throw new CodecError('it does not start with the five bytes of a PSBT');
  }
  const source = new MapSource(reader);
  const global = readGlobal(source.map('global'));
  const { inputs, outputs } = global.unsigned;
  const inputMaps = inputs.map((_, at) => source.map(`input ${at}`));
  const outputMaps = outputs.map((_, at) => source.map(`output ${at}`));
  reader.end();
  return withMaps(global, inputMaps, outputMaps);
}

/** The one encoding that this program writes: keys in order. @throws CodecError */
export function encodePsbt(psbt: Psbt): Uint8Array {
  return encodeMaps(PSBT_MAGIC, mapsOfPsbt(psbt));
}

/** The meaning of the records. @throws CodecError as {@link decodePsbt} */
export function psbtOfMaps({ global, inputs, outputs }: PsbtMaps): Psbt {
  return withMaps(readGlobal(global), inputs, outputs);
}

type GlobalPart = Omit<Psbt, 'inputs' | 'outputs'>;

function withMaps(global: GlobalPart, inputs: PsbtMaps['inputs'], outputs: PsbtMaps['outputs']): Psbt {
  const { unsigned } = global;
  if (unsigned.inputs.length !== inputs.length || unsigned.outputs.length !== outputs.length) {
    throw new CodecError('there is not one map for each input and each output');
  }
  return {
    ...global,
    inputs: unsigned.inputs.map(({ previous }, at) => readInput(`input ${at}`, inputs[at] ?? [], previous)),
    outputs: outputs.map((records, at) => readOutput(`output ${at}`, records)),
  };
}

/** The records that stand for a PSBT: what {@link encodePsbt} writes, and a combiner merges. */
export function mapsOfPsbt(psbt: Psbt): PsbtMaps {
  const global = new RecordList()
    .single(GLOBAL.unsignedTx, psbt.unsigned, (unsigned) => originalForm.encode(unsigned))
    .single(GLOBAL.version, psbt.hasVersion ? 0 : undefined, (version) => u32.encode(version))
    .others(psbt.extendedKeys)
    .others(psbt.others);
  return {
    global: global.records,
    inputs: psbt.inputs.map(inputRecords),
    outputs: psbt.outputs.map(outputRecords),
  };
}

function readGlobal(records: readonly PsbtRecord[]): GlobalPart {
  const map = new RecordTaker('global', records);
  // Before all else: a PSBT of another version is to be named so, not by the first field that version 0 lacks.
  const version = map.single(GLOBAL.version, 'version', (value) => u32.decode(value));
  if (version !== undefined && version !== 0) {
    throw new CodecError(`version ${version} is not understood, only version 0 is`);
  }
  const unsigned = map.single(GLOBAL.unsignedTx, 'unsigned transaction', readUnsigned);
  if (unsigned === undefined) throw new CodecError('the unsigned transaction is missing');
  return {
    unsigned,
    hasVersion: version !== undefined,
    extendedKeys: map.many(GLOBAL.xpub, 'extended public key', readExtendedKey),
    others: otherRecords(map, 'global', VERSION_2_ONLY.global),
  };
}

/** "The scriptSigs and witnesses for each input must be empty. The transaction must be in the old serialization format." */
function readUnsigned(value: Uint8Array): Transaction {
  const form = originalForm.decode(value);
  const inputs = form.inputs.map((input, at) => {
    if (input.scriptSig.length > 0) throw new CodecError(`input ${at} is signed already`);
    return { ...input, witness: [] };
  });
  return { ...form, inputs };
}

function readInput(name: string, records: readonly PsbtRecord[], previous: OutPoint): PsbtInput {
  const map = new RecordTaker(name, records);
  return {
    nonWitnessUtxo: map.single(IN.nonWitnessUtxo, 'previous transaction', (value) =>
      previousTransaction(value, previous),
    ),
    witnessUtxo: map.single(IN.witnessUtxo, 'previous output', (value) => outputCodec.decode(value)),
    partialSignatures: map.many(IN.partialSignature, 'partial signature', readSignature),
    sighashType: map.single(IN.sighashType, 'hash type', (value) => u32.decode(value)),
    redeemScript: map.single(IN.redeemScript, 'redeem script', copy),
    witnessScript: map.single(IN.witnessScript, 'witness script', copy),
    origins: map.many(IN.origin, 'key derivation', readOrigin),
    finalScriptSig: map.single(IN.finalScriptSig, 'final script signature', copy),
    finalScriptWitness: map.single(IN.finalScriptWitness, 'final witness', (value) =>
      witnessCodec.decode(value),
    ),
    preimages: PREIMAGES.flatMap(({ type, name: what, hash }) =>
      map.many(type, what, (keyData, value) => {
        if (!equalBytes(hash(value), keyData)) throw new CodecError('its hash is not that of its key');
        return { type, keyData, value };
      }),
    ),
    others: otherRecords(map, name, VERSION_2_ONLY.input),
  };
}

function inputRecords(input: PsbtInput): PsbtRecord[] {
  return new RecordList()
    .single(IN.nonWitnessUtxo, input.nonWitnessUtxo, encodeTransaction)
    .single(IN.witnessUtxo, input.witnessUtxo, (output) => outputCodec.encode(output))
    .many(IN.partialSignature, input.partialSignatures, ({ publicKey, signature }) => ({
      keyData: publicKey,
      value: signature,
    }))
    .single(IN.sighashType, input.sighashType, (type) => u32.encode(type))
    .single(IN.redeemScript, input.redeemScript, copy)
    .single(IN.witnessScript, input.witnessScript, copy)
    .many(IN.origin, input.origins, originRecord)
    .single(IN.finalScriptSig, input.finalScriptSig, copy)
    .single(IN.finalScriptWitness, input.finalScriptWitness, (witness) => witnessCodec.encode(witness))
    .others(input.preimages)
    .others(input.others).records;
}

function readOutput(name: string, records: readonly PsbtRecord[]): PsbtOutput {
  const map = new RecordTaker(name, records);
  return {
    redeemScript: map.single(OUT.redeemScript, 'redeem script', copy),
    witnessScript: map.single(OUT.witnessScript, 'witness script', copy),
    origins: map.many(OUT.origin, 'key derivation', readOrigin),
    others: otherRecords(map, name, VERSION_2_ONLY.output),
  };
}

function outputRecords(output: PsbtOutput): PsbtRecord[] {
  return new RecordList()
    .single(OUT.redeemScript, output.redeemScript, copy)
    .single(OUT.witnessScript, output.witnessScript, copy)
    .many(OUT.origin, output.origins, originRecord)
    .others(output.others).records;
}

/** What is left when all known types were taken. */
function otherRecords(map: RecordTaker, name: string, excluded: readonly number[]): PsbtRecord[] {
  const proprietary = map.many(PROPRIETARY, 'proprietary record', readProprietary);
  const rest = [...proprietary, ...map.rest()];
  const foreign = rest.find(({ type }) => excluded.includes(type));
  if (foreign === undefined) return rest;
  throw new CodecError(`${name}: the type 0x${foreign.type.toString(16)} belongs to version 2`);
}

const copy = (bytes: Uint8Array): Uint8Array => bytes;

/** "If a non-witness UTXO is provided, its hash must match the hash specified in the prevout" (and it has the output). */
function previousTransaction(value: Uint8Array, previous: OutPoint): Transaction {
  const transaction = decodeTransaction(value);
  if (!equalBytes(txid(transaction), previous.txid)) {
    throw new CodecError('it is not the transaction that the input spends from');
  }
  if (previous.index >= transaction.outputs.length) {
    throw new CodecError(`it has no output ${previous.index}, which the input spends`);
  }
  return transaction;
}

/** Whether the first byte fits the length (Bitcoin Core, CPubKey::ValidSize). */
function requirePublicKey(bytes: Uint8Array): Uint8Array {
  const [first] = bytes;
  const compressed = bytes.length === 33 && (first === 2 || first === 3);
  if (compressed || (bytes.length === 65 && first === 4)) return bytes;
  throw new CodecError('its key holds no public key');
}

/** "The signature as would be pushed to the stack from a scriptSig or witness", which is DER and a hash type. */
function readSignature(keyData: Uint8Array, value: Uint8Array): PartialSignature {
  const publicKey = requirePublicKey(keyData);
  if (decodeDer(value.subarray(0, -1)) === undefined || !isDefinedSighash(value.at(-1) ?? 0)) {
    throw new CodecError('it is no DER signature with a hash type');
  }
  return { publicKey, signature: value };
}

/** "<4 byte fingerprint> <32-bit little endian uint path element>*" */
function originCodec(length: number) {
  const steps = (length - 4) / 4;
  if (!Number.isInteger(steps) || steps < 0 || steps > 255) {
    throw new CodecError(`${length} bytes are no fingerprint and path`);
  }
  return struct<{ fingerprint: Uint8Array; path: readonly number[] }>({
    fingerprint: fixedBytes(4),
    path: repeated(u32, steps),
  });
}

function readOrigin(keyData: Uint8Array, value: Uint8Array): KeyOrigin {
  const publicKey = requirePublicKey(keyData);
  const { fingerprint, path } = originCodec(value.length).decode(value);
  return { publicKey, fingerprint: bytesToHex(fingerprint), path };
}

function originRecord({ publicKey, fingerprint, path }: KeyOrigin): Omit<PsbtRecord, 'type'> {
  const value = originCodec(4 + 4 * path.length).encode({ fingerprint: hexToBytes(fingerprint), path });
  return { keyData: publicKey, value };
}

/** Serialised as BIP 32 says: 4 bytes of version, then the depth in one. */
const EXTENDED_KEY_BYTES = 78;
const DEPTH_AT = 4;

/** "The number of 32 bit unsigned integer indexes must match the depth provided in the extended public key." */
function readExtendedKey(keyData: Uint8Array, value: Uint8Array): PsbtRecord {
  if (keyData.length !== EXTENDED_KEY_BYTES) throw new CodecError('its key holds no extended public key');
  const { path } = originCodec(value.length).decode(value);
  if (path.length !== keyData[DEPTH_AT]) {
    throw new CodecError(`a path of ${path.length} steps leads to a key of depth ${keyData[DEPTH_AT]}`);
  }
  return { type: GLOBAL.xpub, keyData, value };
}

/** "<compact size uint identifier length> <bytes identifier> <compact size uint subtype> <bytes subkeydata>" */
function readProprietary(keyData: Uint8Array, value: Uint8Array): PsbtRecord {
  const reader = new Reader(keyData);
  reader.skip(reader.varint());
  varint.read(reader);
  return { type: PROPRIETARY, keyData, value };
}
