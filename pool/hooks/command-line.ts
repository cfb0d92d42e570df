/** A command line that cannot be read; the message says why. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/** Blanks apart; '…' as it is; "…" with \" and \\; a backslash before anything else stands for that. */
const WORD_PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gy;
const BLANKS = /\s+/gy;

/**
 * Splits a command into its words as a shell would, without one: no variables, no `;`, no pipes. Who wants those
 * names a shell: `sh -c '…'`.
 * @throws CommandLineError when a quote is not closed, or there is no word
 */
export function splitCommand(text: string): readonly [program: string, ...words: string[]] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    BLANKS.lastIndex = at;
    WORD_PART.lastIndex = at;
    if (BLANKS.exec(text) !== null) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at = BLANKS.lastIndex;
      continue;
    }
    const part = WORD_PART.exec(text);
    if (part === null) throw new CommandLineError('a quote is not closed, or a backslash stands at the end');
    const [, single, double, escaped, plain] = part;
    word = (word ?? '') + (single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? '');
    at = WORD_PART.lastIndex;
  }
  if (word !== undefined) words.push(word);
  const [program, ...rest] = words;
  if (program === undefined || program === '') throw new CommandLineError('there is no program in it');
  return [program, ...rest];
}

/** Why a setting is no command; undefined where it is one. */
export function commandComplaint(text: string): string | undefined {
  try {
    splitCommand(text);
    return undefined;
  } catch (error) {
    if (error instanceof CommandLineError) return `must be a command: ${error.message}`;
    throw error;
  }
}
