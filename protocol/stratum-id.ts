/**
 * Ids of Stratum requests. An answer carries the id of its request exactly as it came: some programs number
 * their requests with 64 bits, more than a JavaScript number holds, and wait for an answer to that very number.
 */

/** Id of a request, echoed exactly as it came. A bigint is a whole number beyond 2⁵³. */
export type StratumId = string | number | bigint;

/**
 * Reads the id of a line.
 *
 * @param value what JSON.parse made of it
 * @param line where it stands
 * @returns null for a notification; undefined if it is no id
 */
export function readId(value: unknown, line: string): StratumId | null | undefined {
  if (value === null || typeof value === 'string') return value;
  if (typeof value !== 'number') return undefined;
  if (Number.isSafeInteger(value)) return value;
  return bigIdIn(line) ?? (Number.isFinite(value) ? value : undefined);
}

/** An id as JSON. */
export function writeId(id: StratumId): string {
  return typeof id === 'bigint' ? id.toString() : JSON.stringify(id);
}

/** Strings, punctuation, and whatever stands between. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s"[\]{}:,]+/g;

/** The id as its digits say, where it is written as digits. @param line an object that JSON.parse takes */
function bigIdIn(line: string): bigint | undefined {
  let depth = 0;
  let key = '';
  let before = '';
  let id: bigint | undefined;
  for (const [token] of line.matchAll(TOKEN)) {
    // A key that comes twice counts as it came last, as in JSON.parse.
    const isId = depth === 1 && before === ':' && JSON.parse(key) === 'id';
    if (isId) id = /^-?\d+$/.test(token) ? BigInt(token) : undefined;
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (token === ':') key = before;
    before = token;
  }
  return id;
}
