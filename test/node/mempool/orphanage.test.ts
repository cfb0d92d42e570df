import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_ORPHAN_BYTES, MAX_ORPHANS, Orphanage } from '../../../node/mempool/orphanage.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import { outPointKey, type Transaction, totalSize, txid, wtxid } from '../../../protocol/transaction.ts';
import type { Hash } from '../../../protocol/units.ts';
import { bob } from '../payment-kit.ts';

let made = 0;

/** The id of a transaction nobody has seen. */
function unknown(): Hash {
  const id = new Uint8Array(32).fill(0xee);
  new DataView(id.buffer).setUint32(0, ++made);
  return id;
}

/** Spends the first output of each parent; never signed. */
function spending(parents: readonly Hash[], outputs = 1): Transaction {
  return {
    version: 2,
    inputs: parents.map((txid) => ({
      previous: { txid, index: 0 },
      scriptSig: new Uint8Array(),
      sequence: 0xffff_ffff,
      witness: [],
    })),
    outputs: Array.from({ length: outputs }, () => ({ value: BigInt(++made), script: bob.script })),
    lockTime: 0,
  };
}

function setUp() {
  const clock = { seconds: 1_000, nowSeconds: () => clock.seconds };
  const orphans = new Orphanage(clock);
  const add = (peer: number, parents: readonly Hash[] = [unknown()], outputs?: number) => {
    const transaction = spending(parents, outputs);
    return { transaction, kept: orphans.add(transaction, peer, parents) };
  };
  const has = ({ transaction }: { transaction: Transaction }) => orphans.has(wtxid(transaction));
  return { clock, orphans, add, has };
}

describe('the orphanage', () => {
  test('gives an orphan back when the last of its parents has come', () => {
    const { orphans, add } = setUp();
    const [first, second] = [unknown(), unknown()];
    const { transaction } = add(1, [first, second]);
    add(2, [first]);
    assert.deepEqual(
      orphans.parentCame(hashKey(first)).map(({ peer }) => peer),
      [2],
    );
    assert.equal(orphans.size, 1);
    assert.deepEqual(
      orphans.parentCame(hashKey(second)).map((orphan) => orphan.transaction),
      [transaction],
    );
    assert.deepEqual([orphans.size, orphans.bytes], [0, 0]);
    assert.deepEqual(orphans.parentCame(hashKey(second)), []);
  });

  test('keeps each once, and none that waits for nothing or for too much', () => {
    const { orphans, add } = setUp();
    const { transaction } = add(1);
    assert.equal(orphans.add(transaction, 2, [unknown()]), false);
    assert.equal(orphans.add(spending([unknown()]), 1, []), false);
    assert.equal(add(1, Array.from({ length: 25 }, unknown)).kept, false);
    assert.equal(orphans.size, 1);
  });

  test('lets an orphan go after twenty minutes', () => {
    const { clock, orphans, add, has } = setUp();
    const old = add(1);
    clock.seconds += 1_199;
    const young = add(1);
    assert.ok(has(old));
    clock.seconds += 1;
    orphans.expire();
    assert.deepEqual([has(old), has(young)], [false, true]);
  });

  test('forgets those of a peer that is gone', () => {
    const { orphans, add, has } = setUp();
    const parent = unknown();
    const gone = add(1, [parent]);
    const stays = add(2, [parent]);
    orphans.forget(1);
    assert.deepEqual([has(gone), has(stays)], [false, true]);
    assert.equal(orphans.parentCame(hashKey(parent)).length, 1);
  });

  test('drops what spends a coin that a block has spent', () => {
    const { orphans, add, has } = setUp();
    const [lost, missing] = [unknown(), unknown()];
    const orphan = add(1, [lost, missing]);
    orphans.spent(outPointKey({ txid: lost, index: 0 }));
    assert.ok(!has(orphan));
    assert.deepEqual(orphans.parentCame(hashKey(missing)), []);
  });

  test('holds a hundred; whoever has most of them makes room, with the oldest', () => {
    const { orphans, add, has } = setUp();
    const quiet = [add(1), add(1)];
    const loud = Array.from({ length: MAX_ORPHANS - 2 }, () => add(2));
    assert.equal(orphans.size, MAX_ORPHANS);
    for (let count = 0; count < 50; count++) add(2);
    assert.equal(orphans.size, MAX_ORPHANS);
    assert.ok(quiet.every(has));
    assert.deepEqual([has(loud[49]!), has(loud[50]!)], [false, true]);
    for (let count = 0; count < 49; count++) assert.ok(add(3).kept);
    assert.ok(quiet.every(has));
  });

  test('holds four million bytes; one large orphan of a quiet peer outlives many small ones of another', () => {
    const { orphans, add, has } = setUp();
    const size = 12_900;
    const quiet = add(1, [unknown()], size);
    const bytes = totalSize(quiet.transaction);
    assert.ok(bytes > 390_000);
    const fitting = Math.floor(MAX_ORPHAN_BYTES / bytes) - 1;
    const loud = Array.from({ length: fitting }, () => add(2, [unknown()], size));
    assert.ok(quiet.kept && loud.every(has));
    assert.ok(add(2, [unknown()], size).kept);
    assert.ok(orphans.bytes <= MAX_ORPHAN_BYTES);
    assert.deepEqual([has(quiet), has(loud[0]!), has(loud[1]!)], [true, false, true]);
  });

  test('knows its orphans by wtxid: another witness is another orphan', () => {
    const { orphans } = setUp();
    const parent = unknown();
    const plain = spending([parent]);
    const [input] = plain.inputs;
    const witnessed = { ...plain, inputs: [{ ...input!, witness: [Uint8Array.of(1)] }] };
    assert.deepEqual(txid(plain), txid(witnessed));
    assert.ok(orphans.add(witnessed, 1, [parent]));
    assert.ok(orphans.add(plain, 2, [parent]));
    assert.equal(orphans.parentCame(hashKey(parent)).length, 2);
  });
});
