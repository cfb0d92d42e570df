/** Asks the wallet's server. The secret of the session goes with every question, in a header that no other site can send. */
import * as z from 'zod/mini';
import { RefusedError } from '../../../service/web/poll.ts';
import { CALLS, type CallAnswer, type CallName, type CallRequest, callPath, Refusal } from '../../gui/api.ts';

const TIMEOUT_MS = 60_000;
/** A search of the chain takes as long as it takes. */
const SEARCH_TIMEOUT_MS = 3_600_000;
const NO_SESSION = 401;
const SEARCHES: ReadonlySet<CallName> = new Set(['wallets/restore', 'wallets/watch', 'scan', 'check']);

/** The server does not answer. */
export class AwayError extends Error {
  override readonly name = 'AwayError';
}

export type Ask = <Name extends CallName>(
  name: Name,
  request: CallRequest<Name>,
  signal?: AbortSignal,
) => Promise<CallAnswer<Name>>;

/**
 * Asks one question.
 * @param secret of the session; undefined only for opening one
 * @throws RefusedError for a refusal, with the fields of {@link Refusal} as its facts; AwayError while nobody answers;
 *   what the signal was aborted with
 */
export async function askOnce<Name extends CallName>(
  name: Name,
  request: CallRequest<Name>,
  secret: string | undefined,
  signal?: AbortSignal,
): Promise<CallAnswer<Name>> {
  const timeout = AbortSignal.timeout(SEARCHES.has(name) ? SEARCH_TIMEOUT_MS : TIMEOUT_MS);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(callPath(name), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(secret !== undefined && { Authorization: `Bearer ${secret}` }),
      },
      body: JSON.stringify(request),
      credentials: 'omit',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    body = await response.json();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new AwayError('The wallet program does not answer.', { cause: error });
  }
  if (response.ok) return z.parse(CALLS[name].answer, body) as CallAnswer<Name>;
  const refusal = z.safeParse(Refusal, body);
  if (!refusal.success) throw new RefusedError(response.status, `HTTP ${response.status}`);
  const { code, message, ...facts } = refusal.data.error;
  throw new RefusedError(response.status, message, code, facts);
}

/** Whether the server knows this page no longer. */
export function isSessionGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === NO_SESSION;
}

const RefusalFacts = z.object({
  field: z.optional(z.string()),
  retry_after_seconds: z.optional(z.number()),
  missing_nits: z.optional(z.string()),
});

/** What came with a refusal; empty for any other failure. */
export function refusalFacts(error: unknown): z.infer<typeof RefusalFacts> {
  if (!(error instanceof RefusedError)) return {};
  const facts = z.safeParse(RefusalFacts, error.facts);
  return facts.success ? facts.data : {};
}
