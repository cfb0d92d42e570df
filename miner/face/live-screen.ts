/** A terminal's screen while the live view has it: taken, drawn over once a second, and given back as it was. */
import type { ViewSize } from './live-view.ts';

/** What the screen needs of a terminal. */
export interface ScreenTerminal {
  readonly columns: number;
  readonly rows: number;
  /** Writes what has to be there. */
  write(text: string): void;
  /** Writes what the next offer makes good for, if it is not taken. */
  offer(text: string): void;
  on(event: 'resize', listener: () => void): void;
  off(event: 'resize', listener: () => void): void;
}

/** Control sequences as xterm documents them (ctlseqs); a terminal passes over those that it does not know. */
const SCREEN = {
  // The alternate screen (?1049), no cursor (?25), nothing goes on in the next line (?7), emptied.
  take: '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J',
  // Where there is no alternate screen, what comes next begins below.
  giveBack: (rows: number) => `\x1b[0m\x1b[${rows};1H\r\n\x1b[?7h\x1b[?25h\x1b[?1049l`,
  // Shown in one piece where the terminal can do that (synchronized output, ?2026).
  begin: '\x1b[?2026h\x1b[H',
  endOfLine: '\x1b[K',
  rest: '\x1b[J',
  end: '\x1b[?2026l',
} as const;

/** A terminal that was never told its size says 0; it is taken for one of the usual size. */
function sizeOf({ columns, rows }: ScreenTerminal): { readonly columns: number; readonly rows: number } {
  return columns > 0 && rows > 0 ? { columns, rows } : { columns: 80, rows: 24 };
}

export interface LiveScreenOptions {
  readonly terminal: ScreenTerminal;
  readonly hasColors: boolean;
  /** The lines to show on a screen of this size, no wider and no more than it has. */
  readonly render: (size: ViewSize) => readonly string[];
}

/**
 * Everything is written each time, each line over the one that stood there: nothing flickers, and what somebody
 * typed or another program wrote in between is gone a moment later.
 */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  #isTaken = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Takes the screen and draws; does nothing when it is taken. */
  take(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    const { terminal } = this.#options;
    terminal.write(SCREEN.take);
    terminal.on('resize', this.#draw);
    this.draw();
  }

  /** Gives the screen back with what stood on it before; does nothing when it is not taken. */
  giveBack(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    const { terminal } = this.#options;
    terminal.off('resize', this.#draw);
    terminal.write(SCREEN.giveBack(sizeOf(terminal).rows));
  }

  /** The same for good: what was shown last stays below what stood there before. */
  leave(): void {
    if (!this.#isTaken) return;
    this.giveBack();
    const lines = this.#rendered();
    this.#options.terminal.write(lines.map((line) => `${line}\r\n`).join(''));
  }

  draw(): void {
    if (!this.#isTaken) return;
    const lines = this.#rendered().map((line) => line + SCREEN.endOfLine);
    this.#options.terminal.offer(SCREEN.begin + lines.join('\r\n') + SCREEN.rest + SCREEN.end);
  }

  #rendered(): readonly string[] {
    const { terminal, hasColors, render } = this.#options;
    const { columns, rows } = sizeOf(terminal);
    // The last column stays free: terminals differ in where the cursor is after it.
    return render({ columns: columns - 1, rows, hasColors });
  }

  readonly #draw = (): void => this.draw();
}
