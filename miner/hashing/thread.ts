/**
 * The seam between a miner and the threads that hash for it: worker threads of Node.js (node-thread.ts) and a
 * browser's web workers are started and spoken to alike.
 */
import type { FromWorker, ToWorker, WorkerAssignment } from './worker-message.ts';

/** Time that threads get to end by themselves. */
const STOP_TIMEOUT_MS = 300;

/** A thread that runs or is about to. */
export interface Thread {
  /** Hands it a message; lost once the thread has ended. */
  tell(message: ToWorker): void;
  /** Ends it at once, whatever it is doing. {@link ThreadHandlers.onEnd} follows. */
  terminate(): void;
}

/** Whom a thread tells. Nothing is called before the thread has been returned. */
export interface ThreadHandlers {
  readonly onMessage: (message: FromWorker) => void;
  /**
   * The thread has ended, for whatever reason; called once, after its last message. A web worker that ends itself
   * says nothing of it: there the message `stopped` is the end.
   * @param error why, if it failed
   */
  readonly onEnd: (error: Error | undefined) => void;
}

/** Starts a thread that runs thread-turns.ts. */
export type StartThread = (assignment: WorkerAssignment, handlers: ThreadHandlers) => Thread;

/**
 * Has a thread end after telling what is left to tell, and ends it when that takes long.
 * @param ended resolves when it has ended
 */
export async function stopThread(thread: Thread, ended: Promise<void>): Promise<void> {
  const timer = setTimeout(() => thread.terminate(), STOP_TIMEOUT_MS);
  thread.tell({ type: 'stop' });
  await ended;
  clearTimeout(timer);
}
