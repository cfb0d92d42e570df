/** Pieces of schemas for data from outside: they check a field and turn it into what the code works with. */
import * as z from 'zod';
import { parseAmount } from './amount.ts';
import { hexToBytes, parseDisplayHash } from './bytes.ts';
import { parseBits } from './compact.ts';

/**
 * A field whose checked text or number is converted. What the conversion throws becomes the schema's
 * complaint, with the path of the field.
 */
export function converted<I, O>(schema: z.ZodType<I, I>, convert: (value: I) => O) {
  return schema.transform((value, context): O => {
    try {
      return convert(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

/** A hash as shown (64 hex digits, reversed) → 32 bytes in internal order. */
export const displayedHash = converted(z.string(), parseDisplayHash);

/** Hex of any length → bytes. */
export const hexBytes = converted(z.string(), hexToBytes);

/** A decimal number of NILZ, or its text → nits. */
export const amount = converted(z.union([z.number(), z.string()]), parseAmount);

/** Whole nits as a JSON number → nits. Negative where a difference is meant. */
export const wholeNits = converted(z.int(), BigInt);

/** Whole nits in decimal digits, for sums a JSON number may not hold exactly → nits. */
export const exactNits = converted(text(/^-?\d{1,30}$/, 'whole nits in decimal digits'), BigInt);

/** Eight hex digits → compact bits. */
export const compactBits = converted(z.string(), parseBits);

/** Up to 64 hex digits → the number they are: chain work, a target. */
export const hexNumber = converted(text(/^[0-9a-f]{1,64}$/, 'up to 64 lower-case hex digits'), (digits) =>
  BigInt(`0x${digits}`),
);

/** A whole number within bounds; the complaint names them. */
export function wholeNumber(min: number, max: number) {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

/** A string of a pattern; the complaint says in words what it is. */
export function text(pattern: RegExp, expected: string) {
  return z.string(`expected ${expected}`).regex(pattern, `expected ${expected}`);
}
