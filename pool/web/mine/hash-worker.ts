/** Entry of a hashing thread in a browser: the turns of every hashing thread, between a web worker's messages. */
import { runTurns } from '../../../miner/hashing/thread-turns.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from '../../../miner/hashing/worker-message.ts';

/** A message to oneself comes round after those that have arrived meanwhile, and at once: timers wait 4 ms. */
const channel = new MessageChannel();
let onTurn = (): void => {};
channel.port1.onmessage = () => onTurn();

function run(assignment: WorkerAssignment): (message: ToWorker) => void {
  return runTurns(assignment, {
    say: (message: FromWorker) => postMessage(message),
    end: () => close(),
    nowMs: () => performance.now(),
    soon: (turn) => {
      onTurn = turn;
      channel.port2.postMessage(null);
    },
    later: (turn, delayMs) => {
      const timer = setTimeout(turn, delayMs);
      return () => clearTimeout(timer);
    },
  });
}

let hear: ((message: ToWorker) => void) | undefined;

// The first message is the assignment (web-thread.ts), all others are for the thread.
addEventListener('message', ({ data }: MessageEvent<WorkerAssignment | ToWorker>) => {
  if (hear === undefined) hear = run(data as WorkerAssignment);
  else hear(data as ToWorker);
});
