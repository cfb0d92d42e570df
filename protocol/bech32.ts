/**
 * Writing the addresses of witness programs (BIP 173, BIP 350) by hand: a wallet of thousands of keys writes all of them
 * whenever it is opened. They are read by `@scure/base`, against which a test holds this.
 */

/** The characters of the 32 values (BIP 173), as codes. */
const CODES = Array.from('qpzry9x8gf2tvdw0s3jn54khce6mua7l', (character) => character.charCodeAt(0));
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** What each value of the five highest bits adds to the checksum: the generator's numbers of its bits. */
const FEEDBACK = Array.from({ length: 32 }, (_, top) =>
  GENERATOR.reduce((sum, number, bit) => ((top >>> bit) & 1 ? sum ^ number : sum), 0),
);
/** What a checksum ends with: of version 0 (BIP 173), and of all later ones (BIP 350). */
const BECH32_CONST = 1;
const BECH32M_CONST = 0x2bc830a3;
const CHECKSUM_LENGTH = 6;

/** Of each human-readable part that was asked for. */
const prefixes = new Map<string, number>();

/**
 * @param hrp human-readable part, in lower case
 * @param version of the witness program, 0 to 16
 * @param program 2 to 40 bytes
 */
export function encodeWitnessAddress(hrp: string, version: number, program: Uint8Array): string {
  const values = [version];
  let left = 0;
  let bits = 0;
  for (let at = 0; at < program.length; at++) {
    left = ((left << 8) | (program[at] as number)) & 0xfff;
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      values.push((left >> bits) & 31);
    }
  }
  if (bits > 0) values.push((left << (5 - bits)) & 31);
  const codes: number[] = [];
  let checksum = prefixChecksum(hrp);
  for (const value of values) {
    checksum = next(checksum, value);
    codes.push(CODES[value] as number);
  }
  for (let n = 0; n < CHECKSUM_LENGTH; n++) checksum = next(checksum, 0);
  checksum ^= version === 0 ? BECH32_CONST : BECH32M_CONST;
  for (let shift = 5 * (CHECKSUM_LENGTH - 1); shift >= 0; shift -= 5) {
    codes.push(CODES[(checksum >>> shift) & 31] as number);
  }
  return `${hrp}1${String.fromCharCode(...codes)}`;
}

/** The checksum with one more value of five bits (`polymod` of BIP 173). */
function next(checksum: number, value: number): number {
  return ((checksum & 0x1ff_ffff) << 5) ^ value ^ (FEEDBACK[checksum >>> 25] as number);
}

/** The checksum after the expanded human-readable part. */
function prefixChecksum(hrp: string): number {
  const known = prefixes.get(hrp);
  if (known !== undefined) return known;
  const codes = Array.from(hrp, (character) => character.charCodeAt(0));
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
  const checksum = expanded.reduce(next, 1);
  prefixes.set(hrp, checksum);
  return checksum;
}
