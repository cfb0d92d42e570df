import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inBrief, readingsOf } from '../../../../../node/relay/web/bytes/readings.ts';
import {
  blockSubject,
  headerSubject,
  messageSubject,
  transactionSubject,
} from '../../../../../node/relay/web/bytes/subject.ts';
import { encodeBlock } from '../../../../../protocol/block.ts';
import { hexToBytes } from '../../../../../protocol/bytes.ts';
import { encodeHeader } from '../../../../../protocol/header.ts';
import { type Span, spanAt } from '../../../../../protocol/layout.ts';
import { encodeTransaction, type Transaction } from '../../../../../protocol/transaction.ts';
import { arbitraryBlock, arbitraryHeader, arbitraryTransaction } from '../../../../protocol/arbitraries.ts';
import { readRaw, readVectors } from '../../../../protocol/vectors.ts';

/** What stands under each name at a path. */
function said(whole: Span, path: string, prefix = 'bc'): Record<string, string> {
  const span = spanAt(whole, path);
  assert.ok(span, path);
  return Object.fromEntries(readingsOf(span, prefix).map(({ name, text }) => [name, text]));
}

function readAll(span: Span): void {
  for (const { name, text } of readingsOf(span, 'dnilz')) assert.ok(name !== '' && typeof text === 'string');
  inBrief(span, undefined);
  span.parts.forEach(readAll);
}

test('every field of anything that can be encoded is read without a complaint', () => {
  fc.assert(fc.property(arbitraryHeader, (header) => readAll(headerSubject(encodeHeader(header)).whole)));
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) =>
      readAll(transactionSubject(encodeTransaction(transaction)).whole),
    ),
  );
  fc.assert(
    fc.property(arbitraryBlock, (block) => readAll(blockSubject(encodeBlock(block)).whole)),
    { numRuns: 20 },
  );
  const { frames } = readVectors<{ frames: { hex: string }[] }>('peer/bcoin-regtest.json');
  for (const { hex } of frames) readAll(messageSubject(hexToBytes(hex)).whole);
  readAll(blockSubject(readRaw('blocks/block1087400.raw')).whole);
});

test('the header of a block of Bitcoin says what anyone can look up', () => {
  const { whole } = blockSubject(readRaw('blocks/block482683.raw'));
  assert.equal(
    said(whole, 'header').Hash,
    '000000000000000000c238240ef6dcb26c37e75e16514e6ffc0aef7eee73e747',
  );
  assert.deepEqual(said(whole, 'header.bits'), {
    Bits: '18013ce9',
    Target: `${'0'.repeat(16)}013ce9${'0'.repeat(42)}`,
    Difficulty: '888,171,856,257',
  });
  assert.equal(said(whole, 'header.version').Signals, 'bits 1');
  const first = blockSubject(readRaw('blocks/block1.raw')).whole;
  assert.equal(said(first, 'header.time').Moment, '2009-01-09 02:54:25 UTC');
});

test('a coinbase says its height and what its miner wrote', () => {
  const { whole } = blockSubject(readRaw('blocks/block482683.raw'));
  const script = said(whole, 'transactions[0].inputs[0].scriptSig');
  assert.equal(script.Height, '482683');
  assert.match(script.Text ?? '', /Mined by AntPool/);
  assert.match(said(whole, 'transactions[0].inputs[0].previous').Value ?? '', /coinbase/);
  assert.equal(
    said(whole, 'transactions[0].inputs[0].previous.index').Value,
    'none: this input is a coinbase',
  );
});

test('a coin of a key says its address and its exact amount', () => {
  const { cases } = readVectors<{ cases: { signed: string; inputs: { publicKey: string }[] }[] }>(
    'sighash-p2wpkh.json',
  );
  const [first] = cases;
  const { whole } = transactionSubject(hexToBytes(first!.signed));
  const output = said(whole, 'outputs[0]', 'dnilz');
  assert.equal(output.Amount, '0.00003775 NILZ');
  assert.match(output.Address ?? '', /^dnilz1q/);
  const witness = said(whole, 'witnesses[0][0]');
  assert.equal(witness['Hash type'], 'ALL (01)');
  assert.equal(witness.r?.length, 64);
  assert.equal(said(whole, 'witnesses[0][1]').Value, 'public key, compressed');
  assert.equal(said(whole, 'lockTime').Value, 'after block 500');
});

const sequenceOf = (sequence: number): string => {
  const input = {
    previous: { txid: new Uint8Array(32).fill(1), index: 0 },
    scriptSig: new Uint8Array(0),
    sequence,
    witness: [],
  };
  const transaction: Transaction = { version: 2, inputs: [input], outputs: [], lockTime: 0 };
  return said(transactionSubject(encodeTransaction(transaction)).whole, 'inputs[0].sequence').Means ?? '';
};

test('a sequence says whether locks count, whether it may be replaced, and how old the coin must be', () => {
  assert.equal(sequenceOf(0xffff_ffff), 'final');
  assert.equal(sequenceOf(0xffff_fffe), 'the lock time counts');
  assert.equal(sequenceOf(0xffff_fffd), 'the lock time counts; signals that it may be replaced');
  assert.match(sequenceOf(10), /10.blocks old/);
  assert.match(sequenceOf(0x0040_0002), /1024 s old/);
});

test('the address of a node is written as people write it', () => {
  const { frames } = readVectors<{ frames: { hex: string }[] }>('peer/bcoin-regtest.json');
  const { whole } = messageSubject(hexToBytes(frames[0]!.hex));
  assert.equal(said(whole, 'payload.receiver.ip').Value, '127.0.0.1');
  assert.equal(said(whole, 'payload.sender.ip').Value, '0000:0000:0000:0000:0000:0000:0000:0000');
  assert.equal(said(whole, 'payload.userAgent').Value, '/bcoin:v1.0.2/');
});

test('bits that stand for no target say so', () => {
  const header = readRaw('blocks/block1.raw').slice(0, 80);
  header.set([0x00, 0x00, 0x81, 0x03], 72);
  const { whole } = headerSubject(header);
  assert.match(said(whole, 'bits').Target ?? '', /negative/);
});

test('an output that commits to witnesses says so', () => {
  const { whole } = blockSubject(readRaw('blocks/block482683.raw'));
  assert.match(said(whole, 'transactions[0].outputs[1].script').Means ?? '', /witness commitment/);
  assert.equal(said(whole, 'transactions[0].outputs[0].script').Means, undefined);
});
