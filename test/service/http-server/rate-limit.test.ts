import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '../../../service/http.ts';
import { ClientRates } from '../../../service/http-server/rate-limit.ts';

/** Seconds to wait; 0 when it was taken. */
function waitOf(rates: ClientRates, address: string, cost = 1): number {
  try {
    rates.take(address, cost);
    return 0;
  } catch (error) {
    assert.ok(error instanceof HttpError && error.status === 429);
    return error.details.retryAfterSeconds!;
  }
}

test('a client takes what it may at once, then what time brings', () => {
  let nowMs = 0;
  const rates = new ClientRates({ perSecond: 2, burst: 4 }, () => nowMs);
  assert.deepEqual(
    Array.from({ length: 6 }, () => waitOf(rates, '192.0.2.1')),
    [0, 0, 0, 0, 1, 1],
  );
  nowMs = 500;
  assert.equal(waitOf(rates, '192.0.2.1'), 0);
  assert.equal(waitOf(rates, '192.0.2.1'), 1);
  assert.equal(rates.refused, 3);
  assert.equal(waitOf(rates, '192.0.2.2'), 0, 'another client has its own');
});

test('what is refused is no debt: whoever keeps asking is not kept out for longer', () => {
  let nowMs = 0;
  const rates = new ClientRates({ perSecond: 1, burst: 1 }, () => nowMs);
  for (let count = 0; count < 1_000; count++) waitOf(rates, '192.0.2.1');
  nowMs = 1_000;
  assert.equal(waitOf(rates, '192.0.2.1'), 0);
});

test('what costs more than the burst is possible when the client has taken nothing', () => {
  let nowMs = 0;
  const rates = new ClientRates({ perSecond: 1, burst: 5 }, () => nowMs);
  assert.equal(waitOf(rates, '192.0.2.1', 20), 0);
  nowMs = 1_000;
  assert.ok(waitOf(rates, '192.0.2.1') > 1, 'and is paid off');
});

test('an IPv6 /64 is one client, and an IPv4 address is itself in any clothing', () => {
  const rates = new ClientRates({ perSecond: 0.001, burst: 1 }, () => 0);
  assert.equal(waitOf(rates, '2001:db8::1'), 0);
  assert.ok(waitOf(rates, '2001:db8::2') > 0);
  assert.equal(waitOf(rates, '2001:db8:0:1::1'), 0);
  assert.equal(waitOf(rates, '::ffff:192.0.2.1'), 0);
  assert.ok(waitOf(rates, '192.0.2.1') > 0);
});
