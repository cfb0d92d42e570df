import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptOptions, AcceptResult } from '../../../node/chain/acceptance.ts';
import { BlockIntake, type CheckedBlock } from '../../../node/sync/block-intake.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { SILENT_LOG } from '../../kit/chain-kit.ts';

const BYTES = encodeBlock(PROFILES.regtest.genesis);
const hashOf = (number: number) => new Uint8Array(32).fill(number);

/** An intake in front of a chain that answers when it is told to. */
function intake({ isCatchingUp = false, fails = false } = {}) {
  const durable: boolean[] = [];
  const checked: CheckedBlock[] = [];
  const answers: (() => void)[] = [];
  let flushes = 0;
  const accept = (_block: unknown, options: AcceptOptions = {}): Promise<AcceptResult> => {
    durable.push(options.durable === true);
    return new Promise((resolve, reject) => {
      answers.push(() => (fails ? reject(new Error('the disk fails')) : resolve({ outcome: 'orphan' })));
    });
  };
  const flush = async (): Promise<void> => {
    flushes += 1;
  };
  const made = new BlockIntake({
    chain: { accept, flush },
    isCatchingUp: () => isCatchingUp,
    onChecked: (block) => checked.push(block),
    log: SILENT_LOG,
  });
  const answer = async (): Promise<void> => {
    await new Promise(setImmediate);
    answers.shift()?.();
    await new Promise(setImmediate);
  };
  return { made, durable, checked, answer, flushes: () => flushes };
}

test('blocks are taken one after the other, and the last one takes the others to the disk with it', async () => {
  const { made, durable, checked, answer } = intake();
  for (const number of [1, 2, 3]) made.add({ peer: number, hash: hashOf(number), bytes: BYTES });
  await new Promise(setImmediate);
  assert.equal(durable.length, 1);
  for (let count = 0; count < 3; count++) await answer();
  assert.deepEqual(durable, [true, false, true], 'the first one was alone when it came');
  assert.deepEqual(
    checked.map(({ peer, outcome }) => [peer, outcome]),
    [1, 2, 3].map((peer) => [peer, 'orphan']),
  );
});

test('while catching up nothing waits for the disk but what is left in the end', async () => {
  const { made, durable, answer, flushes } = intake({ isCatchingUp: true });
  made.add({ peer: 1, hash: hashOf(1), bytes: BYTES });
  await made.settle();
  assert.equal(flushes(), 0, 'one is being checked');
  await answer();
  assert.deepEqual(durable, [false]);
  await new Promise(setImmediate);
  await made.settle();
  await made.settle();
  assert.equal(flushes(), 1);
});

test('peers are held back while too many bytes wait, until half of them are gone', async () => {
  const { made, answer } = intake();
  const large = new Uint8Array(4_000_000);
  large.set(BYTES);
  made.add({ peer: 1, hash: hashOf(1), bytes: BYTES });
  for (let number = 0; number < 5; number++) made.add({ peer: 1, hash: hashOf(number), bytes: large });
  let isRoom = false;
  const waiting = made.room?.then(() => {
    isRoom = true;
  });
  assert.ok(waiting);
  assert.equal(isRoom, false);
  // The bytes after the block make them malformed, so that the chain is not asked.
  await answer();
  await waiting;
  assert.equal(made.room, undefined);
});

test('bytes that are no block are reported as such', async () => {
  const { made, checked } = intake();
  made.add({ peer: 1, hash: hashOf(1), bytes: BYTES.subarray(0, 100) });
  await new Promise(setImmediate);
  assert.deepEqual(
    checked.map(({ outcome }) => outcome),
    ['malformed'],
  );
});

test('after the disk has failed no more blocks are taken, and nobody is held back', async () => {
  const { made, durable, checked, answer } = intake({ fails: true });
  made.add({ peer: 1, hash: hashOf(1), bytes: BYTES });
  made.add({ peer: 1, hash: hashOf(2), bytes: BYTES });
  await answer();
  made.add({ peer: 1, hash: hashOf(3), bytes: BYTES });
  assert.deepEqual([durable.length, checked.length, made.room], [1, 0, undefined]);
});
