import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressIndex } from '../../../node/chain/address-index.ts';
import { AddressTotals } from '../../../node/chain/address-totals.ts';
import {
  accountKey,
  ChainKit,
  coinOf,
  feed,
  type KitBlock,
  type OpenChain,
  openChain,
} from '../../kit/chain-kit.ts';

const ALICE = accountKey('alice').script;
const BOB = accountKey('bob').script;
const POOL = accountKey('pool').script;

async function scene(play: (kit: ChainKit, open: OpenChain) => Promise<void>): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit, { isVerified: () => true });
  try {
    await play(kit, open);
  } finally {
    await open.close();
  }
}

/** As the index tells it row by row. */
async function expected(open: OpenChain, script: Uint8Array) {
  const index = new AddressIndex(open);
  const deltas = await index.deltas([script]);
  const { items: coins } = await index.coins([script]);
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
  return {
    received: sum(deltas.flatMap(({ value }) => (value > 0n ? [value] : []))),
    spent: sum(deltas.flatMap(({ value }) => (value < 0n ? [-value] : []))),
    immature: sum(coins.flatMap(({ mature, value }) => (mature ? [] : [value]))),
    coins: coins.length,
    transactions: (await index.transactions([script])).length,
  };
}

/** A block in which alice splits a coin into many for herself, and the last of them. */
function fanBlock(kit: ChainKit, parent: KitBlock, count: number) {
  const outputs = Array.from({ length: count }, () => ({ value: 1_000n, script: ALICE }));
  const transaction = kit.sign([kit.funds('alice')], outputs);
  return { block: kit.mineBlock(parent, [transaction]), coin: coinOf(transaction, 0, 'alice') };
}

describe('the totals of addresses', () => {
  it('are those of the rows, for large and small ones, before and after reorganisations', () =>
    scene(async (kit, open) => {
      const totals = new AddressTotals(open);
      const check = async (): Promise<void> => {
        for (const script of [ALICE, BOB, POOL]) {
          assert.deepEqual(await totals.of([script]), [await expected(open, script)]);
        }
        const all = await Promise.all([ALICE, BOB, POOL].map((script) => expected(open, script)));
        assert.deepEqual(await totals.of([ALICE, BOB, POOL]), all);
      };
      await check();
      const { block, coin } = fanBlock(kit, kit.genesis, 5_000);
      await feed(open.chain, [block]);
      await check();
      const blocks = kit.mineBlocks(block, 20);
      await feed(open.chain, blocks);
      await check();
      const payment = kit.sign([coin], [{ value: 1_000n, script: BOB }]);
      const spending = kit.mineBlock(blocks.at(-1)!, [payment]);
      await feed(open.chain, [spending]);
      await check();
      // Two blocks back: what is settled holds.
      await feed(open.chain, kit.mineBlocks(blocks.at(-2)!, 3));
      await check();
      // Twenty blocks back: it does not.
      await feed(open.chain, kit.mineBlocks(block, 25));
      await check();
      // And to a chain that never had the many coins.
      await feed(open.chain, kit.mineBlocks(kit.genesis, 30));
      await check();
    }));

  it('read a large address whole only once', () =>
    scene(async (kit, open) => {
      const { block } = fanBlock(kit, kit.genesis, 9_000);
      await feed(open.chain, [block, ...kit.mineBlocks(block, 10)]);
      const totals = new AddressTotals(open);
      assert.equal(await totals.ifAtHand([ALICE]), undefined, 'more rows than one statement reads');
      const [first, second] = await Promise.all([totals.of([ALICE]), totals.of([ALICE])]);
      assert.deepEqual(first, second);
      assert.deepEqual(await totals.ifAtHand([ALICE]), first);
    }));

  it('of a rewarded address keep what is immature apart across many blocks', () =>
    scene(async (kit, open) => {
      const totals = new AddressTotals(open);
      const blocks = kit.mineBlocks(kit.genesis, 1_200);
      await feed(open.chain, blocks);
      assert.deepEqual(await totals.of([POOL]), [await expected(open, POOL)]);
      await feed(open.chain, kit.mineBlocks(blocks.at(-1)!, 150));
      assert.deepEqual(await totals.of([POOL]), [await expected(open, POOL)]);
    }));
});
