/** A question of the page, read and checked. */
import type { Context } from 'koa';
import type * as z from 'zod/mini';
import { HttpError, readBody } from '../../service/http.ts';

/**
 * The JSON object of a request's body.
 * @throws HttpError 400 naming the field, 413 when it is over the limit, 415 when it is no JSON
 */
export async function readCallRequest<S extends z.ZodMiniType>(
  ctx: Context,
  schema: S,
  limitBytes: number,
): Promise<z.output<S>> {
  if (ctx.querystring !== '') throw badRequest('the fields belong into the body, not behind a "?"');
  // A page of another site can send forms without asking, though not this type (Fetch standard, 2.2.2).
  if (!ctx.is('application/json')) throw new HttpError(415, 'the body must be application/json');
  const value = parseJson(Buffer.from(await readBody(ctx.req, limitBytes)).toString('utf8'));
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badRequest(complaintOf(issue), fieldOf(issue));
}

type Issue = z.core.$ZodIssue;

/** A part of the request that is told back is never what was sent: it may be a secret. */
function complaintOf(issue: Issue | undefined): string {
  if (issue === undefined) return 'the request is wrong';
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return `there is no field "${key.slice(0, 40)}"`;
  }
  const field = fieldOf(issue);
  return field === '' ? `the body: ${issue.message}` : `the field "${field}": ${issue.message}`;
}

function fieldOf(issue: Issue | undefined): string {
  return issue?.path.map(String).join('.') ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // What V8 says of it repeats the text, and the text may hold a passphrase.
    throw badRequest('the body is no JSON');
  }
}

function badRequest(message: string, field = ''): HttpError {
  return new HttpError(400, message, field === '' ? {} : { field });
}
