import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { coinbaseText, readableText } from '../../../../node/relay/web/readable-text.ts';

const hex = (...parts: readonly (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part))).toString('hex');

describe('text among bytes', () => {
  test('what can be read is found, what cannot be is left out', () => {
    assert.equal(readableText(hex('/nilz pool/')), '/nilz pool/');
    assert.equal(
      readableText(hex(Uint8Array.of(0xff, 0, 1), 'Müllers Mine ⛏', Uint8Array.of(2))),
      'Müllers Mine ⛏',
    );
    assert.equal(readableText(hex('first', Uint8Array.of(0), 'second')), 'first second');
  });

  test('a few letters by chance are no text', () => {
    assert.equal(readableText(hex(Uint8Array.of(0x41, 0x42, 0x43, 0, 0xff, 0x44))), null);
    assert.equal(readableText(''), null);
  });

  test('markup stays what it is, to be shown as text', () => {
    assert.equal(readableText(hex('<script>alert(1)</script>')), '<script>alert(1)</script>');
  });

  test('marks that turn the direction of text, and controls, never come through', () => {
    assert.equal(readableText(hex('safe\u202eetirw\u2066ways')), 'safe etirw ways');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.doesNotMatch(readableText(hex(bytes)) ?? '', /[\p{C}\u2028\u2029\ufffd]/u);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        assert.doesNotMatch(readableText(hex(text)) ?? '', /[\p{C}\u2028\u2029\ufffd]/u);
      }),
    );
  });

  test('the height at the head of a coinbase is no part of what its miner wrote (BIP 34)', () => {
    // 03 and three bytes that would be the letters "abc".
    assert.equal(coinbaseText(hex(Uint8Array.of(3), 'abcdef')), null);
    assert.equal(coinbaseText(hex(Uint8Array.of(3), 'abc/miner/')), '/miner/');
    // OP_5 alone: a height up to 16.
    assert.equal(coinbaseText(hex(Uint8Array.of(0x55), '/miner/')), '/miner/');
  });
});
