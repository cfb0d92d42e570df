import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { candidateOf } from '../../../node/mempool/entry.ts';
import { Mempool } from '../../../node/mempool/mempool.ts';
import { assembleBlock, commitmentOf, TemplateSource } from '../../../node/template.ts';
import { blockWeight } from '../../../protocol/block.ts';
import { checkBlock, checkBlockContext } from '../../../protocol/check-block.ts';
import { type NetworkProfile, PROFILES } from '../../../protocol/network.ts';
import { type Transaction, wtxid } from '../../../protocol/transaction.ts';
import type { Bits } from '../../../protocol/units.ts';
import { alice, bob, genesisFunds, payOn } from '../payment-kit.ts';

const { dev } = PROFILES;
const EASY: Bits = dev.powLimitBits;
const HARD: Bits = 0x1e00ffff;
const PARENT_TIME = 1_800_000_000;

/** A chain whose bits fall to the limit 200 seconds after the tip, as those of dev do. */
function setUp({ profile = dev, tipHeight = 41 }: { profile?: NetworkProfile; tipHeight?: number } = {}) {
  const tip = { hash: new Uint8Array(32).fill(1), height: tipHeight, medianTime: PARENT_TIME - 50 };
  const chain = {
    profile,
    tip,
    nextBits: (time: number) => (time > PARENT_TIME + 20 * dev.blockTimeSeconds ? EASY : HARD),
  };
  const clock = { seconds: PARENT_TIME + 5, nowSeconds: () => clock.seconds };
  const mempool = new Mempool();
  return { chain, clock, mempool, templates: new TemplateSource({ chain, mempool, clock }) };
}

function add(mempool: Mempool, transaction: Transaction, fee: bigint) {
  return mempool.add(candidateOf(transaction, [], fee), 0, 0);
}

describe('a block template', () => {
  test('pays reward and fees at the height after the tip', () => {
    const { mempool, templates } = setUp();
    add(mempool, payOn(genesisFunds(alice), bob, 500n), 500n);
    const template = templates.current();
    assert.equal(template.height, 42);
    assert.equal(template.fees, 500n);
    assert.equal(template.coinbaseValue, dev.reward + 500n);
    assert.equal(template.minTimeSeconds, PARENT_TIME - 49);
    assert.equal(template.version, 0x2000_0000);
  });

  test('is kept while nothing changes, and is new on a new tip or with new transactions', () => {
    const { chain, mempool, templates } = setUp();
    const first = templates.current();
    assert.equal(templates.current(), first);
    add(mempool, payOn(genesisFunds(alice), bob, 500n), 500n);
    assert.equal(templates.fresh().entries.length, 1);
    chain.tip = { hash: new Uint8Array(32).fill(2), height: 42, medianTime: PARENT_TIME };
    assert.equal(templates.current().height, 43);
  });

  test('has a time after the median of the chain even when the clock is behind', () => {
    const { clock, templates } = setUp();
    clock.seconds = PARENT_TIME - 500;
    assert.deepEqual(templates.moment(), { timeSeconds: PARENT_TIME - 49, bits: HARD });
  });

  test('has the bits that belong to its time', () => {
    const { clock, templates } = setUp();
    assert.deepEqual(templates.moment(), { timeSeconds: PARENT_TIME + 5, bits: HARD });
    clock.seconds = PARENT_TIME + 201;
    assert.deepEqual(templates.moment(), { timeSeconds: PARENT_TIME + 201, bits: EASY });
  });

  test('leaves room for the coinbase in a full block', () => {
    const { mempool, templates } = setUp();
    const output = { value: 1_000n, script: bob.script };
    for (let index = 0; index < 45; index++) {
      const transaction: Transaction = {
        version: 2,
        inputs: [
          {
            previous: { txid: new Uint8Array(32).fill(index + 1), index: 0 },
            scriptSig: new Uint8Array(),
            sequence: 0,
            witness: [],
          },
        ],
        outputs: Array.from({ length: 800 }, () => output),
        lockTime: 0,
      };
      add(mempool, transaction, 100_000n);
    }
    const { entries } = templates.current();
    const weight = entries.reduce((sum, entry) => sum + entry.weight, 0);
    assert.ok(weight <= 3_992_000 && weight > 3_880_000, `weight ${weight}`);
  });

  test('becomes a valid block', () => {
    const { mempool, templates } = setUp();
    const payment = payOn(genesisFunds(alice), bob, 500n);
    add(mempool, payment, 500n);
    const template = templates.current();
    const block = assembleBlock({
      ...template,
      ...templates.moment(),
      payouts: [{ value: template.coinbaseValue, script: bob.script }],
      transactions: [payment],
      extra: Uint8Array.of(1, 7),
    });
    checkBlock(block);
    checkBlockContext(block, 42, PARENT_TIME - 50, dev);
    assert.equal(block.header.time, PARENT_TIME + 5);
    assert.equal(block.header.bits, HARD);
    assert.ok(blockWeight(block) < 4_000_000);
    assert.deepEqual(template.commitment, commitmentOf([wtxid(payment)]));
  });

  test('holds no witness on bitcoin-regtest until BIP 9 may have activated it, and signals for it', () => {
    const built = (tipHeight: number) => {
      const { mempool, templates } = setUp({ profile: PROFILES['bitcoin-regtest'], tipHeight });
      add(mempool, payOn(genesisFunds(alice), bob, 500n), 500n);
      const template = templates.current();
      const block = assembleBlock({
        ...template,
        ...templates.moment(),
        payouts: [{ value: template.coinbaseValue, script: bob.script }],
        transactions: template.entries.map(({ transaction }) => transaction),
      });
      checkBlock(block);
      const [coinbase] = block.transactions;
      return {
        version: block.header.version,
        payments: block.transactions.length - 1,
        commitment: template.commitment !== undefined,
        outputs: coinbase?.outputs.length,
        reserved: coinbase?.inputs[0]?.witness.length,
      };
    };
    const without = { version: 0x2000_0002, payments: 0, commitment: false, outputs: 1, reserved: 0 };
    assert.deepEqual(built(0), without);
    assert.deepEqual(built(430), without);
    const withIt = { version: 0x2000_0000, payments: 1, commitment: true, outputs: 2, reserved: 1 };
    assert.deepEqual(built(431), withIt);
  });

  test('commits all the same when it is told to hold a payment with a witness', () => {
    const { templates } = setUp({ profile: PROFILES['bitcoin-regtest'] });
    const template = templates.current();
    const block = assembleBlock({
      ...template,
      ...templates.moment(),
      payouts: [{ value: template.coinbaseValue, script: bob.script }],
      transactions: [payOn(genesisFunds(alice), bob, 500n)],
    });
    assert.doesNotThrow(() => checkBlock(block));
  });
});
