import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchDigest, FIRST_HEAD, nextHead, shareRecord } from '../../../pool/ledger/share-chain.ts';
import type { LedgerShare } from '../../../pool/ledger/share-log-schema.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';

// Records, digests and heads were computed by another program (Python's struct and hashlib) from the description
// in share-chain.ts.
const PLAIN: LedgerShare = {
  sequence: 1,
  worker: { address: 'dnilz1qalice', name: 'rig' },
  jobId: '1f',
  tip: new Uint8Array(32).fill(7),
  tipHeight: 999,
  bits: 0x1d00ffff,
  difficulty: 0.001,
  weight: 4_294_967n,
  hash: Uint8Array.from({ length: 32 }, (_, index) => index),
  timeMs: 1_795_132_800_123,
  late: false,
};
const FROM_EDGE: LedgerShare = {
  sequence: 2 ** 40 + 3,
  worker: { address: 'dnilz1qbob', name: '' },
  jobId: 'a0',
  tip: new Uint8Array(32).fill(8),
  tipHeight: 0xffffffff,
  bits: 0x207fffff,
  difficulty: 2 ** 47,
  weight: 2n ** 79n + 1n,
  hash: new Uint8Array(32).fill(0xff),
  timeMs: 1_795_132_800_124,
  late: true,
  origin: { edge: 'frankfurt-ü', sequence: 2 ** 33 + 1 },
};
const PLAIN_RECORD =
  '01000000000000007bbc40f6a1010000fca9f1d24d62503f37894100000000000000000000000000' +
  'ffff001de70300000707070707070707070707070707070707070707070707070707070707070707' +
  '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f000c00646e696c7a' +
  '3171616c69636503007269670200316600000000000000000000';
const EDGE_RECORD =
  '03000000000100007cbc40f6a1010000000000000000e04201000000000000000080000000000000' +
  'ffff7f20ffffffff0808080808080808080808080808080808080808080808080808080808080808' +
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff010a00646e696c7a' +
  '3171626f620000020061300c006672616e6b667572742dc3bc0100000002000000';
const FIRST_DIGEST = '932e66959c620291d0e7c8e76a4c662f36e4b8be900bdb8c5eae807ae47e3417';
const HEAD_1 = 'cb50f94f5a0b2e5974982daab0fcff7407d4348df77012cfb03002ab8e802f57';
const SECOND_DIGEST = '530b097fd37d4add34a72a5ab929edea0275926b7b8bccede6e8593187d861bd';
const HEAD_2 = '412a1edebb15e0e71dbe1f80d307724626b658df42de48e69defe5ad96bf3c2a';

test('the record of a share is the documented one, byte by byte', () => {
  assert.equal(bytesToHex(shareRecord(PLAIN)), PLAIN_RECORD);
  assert.equal(bytesToHex(shareRecord(FROM_EDGE)), EDGE_RECORD);
});

test('digests and heads are those another program finds', () => {
  const digest = batchDigest([PLAIN, FROM_EDGE]);
  assert.equal(bytesToHex(digest), FIRST_DIGEST);
  const first = {
    batch: 1,
    firstSequence: 1,
    lastSequence: 2 ** 40 + 3,
    count: 2,
    timeMs: 1_795_132_800_200,
  };
  const head = nextHead(FIRST_HEAD, first, digest);
  assert.equal(bytesToHex(head), HEAD_1);

  const sequence = 2 ** 40 + 9;
  const next = batchDigest([{ ...PLAIN, sequence }]);
  assert.equal(bytesToHex(next), SECOND_DIGEST);
  const second = {
    batch: 2,
    firstSequence: sequence,
    lastSequence: sequence,
    count: 1,
    timeMs: 1_795_132_800_300,
  };
  assert.equal(bytesToHex(nextHead(hexToBytes(HEAD_1), second, next)), HEAD_2);
});

test('a batch larger than the room set aside has the digest of its records', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({ ...PLAIN, sequence: index + 1 }));
  const long = { ...PLAIN, sequence: 2_000, worker: { address: 'ü'.repeat(5_000), name: '' } };
  const small = bytesToHex(batchDigest([PLAIN, FROM_EDGE]));
  const first = bytesToHex(batchDigest([...many, long]));
  assert.equal(bytesToHex(batchDigest([PLAIN, FROM_EDGE])), small);
  assert.equal(bytesToHex(batchDigest([...many, long])), first);
  assert.notEqual(bytesToHex(batchDigest(many)), first);
});

test('a value that does not fit its field is refused, not cut', () => {
  for (const wrong of [{ sequence: -1 }, { sequence: 2 ** 53 }, { timeMs: 0.5 }, { tipHeight: 2 ** 32 }]) {
    assert.throws(() => shareRecord({ ...PLAIN, ...wrong }), RangeError);
  }
  assert.throws(() => shareRecord({ ...PLAIN, weight: 2n ** 128n }), RangeError);
  assert.throws(
    () => shareRecord({ ...PLAIN, worker: { address: 'a'.repeat(65_536), name: '' } }),
    RangeError,
  );
});
