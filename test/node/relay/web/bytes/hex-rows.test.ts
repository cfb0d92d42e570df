import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldName, planRows, rowOf, sortsOf } from '../../../../../node/relay/web/bytes/hex-rows.ts';
import { headerSubject, transactionSubject } from '../../../../../node/relay/web/bytes/subject.ts';
import { blockCodec } from '../../../../../protocol/block.ts';
import { bytesToHex } from '../../../../../protocol/bytes.ts';
import { layOut, leafAt, spanAt } from '../../../../../protocol/layout.ts';
import { encodeTransaction } from '../../../../../protocol/transaction.ts';
import { arbitraryTransaction } from '../../../../protocol/arbitraries.ts';
import { readRaw } from '../../../../protocol/vectors.ts';

const BLOCK1 = readRaw('blocks/block1.raw');

test('the rows of a transaction hold each of its bytes once, under the field it belongs to', () => {
  fc.assert(
    fc.property(arbitraryTransaction, fc.constantFrom(20, 40, 80, 120), (transaction, columns) => {
      const bytes = encodeTransaction(transaction);
      const { whole } = transactionSubject(bytes);
      const plan = planRows(columns, bytes.length);
      let hex = '';
      let at = 0;
      for (let index = 0; index * plan.bytesPerRow < bytes.length; index++) {
        const row = rowOf(whole, bytes, index, plan);
        assert.equal(Number.parseInt(row.offset, 16), at);
        for (const run of row.runs) {
          assert.equal(leafAt(whole, at), run.leaf);
          assert.equal(run.isStart, run.leaf.start === at);
          const length = (run.hex.length + 1) / 3;
          at += length;
          assert.equal(run.isEnd, run.leaf.end === at);
          hex += run.hex.replaceAll(' ', '');
        }
        assert.equal(row.text.length, Math.min(plan.bytesPerRow, bytes.length - index * plan.bytesPerRow));
      }
      assert.equal(hex, bytesToHex(bytes));
    }),
  );
});

test('rows are as long as the width allows; text and names come where there is room', () => {
  const phone = planRows(38, 4_000_000);
  assert.deepEqual([phone.bytesPerRow, phone.hasText, phone.hasNames], [8, false, false]);
  const desk = planRows(100, 4_000_000);
  assert.deepEqual([desk.bytesPerRow, desk.hasText, desk.hasNames], [16, true, true]);
  assert.equal(planRows(5, 80).bytesPerRow, 4);
  assert.equal(planRows(100, 4_000_000).offsetDigits, 6);
  assert.equal(planRows(100, 80).offsetDigits, 2);
});

test('the fields that begin in a row stand beside it', () => {
  const { whole } = headerSubject(BLOCK1.subarray(0, 80));
  const plan = planRows(100, 80);
  const names = [0, 1, 2, 3, 4].map((index) => rowOf(whole, whole.bytes, index, plan).names);
  assert.deepEqual(names, ['version, previous', '', 'merkleRoot', '', 'time, bits, nonce']);
});

test('what no font shows is a dot', () => {
  const whole = layOut(blockCodec, BLOCK1);
  const row = rowOf(
    whole,
    Uint8Array.from({ length: 215 }, (_, byte) => byte + 20),
    0,
    planRows(100, 215),
  );
  assert.equal(row.text, '············ !"#');
});

test('a field is named by what it belongs to, where its own name says little', () => {
  const whole = layOut(blockCodec, BLOCK1);
  const name = (path: string) => fieldName(spanAt(whole, path)!);
  assert.equal(name('header.bits'), 'bits');
  assert.equal(name('transactions.count'), 'transactions count');
  assert.equal(name('transactions[0].inputs[0].scriptSig.length'), 'scriptSig length');
  assert.equal(name('transactions[0].inputs[0].scriptSig.bytes'), 'scriptSig');
  assert.equal(name('transactions[0].outputs[0]'), 'outputs[0]');
});

test('the legend names the sorts that occur', () => {
  const { whole } = headerSubject(BLOCK1.subarray(0, 80));
  assert.deepEqual(sortsOf(whole), ['version', 'reference', 'time', 'work']);
});
