import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  amount,
  count,
  countdown,
  duration,
  exactTime,
  hashRate,
  parseScaled,
  percent,
  plural,
  relativeTime,
  roughDuration,
  scaled,
  shortened,
  significant,
  UNKNOWN,
  windowName,
} from '../../../service/web/format.ts';

/** Texts as they look: a space that does not break looks like any other. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

/** Each value with the text it is expected to be written as. */
function table<T>(write: (value: T) => string, rows: readonly (readonly [T, string])[]): void {
  for (const [value, text] of rows) assert.equal(plain(write(value)), text);
}

test('what is unknown is a dash, whatever it would have been', () => {
  const writers = [count, significant, scaled, hashRate, percent, duration, roughDuration, amount];
  for (const write of writers) assert.equal(write(null), UNKNOWN);
  assert.equal(relativeTime(null, 0), UNKNOWN);
  assert.equal(significant(Number.NaN), UNKNOWN);
  assert.equal(scaled(Number.POSITIVE_INFINITY), UNKNOWN);
});

describe('numbers', () => {
  test('have three significant digits, whatever their size', () => {
    table(significant, [
      [0, '0'],
      [1234567, '1,234,567'],
      [999.6, '1,000'],
      [45.67, '45.7'],
      [1, '1.00'],
      [0.001234, '0.00123'],
      [0.0000152587890625, '0.0000153'],
      [1e-7, '1 × 10⁻⁷'],
      [1.234e-10, '1.23 × 10⁻¹⁰'],
    ]);
  });

  test('carry the prefix that leaves one to three digits before the point', () => {
    table(scaled, [
      [0, '0'],
      [999.4, '999'],
      [999.6, '1.00 k'],
      [12_345, '12.3 k'],
      [2.5e12, '2.50 T'],
      [1e30, '1,000,000 Y'],
    ]);
    table(hashRate, [
      [0, '0 H/s'],
      [512, '512 H/s'],
      [3_210_000, '3.21 MH/s'],
      [1.2e18, '1.20 EH/s'],
    ]);
  });

  test('are grouped where they are counted', () => {
    table(count, [
      [0, '0'],
      [1_234_567, '1,234,567'],
    ]);
    assert.equal(plain(plural(1, 'share')), '1 share');
    assert.equal(plain(plural(2_000, 'address', 'addresses')), '2,000 addresses');
  });

  test('a part that is there is never shown as nothing', () => {
    table(percent, [
      [0, '0 %'],
      [0.0002, '< 0.1 %'],
      [0.9941, '99.4 %'],
      [1, '100 %'],
      [1.72, '172 %'],
    ]);
  });
});

describe('hash rates that people type', () => {
  test('are read with or without unit, in any case', () => {
    for (const text of ['3.2 MH/s', '3.2mh/s', '3.2 M', '3200 kH', '3,200,000', ' 3.2e6 H/s ']) {
      assert.ok(Math.abs((parseScaled(text) ?? 0) - 3.2e6) < 1e-3, text);
    }
    assert.equal(parseScaled('1.2 TH/s'), 1.2e12);
    assert.equal(parseScaled('.5k'), 500);
  });

  test('that are none are told apart from zero', () => {
    for (const text of ['', 'fast', '-5', '3 MB/s', '1..2', '1e999', 'k']) {
      assert.equal(parseScaled(text), undefined, text);
    }
    assert.equal(parseScaled('0'), 0);
  });
});

describe('times', () => {
  test('spans have at most two units', () => {
    table(duration, [
      [0, '0 s'],
      [0.2, '< 1 s'],
      [45, '45 s'],
      [60, '1 min'],
      [200, '3 min 20 s'],
      [3_600, '1 h'],
      [7_500, '2 h 5 min'],
      [3 * 86_400 + 4 * 3_600, '3 d 4 h'],
      [10 * 365.25 * 86_400, '10 years'],
      [3e6 * 365.25 * 86_400, '3.00 million years'],
      [Number.POSITIVE_INFINITY, 'longer than anybody will wait'],
    ]);
  });

  test('estimates have one unit', () => {
    table(roughDuration, [
      [4.3, '4 s'],
      [61, '1 min'],
      [200, '3 min'],
      [3 * 3_600 + 700, '3 h'],
      [5 * 86_400 + 4_000, '5 d'],
    ]);
  });

  test('are told from now, in either direction', () => {
    assert.equal(relativeTime(1_000, 1_001), 'just now');
    assert.equal(plain(relativeTime(1_000, 1_012)), '12 s ago');
    assert.equal(plain(relativeTime(1_180, 1_000)), 'in 3 min');
  });

  test('are exact on demand, with their zone', () => {
    assert.equal(exactTime(1_795_132_800, 'UTC'), '2026-11-20 00:00:00 UTC');
  });

  test('a countdown ends at zero', () => {
    table(countdown, [
      [125, '02:05'],
      [0.2, '00:01'],
      [3_600, '1:00:00'],
      [-5, '00:00'],
    ]);
  });

  test('a window says how much of it there is', () => {
    assert.equal(plain(windowName(300)), '5 min');
    assert.equal(plain(windowName(86_400)), '24 h');
    assert.equal(plain(windowName(3_600, 600)), '10 min of 1 h');
    assert.equal(plain(windowName(3_600, 3_590)), '1 h');
  });
});

describe('amounts and hashes', () => {
  test('amounts are exact, with two decimals at least', () => {
    table(amount, [
      ['0', '0.00'],
      ['1', '0.00000001'],
      ['5000000141', '50.00000141'],
      ['123456789000000000', '1,234,567,890.00'],
      ['-150000000', '-1.50'],
    ]);
  });

  test('long texts lose their middle, short ones nothing', () => {
    assert.equal(shortened('0123456789abcdef0123456789abcdef'), '01234567…89abcdef');
    assert.equal(shortened('0123456789abcdef'), '0123456789abcdef');
  });
});
