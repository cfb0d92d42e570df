/** The log while a live view has the terminal: its newest lines are kept for the view. */
import type { RecentLine } from './live-view.ts';

/** More than any screen is high. */
const KEPT_LINES = 200;
/** What is written when the view gives way: what one has just read is not gone with it. */
const LEFT_LINES = 10;

export interface RecentLogOptions {
  /** Writes a line of the log where it would go without a view. */
  readonly write: (line: string) => void;
  /** True where that is the terminal of the view: nothing may be written there while the view has it. */
  readonly sharesTerminal: boolean;
}

/** What pino writes in a line, as far as people read it. */
interface LogRecord {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/** Pino's levels. */
const WARN = 40;
const ERROR = 50;

/** A destination for `createLogger`, of lines of JSON. */
export class RecentLog {
  readonly #options: RecentLogOptions;
  readonly #recent: RecentLine[] = [];
  /** Not written yet. */
  readonly #held: string[] = [];
  #isHeld = false;

  constructor(options: RecentLogOptions) {
    this.#options = options;
  }

  /** The newest lines, the newest last. */
  get lines(): readonly RecentLine[] {
    return this.#recent;
  }

  /** Takes a line of JSON from pino. */
  write(json: string): void {
    this.#recent.push(recentLine(JSON.parse(json) as LogRecord));
    if (this.#recent.length > KEPT_LINES) this.#recent.shift();
    if (this.#isHeld) {
      this.#held.push(json);
      if (this.#held.length > LEFT_LINES) this.#held.shift();
    } else this.#options.write(json);
  }

  /** The view has the terminal from now on. */
  hold(): void {
    this.#isHeld = this.#options.sharesTerminal;
  }

  /** Forgets what was held: it is shown otherwise. */
  drop(): void {
    this.#held.length = 0;
  }

  /** The terminal is free: writes the last of what was held, and from now on every line. */
  release(): void {
    this.#isHeld = false;
    for (const json of this.#held.splice(0)) this.#options.write(json);
  }
}

function recentLine({ level, time, msg, err }: LogRecord): RecentLine {
  return {
    time: new Date(time).toTimeString().slice(0, 8),
    text: [msg, err?.stack].filter((text) => text !== undefined).join(': '),
    style: level >= ERROR ? 'bad' : level >= WARN ? 'warning' : 'plain',
  };
}
