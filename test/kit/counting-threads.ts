/** Hashing threads that only count: each turn of the event loop they say that they have hashed. */
import type { StartThread } from '../../miner/hashing/thread.ts';
import type { ToWorker, WorkerAssignment } from '../../miner/hashing/worker-message.ts';

/** What one of them was told, with what it was started for. */
export interface ToldThread {
  readonly assignment: WorkerAssignment;
  readonly told: ToWorker[];
  /** Ends it as if it had failed. */
  fail(error: Error): void;
}

/**
 * @param hashesPerTurn what a thread says it has hashed, each time
 * @param onTurn called before each of these
 */
export function countingThreads(
  hashesPerTurn: (assignment: WorkerAssignment) => number,
  onTurn: () => void = () => {},
): { readonly startThread: StartThread; readonly threads: ToldThread[] } {
  const threads: ToldThread[] = [];
  const startThread: StartThread = (assignment, { onMessage, onEnd }) => {
    const told: ToWorker[] = [];
    let isHashing = false;
    let isEnded = false;
    let usedValues = 0;

    function end(error?: Error): void {
      if (isEnded) return;
      isEnded = true;
      onEnd(error);
    }

    function turn(): void {
      if (!isHashing || isEnded) return;
      onTurn();
      usedValues += 1;
      onMessage({ type: 'progress', hashes: hashesPerTurn(assignment), usedValues });
      setImmediate(turn);
    }

    threads.push({ assignment, told, fail: (error) => end(error) });
    setImmediate(() => {
      if (!isEnded) onMessage({ type: 'ready', kernel: assignment.kernel });
    });
    return {
      tell(message) {
        told.push(message);
        if (message.type === 'stop') {
          setImmediate(() => {
            if (!isEnded) onMessage({ type: 'stopped' });
            end();
          });
        }
        if (message.type !== 'work') return;
        const { work } = message;
        const wasHashing = isHashing;
        isHashing = work !== undefined;
        if (work === undefined) return;
        setImmediate(() => {
          // What is left of the work before comes before the answer.
          onMessage({ type: 'progress', hashes: 1_000_000, usedValues });
          onMessage({ type: 'took', serial: work.serial });
          if (!wasHashing) setImmediate(turn);
        });
      },
      terminate: () => end(),
    };
  };
  return { startThread, threads };
}
