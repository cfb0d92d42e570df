/**
 * What RPC methods answer, declared: the words of Bitcoin Core's help as schemas. The help is written from them
 * (rpc-help.ts), the compiler holds `run` against them, and a test holds real answers against them. Nothing is
 * checked at run time.
 */
import * as z from 'zod';

/** The schema of an answer, or one for each case in which it differs. */
export type RpcResult = z.ZodType | readonly RpcResultCase[];

export interface RpcResultCase {
  /** As it stands behind `Result` in the help: `for verbosity = 0`. */
  readonly when: string;
  readonly schema: z.ZodType;
}

/** The type of what is declared. */
export type RpcAnswer<R extends RpcResult> = R extends readonly RpcResultCase[]
  ? z.input<R[number]['schema']>
  : R extends z.ZodType
    ? z.input<R>
    : never;

/** How a text is shown in the help: `"hex"` instead of `"str"`. */
export const HEX = 'hex';
/** How a number is shown that is seconds since 1970. */
export const TIME = 'unix-time';

/** Any text. */
export const str = (description: string) => z.string().meta({ description });
/** Text of hexadecimal digits. */
export const hex = (description: string) => z.string().meta({ description, format: HEX });
/** Any number; an amount too. */
export const num = (description: string) => z.number().meta({ description });
/** Seconds since 1970. */
export const time = (description: string) => z.number().meta({ description, format: TIME });
export const bool = (description: string) => z.boolean().meta({ description });
/** Null: there is nothing to answer, or nothing was found. */
export const none = (description = '') => z.null().meta({ description });

export const list = <T extends z.ZodType>(description: string, item: T) =>
  z.array(item).meta({ description });

/** An object with these fields and no other. */
export const obj = <T extends Readonly<Record<string, z.ZodType>>>(description: string, fields: T) =>
  z.strictObject(fields).meta({ description });

/** An object whose keys are data: `key` says what they are. */
export const record = <T extends z.ZodType>(description: string, key: string, item: T) =>
  z.record(z.string().meta({ description: key }), item).meta({ description });
