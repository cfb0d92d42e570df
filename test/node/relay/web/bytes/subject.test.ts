import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_SUBJECT_BYTES,
  recognise,
  UnrecognisedError,
} from '../../../../../node/relay/web/bytes/subject.ts';
import { encodeBlock } from '../../../../../protocol/block.ts';
import { bytesToHex } from '../../../../../protocol/bytes.ts';
import { encodeHeader } from '../../../../../protocol/header.ts';
import { encodeTransaction } from '../../../../../protocol/transaction.ts';
import {
  arbitraryBlock,
  arbitraryBytes,
  arbitraryHeader,
  arbitraryTransaction,
} from '../../../../protocol/arbitraries.ts';
import { readRaw, readVectors } from '../../../../protocol/vectors.ts';

test('headers, transactions and blocks are told apart by their bytes', () => {
  const kindOf = (bytes: Uint8Array) => recognise(bytesToHex(bytes)).kind;
  fc.assert(fc.property(arbitraryHeader, (header) => kindOf(encodeHeader(header)) === 'header'));
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) => {
      const bytes = encodeTransaction(transaction);
      return kindOf(bytes) === (bytes.length === 80 ? 'header' : 'transaction');
    }),
  );
  const blocks = arbitraryBlock.filter(({ transactions }) => transactions.length > 0);
  fc.assert(
    fc.property(blocks, (block) => kindOf(encodeBlock(block)) === 'block'),
    { numRuns: 30 },
  );
  assert.equal(kindOf(readRaw('blocks/block1.raw')), 'block');
});

test('messages that another node sent are told apart, too', () => {
  const { frames } = readVectors<{ frames: { hex: string }[] }>('peer/bcoin-regtest.json');
  for (const { hex } of frames) assert.equal(recognise(hex).kind, 'message');
});

test('spaces, line breaks, upper case and 0x do not matter', () => {
  const hex = bytesToHex(readRaw('blocks/block1.raw').subarray(0, 80));
  const spaced = `  0x${hex.slice(0, 30)}\n ${hex.slice(30, 100).toUpperCase()}\t${hex.slice(100)}\n`;
  assert.deepEqual(recognise(spaced).whole.bytes, recognise(hex).whole.bytes);
});

test('what it is said to be is what it is read as', () => {
  const hex = bytesToHex(readRaw('blocks/block1.raw'));
  assert.equal(recognise(hex, 'block').kind, 'block');
  assert.throws(
    () => recognise(hex, 'header'),
    /These 215 bytes are no header\. Read as a header: .*trailing/,
  );
});

test('whatever is pasted is recognised or refused in words', () => {
  const refusal = (text: string) => {
    try {
      recognise(text);
      return '';
    } catch (error) {
      assert.ok(error instanceof UnrecognisedError, String(error));
      return error.message;
    }
  };
  assert.match(refusal(' \n'), /nothing here yet/);
  assert.match(refusal('00zz'), /not hex: it holds "z"/);
  assert.match(refusal('<img src=x>'), /not hex: it holds "<"/);
  assert.match(refusal('000'), /digit too few or too many/);
  assert.match(refusal('00'.repeat(MAX_SUBJECT_BYTES + 1)), /longer than any block/);
  assert.match(refusal('00'.repeat(100)), /100 bytes are no header, transaction, block or message/);
  fc.assert(fc.property(fc.string(), (text) => void refusal(text)));
  fc.assert(fc.property(arbitraryBytes(0, 400), (bytes) => void refusal(bytesToHex(bytes))));
});

test('the words name the reading that came farthest', () => {
  const whole = readRaw('blocks/block1.raw');
  assert.throws(() => recognise(bytesToHex(whole.subarray(0, 200))), /Read as a block: .*at byte/);
});
