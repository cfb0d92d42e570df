/** Worker thread of the node's own miner: tries nonces on a header until one meets the target. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { hashHeaderBytes } from '../protocol/header.ts';
import { isAtMost } from '../protocol/work.ts';
import type { MiningJob, MiningResult } from './solo-miner.ts';

/** Nonces between two looks at the messages: some tens of milliseconds. */
const NONCES_PER_SLICE = 10_000;
const NONCE_OFFSET = 76;
const NONCE_END = 2 ** 32;

let job: MiningJob | undefined;
let running = false;

parentPort?.on('message', (message: MiningJob | undefined) => {
  job = message;
  if (!running) void run();
});

async function run(): Promise<void> {
  running = true;
  for (let nonce = 0, at = job; job !== undefined; await nextTurn()) {
    if (at !== job) {
      at = job;
      nonce = 0;
    }
    const found = search(job, nonce, Math.min(nonce + NONCES_PER_SLICE, NONCE_END));
    nonce += NONCES_PER_SLICE;
    if (found === undefined && nonce < NONCE_END) continue;
    const result: MiningResult = { id: job.id, nonce: found };
    parentPort?.postMessage(result);
    job = undefined;
  }
  running = false;
}

/** The first nonce from `start` up to `end` whose hash meets the target. */
function search({ header, target }: MiningJob, start: number, end: number): number | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  for (let nonce = start; nonce < end; nonce++) {
    view.setUint32(NONCE_OFFSET, nonce, true);
    if (isAtMost(hashHeaderBytes(header), target)) return nonce;
  }
  return undefined;
}
