/** What the close frame of a WebSocket says (RFC 6455 §5.5.1), for the person at the screen; browsers have it too. */

/** RFC 6455 §7.4.1, and the codes that were registered since. */
const CODE_WORDS: ReadonlyMap<number, string> = new Map([
  [1001, 'going away'],
  [1002, 'protocol error'],
  [1003, 'data of a kind it does not take'],
  [1007, 'data that makes no sense'],
  [1008, 'against its policy'],
  [1009, 'message too big'],
  [1011, 'trouble of its own'],
  [1012, 'restarting'],
  [1013, 'try again later'],
  [1014, 'bad gateway'],
]);
/** Nothing is wrong; and what stands for a frame without a code. */
const SILENT_CODES: ReadonlySet<number> = new Set([1000, 1005]);

/**
 * Code and reason of a close frame in words.
 * @param reason its text, empty if it had none
 * @returns undefined where there is nothing to tell
 */
export function closeFrameWords(code: number, reason: string): string | undefined {
  if (SILENT_CODES.has(code)) return reason === '' ? undefined : reason;
  const words = reason === '' ? CODE_WORDS.get(code) : reason;
  return words === undefined ? `code ${code}` : `code ${code}: ${words}`;
}
