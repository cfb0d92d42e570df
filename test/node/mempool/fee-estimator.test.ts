import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { candidateOf, type MempoolEntry } from '../../../node/mempool/entry.ts';
import { FeeEstimator } from '../../../node/mempool/fee-estimator.ts';
import { Mempool } from '../../../node/mempool/mempool.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import { bob } from '../payment-kit.ts';

/** A chain of blocks that take what is given to them, seen by an estimator. */
class Scene {
  readonly mempool = new Mempool();
  readonly estimator: FeeEstimator;
  height = 100;
  #made = 0;

  constructor() {
    this.estimator = new FeeEstimator(this.height);
    this.mempool.listen(this.estimator);
  }

  /** A transaction of about this rate, in nits per vbyte. */
  enter(rate: number, parent?: MempoolEntry): MempoolEntry {
    const txid = parent?.txid ?? new Uint8Array(32);
    if (!parent) new DataView(txid.buffer).setUint32(0, ++this.#made);
    const transaction: Transaction = {
      version: 2,
      inputs: [{ previous: { txid, index: 0 }, scriptSig: new Uint8Array(), sequence: 0, witness: [] }],
      outputs: [{ value: 1_000n, script: bob.script }],
      lockTime: 0,
    };
    const { vsize } = candidateOf(transaction, [], 0n);
    return this.mempool.add(candidateOf(transaction, [], BigInt(Math.round(rate * vsize))), 0, this.height);
  }

  mine(entries: readonly MempoolEntry[] = []): void {
    this.height++;
    for (const entry of entries) this.mempool.remove(entry, 'confirmed');
    this.estimator.blockConnected(this.height);
  }

  /** Whether a transaction of 20 nits/vB is in the next block, and one of 2 waits for ten, again and again. */
  live(blocks: number): void {
    const slow: MempoolEntry[][] = [];
    for (let block = 0; block < blocks; block++) {
      const fast = [this.enter(20), this.enter(20)];
      slow.push([this.enter(2), this.enter(2)]);
      this.mine([...fast, ...(slow[block - 9] ?? [])]);
    }
  }
}

/** Nits per vbyte. */
const shown = (rate: number | undefined) => rate && Math.round(rate / 100) / 10;

describe('a fee estimate', () => {
  test('is none where nothing, or too little, has been seen', () => {
    const scene = new Scene();
    assert.deepEqual(scene.estimator.estimate(6, 'economical'), { rate: undefined, blocks: 0 });
    for (let count = 0; count < 10; count++) scene.mine([scene.enter(5)]);
    assert.deepEqual(scene.estimator.estimate(6, 'economical'), { rate: undefined, blocks: 4 });
  });

  test('is what was confirmed in time: more for the next blocks, less for whoever can wait', () => {
    const scene = new Scene();
    scene.live(100);
    const fast = scene.estimator.estimate(2, 'economical');
    assert.deepEqual([shown(fast.rate), fast.blocks], [20, 2]);
    const slow = scene.estimator.estimate(12, 'economical');
    assert.deepEqual([shown(slow.rate), slow.blocks], [2, 12]);
    assert.equal(shown(scene.estimator.estimate(8, 'conservative').rate), 20);
  });

  test('is for 2 blocks at least, for half of the blocks that were seen and for 48 at most', () => {
    const scene = new Scene();
    scene.live(60);
    assert.equal(scene.estimator.estimate(1, 'economical').blocks, 2);
    assert.equal(scene.estimator.estimate(1_008, 'economical').blocks, 29);
    scene.live(100);
    assert.equal(scene.estimator.estimate(1_008, 'economical').blocks, 48);
  });

  test('rises when those that pay it wait', () => {
    const scene = new Scene();
    scene.live(60);
    for (let count = 0; count < 60; count++) scene.enter(20);
    for (let block = 0; block < 4; block++) scene.mine();
    assert.equal(scene.estimator.estimate(2, 'economical').rate, undefined);
    for (let count = 0; count < 60; count++) scene.mine([scene.enter(40)]);
    assert.equal(shown(scene.estimator.estimate(2, 'economical').rate), 40);
  });

  test('counts what left unconfirmed after a long wait against its rate', () => {
    const scene = new Scene();
    scene.live(60);
    const given = Array.from({ length: 60 }, () => scene.enter(20));
    for (let block = 0; block < 3; block++) scene.mine();
    for (const entry of given) scene.mempool.remove(entry, 'evicted');
    assert.equal(scene.estimator.estimate(2, 'economical').rate, undefined);
  });

  test('leaves out what waits for its parents too', () => {
    const scene = new Scene();
    for (let count = 0; count < 60; count++) {
      const parent = scene.enter(20);
      scene.mine([parent, scene.enter(500, parent)]);
    }
    assert.equal(shown(scene.estimator.estimate(2, 'economical').rate), 20);
  });

  test('says the same after a restart, and does not count the blocks of a reorganisation twice', () => {
    const scene = new Scene();
    scene.live(60);
    const again = new FeeEstimator(scene.height);
    assert.ok(again.restore(scene.estimator.learned()));
    assert.deepEqual(again.estimate(2, 'economical'), scene.estimator.estimate(2, 'economical'));
    const before = scene.estimator.learned();
    scene.height -= 5;
    for (let block = 0; block < 5; block++) scene.mine([scene.enter(20)]);
    assert.equal(scene.estimator.learned(), before);
  });

  test('is learned anew where what was kept makes no sense', () => {
    const estimator = new FeeEstimator(5);
    for (const damaged of ['', '[]', '{"lastHeight":1,"buckets":{"0":{"count":"many"}}}']) {
      assert.equal(estimator.restore(damaged), false);
    }
    assert.ok(estimator.restore('{"lastHeight":1,"buckets":{}}'));
  });
});
