import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROBLEM_CODES, shownText } from '../../miner/problem.ts';
import { documentText } from '../kit/documented-fields.ts';

describe('docs/miner.md', () => {
  test('has every code of a problem once, and no other', () => {
    const [, section = ''] = documentText('miner.md').split('\n## Problems\n');
    const [problems = ''] = section.split('\n## ');
    const named = [...problems.matchAll(/`([a-z]+(?:-[a-z]+)+|[a-z]{5,})`/g)].map(([, code = '']) => code);
    assert.deepEqual(named.toSorted(), [...PROBLEM_CODES].toSorted());
  });
});

describe('text of a pool', () => {
  test('loses what terminals obey and what turns the reading round', () => {
    assert.equal(
      shownText('a\u001b[31mb\u0007c\u0085d\u202ee\u2066f\u2028g\r\nh\u0000'),
      'a [31mb c d e f g h',
    );
  });

  test('keeps what people write', () => {
    assert.equal(shownText('Wartung um 3 Uhr – ключ 鍵 🔑 ok'), 'Wartung um 3 Uhr – ключ 鍵 🔑 ok');
  });

  test('is cut when it is long', () => {
    assert.equal(shownText('x'.repeat(10_000)).length, 301);
  });
});
