/**
 * What a hashing thread does all its life: turns of a {@link HashLoop}, with messages between them. It runs in a
 * worker thread of Node.js and in a browser's worker alike; what the two call differently is handed in.
 */
import { hasherFor } from '../kernel/kernel-choice.ts';
import { DutyCycle } from './duty-cycle.ts';
import { HashLoop } from './hash-loop.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from './worker-message.ts';

/** Time between reports of the hashes done. */
const PROGRESS_MS = 500;
/** Time until a lane that is used up for this second is looked at again. */
const EXHAUSTED_PAUSE_MS = 100;

/** What a thread gets from where it runs. */
export interface ThreadSurroundings {
  readonly say: (message: FromWorker) => void;
  /** Ends the thread once all that was said is on its way. */
  readonly end: () => void;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Runs something after the messages that have arrived meanwhile. */
  readonly soon: (run: () => void) => void;
  /** Runs something after a time; what it returns takes it back. */
  readonly later: (run: () => void, delayMs: number) => () => void;
}

/**
 * Starts hashing as soon as there is work. Says `ready` before it returns, and `stopped` as its last word.
 * @returns takes the messages for the thread
 * @throws Error when the kernel that was asked for does not run here
 */
export function runTurns(
  assignment: WorkerAssignment,
  surroundings: ThreadSurroundings,
): (message: ToWorker) => void {
  const { thread, threadCount, cpuLimitPercent, usedValues } = assignment;
  const { say, nowMs, soon, later } = surroundings;
  const hasher = hasherFor(assignment.kernel, assignment.rememberedKernel, nowMs, (kernel, basis) =>
    say({ type: 'kernel', kernel, basis }),
  );
  const duty = new DutyCycle(cpuLimitPercent);
  const loop = new HashLoop({
    hasher,
    thread,
    threadCount,
    usedValues,
    sliceMs: duty.sliceMs,
    nowMs,
    onHit: (hit) => say({ type: 'hit', hit }),
  });
  /** Only `waiting` is ended by a message: a rest is owed, whatever comes. */
  let state: 'waiting' | 'turning' | 'resting' | 'stopped' = 'waiting';
  let cancelTimer = (): void => {};
  let reportedHashes = 0;
  let reportedMs = nowMs();

  function report(): void {
    const hashes = loop.hashCount - reportedHashes;
    reportedMs = nowMs();
    if (hashes === 0) return;
    reportedHashes = loop.hashCount;
    say({ type: 'progress', hashes, usedValues: loop.usedValues });
  }

  function turn(): void {
    if (state !== 'turning') return;
    const startMs = nowMs();
    const outcome = loop.slice();
    const endMs = nowMs();
    if (outcome !== 'searched' || endMs - reportedMs >= PROGRESS_MS) report();
    if (outcome !== 'searched') {
      state = 'waiting';
      if (outcome === 'exhausted') cancelTimer = later(wake, EXHAUSTED_PAUSE_MS);
      return;
    }
    const restMs = duty.computed(endMs - startMs);
    if (restMs === 0) soon(turn);
    else rest(restMs);
  }

  function rest(restMs: number): void {
    const sinceMs = nowMs();
    state = 'resting';
    cancelTimer = later(() => {
      duty.rested(nowMs() - sinceMs);
      state = 'turning';
      turn();
    }, restMs);
  }

  function wake(): void {
    if (state !== 'waiting') return;
    cancelTimer();
    state = 'turning';
    turn();
  }

  say({ type: 'ready', kernel: hasher.name });
  return (message) => {
    if (state === 'stopped') return;
    switch (message.type) {
      case 'work':
        loop.setWork(message.work);
        if (message.work !== undefined) say({ type: 'took', serial: message.work.serial });
        break;
      case 'settled':
        loop.settle(message.count);
        break;
      case 'stop':
        state = 'stopped';
        cancelTimer();
        report();
        say({ type: 'stopped' });
        surroundings.end();
        return;
    }
    wake();
  };
}
