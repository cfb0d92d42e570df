/** Processes that die by `kill -9`, at a point or from outside, and what they said before. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process, from its first to its last sign of life. */
export interface Life {
  readonly child: ChildProcess;
  /** The line that says that it is ready; undefined when it was killed before. */
  readonly ready: Promise<string | undefined>;
  /** Resolves when it is gone; rejects unless it was killed. */
  readonly gone: Promise<void>;
  readonly stderr: () => string;
}

export function lifeOf(child: ChildProcess, name: string): Life {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const gone = once(child, 'exit').then(([code, signal]) => {
    if (signal !== 'SIGKILL') throw new Error(`the ${name} ended with ${code ?? signal}: ${stderr}`);
  });
  const first = once(createInterface({ input: child.stdout! }), 'line').then(([line]) => String(line));
  const ready = Promise.race([first, gone.then(() => undefined)]);
  // Whoever waits for one of them hears of it.
  gone.catch(() => undefined);
  ready.catch(() => undefined);
  return { child, ready, gone, stderr: () => stderr };
}

/** `kill -9`. */
export async function kill(life: Life | undefined): Promise<void> {
  life?.child.kill('SIGKILL');
  await life?.gone;
}

/** The same for one that may be gone, however it went. */
export async function end(life: Life | undefined): Promise<void> {
  life?.child.kill('SIGKILL');
  await life?.gone.catch(() => undefined);
}
