import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, concatBytes } from '../../protocol/bytes.ts';
import { buildCoinbase, WITNESS_RESERVED_VALUE } from '../../protocol/coinbase.ts';
import { commitmentScript, findCommitment, witnessCommitment } from '../../protocol/merkle.ts';
import {
  decodeTransaction,
  encodeTransaction,
  isCoinbase,
  type Transaction,
  txid,
  wtxid,
} from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { REAL_BLOCKS, readRaw } from './vectors.ts';

for (const { name, committed } of REAL_BLOCKS) {
  test(`${name} ${committed ? 'commits to its witnesses' : 'has no commitment'}`, () => {
    const { transactions } = decodeBlock(readRaw(`blocks/${name}.raw`));
    const coinbase = transactions[0]!;
    const found = findCommitment(coinbase);
    assert.equal(found !== undefined, committed);
    if (found === undefined) return;
    const reserved = coinbase.inputs[0]!.witness[0]!;
    assert.deepEqual(witnessCommitment(transactions.map(wtxid), reserved), found.hash);
    assert.deepEqual(coinbase.outputs[found.index]!.script.slice(0, 38), commitmentScript(found.hash));
  });
}

const hashOf = (number: number): Hash => new Uint8Array(32).fill(number);

function coinbaseWith(...scripts: Uint8Array[]): Transaction {
  return { ...buildCoinbase({ height: 1, outputs: scripts.map((script) => ({ value: 0n, script })) }) };
}

test('the wtxid of the coinbase does not count in the commitment', () => {
  const reserved = WITNESS_RESERVED_VALUE;
  assert.deepEqual(
    witnessCommitment([hashOf(1), hashOf(2)], reserved),
    witnessCommitment([hashOf(9), hashOf(2)], reserved),
  );
  assert.notDeepEqual(
    witnessCommitment([hashOf(1), hashOf(2)], reserved),
    witnessCommitment([hashOf(1), hashOf(3)], reserved),
  );
});

test('the last output that looks like a commitment is the one', () => {
  const other = Uint8Array.of(0x51);
  const found = findCommitment(
    coinbaseWith(commitmentScript(hashOf(1)), other, commitmentScript(hashOf(2)), other),
  );
  assert.deepEqual(found, { index: 2, hash: hashOf(2) });
});

test('a commitment may be followed by more bytes, but not cut short', () => {
  const longer = concatBytes(commitmentScript(hashOf(3)), Uint8Array.of(1, 2));
  assert.deepEqual(findCommitment(coinbaseWith(longer)), { index: 0, hash: hashOf(3) });
  assert.equal(findCommitment(coinbaseWith(commitmentScript(hashOf(3)).subarray(0, 37))), undefined);
});

test('an output with any other start is no commitment', () => {
  for (let at = 0; at < 6; at++) {
    const script = commitmentScript(hashOf(1));
    script[at] = script[at]! ^ 1;
    assert.equal(findCommitment(coinbaseWith(script)), undefined);
  }
  assert.equal(findCommitment(coinbaseWith()), undefined);
});

test('a coinbase starts with its height and carries the commitment last', () => {
  const outputs = [{ value: 50n, script: Uint8Array.of(0x51) }];
  const extra = Uint8Array.of(1, 2, 3, 4);
  const coinbase = buildCoinbase({ height: 300, outputs, extra, commitment: hashOf(7) });
  assert.ok(isCoinbase(coinbase));
  assert.equal(bytesToHex(coinbase.inputs[0]!.scriptSig), '022c0101020304');
  assert.deepEqual(coinbase.inputs[0]!.witness, [new Uint8Array(32)]);
  assert.deepEqual(findCommitment(coinbase), { index: 1, hash: hashOf(7) });
  assert.deepEqual(decodeTransaction(encodeTransaction(coinbase)), coinbase);
  assert.notDeepEqual(txid(coinbase), wtxid(coinbase));
});

test('a coinbase without a commitment carries no witness', () => {
  const coinbase = buildCoinbase({ height: 300, outputs: [], extra: Uint8Array.of(1) });
  assert.deepEqual(coinbase.inputs[0]!.witness, []);
  assert.deepEqual(txid(coinbase), wtxid(coinbase));
});

test('a coinbase script has 2 to 100 bytes', () => {
  // Height 1 is one byte: OP_0 fills it up.
  assert.equal(bytesToHex(buildCoinbase({ height: 1, outputs: [] }).inputs[0]!.scriptSig), '5100');
  assert.equal(
    buildCoinbase({ height: 1, outputs: [], extra: new Uint8Array(99) }).inputs[0]!.scriptSig.length,
    100,
  );
  assert.throws(() => buildCoinbase({ height: 1, outputs: [], extra: new Uint8Array(100) }), RangeError);
});
