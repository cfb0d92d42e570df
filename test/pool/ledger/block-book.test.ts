import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerBlock } from '../../../pool/ledger/accounts-schema.ts';
import { openLedger } from '../../kit/share-kit.ts';

function block(changes: Partial<LedgerBlock> = {}): LedgerBlock {
  return {
    hash: new Uint8Array(32).fill(1),
    previous: new Uint8Array(32).fill(2),
    height: 10,
    bits: 0x1d00ffff,
    timeMs: 1_795_132_800_123,
    reward: 5_000_000_000n,
    worker: { address: 'dnilz1qalice', name: 'rig' },
    delivery: 'pending',
    reason: undefined,
    endSequence: undefined,
    terms: undefined,
    ...changes,
  };
}

test('a block is entered once, and settled once known', async (t) => {
  const { ledger } = await openLedger(t);
  await ledger.blocks.enter(block(), 'c0ffee');
  await ledger.blocks.enter(block({ height: 11, worker: undefined }), 'dead');
  assert.deepEqual(await ledger.blocks.pending(), [{ hash: block().hash, height: 10, raw: 'c0ffee' }]);
  assert.equal(await ledger.blocks.has(block().hash), true);
  assert.equal(await ledger.blocks.has(new Uint8Array(32)), false);
  await ledger.blocks.settle(block().hash, 'accepted', 'duplicate');
  assert.deepEqual(await ledger.blocks.pending(), []);
  assert.deepEqual(await ledger.blocks.last(5), [block({ delivery: 'accepted', reason: 'duplicate' })]);
  assert.deepEqual(await ledger.blocks.counts(), { pending: 0, accepted: 1, rejected: 0 });
});

test('a block nobody is known to have found has no worker', async (t) => {
  const { ledger } = await openLedger(t);
  await ledger.blocks.enter(block({ worker: undefined, delivery: 'accepted' }));
  assert.equal((await ledger.blocks.last(1))[0]?.worker, undefined);
});
