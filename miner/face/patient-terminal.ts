/** A terminal that holds nobody up. */
import { constants, openSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import type { ScreenTerminal } from './live-screen.ts';

/** Whatever must be said is tried for so long. */
const PATIENCE_MS = 500;
const RETRY_MS = 10;
/** Standard output itself, to be opened once more (proc(5)). */
const STANDARD_OUTPUT = '/proc/self/fd/1';

/**
 * Standard output, if it is a terminal, without ever waiting for it long. Node.js waits when it writes to a terminal,
 * and with it everything else: one that somebody has halted (Ctrl-S), or whose line has gone dead, would keep shares
 * from being sent. So the terminal is opened once more, in a way that refuses instead of waiting.
 */
export class PatientTerminal implements ScreenTerminal {
  readonly #stdout: WriteStream;
  /** Undefined where it cannot be opened once more, as outside Linux: then writing waits, as it does everywhere. */
  readonly #descriptor: number | undefined;
  readonly #nowMs: () => number;

  constructor(stdout: WriteStream, nowMs: () => number, path = STANDARD_OUTPUT) {
    this.#stdout = stdout;
    this.#nowMs = nowMs;
    this.#descriptor = openWithoutWaiting(path);
  }

  get columns(): number {
    return this.#stdout.columns;
  }

  get rows(): number {
    return this.#stdout.rows;
  }

  on(event: 'resize', listener: () => void): void {
    this.#stdout.on(event, listener);
  }

  off(event: 'resize', listener: () => void): void {
    this.#stdout.off(event, listener);
  }

  /** Writes what the terminal takes at once, and no more. */
  offer(text: string): void {
    if (this.#descriptor === undefined) this.#stdout.write(text);
    else tryWrite(this.#descriptor, Buffer.from(text));
  }

  /** Writes all of it, unless the terminal takes nothing for half a second. */
  write(text: string): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) {
      this.#stdout.write(text);
      return;
    }
    let rest = Buffer.from(text);
    let deadlineMs = this.#nowMs() + PATIENCE_MS;
    while (rest.length > 0 && this.#nowMs() < deadlineMs) {
      const written = tryWrite(descriptor, rest);
      rest = rest.subarray(written);
      if (written > 0) deadlineMs = this.#nowMs() + PATIENCE_MS;
      else pause(RETRY_MS);
    }
  }
}

function openWithoutWaiting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** @returns how many bytes were taken; a terminal that is full takes none, and one that has gone neither */
function tryWrite(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EIO'))
      return 0;
    throw error;
  }
}

/** The one place that sleeps: while a terminal is given back there is nothing else to be done. */
function pause(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
