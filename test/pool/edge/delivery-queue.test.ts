import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Batch, DeliveryQueue, type HeldShare } from '../../../pool/edge/delivery-queue.ts';

const LIMITS = { held: 1_000, batch: 3, inFlight: 2 };

function share(sequence: number | null, settle: HeldShare['settle'] = () => undefined): HeldShare {
  const wire = {
    ...{ job: '1', variant: 1, difficulty: 1, user: 'u', extranonce1: '80000000', extranonce2: '00000000' },
    ...{ time: '00000000', nonce: '00000000', version_bits: null },
  };
  return { sequence, share: wire, takenMs: 0, settle };
}

function sequencesOf(batch: Batch | undefined): (number | null)[] | undefined {
  return batch?.shares.map(({ sequence }) => sequence);
}

test('shares leave in their order, so many at a time; a block leaves at once', () => {
  const queue = new DeliveryQueue(LIMITS);
  for (let sequence = 1; sequence <= 8; sequence++) queue.add(share(sequence));
  const first = queue.next();
  assert.deepEqual(sequencesOf(first), [1, 2, 3]);
  assert.deepEqual(sequencesOf(queue.next()), [4, 5, 6]);
  assert.equal(queue.next(), undefined, 'two batches are under way');
  queue.addBlock(share(9));
  assert.deepEqual(sequencesOf(queue.next()), [9]);
  assert.ok(first !== undefined && queue.answered(first));
  assert.deepEqual(sequencesOf(queue.next()), [7, 8]);
  assert.equal(queue.first, 4);
});

test('what was not answered when the connection broke leaves again, blocks first, in the same order', () => {
  const queue = new DeliveryQueue(LIMITS);
  for (let sequence = 1; sequence <= 7; sequence++) queue.add(share(sequence));
  queue.addBlock(share(8));
  const block = queue.next();
  const first = queue.next();
  const second = queue.next();
  assert.ok(block !== undefined && first !== undefined && second !== undefined);
  queue.answered(first);
  queue.rewind();
  assert.equal(queue.answered(second), false, 'an answer that comes too late counts no more');
  assert.equal(queue.underWay, 0);
  assert.deepEqual(sequencesOf(queue.next()), [8]);
  assert.deepEqual(sequencesOf(queue.next()), [4, 5, 6]);
  assert.deepEqual(sequencesOf(queue.next()), [7]);
});

test('beyond its room it takes nothing, whatever is under way', () => {
  const queue = new DeliveryQueue({ held: 4, batch: 2, inFlight: 1 });
  for (const sequence of [1, 2, 3]) assert.equal(queue.add(share(sequence)), true);
  queue.next();
  assert.equal(queue.addBlock(share(4)), true);
  assert.equal(queue.add(share(5)), false);
  assert.equal(queue.addBlock(share(5)), false);
  assert.equal(queue.held, 4);
});

test('whatever breaks when, every share is answered once, and deliveries stay in order', () => {
  const step = fc.constantFrom('add', 'block', 'next', 'next', 'answer', 'answer', 'break');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.infiniteStream(fc.nat()), (steps, random) => {
      const queue = new DeliveryQueue(LIMITS);
      const pick = () => random.next().value ?? 0;
      const answered = new Map<number, number>();
      let added = 0;
      let sent: Batch[] = [];
      let lastInOrder = 0;
      const take = (batch: Batch) => {
        if (batch.kind === 'shares') {
          for (const { sequence } of batch.shares) {
            assert.ok(sequence !== null && sequence > lastInOrder);
            lastInOrder = sequence;
          }
        }
        sent.push(batch);
      };
      const answer = (batch: Batch) => {
        assert.ok(queue.answered(batch));
        sent = sent.filter((each) => each !== batch);
        for (const { sequence } of batch.shares) {
          answered.set(Number(sequence), (answered.get(Number(sequence)) ?? 0) + 1);
        }
      };
      const act = (action: string) => {
        if (action === 'add' || action === 'block') {
          added += 1;
          if (action === 'add') queue.add(share(added));
          else queue.addBlock(share(added));
        } else if (action === 'next') {
          const batch = queue.next();
          if (batch !== undefined) take(batch);
        } else if (action === 'answer') {
          const batch = sent[pick() % Math.max(sent.length, 1)];
          if (batch !== undefined) answer(batch);
        } else {
          queue.rewind();
          sent = [];
          lastInOrder = 0;
        }
        assert.equal(queue.held, added - answered.size);
        const open = Array.from({ length: added }, (_, index) => index + 1).find((n) => !answered.has(n));
        assert.equal(queue.first, open);
      };
      for (const action of steps) act(action);
      while (queue.held > 0) act(sent.length > 0 ? 'answer' : 'next');
      assert.equal(answered.size, added);
      assert.ok([...answered.values()].every((times) => times === 1));
    }),
  );
});
