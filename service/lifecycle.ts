/** Starting and stopping: everything that runs has a `stop`, and a signal calls it. */
import type { Logger } from './log.ts';

/** Exit codes of every command: done, failed, used wrongly, node or pool out of reach. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, unreachable: 3 } as const;

export interface Stoppable {
  /** Resolves when nothing of it runs any more. A second call gives the same result. */
  stop(): Promise<void>;
}

/** What {@link runUntilSignal} hands to the program it starts. */
export interface RunContext {
  /** Fires as soon as the program is asked to end, also while it is still starting. */
  readonly stopping: AbortSignal;
  /** Ends the program from within, as Ctrl-C would; another exit code than 0 tells that it could not go on. */
  requestStop(exitCode?: number): void;
}

export interface RunOptions {
  readonly log: Logger;
  /** How long stopping may take before the process is ended (default 2,000). */
  readonly deadlineMs?: number;
  /** Ends the process; for tests. */
  readonly exit?: (code: number) => void;
}

const DEFAULT_DEADLINE_MS = 2_000;
/** A terminal sends Ctrl-C to every process of the command, and npm hands on what it got: that is one press. */
const ONE_PRESS_MS = 300;
const FAILED = 1;
/** What shells report for a program ended by Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Starts a program and runs it until SIGINT, SIGTERM or its own request, then stops it. Resolves to the
 * exit code, 0 after a clean stop that nobody asked another code for. So does a reader of standard output
 * that goes away, as in `nilz up | head`: programs in a pipe end with it. A second signal ends the process
 * at once (130), and so does a stop that fails or takes longer than the deadline (1). An uncaught error is
 * logged with its stack and ends the process with 1: a state nobody foresaw is not worth running on.
 *
 * @throws whatever `start` throws.
 */
export async function runUntilSignal(
  start: (context: RunContext) => Promise<Stoppable>,
  { log, deadlineMs = DEFAULT_DEADLINE_MS, exit = process.exit }: RunOptions,
): Promise<number> {
  const stopping = new AbortController();
  let firstMs = Number.NaN;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (performance.now() - firstMs < ONE_PRESS_MS) return;
    firstMs = performance.now();
    if (stopping.signal.aborted) {
      log.warn(`${signal} again: ending at once`);
      exit(INTERRUPTED);
    } else stopping.abort();
  };
  let exitCode: number = EXIT.done;
  const requestStop = (code: number = EXIT.done): void => {
    exitCode ||= code;
    stopping.abort();
  };
  const onUncaught = (error: unknown): void => {
    log.fatal({ err: error }, 'uncaught error');
    exit(FAILED);
  };
  const onOutputError = (error: Error): void => {
    if (isBrokenPipe(error)) stopping.abort();
    else onUncaught(error);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.stdout.on('error', onOutputError);
  process.on('uncaughtException', onUncaught).on('unhandledRejection', onUncaught);
  try {
    const running = await start({ stopping: stopping.signal, requestStop });
    await fired(stopping.signal);
    if (await stopWithin(running, deadlineMs)) return exitCode;
    log.error(`not stopped within ${deadlineMs} ms: ending the process`);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    log.error({ err: error }, 'stopping failed: ending the process');
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.stdout.off('error', onOutputError);
    process.off('uncaughtException', onUncaught).off('unhandledRejection', onUncaught);
  }
  // Whatever did not stop would keep the process alive for ever.
  exit(FAILED);
  return FAILED;
}

/** Whether a write failed because nobody reads any more. */
export function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}

/** Stops something; resolves to false if it is not done within `deadlineMs`. Throws what `stop` throws. */
export async function stopWithin(running: Stoppable, deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((accept) => {
    timer = setTimeout(accept, deadlineMs, false);
  });
  try {
    return await Promise.race([running.stop().then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Several parts as one, given in the order they were started and stopped in the reverse, each after the
 * one that depends on it. A part that fails to stop does not keep the others from it.
 * @throws AggregateError with all failures.
 */
export function composeStop(parts: readonly Stoppable[]): Stoppable {
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const part of [...parts].reverse()) {
      try {
        await part.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} of ${parts.length} parts did not stop cleanly`);
  };
  let stopped: Promise<void> | undefined;
  return {
    stop: () => {
      stopped ??= stopAll();
      return stopped;
    },
  };
}

/**
 * Starts something that has parts: `start` adds each to the list as soon as it runs. When it fails, those
 * are stopped in the reverse order. A part that does not stop cleanly then is logged, so that it does not
 * hide why nothing runs.
 * @throws what `start` throws
 */
export async function startParts<T>(start: (started: Stoppable[]) => Promise<T>, log: Logger): Promise<T> {
  const started: Stoppable[] = [];
  try {
    return await start(started);
  } catch (error) {
    await composeStop(started)
      .stop()
      .catch((failure: unknown) => log.warn({ err: failure }, 'stopping after a failed start'));
    throw error;
  }
}

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((accept) => signal.addEventListener('abort', () => accept(), { once: true }));
}
