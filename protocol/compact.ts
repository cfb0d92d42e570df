import type { Bits, Target } from './units.ts';

const SIGN = 0x800000;
const MANTISSA = 0x7fffff;

/**
 * Target that compact bits stand for: a base-256 float, one exponent byte (length in bytes) over a signed
 * 24-bit mantissa. Source: Bitcoin Core, arith_uint256::SetCompact.
 * @param bits unsigned 32-bit number as in a header
 * @throws RangeError if the number is negative or does not fit 256 bits
 */
export function compactToTarget(bits: Bits): Target {
  const size = bits >>> 24;
  const mantissa = bits & MANTISSA;
  if (mantissa === 0) return 0n;
  if ((bits & SIGN) !== 0) throw new RangeError(`bits ${showBits(bits)} stand for a negative target`);
  const bytes = mantissa > 0xffff ? 3 : mantissa > 0xff ? 2 : 1;
  if (size - 3 + bytes > 32) throw new RangeError(`bits ${showBits(bits)} overflow 256 bits`);
  return size <= 3 ? BigInt(mantissa >>> (8 * (3 - size))) : BigInt(mantissa) << BigInt(8 * (size - 3));
}

/**
 * Compact bits of a target, rounded down to the 23 bits that fit.
 * Source: Bitcoin Core, arith_uint256::GetCompact.
 * @throws RangeError if the target is negative or over 256 bits
 */
export function targetToCompact(target: Target): Bits {
  if (target < 0n || target >> 256n !== 0n) throw new RangeError(`target ${target} is not a 256-bit number`);
  let size = target === 0n ? 0 : Math.ceil(target.toString(16).length / 2);
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // The mantissa is signed: a number that would set its sign moves one byte to the right.
  if ((mantissa & SIGN) !== 0) {
    mantissa >>>= 8;
    size += 1;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** True if bits are the one encoding `targetToCompact` gives for their target. */
export function isCanonical(bits: Bits): boolean {
  try {
    return targetToCompact(compactToTarget(bits)) === bits;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Bits as eight hex digits, the way headers, templates and jobs show them. */
export function showBits(bits: Bits): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

/**
 * Bits from eight hex digits.
 * @throws RangeError on any other text
 */
export function parseBits(hex: string): Bits {
  if (!/^[0-9a-fA-F]{8}$/.test(hex)) throw new RangeError(`bits "${hex}" are not 8 hex digits`);
  return Number.parseInt(hex, 16);
}
