import { CodecError, displayHash } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { parseHexBytes, StratumError, swapWords } from '../../protocol/stratum.ts';
import { difficultyOf } from '../../protocol/work.ts';

/** One field of a message, explained. */
export interface ExplainedField {
  readonly name: string;
  /** As it stands in the message. */
  readonly value: unknown;
  readonly meaning: string;
}

/** Says what a value means; may look at the value. */
export type Meaning = string | ((value: unknown) => string);

/** The name of a parameter and what it means. */
export type Field = readonly [name: string, meaning: Meaning];

/** Explains a list of parameters by position; what is missing is said, what is too many is named so. */
export function explainList(values: readonly unknown[], fields: readonly Field[]): ExplainedField[] {
  const known = fields.map(([name, meaning], index) => {
    const value = values[index];
    if (index >= values.length) return { name, value: null, meaning: `not sent: ${textOf(meaning, null)}` };
    return { name, value, meaning: textOf(meaning, value) };
  });
  const further = values.slice(fields.length).map((value, index) => ({
    name: `parameter ${fields.length + index + 1}`,
    value,
    meaning: 'nobody knows this parameter',
  }));
  return [...known, ...further];
}

function textOf(meaning: Meaning, value: unknown): string {
  return typeof meaning === 'string' ? meaning : meaning(value);
}

/** Reads hex of an exact size. @returns undefined when it is none */
function hexOf(value: unknown, size: number): Uint8Array | undefined {
  try {
    return parseHexBytes(value, 'field', size);
  } catch (error) {
    if (error instanceof StratumError || error instanceof CodecError) return undefined;
    throw error;
  }
}

function wordOf(value: unknown): number | undefined {
  const bytes = hexOf(value, 4);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

/** The previous hash as a block explorer shows it. */
export function previousHash(value: unknown): string {
  const bytes = hexOf(value, 32);
  const shown = bytes === undefined ? 'not 64 hex digits' : displayHash(swapWords(bytes));
  return `hash of the block to build on, every 4-byte word reversed; as shown elsewhere: ${shown}`;
}

/** Network bits with the difficulty they stand for. */
export function networkBits(value: unknown): string {
  const bits = wordOf(value);
  const difficulty = bits === undefined ? undefined : difficultyIn(bits);
  return `the network's target in compact form: ${difficulty === undefined ? 'no valid target' : `difficulty ${difficulty}`}`;
}

function difficultyIn(bits: number): number | undefined {
  try {
    return compactToTarget(bits) === 0n ? undefined : difficultyOf(bits);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A header time with its date. */
export function headerTime(value: unknown): string {
  const seconds = wordOf(value);
  return seconds === undefined
    ? 'time of the header: not 8 hex digits'
    : `time of the header, seconds since 1970: ${new Date(seconds * 1000).toISOString()}`;
}

/** A mask with the number of bits in it. */
export function versionMask(value: unknown): string {
  const mask = wordOf(value);
  if (mask === undefined) return 'version bits the miner may roll (BIP 310): not 8 hex digits';
  const count = mask.toString(2).replaceAll('0', '').length;
  return `version bits the miner may roll (BIP 310): ${count} of them`;
}

/** Hex bytes with their number. */
export function hexBytes(what: string): (value: unknown) => string {
  return (value) => {
    const isHex = typeof value === 'string' && value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value);
    return `${what}: ${isHex ? `${value.length / 2} bytes` : 'not hex'}`;
  };
}
