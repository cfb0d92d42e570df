import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineReader, LineTooLongError } from '../../../pool/stratum/line-reader.ts';

test('lines come out whole, however the stream is cut', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((line) => line.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lines, cuts) => {
      const reader = new LineReader();
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const out: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = cuts[turn % cuts.length] ?? 1;
        out.push(...reader.push(bytes.subarray(at, at + size)));
        at += size;
      }
      // A lone surrogate cannot be sent; both sides see the replacement character.
      assert.deepEqual(
        out,
        lines.map((line) => Buffer.from(line).toString()),
      );
    }),
  );
});

test('a line of 16 KiB passes, one byte more does not, finished or not', () => {
  const longest = Buffer.alloc(16_384, 'x');
  assert.equal(new LineReader().push(Buffer.concat([longest, Buffer.from('\n')]))[0]?.length, 16_384);
  assert.deepEqual(new LineReader().push(longest), []);
  const reader = new LineReader();
  reader.push(longest);
  assert.throws(() => reader.push(Buffer.from('x')), LineTooLongError);
  assert.throws(() => new LineReader().push(Buffer.alloc(16_386, 'x').fill('\n', 16_385)), LineTooLongError);
});
