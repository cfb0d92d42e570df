/** What must not be seen in a transcript: passwords, and the session ids that let others resume a session. */

/** Stands where something was taken out. */
export const REDACTED = '[redacted]';
/** A line that is no message may be a message with a typing error in it. */
const SECRET_WORDS = /authorize|subscribe|password/i;
const MAX_JUNK_CHARACTERS = 200;

/**
 * A line as it may be shown. The difficulty in a password, `d=0.01`, stays.
 * @param answers the method of the request that this line answers, where it answers one
 */
export function redactLine(line: string, answers?: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return SECRET_WORDS.test(line) ? REDACTED : line.slice(0, MAX_JUNK_CHARACTERS);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return SECRET_WORDS.test(line) ? REDACTED : line.slice(0, MAX_JUNK_CHARACTERS);
  }
  const message = value as Readonly<Record<string, unknown>>;
  if (typeof message.method === 'string') return redactRequest(line, message, message.method);
  if (answers === 'mining.subscribe') return redactSubscription(line, message);
  return line;
}

/** Parameters that are secret, by the method's name without its prefix, in whatever case it was written. */
function redactRequest(line: string, message: Readonly<Record<string, unknown>>, method: string): string {
  if (/authorize/i.test(method)) {
    return JSON.stringify({ ...message, params: mapParams(message.params, 1, redactPassword) });
  }
  if (/(^|\.)subscribe$/i.test(method)) {
    return JSON.stringify({ ...message, params: mapParams(message.params, 1, () => REDACTED) });
  }
  return line;
}

/** Changes the parameters from one on; what is no list is taken out whole. */
function mapParams(params: unknown, from: number, change: (value: unknown) => unknown): unknown {
  if (params === undefined) return undefined;
  if (!Array.isArray(params)) return REDACTED;
  return params.map((value: unknown, index) => (index < from || value === null ? value : change(value)));
}

function redactPassword(password: unknown): string {
  const asked =
    typeof password === 'string' ? /(?:^|[\s,;])(d=[\d.e+\-/]+)(?=$|[\s,;])/i.exec(password) : null;
  return asked === null ? REDACTED : `${REDACTED},${asked[1]}`;
}

/** The answer to subscribe names the session's id beside each subscription. */
function redactSubscription(line: string, message: Readonly<Record<string, unknown>>): string {
  const { result } = message;
  if (!Array.isArray(result) || !Array.isArray(result[0])) return line;
  const subscriptions = (result[0] as unknown[]).map((entry) =>
    Array.isArray(entry) ? [entry[0], REDACTED] : REDACTED,
  );
  return JSON.stringify({ ...message, result: [subscriptions, ...result.slice(1)] });
}
