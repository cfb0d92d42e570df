/** Where a command talks to people: results on standard output, everything else on standard error. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SettingError } from '../../service/config.ts';

export interface Terminal {
  /** Whether a person is there to read and answer. */
  readonly interactive: boolean;
  /** Whether a person is at the keyboard whom no question reaches: standard error, where they go, is led elsewhere. */
  readonly unheard: boolean;
  /** A result. */
  print(line: string): void;
  /** Lines of blocks (U+2580 and the like) that are a picture, light on dark whatever colours the terminal has. */
  draw(lines: readonly string[]): void;
  /** Anything that is no result. */
  note(line: string): void;
  /** A line that the next one replaces; shown only where a person is. `undefined` ends it. */
  progress(line: string | undefined): void;
  /** A line of input. @throws InterruptedError on Ctrl-C or Ctrl-D */
  ask(question: string): Promise<string>;
  /** The same, without showing what is typed. */
  askHidden(question: string): Promise<string>;
  /** Shows a secret until the question is answered, and leaves nothing of it on the screen. */
  showSecret(secret: string, question: string): Promise<void>;
  /** All of standard input, where no person is. */
  readInput(): Promise<string>;
  /** Calls back whenever a person presses Enter, until the function that is returned is called. */
  onEnter(listener: () => void): () => void;
}

/** The person does not want to go on. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted, nothing was done');
  }
}

/**
 * What has to be asked about is not done unasked because the question went into a file.
 * @param instead what to give so that nobody has to be asked
 * @throws SettingError where a person is there whom no question reaches
 */
export function requireHearing({ unheard }: Pick<Terminal, 'unheard'>, instead: string): void {
  if (!unheard) return;
  throw new SettingError(
    `questions go to standard error, which is no terminal here, so you cannot be asked: leave it as it is, or use ${instead}`,
  );
}

/** Switches to a second screen and back, as full-screen programs do: what it showed is not kept for scrolling. */
const SECOND_SCREEN = '\x1b[?1049h\x1b[2J\x1b[H';
const FIRST_SCREEN = '\x1b[2J\x1b[?1049l';
const ERASE_LINE = '\r\x1b[2K';
/** Bright white on black, and back (ECMA-48, SGR). */
const LIGHT_ON_DARK = '\x1b[97;40m';
const OWN_COLOURS = '\x1b[0m';

/** The streams of a process; `isTTY` where a person is at the other end. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** The terminal, or the pipes, that a process was started with. */
export function streamTerminal({ stdin, stdout, stderr }: Streams): Terminal {
  const interactive = stdin.isTTY === true && stderr.isTTY === true;
  const unheard = stdin.isTTY === true && !interactive;
  const question = async (prompt: string, echo: boolean): Promise<string> => {
    // The prompt belongs to the reader where it echoes, since it draws the line anew with every key.
    if (!echo) stderr.write(prompt);
    const output = echo ? stderr : new Writable({ write: (_chunk, _encoding, done) => done() });
    const reader = createInterface({ input: stdin, output, terminal: interactive, historySize: 0 });
    const leaving = new AbortController();
    reader.once('SIGINT', () => leaving.abort()).once('close', () => leaving.abort());
    try {
      return await reader.question(echo ? prompt : '', { signal: leaving.signal });
    } catch (error) {
      throw leaving.signal.aborted ? new InterruptedError() : error;
    } finally {
      reader.close();
      if (!echo) stderr.write('\n');
    }
  };
  return {
    interactive,
    unheard,
    print: (line) => void stdout.write(`${readable(line)}\n`),
    draw: (lines) => {
      const [before, after] = stdout.isTTY === true ? [LIGHT_ON_DARK, OWN_COLOURS] : ['', ''];
      for (const line of lines) stdout.write(`${before}${readable(line)}${after}\n`);
    },
    note: (line) => void stderr.write(`${readable(line)}\n`),
    progress: (line) => {
      if (interactive) stderr.write(ERASE_LINE + readable(line ?? ''));
    },
    ask: (prompt) => question(prompt, true),
    askHidden: (prompt) => question(prompt, false),
    showSecret: async (secret, prompt) => {
      stderr.write(SECOND_SCREEN);
      try {
        stderr.write(`${secret}\n`);
        await question(prompt, true);
      } finally {
        stderr.write(FIRST_SCREEN);
      }
    },
    readInput: () => text(stdin),
    onEnter: (listener) => {
      if (!interactive) return () => undefined;
      stdin.on('data', listener).resume();
      return () => void stdin.off('data', listener).pause();
    },
  };
}

/** What nodes and relays say is shown as well: it must not steer the terminal, nor turn the order of the letters. */
function readable(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd');
}
