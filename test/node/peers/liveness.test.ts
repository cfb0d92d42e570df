import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkLiveness,
  established,
  HANDSHAKE_MS,
  LEAST_BYTES_PER_SECOND,
  type Liveness,
  MESSAGE_GRACE_MS,
  NOT_READING_MS,
  newLiveness,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  ponged,
  received,
} from '../../../node/peers/liveness.ts';

const START_MS = 1_000;
const IDLE = { queuedBytes: 0, takenBytes: 0 };

/** A connection whose handshake was complete at START_MS and whose first ping was answered at once. */
function live(): Liveness {
  const liveness = newLiveness(START_MS);
  established(liveness, START_MS);
  checkLiveness(liveness, IDLE, START_MS, () => 5n);
  ponged(liveness, 5n, START_MS);
  return liveness;
}

function outcome(liveness: Liveness, nowMs: number, outgoing = IDLE): string {
  const effect = checkLiveness(liveness, outgoing, nowMs, () => 6n);
  return effect?.type === 'fail' ? effect.rule : (effect?.type ?? 'nothing');
}

test('a handshake has a minute', () => {
  const liveness = newLiveness(START_MS);
  assert.equal(outcome(liveness, START_MS + HANDSHAKE_MS), 'nothing');
  assert.equal(outcome(liveness, START_MS + HANDSHAKE_MS + 1), 'handshake-timeout');
});

describe('a ping', () => {
  test('is sent at once after the handshake, and then every two minutes', () => {
    const liveness = newLiveness(START_MS);
    established(liveness, START_MS);
    assert.equal(outcome(liveness, START_MS), 'ping');
    ponged(liveness, 6n, START_MS + 40);
    assert.equal(liveness.lastPingMs, 40);
    assert.equal(outcome(liveness, START_MS + PING_INTERVAL_MS - 1), 'nothing');
    assert.equal(outcome(liveness, START_MS + PING_INTERVAL_MS), 'ping');
    ponged(liveness, 6n, START_MS + PING_INTERVAL_MS + 70);
    assert.deepEqual([liveness.lastPingMs, liveness.leastPingMs], [70, 40]);
  });

  test('that is not answered for twenty minutes ends the connection', () => {
    const liveness = live();
    const sentMs = START_MS + PING_INTERVAL_MS;
    assert.equal(outcome(liveness, sentMs), 'ping');
    assert.equal(outcome(liveness, sentMs + PING_TIMEOUT_MS), 'nothing');
    assert.equal(outcome(liveness, sentMs + PING_TIMEOUT_MS + 1), 'ping-timeout');
  });

  test('is answered by its own nonce only', () => {
    const liveness = newLiveness(START_MS);
    established(liveness, START_MS);
    assert.equal(outcome(liveness, START_MS), 'ping');
    ponged(liveness, 0n, START_MS + 1);
    assert.equal(liveness.lastPingMs, undefined);
    ponged(liveness, 6n, START_MS + 2);
    ponged(liveness, 6n, START_MS + 900);
    assert.equal(liveness.lastPingMs, 2);
  });
});

describe('a message', () => {
  test('of which a byte a minute comes ends the connection after a minute', () => {
    const liveness = live();
    for (let minute = 0; minute <= 1; minute++) {
      received(liveness, minute + 1, START_MS + minute * 60_000);
      assert.equal(outcome(liveness, START_MS + minute * 60_000), 'nothing');
    }
    assert.equal(outcome(liveness, START_MS + 61_000), 'slow-message');
  });

  test('has as long as it takes at the least rate', () => {
    const liveness = live();
    received(liveness, 1, START_MS);
    const seconds = 200;
    received(liveness, LEAST_BYTES_PER_SECOND * seconds, START_MS + 1_000);
    const allowedMs = MESSAGE_GRACE_MS + seconds * 1_000;
    assert.notEqual(outcome(liveness, START_MS + allowedMs), 'slow-message');
    assert.equal(outcome(liveness, START_MS + allowedMs + 1), 'slow-message');
  });

  test('that has arrived gives the next one its own time, and none at all is not slow', () => {
    const liveness = live();
    received(liveness, 10, START_MS);
    received(liveness, 0, START_MS + 50_000);
    received(liveness, 10, START_MS + 50_000);
    assert.equal(outcome(liveness, START_MS + 100_000), 'nothing');
    received(liveness, 0, START_MS + 100_001);
    assert.equal(outcome(liveness, START_MS + 119_000), 'nothing');
  });
});

describe('what waits to be sent', () => {
  test('ends the connection when not a byte of it is taken for two minutes', () => {
    const liveness = live();
    const stuck = { queuedBytes: 500, takenBytes: 0 };
    assert.equal(outcome(liveness, START_MS + 1, stuck), 'nothing');
    assert.notEqual(outcome(liveness, START_MS + 1 + NOT_READING_MS, stuck), 'not-reading');
    assert.equal(outcome(liveness, START_MS + 2 + NOT_READING_MS, stuck), 'not-reading');
  });

  test('may be taken slowly', () => {
    const liveness = live();
    for (let minute = 1; minute < 20; minute++) {
      const moving = { queuedBytes: 1_000_000, takenBytes: minute };
      assert.notEqual(outcome(liveness, START_MS + minute * 60_000, moving), 'not-reading');
    }
  });
});
