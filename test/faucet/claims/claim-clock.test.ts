import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClaimClock } from '../../../faucet/claims/claim-clock.ts';
import { HandClock, HOUR_MS } from '../../kit/hand-clock.ts';

test('follows the clock of the system while that does not jump', () => {
  const clock = new HandClock();
  const claimClock = new ClaimClock(clock, 0);
  clock.pass(HOUR_MS);
  assert.equal(claimClock.wallMs(), clock.wallMs());
});

test('never goes back, and advances by at most twice the time that passes, however the clock is set', () => {
  const day = 24 * HOUR_MS;
  const step = fc.record({ jumpMs: fc.integer({ min: -day, max: day }), passMs: fc.nat(HOUR_MS) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const clock = new HandClock();
      const claimClock = new ClaimClock(clock, 0);
      for (const { jumpMs, passMs } of steps) {
        const before = claimClock.wallMs();
        clock.jump(jumpMs);
        clock.pass(passMs);
        const advance = claimClock.wallMs() - before;
        assert.ok(advance >= 0 && advance <= 2 * passMs + 1, `${advance} ms in ${passMs} ms`);
      }
    }),
  );
});

test('makes up for a jump in time, and is right again then', () => {
  const clock = new HandClock();
  const claimClock = new ClaimClock(clock, 0);
  for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
    clock.jump(jumpMs);
    assert.notEqual(claimClock.wallMs(), clock.wallMs());
    for (let minute = 0; minute < 121; minute++) {
      clock.pass(60_000);
      claimClock.wallMs();
    }
    assert.equal(claimClock.wallMs(), clock.wallMs());
  }
});

test('begins where it was left, even if the clock was set back meanwhile', () => {
  const clock = new HandClock();
  const latestMs = clock.wallMs() + HOUR_MS;
  const claimClock = new ClaimClock(clock, latestMs);
  assert.equal(claimClock.wallMs(), latestMs);
  assert.equal(claimClock.shownMs(latestMs + 5), clock.wallMs() + 5);
});
