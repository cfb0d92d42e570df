import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBits, showBits } from '../../protocol/compact.ts';
import { PROFILES } from '../../protocol/network.ts';
import {
  allowedBits,
  checkBits,
  type HeaderWindow,
  nextBits,
  type RetargetRules,
  type TimedBits,
  windowOf,
} from '../../protocol/retarget.ts';
import { RuleError } from '../../protocol/rules.ts';
import { readVectors } from './vectors.ts';

interface History {
  name: string;
  blockTime: number;
  window: number;
  powLimitBits: string;
  minimumDifficultyRule: boolean;
  times: number[];
  bits: string[];
  nextBits: string;
}

const { cases } = readVectors<{ cases: History[] }>('lwma.json');

function rulesOf(history: Omit<History, 'name' | 'times' | 'bits' | 'nextBits'>): RetargetRules {
  return {
    retarget: true,
    blockTimeSeconds: history.blockTime,
    window: history.window,
    powLimitBits: parseBits(history.powLimitBits),
    minimumDifficultyRule: history.minimumDifficultyRule,
  };
}

/** The headers up to `height`; asking for one that `windowOf` does not promise fails the test. */
function headersUpTo(all: readonly TimedBits[], height: number, rules: RetargetRules): HeaderWindow {
  return {
    height,
    at(i) {
      assert.ok(
        i === 0 || (i <= height && i >= height - windowOf(rules)),
        `height ${i} asked below ${height}`,
      );
      return all[i]!;
    },
  };
}

for (const history of cases) {
  test(`LWMA at every height: ${history.name}`, () => {
    const rules = rulesOf(history);
    const all = history.times.map((time, i) => ({ time, bits: parseBits(history.bits[i]!) }));
    for (let i = 1; i < all.length; i++) {
      const { time, bits } = all[i]!;
      const headers = headersUpTo(all, i - 1, rules);
      const allowed = allowedBits(headers, rules, time);
      assert.ok(allowed.includes(bits), `height ${i}: ${allowed.map(showBits)} without ${showBits(bits)}`);
      assert.doesNotThrow(() => checkBits(headers, rules, { time, bits }));
      // Without exception in play there is one answer, and a template gets it.
      const late = history.minimumDifficultyRule && time - all[i - 1]!.time > 20 * history.blockTime;
      assert.equal(allowed.length > 1, late && allowed[0] !== rules.powLimitBits);
      assert.equal(nextBits(headers, rules, time), late ? rules.powLimitBits : bits);
    }
    const last = all.at(-1)!;
    const onTime = last.time + history.blockTime;
    const next = nextBits(headersUpTo(all, all.length - 1, rules), rules, onTime);
    assert.equal(showBits(next), history.nextBits);
  });
}

const RULES = rulesOf({ blockTime: 10, window: 30, powLimitBits: '1f00ffff', minimumDifficultyRule: true });

/** A chain of `bits` on time up to `height`, then blocks as given by their gap and bits. */
function chain(height: number, bits: number, then: readonly [gap: number, bits: number][] = []): TimedBits[] {
  const all = Array.from({ length: height + 1 }, (_, i) => ({ time: 1000 + 10 * i, bits }));
  for (const [gap, own] of then) all.push({ time: all.at(-1)!.time + gap, bits: own });
  return all;
}

test('a block 20 block times after its parent may not use the limit, one a second later may', () => {
  const all = chain(40, 0x1c7fff80);
  const headers = headersUpTo(all, 40, RULES);
  const parentTime = all[40]!.time;
  assert.notEqual(nextBits(headers, RULES, parentTime + 200), RULES.powLimitBits);
  assert.equal(nextBits(headers, RULES, parentTime + 201), RULES.powLimitBits);
  const limit = { time: parentTime + 200, bits: RULES.powLimitBits };
  assert.throws(() => checkBits(headers, RULES, limit), { code: 'bad-diffbits' });
  assert.doesNotThrow(() => checkBits(headers, RULES, { ...limit, time: parentTime + 201 }));
  // Any other easier value is wrong, however late.
  assert.throws(
    () => checkBits(headers, RULES, { time: parentTime + 9999, bits: 0x1e00ffff }),
    (error) => error instanceof RuleError && /bits are 1e00ffff, expected 1c7fff80/.test(error.detail),
  );
});

test('a block at the limit that was not late is no exception and enters the average with its target', () => {
  const late = chain(40, 0x1c7fff80, [[201, 0x1f00ffff]]);
  const fast = chain(40, 0x1c7fff80, [[200, 0x1f00ffff]]);
  const [easedBits, fullBits] = [late, fast].map((all) => nextBits(headersUpTo(all, 41, RULES), RULES, 0));
  assert.ok(
    fullBits! > easedBits! && fullBits! >>> 24 > 0x1c,
    `${showBits(fullBits!)} ${showBits(easedBits!)}`,
  );
});

test('the run of exceptional blocks that is looked back through is bounded', () => {
  // headersUpTo fails if more is asked for.
  const run = Array.from({ length: 500 }, (): [number, number] => [201, 0x1f00ffff]);
  const all = chain(40, 0x03000001, run);
  assert.equal(nextBits(headersUpTo(all, all.length - 1, RULES), RULES, 0), RULES.powLimitBits);
  assert.ok(windowOf(RULES) < 120);
});

test('where the run ends at the limit does not depend on what came before it', () => {
  const easing = windowOf(RULES) - RULES.window;
  const run = Array.from({ length: easing + RULES.window }, (): [number, number] => [201, 0x1f00ffff]);
  for (const bits of [0x01010000, 0x1c7fff80, 0x1f00ffff]) {
    const all = chain(40, bits, run);
    assert.equal(nextBits(headersUpTo(all, all.length - 1, RULES), RULES, 0), RULES.powLimitBits);
  }
});

test('the first three blocks have the bits of the genesis block', () => {
  const all = chain(3, 0x1e00ffff);
  for (const height of [0, 1, 2])
    assert.equal(nextBits(headersUpTo(all, height, RULES), RULES, 0), 0x1e00ffff);
});

test('without retarget every block has the limit, however fast it comes', () => {
  const all = chain(50, 0x207fffff);
  const headers = headersUpTo(all, 50, PROFILES.regtest);
  assert.deepEqual(allowedBits(headers, PROFILES.regtest, 0), [0x207fffff]);
  assert.throws(() => checkBits(headers, PROFILES.regtest, { time: 0, bits: 0x1f00ffff }), {
    code: 'bad-diffbits',
  });
});
