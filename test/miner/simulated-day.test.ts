/** 24 hours of a miner's life in half a minute. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SimulatedDay } from '../kit/simulated-day.ts';

const HOUR_MS = 3_600_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

for (const { threads, seed } of [{ threads: 3, seed: 20_261_121 }]) {
  test(`in 24 hours at a restless pool ${threads} threads find no share twice and keep nothing`, async (t) => {
    const day = new SimulatedDay({ threads, seed });
    await day.begin();
    const hour = (): void => {
      for (let part = 0; part < 6; part++) {
        day.time.pass(HOUR_MS / 6);
        // A thread that dies forgets what it used where extranonce2 is short.
        if (day.pool.extranonce2Size < 4) continue;
        day.pool.forgetSessions();
        day.crash();
      }
      assert.ok(day.time.pending < 200, `${day.time.pending} timers`);
    };
    hour();
    day.forget();
    const before = heapBytes();
    for (let hours = 1; hours < 24; hours++) hour();
    const stats = day.engine!.stats();
    await day.end();
    day.forget();
    const growth = heapBytes() - before;

    t.diagnostic(JSON.stringify(Object.fromEntries([...day.pool.deeds].sort())));
    t.diagnostic(JSON.stringify(Object.fromEntries([...day.events].sort())));
    t.diagnostic(JSON.stringify(stats.shares));
    t.diagnostic(
      `${day.slices} slices, ${JSON.stringify(day.pool.rolled)}, ${day.crashes} crashes, heap ${growth} bytes`,
    );
    const verdicts = Object.fromEntries(day.pool.verdicts);
    assert.deepEqual(Object.keys(verdicts).sort(), ['accepted', 'stale'], JSON.stringify(verdicts));
    assert.equal(day.repeatedSlices, 0);
    assert.ok(verdicts.accepted! > 5_000);
    assert.equal(stats.shares.rejected, 0);
    assert.ok(growth < 1_000_000, `${growth} bytes more after 23 hours`);
  });
}
