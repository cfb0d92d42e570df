/** A node that says anything, at any time: the miner goes on, and mines as soon as it says the truth again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Work } from '../../../miner/hashing/work.ts';
import { compactToTarget } from '../../../protocol/compact.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { solve, startSolo } from '../../kit/solo-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

/** Answers that are told instead of the truth until the next one is made up. */
const ANSWERS_PER_RUN = 40;

const nonsense = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, '', [], {}, -1, 0, 2 ** 53, 1e300, '0'.repeat(64), 'f'.repeat(64), '00000000'),
  fc.string({ maxLength: 80 }),
);

const FIELDS = [
  'version',
  'previousblockhash',
  'transactions',
  'coinbaseaux',
  'coinbasevalue',
  'longpollid',
  'target',
  'mintime',
  'curtime',
  'bits',
  'height',
  'default_witness_commitment',
  'rules',
  'noncerange',
];

/** Any part of a template in place of what stands there, or nothing in place of it. */
const change = fc.record({
  field: fc.constantFrom(...FIELDS),
  value: fc.option(nonsense, { nil: undefined }),
});

const interference = fc.oneof(
  { weight: 3, arbitrary: change.map(({ field, value }) => ({ change: { [field]: value } })) },
  { weight: 2, arbitrary: nonsense.map((result) => ({ result })) },
  {
    weight: 1,
    arbitrary: fc.record({
      error: fc.record({ code: fc.integer(), message: fc.string({ unit: 'binary', maxLength: 40 }) }),
    }),
  },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
  { weight: 4, arbitrary: fc.constant('truth' as const) },
);

test('whatever a node answers, the miner neither fails nor stops to ask', { timeout: 60_000 }, async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(interference, { minLength: 5, maxLength: ANSWERS_PER_RUN }), async (lies) => {
      const node = await FakeNode.start();
      node.transactions = [someTransaction(1)];
      const easy = compactToTarget(node.bits);
      const rest = [...lies];
      node.interfere = (method): Interference | undefined => {
        const lie = rest.shift();
        if (lie === undefined || lie === 'truth') return undefined;
        if (lie === 'lost' || !('change' in lie)) return lie as Interference;
        return method === 'getblocktemplate' ? { result: { ...node.template(), ...lie.change } } : undefined;
      };
      const times = { lookMs: 1, longPollPauseMs: 1, templateMs: 5 };
      const backOff = { firstDelayMs: 1, maxDelayMs: 2 };
      const { listener, source } = await startSolo(t, { node, times, backOff });
      // What it is given to hash is hashed, lie or truth.
      while (rest.length > 0) {
        await node.nextCall();
        const { work } = listener;
        if (work !== undefined && work.target >= easy) source.submit(solve(work));
      }
      const accepted = listener.of('share-accepted').length;
      // The first work may be made of the last lie.
      let tried: Work | undefined;
      const next = (): Work | 'accepted' | undefined => {
        if (listener.of('share-accepted').length > accepted) return 'accepted';
        return listener.work === tried ? undefined : listener.work;
      };
      for (let work = await listener.until(next); work !== 'accepted'; work = await listener.until(next)) {
        tried = work;
        source.submit(solve(work));
      }
      await source.stop();
      await node.stop();
      assert.equal(listener.events.at(-1)?.type, 'stopped');
    }),
    { numRuns: 30 },
  );
});
