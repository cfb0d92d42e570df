import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { ChallengeDesk, type ChallengeRefusal } from '../../../faucet/challenge/challenge-desk.ts';
import { HandClock, HOUR_MS } from '../../kit/hand-clock.ts';
import { findStamp } from '../../kit/solved-stamp.ts';

const SECRET = new Uint8Array(32).fill(1);
const ADDRESS = 'rnilz1qalice';
const CLIENT = '192.0.2.1';

function openDesk(clock = new HandClock(), work = { least: 2, most: 64 }): ChallengeDesk {
  return new ChallengeDesk({ secret: SECRET, clock, random: randomBytes, work, sustainablePerHour: 1 });
}

/** A challenge whose work is done. */
function solved(desk: ChallengeDesk, address = ADDRESS, client = CLIENT): string {
  const { token, attempts } = desk.issue(address, client);
  return findStamp(token, attempts);
}

function refused(code: ChallengeRefusal) {
  return { name: 'ChallengeError', code };
}

describe('the desk of challenges', () => {
  test('takes work that is done once', async () => {
    const desk = openDesk();
    const stamp = solved(desk);
    const { challengeId } = await desk.check(stamp, ADDRESS, CLIENT);
    assert.match(challengeId, /^[\w-]{22}$/);
    await assert.rejects(desk.check(stamp, ADDRESS, CLIENT), refused('challenge-spent'));
  });

  test('takes of many at once with the same work one', async () => {
    const desk = openDesk();
    const stamp = solved(desk);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => desk.check(stamp, ADDRESS, CLIENT)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('takes no challenge of another address, another client or another faucet', async () => {
    const desk = openDesk();
    const stamp = solved(desk);
    await assert.rejects(desk.check(stamp, 'rnilz1qmallory', CLIENT), refused('challenge-foreign'));
    await assert.rejects(desk.check(stamp, ADDRESS, '198.51.100.9'), refused('challenge-foreign'));
    const other = new ChallengeDesk({
      secret: new Uint8Array(32).fill(2),
      clock: new HandClock(),
      random: randomBytes,
      work: { least: 2, most: 64 },
      sustainablePerHour: 1,
    });
    await assert.rejects(other.check(stamp, ADDRESS, CLIENT), refused('challenge-malformed'));
    // Nobody can use up what was given out to somebody else.
    await desk.check(stamp, ADDRESS, CLIENT);
  });

  test('looks at the work of a challenge once, so guessing costs a challenge each time', async () => {
    const desk = openDesk();
    const { token, attempts } = desk.issue(ADDRESS, CLIENT);
    await assert.rejects(
      desk.check(findStamp(token, attempts, false), ADDRESS, CLIENT),
      refused('challenge-unsolved'),
    );
    await assert.rejects(desk.check(findStamp(token, attempts), ADDRESS, CLIENT), refused('challenge-spent'));
  });

  test('takes none that is no stamp', async () => {
    const desk = openDesk();
    const { token } = desk.issue(ADDRESS, CLIENT);
    for (const wrong of ['', 'x', token, `${token}:`, `${token}:-1`, `${token}:1:1`, `${token}x:1`, `:1`]) {
      await assert.rejects(desk.check(wrong, ADDRESS, CLIENT), refused('challenge-malformed'), wrong);
    }
  });

  test('takes one until it expires', async () => {
    const clock = new HandClock();
    const desk = openDesk(clock);
    const { token, attempts, lifetimeMs } = desk.issue(ADDRESS, CLIENT);
    const stamp = findStamp(token, attempts);
    clock.pass(lifetimeMs - 1);
    await desk.check(stamp, ADDRESS, CLIENT);
    const late = desk.issue(ADDRESS, CLIENT);
    clock.pass(late.lifetimeMs);
    await assert.rejects(
      desk.check(findStamp(late.token, late.attempts), ADDRESS, CLIENT),
      refused('challenge-expired'),
    );
  });

  test('takes none of the future, as there are when the clock was set back', async () => {
    const clock = new HandClock();
    const desk = openDesk(clock);
    const stamp = solved(desk);
    clock.jump(-HOUR_MS);
    await assert.rejects(desk.check(stamp, ADDRESS, CLIENT), refused('challenge-expired'));
    // Those that are given out now are good.
    await desk.check(solved(desk), ADDRESS, CLIENT);
  });

  test('knows its challenges after a restart', async () => {
    const clock = new HandClock();
    const stamp = solved(openDesk(clock));
    await openDesk(clock).check(stamp, ADDRESS, CLIENT);
  });

  test('asks for more work when many claim, and for less when they stop', () => {
    const clock = new HandClock();
    const desk = openDesk(clock);
    assert.equal(desk.attempts, 2);
    for (let claim = 0; claim < 10; claim += 1) desk.claimed();
    assert.equal(desk.attempts, 20);
    assert.equal(desk.issue(ADDRESS, CLIENT).attempts, 20);
    for (let claim = 0; claim < 1_000; claim += 1) desk.claimed();
    assert.equal(desk.attempts, 64);
    clock.pass(24 * HOUR_MS);
    assert.equal(desk.attempts, 2);
  });

  test('gives more time for more work', () => {
    const little = openDesk(new HandClock(), { least: 2, most: 2 }).issue(ADDRESS, CLIENT);
    const much = openDesk(new HandClock(), { least: 4_096, most: 4_096 }).issue(ADDRESS, CLIENT);
    assert.equal(little.lifetimeMs, 600_000);
    // Six times as long as an old phone needs on average.
    assert.equal(much.lifetimeMs, (6 * 4_096 * 1_000) / 10);
  });

  test('is busy rather than overrun: those that must wait too long are told so and lose nothing', async () => {
    const desk = openDesk(new HandClock(), { least: 1, most: 1 });
    // Of one attempt each, so any nonce will do.
    const stamps = Array.from({ length: 400 }, () => `${desk.issue(ADDRESS, CLIENT).token}:0`);
    const outcomes = await Promise.allSettled(stamps.map((stamp) => desk.check(stamp, ADDRESS, CLIENT)));
    const busy = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
    assert.ok(busy.length > 0, 'some were refused');
    assert.ok(busy.length < 400, 'some were looked at');
    const first = outcomes[busy[0]!] as PromiseRejectedResult;
    assert.equal(first.reason.code, 'challenge-busy');
    await desk.check(stamps[busy[0]!]!, ADDRESS, CLIENT);
  });
});
