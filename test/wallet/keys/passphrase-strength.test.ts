import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateStrength } from '../../../wallet/keys/passphrase-strength.ts';

test('what everybody tries first is very weak, however it is dressed up', () => {
  const texts = [
    '',
    'a',
    'password',
    'P@ssw0rd1',
    'qwertyuiop',
    'Summer2026!',
    'correct horse battery staple',
    'abcdefghijklmnop',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    '1234567890',
    '87654321',
    'nilzcoin2026',
  ];
  for (const text of texts) assert.equal(estimateStrength(text).score, 0, text);
});

test('random words and random characters are strong', () => {
  for (const text of [
    'wolf garden cannon pelican orbit',
    'kX9#mQ2$vL7p',
    'vzkqwmxtrbgdhc',
    '日本語のとても長いひみつ',
  ]) {
    assert.equal(estimateStrength(text).score, 4, text);
  }
});

test('a word of the list counts 11 bits, whatever its length', () => {
  const four = estimateStrength('wolf garden cannon pelican').bits;
  const five = estimateStrength('wolf garden cannon pelican orbit').bits;
  assert.ok(five - four >= 11 && five - four <= 13, `${five - four}`);
});

test('said twice is hardly said more', () => {
  const once = estimateStrength('kX9#mQ2$vL7p').bits;
  assert.ok(estimateStrength('kX9#mQ2$vL7pkX9#mQ2$vL7p').bits - once <= 4);
});

test('every text has a sentence and whole bits, more of them when it is longer, in no time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 20 }), (text, more) => {
      const { bits, score, words } = estimateStrength(text);
      assert.ok(Number.isInteger(bits) && bits >= 0);
      assert.ok(score >= 0 && score <= 4 && words !== '');
      assert.ok(estimateStrength(text + more).bits >= 0);
    }),
  );
  const before = process.cpuUsage();
  estimateStrength('x9'.repeat(500_000));
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});
