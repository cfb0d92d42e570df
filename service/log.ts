/** Structured logs by pino: JSON lines for machines, short lines when a person is watching. */
import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** From nothing to everything. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** The program that speaks; `logger.child({ part })` names a part of it. */
  readonly name: string;
  readonly level: LogLevel;
  /** Short lines instead of JSON; default: whether standard error is a terminal. */
  readonly pretty?: boolean;
  /** Where the lines go; default: standard error, so that standard output is left to results. */
  readonly destination?: DestinationStream;
}

/** Written at once and not through a buffer: the last line before a crash is the one that matters. */
export function createLogger(options: LogOptions): Logger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  return pino(
    {
      level: options.level,
      base: { name: options.name },
      redact: {
        paths: ['password', '*.password', 'passphrase', '*.passphrase', '*.authorization'],
        censor: '…',
      },
    },
    pretty ? { write: (line) => destination.write(prettyLine(line)) } : destination,
  );
}

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};

/** A line of pino's JSON as people read it: `12:34:56 info  node/rpc: listening port=5000`, and an error's stack below. */
export function prettyLine(json: string): string {
  const { level, time, name, part, msg, err, ...fields } = JSON.parse(json) as Readonly<
    Record<string, unknown>
  >;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${shown(value)}`);
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : '';
  return `${clock} ${LEVEL_NAMES[Number(level)] ?? level} ${part === undefined ? name : `${name}/${part}`}: ${msg ?? ''}${pairs.join('')}${stack}\n`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}
