import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerQueue } from '../../../pool/stratum/answer-queue.ts';

test('answers leave in the order of their requests, whatever the order they are known in', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 30 }), fc.infiniteStream(fc.nat()), (known, random) => {
      const queue = new AnswerQueue();
      let out = '';
      const open = known.flatMap((isKnown, index) => {
        if (!isKnown) return [{ place: queue.reserve(100), line: `${index}` }];
        out += queue.push(`${index}`);
        return [];
      });
      while (open.length > 0) {
        const [next] = open.splice((random.next().value ?? 0) % open.length, 1);
        if (next !== undefined) out += queue.fill(next.place, next.line);
      }
      assert.equal(out, known.map((_, index) => `${index}\n`).join(''));
      assert.equal(queue.length, 0);
      assert.equal(queue.size, 0);
    }),
  );
});
