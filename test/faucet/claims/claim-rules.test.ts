import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ClaimFacts,
  type ClaimRules,
  dayStartMs,
  nextDayMs,
  refusalOf,
} from '../../../faucet/claims/claim-rules.ts';

const RULES: ClaimRules = {
  amount: 100n,
  dailyCap: 1_000n,
  floor: 50n,
  addressCooldownMs: 1_000,
  clientCooldownMs: 100,
  queueLimit: 3,
};
const NOW_MS = Date.UTC(2026, 0, 15, 12);
const FINE: ClaimFacts = {
  nowMs: NOW_MS,
  lastOfAddressMs: undefined,
  lastOfClientMs: undefined,
  claimId: undefined,
  promisedToday: 0n,
  queued: 0,
  queuedAmount: 0n,
  isPaused: false,
  purse: { available: 1_000n, feePerClaim: 1n },
};

function outcome(facts: Partial<ClaimFacts>): readonly [string, number | undefined] | 'taken' {
  const refusal = refusalOf(RULES, { ...FINE, ...facts });
  return refusal === undefined ? 'taken' : [refusal.code, refusal.retryAtMs];
}

test('a claim with nothing against it is taken', () => {
  assert.equal(outcome({}), 'taken');
});

test('a cooldown ends to the millisecond', () => {
  assert.equal(outcome({ lastOfAddressMs: NOW_MS - 1_000 }), 'taken');
  assert.deepEqual(outcome({ lastOfAddressMs: NOW_MS - 999 }), ['address-cooldown', NOW_MS + 1]);
  assert.equal(outcome({ lastOfClientMs: NOW_MS - 100 }), 'taken');
  assert.deepEqual(outcome({ lastOfClientMs: NOW_MS - 99 }), ['client-cooldown', NOW_MS + 1]);
});

test('of two cooldowns the later one says when to come back', () => {
  assert.deepEqual(outcome({ lastOfAddressMs: NOW_MS - 990, lastOfClientMs: NOW_MS }), [
    'address-cooldown',
    NOW_MS + 100,
  ]);
});

test("a day's budget ends where the next claim would exceed it, until midnight UTC", () => {
  assert.equal(outcome({ promisedToday: 900n }), 'taken');
  assert.deepEqual(outcome({ promisedToday: 901n }), ['budget-spent', Date.UTC(2026, 0, 16)]);
  assert.equal(dayStartMs(NOW_MS), Date.UTC(2026, 0, 15));
  assert.equal(nextDayMs(Date.UTC(2026, 0, 16) - 1), Date.UTC(2026, 0, 16));
  assert.equal(nextDayMs(Date.UTC(2026, 0, 16)), Date.UTC(2026, 0, 17));
});

test('what is promised, its fees and the floor are not given away', () => {
  const purse = { available: 151n + 202n, feePerClaim: 1n };
  assert.equal(outcome({ purse, queued: 2, queuedAmount: 200n }), 'taken');
  assert.deepEqual(outcome({ purse: { ...purse, available: 352n }, queued: 2, queuedAmount: 200n }), [
    'empty',
    undefined,
  ]);
});

test('a paused faucet, one that does not see the chain and a long queue take nothing', () => {
  assert.deepEqual(outcome({ isPaused: true, purse: undefined }), ['paused', undefined]);
  assert.deepEqual(outcome({ purse: undefined }), ['not-ready', undefined]);
  assert.deepEqual(outcome({ queued: 3 }), ['queue-full', undefined]);
});

test('whoever claims as often as they like gets no more than the rules give in any span of time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(700), { maxLength: 200 }), (pauses) => {
      let nowMs = NOW_MS;
      const taken: number[] = [];
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        const last = taken.at(-1);
        const facts = { ...FINE, nowMs, lastOfAddressMs: last, lastOfClientMs: last };
        if (refusalOf(RULES, facts) === undefined) taken.push(nowMs);
      }
      for (const [index, atMs] of taken.entries()) {
        const before = taken[index - 1];
        assert.ok(before === undefined || atMs - before >= RULES.addressCooldownMs);
      }
    }),
  );
});
