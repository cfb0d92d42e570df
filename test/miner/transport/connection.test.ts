import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { LineSplitter } from '../../../miner/transport/connection.ts';
import { MAX_POOL_LINE_BYTES } from '../../../protocol/stratum.ts';

describe('lines', () => {
  test('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zä€😀 ]{0,20}$/u)),
        fc.integer({ min: 1, max: 7 }),
        (lines, cut) => {
          const text = lines.map((line, i) => `${line}${i % 2 === 0 ? '\n' : '\r\n'}`).join('');
          const splitter = new LineSplitter();
          const found: string[] = [];
          for (let i = 0; i < text.length; i += cut)
            found.push(...(splitter.push(text.slice(i, i + cut)) ?? []));
          assert.deepEqual(
            found,
            lines.filter((line) => line !== ''),
          );
        },
      ),
    );
  });

  test('too long ones end the stream, with or without an end of line', () => {
    const tooLong = 'x'.repeat(MAX_POOL_LINE_BYTES + 1);
    assert.equal(new LineSplitter().push(tooLong), undefined);
    assert.equal(new LineSplitter().push(`${tooLong}\n`), undefined);
    const splitter = new LineSplitter();
    splitter.push('x'.repeat(MAX_POOL_LINE_BYTES));
    assert.equal(splitter.push('xx'), undefined);
    assert.deepEqual(new LineSplitter().push(`${'x'.repeat(MAX_POOL_LINE_BYTES)}\n`)?.length, 1);
  });
});
