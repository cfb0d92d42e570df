import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock } from '../../protocol/block.ts';
import { CodecError } from '../../protocol/bytes.ts';
import { checkBlock, sigopsCost } from '../../protocol/check-block.ts';
import { HEADER_SIZE } from '../../protocol/header.ts';
import { RuleError } from '../../protocol/rules.ts';
import { OP_CHECKSIG } from '../../protocol/script.ts';
import { ALICE } from './test-chain.ts';
import { REAL_BLOCKS, readRaw } from './vectors.ts';

for (const { name } of REAL_BLOCKS) {
  test(`${name} of Bitcoin passes the checks a block gets by itself`, () => {
    assert.doesNotThrow(() => checkBlock(decodeBlock(readRaw(`blocks/${name}.raw`))));
  });
}

for (const name of ['block1', 'block482683'] as const) {
  test(`no bit of the transactions of ${name} can be changed: it is then another delivery, not another block`, () => {
    const original = readRaw(`blocks/${name}.raw`);
    const places = fc.record({
      at: fc.integer({ min: HEADER_SIZE, max: original.length - 1 }),
      bit: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(places, ({ at, bit }) => {
        const bytes = Uint8Array.from(original);
        bytes[at] = bytes[at]! ^ (1 << bit);
        const refusal = (error: unknown) =>
          error instanceof CodecError || (error instanceof RuleError && error.mutated);
        assert.throws(() => checkBlock(decodeBlock(bytes)), refusal);
      }),
      { numRuns: 300 },
    );
  });
}

test('a signature operation outside the witness costs 4, a P2WPKH spend 1', () => {
  const input = {
    previous: { txid: new Uint8Array(32).fill(1), index: 0 },
    scriptSig: new Uint8Array(),
    sequence: 0xffffffff,
    witness: [],
  };
  const transaction = (scripts: Uint8Array[], scriptSig = new Uint8Array()) => ({
    version: 2,
    inputs: [input, { ...input, scriptSig }],
    outputs: scripts.map((script) => ({ value: 1n, script })),
    lockTime: 0,
  });
  const check = Uint8Array.of(OP_CHECKSIG);
  assert.equal(sigopsCost(transaction([ALICE.script])), 2);
  assert.equal(sigopsCost(transaction([check, ALICE.script])), 2 + 4);
  assert.equal(sigopsCost(transaction([check], check)), 2 + 8);
  assert.equal(sigopsCost(decodeBlock(readRaw('blocks/block1.raw')).transactions[0]!), 4);
});
