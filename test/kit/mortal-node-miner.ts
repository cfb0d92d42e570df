/** The thread of `nilz node --mine` as one that fails once it has mined a block. */
import { parentPort } from 'node:worker_threads';

const port = parentPort;
if (port === null) throw new Error('mortal-node-miner.ts runs in a worker thread');
const say = port.postMessage.bind(port);
port.postMessage = (message: unknown) => {
  say(message);
  if (JSON.stringify(message).includes('block accepted')) throw new Error('out of luck');
};
await import('../../cli/node-miner.ts');
