import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blockCodec, decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { displayHash, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { type Codec, CodecError, codecOf, Reader } from '../../protocol/codec.ts';
import { meaningOf } from '../../protocol/field-meaning.ts';
import { encodeHeader, headerCodec } from '../../protocol/header.ts';
import {
  isArray,
  isDeclared,
  isStruct,
  layOut,
  leafAt,
  leavesBetween,
  type Span,
  spanAt,
} from '../../protocol/layout.ts';
import { framedMessageCodec } from '../../protocol/peer-message.ts';
import { PAYLOADS } from '../../protocol/peer-payload.ts';
import { preimageCodec } from '../../protocol/sighash.ts';
import {
  encodeTransaction,
  originalForm,
  transactionCodec,
  witnessForm,
} from '../../protocol/transaction.ts';
import { arbitraryBlock, arbitraryHeader, arbitraryTransaction } from './arbitraries.ts';
import { REAL_BLOCKS, readRaw, readVectors } from './vectors.ts';

/** Every span of a layout, the whole first. */
function* spansOf(span: Span): Generator<Span, void, undefined> {
  yield span;
  for (const part of span.parts) yield* spansOf(part);
}

/** Parts follow each other without a gap and fill what they are parts of; each is found again by its path. */
function assertPartition(whole: Span, size: number): void {
  assert.equal(whole.start, 0);
  assert.equal(whole.end, size);
  for (const span of spansOf(whole)) {
    let at = span.start;
    for (const part of span.parts) {
      assert.equal(part.start, at, part.path);
      assert.equal(part.parent, span);
      at = part.end;
    }
    if (span.parts.length > 0) assert.equal(at, span.end, span.path);
    assert.equal(spanAt(whole, span.path), span, span.path);
  }
}

test('the spans of a header are its six fields', () => {
  fc.assert(
    fc.property(arbitraryHeader, (header) => {
      const whole = layOut(headerCodec, encodeHeader(header));
      assertPartition(whole, 80);
      assert.deepEqual(
        whole.parts.map(({ name, start, value }) => [name, start, value]),
        [
          ['version', 0, header.version],
          ['previous', 4, header.previous],
          ['merkleRoot', 36, header.merkleRoot],
          ['time', 68, header.time],
          ['bits', 72, header.bits],
          ['nonce', 76, header.nonce],
        ],
      );
    }),
  );
});

test('the spans of any transaction, with or without witnesses, partition its bytes', () => {
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) => {
      const bytes = encodeTransaction(transaction);
      assertPartition(layOut(transactionCodec, bytes), bytes.length);
    }),
  );
});

test('the spans of any block partition its bytes', () => {
  fc.assert(
    fc.property(arbitraryBlock, (block) => {
      const bytes = encodeBlock(block);
      assertPartition(layOut(blockCodec, bytes), bytes.length);
    }),
    { numRuns: 30 },
  );
});

test('the value of a span is what its bytes say', () => {
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) => {
      const whole = layOut(transactionCodec, encodeTransaction(transaction));
      const value = (path: string) => spanAt(whole, path)?.value;
      assert.equal(value('version'), transaction.version);
      assert.equal(value('lockTime'), transaction.lockTime);
      transaction.inputs.forEach((input, index) => {
        assert.deepEqual(value(`inputs[${index}].previous`), input.previous);
        assert.deepEqual(value(`inputs[${index}].scriptSig`), input.scriptSig);
        assert.equal(value(`inputs[${index}].sequence`), input.sequence);
      });
      transaction.outputs.forEach((output, index) => {
        assert.equal(value(`outputs[${index}].value`), output.value);
        assert.deepEqual(value(`outputs[${index}].script`), output.script);
      });
    }),
  );
});

for (const { name, transactions } of REAL_BLOCKS) {
  test(`${name} of Bitcoin is laid out to its last byte`, () => {
    const bytes = readRaw(`blocks/${name}.raw`);
    const whole = layOut(blockCodec, bytes);
    assert.deepEqual(whole.value, decodeBlock(bytes));
    const list = spanAt(whole, 'transactions');
    assert.equal(list?.parts.length, transactions + 1);
    // What is written down one leaf after the other is the block again.
    let at = 0;
    for (const leaf of leavesBetween(whole, 0, bytes.length)) {
      assert.equal(leaf.start, at);
      assert.deepEqual(leaf.parts, []);
      assert.notEqual(meaningOf(leaf.kind), undefined, leaf.kind);
      at = leaf.end;
    }
    assert.equal(at, bytes.length);
    const last = spanAt(whole, `transactions[${transactions - 1}]`);
    assert.equal(last?.end, bytes.length);
  });
}

test('the first block after the genesis block of Bitcoin shows the fields anyone can look up', () => {
  const whole = layOut(blockCodec, readRaw('blocks/block1.raw'));
  const at = (path: string) => spanAt(whole, path);
  assert.equal(
    displayHash(at('header.previous')?.value as Uint8Array),
    '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  );
  assert.equal(at('header.nonce')?.value, 2_573_394_689);
  assert.equal(at('transactions[0].outputs[0].value')?.value, 5_000_000_000n);
  assert.equal(at('transactions[0].inputs[0].previous.index')?.value, 0xffff_ffff);
  assert.equal(at('transactions.count')?.start, 80);
  assert.equal(at('transactions[1]'), undefined);
  assert.equal(at('no.such[0].field'), undefined);
});

test('every byte belongs to one leaf, and a byte outside to none', () => {
  const bytes = readRaw('blocks/block482683.raw');
  const whole = layOut(blockCodec, bytes);
  for (let offset = 0; offset < bytes.length; offset++) {
    const leaf = leafAt(whole, offset);
    assert.ok(leaf !== undefined && leaf.start <= offset && offset < leaf.end);
  }
  for (const outside of [-1, bytes.length]) assert.equal(leafAt(whole, outside), undefined);
});

test('what comes of a span is its own bytes', () => {
  const bytes = readRaw('blocks/block1.raw');
  const whole = layOut(blockCodec, bytes);
  for (const span of spansOf(whole)) assert.ok(equalBytes(span.bytes, bytes.slice(span.start, span.end)));
});

test('bytes that are no encoding have no layout, and the error says where they fail', () => {
  const bytes = readRaw('blocks/block1.raw');
  assert.throws(() => layOut(blockCodec, bytes.subarray(0, 100)), /at byte \d+ of 100/);
  assert.throws(() => layOut(blockCodec, Uint8Array.of(...bytes, 0)), /1 trailing bytes/);
  assert.throws(() => layOut(headerCodec, bytes), CodecError);
});

test('messages recorded from another node are laid out with their payloads', () => {
  const { frames } = readVectors<{ frames: { hex: string }[] }>('peer/bcoin-regtest.json');
  const commands = new Set<string>();
  for (const { hex } of frames) {
    const frame = hexToBytes(hex);
    const whole = layOut(framedMessageCodec, frame);
    assertPartition(whole, frame.length);
    commands.add(whole.value.command);
    for (const span of spansOf(whole)) assert.notEqual(meaningOf(span.kind), undefined, span.kind);
  }
  assert.ok(commands.has('version') && commands.has('headers'), [...commands].join());
});

/** Every kind that a declaration can give, and what has it. */
function kindsOf(codec: Codec<unknown>, kind: string): string[] {
  if (isDeclared(codec)) return [kind, ...declarationsOf(codec).flatMap((form) => partKinds(form, kind))];
  return [kind, ...partKinds(codec, kind)];
}

function partKinds(codec: Codec<unknown>, kind: string): string[] {
  if (isStruct(codec)) {
    return Object.entries(codec.fields).flatMap(([name, field]) =>
      kindsOf(codecOf<Record<string, unknown>, string>(field, SAMPLE), `${codec.type}.${name}`),
    );
  }
  if (isArray(codec))
    return [...(codec.counted ? [`${kind}.count`] : []), ...kindsOf(codec.element, `${kind}[]`)];
  return codec.type === 'varbytes' ? [`${kind}.length`, `${kind}.bytes`] : [];
}

/** What fields that depend on fields before them are asked with. */
const SAMPLE = { inputs: [], command: 'unknown', length: 0 };

/** Both forms of a transaction; of everything else the one there is. */
function declarationsOf(codec: Codec<unknown>): Codec<unknown>[] {
  if (codec.type === transactionCodec.type) return [originalForm, witnessForm];
  return isDeclared(codec) ? [codec.declaration(new Reader(new Uint8Array(8)))] : [];
}

test('every field of every codec has a meaning with its source', () => {
  const roots: Codec<unknown>[] = [
    headerCodec,
    transactionCodec,
    blockCodec,
    preimageCodec,
    framedMessageCodec,
  ];
  const kinds = roots.flatMap((codec) => kindsOf(codec, codec.type));
  const payloads = Object.values(PAYLOADS).flatMap(({ codec }) => kindsOf(codec, 'message.payload'));
  const without = new Set([...kinds, ...payloads].filter((kind) => meaningOf(kind) === undefined));
  assert.deepEqual([...without], []);
  assert.ok(new Set([...kinds, ...payloads]).size > 90);
});

test('a kind that nothing is declared by has no meaning', () => {
  for (const kind of ['', 'count', 'input', 'nothing.count', 'constructor', 'toString.bytes']) {
    assert.equal(meaningOf(kind), undefined, kind);
  }
});
