import type { Context } from 'koa';
import * as z from 'zod';
import { HttpError, readBody } from '../http.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/**
 * The parameters behind the `?` of a request.
 * @throws HttpError 400 naming the parameter and what is allowed; a parameter that is unknown, or given twice,
 * is a mistake and not passed over
 */
export function readQuery<S extends z.ZodObject>(ctx: Context, schema: S): z.output<S> {
  const allowed = Object.keys(schema.shape);
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (!allowed.includes(name)) throw unknownField('parameter', name, allowed);
    if (fields.has(name)) throw new HttpError(400, `the parameter "${name}" is given twice`, { field: name });
    fields.set(name, value);
  }
  return parseFields(schema, Object.fromEntries(fields), 'parameter');
}

/**
 * The JSON object of a request's body; without a body an empty one. A parameter in the URL is a mistake there, and
 * a costly one where `?dry_run=true` would be passed over.
 * @throws HttpError 400 naming the field, 413 when it is over the limit (16 KiB), 415 when it is no JSON
 */
export async function readJsonBody<S extends z.ZodObject>(
  ctx: Context,
  schema: S,
  limitBytes = BODY_LIMIT_BYTES,
): Promise<z.output<S>> {
  if (ctx.querystring !== '') throw new HttpError(400, 'the fields belong into the body, not behind a "?"');
  const text = Buffer.from(await readBody(ctx.req, limitBytes)).toString('utf8');
  if (text.trim() === '') return parseFields(schema, {}, 'field');
  // A page of another site can send forms without asking, though not this type.
  if (!ctx.is('application/json')) throw new HttpError(415, 'the body must be application/json');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, 'the body must be one JSON object');
  }
  const allowed = Object.keys(schema.shape);
  const unknown = Object.keys(value).find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw unknownField('field', unknown, allowed);
  return parseFields(schema, value, 'field');
}

/** A whole number in decimal digits, as parameters carry them. */
export function wholeNumberText(min: number, max: number) {
  const expected = `must be a whole number from ${min} to ${max}`;
  return z
    .string(expected)
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
    .meta({ type: 'integer', minimum: min, maximum: max });
}

/** Fields that were read, checked. @throws HttpError 400 naming the one that is wrong */
export function parseFields<S extends z.ZodObject>(schema: S, fields: object, kind: string): z.output<S> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.path.join('.') ?? '';
  throw new HttpError(400, `the ${kind} "${name}": ${issue?.message ?? 'is wrong'}`, { field: name });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HttpError(400, `the body is no JSON: ${error.message}`);
  }
}

function unknownField(kind: string, name: string, allowed: readonly string[]): HttpError {
  const list = allowed.length === 0 ? 'none' : allowed.join(', ');
  const field = shortened(name);
  return new HttpError(400, `there is no ${kind} "${field}"; allowed: ${list}`, { field });
}

/** What a stranger wrote is repeated only so far. */
function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
