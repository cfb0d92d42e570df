import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLedger, share } from '../../kit/share-kit.ts';

const MINUTE_MS = 60_000;
const T0 = 29_918_880 * MINUTE_MS;

test('sums by the minute are those of the shares, whatever the clock does, and over restarts', async (t) => {
  const { file, ledger: first } = await openLedger(t);
  await first.close();
  const expected = new Map<string, { accepted: number; late: number; weight: bigint }>();
  const add = (key: string, weight: bigint, late: boolean) => {
    const sum = expected.get(key) ?? { accepted: 0, late: 0, weight: 0n };
    expected.set(key, {
      accepted: sum.accepted + 1,
      late: sum.late + (late ? 1 : 0),
      weight: sum.weight + weight,
    });
  };
  const one = fc.record({
    minute: fc.nat(7),
    worker: fc.nat(3),
    weight: fc.bigInt(0n, 2n ** 70n),
    late: fc.boolean(),
  });
  // Each run opens the same file again and writes some batches.
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(one, { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
      async (batches) => {
        const { ledger } = await openLedger(t, { file });
        for (const batch of batches) {
          const recorded = batch.map(({ minute, worker, weight, late }) => {
            add(`${minute} w${worker}`, weight, late);
            add(`${minute} pool`, weight, late);
            return ledger.shares.record(
              share({
                timeMs: T0 + minute * MINUTE_MS + 59_999,
                worker: { address: `dnilz1q${worker % 2}`, name: `w${worker}` },
                weight,
                late,
              }),
            );
          });
          await Promise.all(recorded);
        }
        const rows = await ledger.shares.minutes.ofWorkers(0);
        const pool = await ledger.shares.minutes.ofPool(0);
        const found = new Map(
          [
            ...rows.map(({ worker, ...sum }) => [worker.name, sum] as const),
            ...pool.map((sum) => ['pool', sum] as const),
          ].map(([name, { minuteMs, ...sum }]) => [`${(minuteMs - T0) / MINUTE_MS} ${name}`, sum]),
        );
        assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()));
        await ledger.close();
      },
    ),
    { numRuns: 25 },
  );
});

test('sums are asked for by address and from a moment on', async (t) => {
  const { ledger } = await openLedger(t);
  const alice = { address: 'dnilz1qalice', name: 'a' };
  const bob = { address: 'dnilz1qbob', name: '' };
  await Promise.all([
    ledger.shares.record(share({ worker: alice, timeMs: T0, weight: 5n })),
    ledger.shares.record(share({ worker: bob, timeMs: T0 + MINUTE_MS, weight: 7n, late: true })),
    ledger.shares.record(share({ worker: alice, timeMs: T0 + 2 * MINUTE_MS, weight: 11n })),
  ]);
  const { minutes } = ledger.shares;
  assert.deepEqual(await minutes.ofWorkers(T0, bob.address), [
    { worker: bob, minuteMs: T0 + MINUTE_MS, accepted: 1, late: 1, weight: 7n },
  ]);
  assert.deepEqual(
    (await minutes.ofWorkers(T0 + MINUTE_MS)).map(({ worker, weight }) => [worker.name, weight]),
    [
      ['a', 11n],
      ['', 7n],
    ],
  );
  assert.deepEqual(
    (await minutes.ofPool(T0 + MINUTE_MS)).map(({ weight }) => weight),
    [7n, 11n],
  );
});
