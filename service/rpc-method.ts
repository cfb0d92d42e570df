/**
 * The table of RPC methods: one row declares the parameters, checks them and writes the help. It knows
 * nothing of the transport that brings the calls.
 */
import type { z } from 'zod';
import { methodHelp } from './rpc-help.ts';
import type { RpcAnswer, RpcResult } from './rpc-result.ts';

/** The error codes the transport itself answers with; those of an application stand in its own table. */
export const RPC_CODES = {
  misc: -1,
  type: -3,
  invalidParameter: -8,
  invalidRequest: -32600,
  methodNotFound: -32601,
  internal: -32603,
  parse: -32700,
} as const;

/** What a method throws to answer with an error. Anything else it throws is a bug and is logged. */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** One parameter of a method; its place in the list is its position, its name serves named parameters. */
export interface RpcParam {
  readonly name: string;
  readonly schema: z.ZodType;
  /** An optional parameter may be left out or null; `run` then sees undefined. */
  readonly optional?: boolean;
  /** What stands for the parameter when it is left out or null, as a caller would send it; makes it optional. */
  readonly default?: unknown;
  readonly help?: string;
  /** Other names that callers use for it. */
  readonly aliases?: readonly string[];
}

/** The arguments of `run`, by parameter name, typed by the schemas. */
export type RpcArguments<P extends readonly RpcParam[]> = {
  readonly [Q in P[number] as Q['name']]:
    | z.output<Q['schema']>
    | (Q extends { readonly optional: true } ? undefined : never);
};

/** Who calls, and whether they still wait for the answer. */
export interface RpcContext {
  readonly user: string;
  readonly remoteAddress: string;
  /** Fires when the caller has gone or the server stops. */
  readonly signal: AbortSignal;
  /** The same as a question, cheaper for a loop that wants to know whether to go on. */
  readonly gone: boolean;
}

/** One row of the table; see {@link rpcMethod}. */
export interface RpcMethod {
  readonly group: string;
  /** One or more sentences. */
  readonly help: string;
  readonly params: readonly RpcParam[];
  /** What it answers: told by the help, held against `run` by the compiler. */
  readonly result?: RpcResult;
  /** Whether a call may have a body above the normal limit. */
  readonly bigBody?: boolean;
  /** Returns what JSON can carry; undefined is answered as null. */
  run(args: Readonly<Record<string, unknown>>, context: RpcContext): unknown;
}

export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** Declares a method whose `run` is typed by its parameters and its result. */
export function rpcMethod<const P extends readonly RpcParam[], const R extends RpcResult = z.ZodUnknown>(
  method: Omit<RpcMethod, 'params' | 'result' | 'run'> & {
    readonly params: P;
    readonly result?: R;
    run(args: RpcArguments<P>, context: RpcContext): RpcAnswer<R> | Promise<RpcAnswer<R>>;
  },
): RpcMethod {
  // The arguments were checked with these very schemas, which the table's type cannot express.
  return method as unknown as RpcMethod;
}

/**
 * Matches what the caller sent, by position or by name, with a method's parameters.
 * @throws RpcError −1 with the method's help when a required one is missing or there are too many, −8 for
 * an unknown name or a value out of range, −3 for a wrong type (the codes of Bitcoin Core).
 */
export function bindArguments(
  name: string,
  method: RpcMethod,
  sent: unknown,
): Readonly<Record<string, unknown>> {
  const values = Array.isArray(sent) ? positional(name, method, sent) : named(name, method, sent ?? {});
  const args: Record<string, unknown> = {};
  for (const [index, param] of method.params.entries()) {
    const value = values[index];
    if (value !== undefined && value !== null) args[param.name] = checked(param, value);
    else if (param.default !== undefined) args[param.name] = checked(param, param.default);
    else if (param.optional !== true) throw new RpcError(RPC_CODES.misc, methodHelp(name, method));
  }
  return args;
}

function positional(name: string, method: RpcMethod, sent: readonly unknown[]): readonly unknown[] {
  if (sent.length > method.params.length) throw new RpcError(RPC_CODES.misc, methodHelp(name, method));
  return sent;
}

/** By name; `args` may hold the first ones by position (Bitcoin Core, `transformNamedArguments`). */
function named(name: string, method: RpcMethod, sent: object): readonly unknown[] {
  const { args: first, ...rest } = { args: [], ...sent };
  if (!Array.isArray(first))
    throw new RpcError(RPC_CODES.invalidParameter, 'Parameter args must be an array');
  const values = [...positional(name, method, first)];
  for (const [key, value] of Object.entries(rest)) {
    const index = method.params.findIndex((param) => param.name === key || param.aliases?.includes(key));
    if (index < 0) throw new RpcError(RPC_CODES.invalidParameter, `Unknown named parameter ${key}`);
    if (values[index] !== undefined) {
      const how = index < first.length ? 'twice both as positional and named argument' : 'multiple times';
      throw new RpcError(RPC_CODES.invalidParameter, `Parameter ${key} specified ${how}`);
    }
    values[index] = value;
  }
  return values;
}

function checked(param: RpcParam, value: unknown): unknown {
  const result = param.schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [param.name, ...(issue?.path ?? [])].join('.');
  if (issue?.code !== 'invalid_type' && issue?.code !== 'invalid_union') {
    throw new RpcError(RPC_CODES.invalidParameter, `Invalid ${path}: ${issue?.message ?? 'not allowed'}`);
  }
  const allowed = issue.code === 'invalid_type' ? expectedOf(issue.expected) : (param.help ?? 'another type');
  const given = issue.path.reduce<unknown>((inner, key) => Object(inner)[key], value);
  throw new RpcError(RPC_CODES.type, `Wrong type: ${path} is of type ${typeOf(given)}; expected: ${allowed}`);
}

function expectedOf(type: string): string {
  return type === 'int' ? 'integer' : type;
}

/** The names of JSON's types. */
function typeOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return 'number, but too big';
  return Array.isArray(value) ? 'array' : typeof value;
}
