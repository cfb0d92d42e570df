import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { argumentOf, paramsOf } from '../../cli/rpc.ts';
import { SettingError } from '../../service/config.ts';

describe('a word of the command line', () => {
  const cases: readonly (readonly [word: string, value: unknown])[] = [
    ['1', 1],
    ['-1', -1],
    ['0.5', 0.5],
    ['true', true],
    ['null', null],
    ['["00"]', ['00']],
    ['{"rules":["segwit"]}', { rules: ['segwit'] }],
    ['"12"', '12'],
    ['dnilz1qquv9', 'dnilz1qquv9'],
    ['', ''],
    ['0000', '0000'],
    ['[1', '[1'],
  ];
  for (const [word, value] of cases) {
    test(`${word} is ${JSON.stringify(value)}`, () => assert.deepEqual(argumentOf(word), value));
  }

  test('of hexadecimal digits that could be a number stays text', () => {
    for (const hash of ['1'.repeat(64), `1e${'0'.repeat(62)}`, `${'9'.repeat(30)}e${'9'.repeat(33)}`]) {
      assert.equal(argumentOf(hash), hash);
    }
  });

  test('that is a number too large for any stays text', () => assert.equal(argumentOf('1e999'), '1e999'));
});

describe('parameters', () => {
  test('by position keep their order', () => assert.deepEqual(paramsOf(['x', '0'], false), ['x', 0]));

  test('by name are split at the first equals sign', () => {
    assert.deepEqual(paramsOf(['height=1', 'text=a=b'], true), { height: 1, text: 'a=b' });
  });

  test('without a name where names are needed are wrong use', () => {
    assert.throws(() => paramsOf(['1'], true), SettingError);
    assert.throws(() => paramsOf(['=1'], true), SettingError);
  });
});
