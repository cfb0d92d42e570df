/** Pieces of the relay's answers: what a field holds, checked and described in one place. */
import * as z from 'zod';

/** An amount as two fields: `name` in NILZ, a number to show, and `name_nits`, whole nits in decimal digits. */
export type AmountShape<Name extends string> = Record<Name, z.ZodNumber> &
  Record<`${Name}_nits`, z.ZodString>;

/** The same where it may be unknown: then both are null. */
export type NullableAmountShape<Name extends string> = Record<Name, z.ZodNullable<z.ZodNumber>> &
  Record<`${Name}_nits`, z.ZodNullable<z.ZodString>>;

const NITS = /^-?\d{1,30}$/;

/** The two fields of an amount. @param says what it is, without its unit */
export function amountShape<Name extends string>(name: Name, says: string): AmountShape<Name> {
  return {
    [name]: z.number().describe(`${says}, in NILZ`),
    [`${name}_nits`]: z.string().regex(NITS).describe(`${says}, in nits`),
  } as AmountShape<Name>;
}

/** The two fields of an amount that may be unknown. */
export function nullableAmountShape<Name extends string>(
  name: Name,
  says: string,
): NullableAmountShape<Name> {
  return {
    [name]: z.number().nullable().describe(`${says}, in NILZ; null where it is unknown`),
    [`${name}_nits`]: z
      .string()
      .regex(NITS)
      .nullable()
      .describe(`${says}, in nits; null where it is unknown`),
  } as NullableAmountShape<Name>;
}

/** A hash as it is shown: 64 hex digits, reversed. */
export const hashText = (says: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe(says);

/** Bytes in hex. */
export const hexText = (says: string) =>
  z
    .string()
    .regex(/^(?:[0-9a-f]{2})*$/)
    .describe(says);

/** A number of things, a size, a height. */
export const count = (says: string) => z.int().nonnegative().describe(says);

/** A point of time in seconds since 1970. */
export const seconds = (says: string) => z.number().describe(`${says}, in seconds since 1970`);

/** A fee rate. */
export const feeRate = (says: string) =>
  z.number().nonnegative().describe(`${says}, in nits per virtual byte`);

/** What to hand in for the next page of a list. */
export const nextNumber = (parameter: string) =>
  count(`what to give as "${parameter}" for the next page; null on the last one`).nullable();

/** The same, for marks that mean nothing to their reader. */
export const nextMark = (parameter: string) =>
  z.string().nullable().describe(`what to give as "${parameter}" for the next page; null on the last one`);
