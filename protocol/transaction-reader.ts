/**
 * A transaction out of its bytes, written by hand: blocks hold thousands of them. The formats are declared in
 * transaction.ts, and a test holds this reader against the declarations.
 */
import type { Reader } from './reader.ts';
import type { Transaction, TxInput, TxOutput } from './transaction.ts';

/** A transaction, and the bytes it was read from: a copy that all its fields are views of. */
export interface ReadTransaction {
  readonly transaction: Transaction;
  readonly raw: Uint8Array;
}

/** Nothing in a block is longer than its maximal weight (BIP 141). */
export const MAX_FIELD_BYTES = 4_000_000;
/** A transaction has at most a million bytes outside its witnesses (bad-txns-oversize): 41 of each input, 9 of each output. */
export const MAX_INPUTS = Math.floor(1_000_000 / 41);
export const MAX_OUTPUTS = Math.floor(1_000_000 / 9);
/** Of all transactions of a block. Two for each input are half of this; of more than can be right, megabytes are not read. */
export const MAX_WITNESS_ITEMS = 100_000;

const MARKER = 0;
const FLAG = 1;
const OUT_POINT_BYTES = 36;
const MIN_INPUT_BYTES = OUT_POINT_BYTES + 1 + 4;
const VALUE_BYTES = 8;
const MIN_OUTPUT_BYTES = VALUE_BYTES + 1;
const NO_WITNESS: readonly Uint8Array[] = [];

/**
 * The next transaction, in the original form or that of BIP 144.
 * @throws CodecError on anything but one canonical encoding
 */
export function readTransaction(reader: Reader): ReadTransaction {
  const start = reader.offset;
  skipTransaction(reader);
  const raw = reader.bytes.slice(start, reader.offset);
  return { transaction: build(reader.over(raw)), raw };
}

/** Moves to the end of a transaction and checks its form on the way. */
function skipTransaction(reader: Reader): void {
  reader.skip(4);
  const marked = isMarked(reader);
  if (marked) skipMarkerAndFlag(reader);
  const inputs = reader.count(MAX_INPUTS, MIN_INPUT_BYTES);
  for (let index = 0; index < inputs; index++) {
    reader.skip(OUT_POINT_BYTES);
    skipVarBytes(reader);
    reader.skip(4);
  }
  const outputs = reader.count(MAX_OUTPUTS, MIN_OUTPUT_BYTES);
  for (let index = 0; index < outputs; index++) {
    reader.skip(VALUE_BYTES);
    skipVarBytes(reader);
  }
  if (marked) skipWitnesses(reader, inputs);
  reader.skip(4);
}

/**
 * Whether a transaction has the form of BIP 144, which takes a count of zero inputs for its marker. No inputs and
 * no outputs read as the original form, which the rules refuse.
 * @param ahead where the marker would stand, counted from the next byte
 */
export function isMarked(reader: Reader, ahead = 0): boolean {
  return reader.peek(ahead) === MARKER && reader.peek(ahead + 1) !== 0;
}

function skipMarkerAndFlag(reader: Reader): void {
  reader.skip(1);
  const flag = reader.u8();
  if (flag !== FLAG) throw reader.error(`${flag} stands where ${FLAG} belongs`);
}

function skipWitnesses(reader: Reader, inputs: number): void {
  let items = 0;
  for (let index = 0; index < inputs; index++) {
    const count = reader.count(MAX_WITNESS_ITEMS, 1);
    items += count;
    reader.witnessItems += count;
    if (reader.witnessItems > MAX_WITNESS_ITEMS)
      throw reader.error(`more than ${MAX_WITNESS_ITEMS} witness items`);
    for (let item = 0; item < count; item++) skipVarBytes(reader);
  }
  // As Bitcoin Core: otherwise one transaction would have two encodings.
  if (items === 0) throw reader.error('superfluous witness record');
}

function skipVarBytes(reader: Reader): void {
  reader.skip(reader.count(MAX_FIELD_BYTES, 1));
}

/** The transaction that a reader's bytes are, once their form is known to be right. */
function build(reader: Reader): Transaction {
  const version = reader.u32();
  const marked = isMarked(reader);
  if (marked) reader.skip(2);
  const inputs: Writable<TxInput>[] = [];
  for (let left = reader.varint(); left > 0; left--) inputs.push(buildInput(reader));
  const outputs: TxOutput[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    outputs.push({ value: reader.u64(), script: reader.view(reader.varint()) });
  }
  if (marked) for (const input of inputs) input.witness = buildWitness(reader);
  return { version, inputs, outputs, lockTime: reader.u32() };
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

function buildInput(reader: Reader): Writable<TxInput> {
  const previous = { txid: reader.view(32), index: reader.u32() };
  const scriptSig = reader.view(reader.varint());
  return { previous, scriptSig, sequence: reader.u32(), witness: NO_WITNESS };
}

function buildWitness(reader: Reader): readonly Uint8Array[] {
  const count = reader.varint();
  if (count === 0) return NO_WITNESS;
  const items: Uint8Array[] = [];
  for (let left = count; left > 0; left--) items.push(reader.view(reader.varint()));
  return items;
}
