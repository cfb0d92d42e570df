import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Chain } from '../../../node/chain/chain.ts';
import { COIN } from '../../../protocol/amount.ts';
import {
  ChainKit,
  chainTables,
  feed,
  type KitBlock,
  openChain,
  replayedTables,
} from '../../kit/chain-kit.ts';

type Scene = Awaited<ReturnType<typeof openChain>> & { readonly kit: ChainKit };

async function scene(play: (here: Scene) => Promise<void>): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit);
  try {
    await play(Object.create(open, { kit: { value: kit } }) as Scene);
  } finally {
    await open.close();
  }
}

function statuses(chain: Chain, blocks: readonly KitBlock[]): (string | undefined)[] {
  return blocks.map(({ hash }) => chain.entry(hash)?.status);
}

/** What followers are told: "+3" for a block of that height connected, "-3" back, "=3" settled. */
function notes(chain: Chain): string[] {
  const told: string[] = [];
  chain.on('connected', ({ entry }) => void told.push(`+${entry.height}`));
  chain.on('disconnected', ({ entry }) => void told.push(`-${entry.height}`));
  chain.on('tip', (entry) => void told.push(`=${entry.height}`));
  return told;
}

const entryOf = (chain: Chain, { hash }: KitBlock) => chain.entry(hash)!;

describe('a block that is said to be invalid', () => {
  it('leaves the best chain with all that stand on it, and the coins are those of the block below', () =>
    scene(async ({ kit, chain, database }) => {
      const payment = kit.payment(kit.funds('alice'), 'bob', COIN);
      const first = kit.mineBlock(kit.genesis);
      const paying = kit.mineBlock(first, [payment]);
      const above = kit.mineBlocks(paying, 2);
      await feed(chain, [first, paying, ...above]);
      const told = notes(chain);
      await chain.invalidate(entryOf(chain, paying));
      assert.equal(chain.tip, entryOf(chain, first));
      assert.equal(chain.bestHeader, chain.tip);
      assert.deepEqual(told, ['-4', '-3', '-2', '=1']);
      assert.deepEqual(statuses(chain, [first, paying, ...above]), [
        'valid',
        'invalid',
        'invalid',
        'invalid',
      ]);
      assert.deepEqual(await chainTables(database), await replayedTables(kit, first));
    }));

  it('makes room for the best branch that is left', () =>
    scene(async ({ kit, chain, database }) => {
      const a = kit.mineBlocks(kit.genesis, 4);
      const b = kit.mineBlocks(a[0]!, 2);
      const c = kit.mineBlocks(a[1]!, 1);
      await feed(chain, [...a, ...b, ...c]);
      const told = notes(chain);
      await chain.invalidate(entryOf(chain, a[2]!));
      // Both branches that are left have three blocks: b came first.
      assert.equal(chain.tip, entryOf(chain, b[1]!));
      assert.deepEqual(told, ['-4', '-3', '-2', '+2', '+3', '=3']);
      assert.deepEqual(await chainTables(database), await replayedTables(kit, b[1]!));
    }));

  it('stays out after a restart, as do blocks on top of it', () =>
    scene(async (here) => {
      const { kit } = here;
      const blocks = kit.mineBlocks(kit.genesis, 3);
      await feed(here.chain, blocks);
      await here.chain.invalidate(entryOf(here.chain, blocks[1]!));
      await here.reopen();
      const { chain } = here;
      assert.equal(chain.tip, entryOf(chain, blocks[0]!));
      assert.equal((await chain.accept(blocks[1]!.block)).outcome, 'duplicate-invalid');
      const child = await chain.accept(kit.mineBlock(blocks[2]!).block);
      assert.equal(child.error?.code, 'bad-prevblk');
    }));

  it('may stand on a side branch, be known by its header only, or be marked already: the tip stays', () =>
    scene(async ({ kit, chain }) => {
      const a = kit.mineBlocks(kit.genesis, 3);
      const side = kit.mineBlocks(kit.genesis, 2);
      const headers = kit.mineBlocks(a[2]!, 5);
      await feed(chain, [...a, ...side]);
      await chain.acceptHeaders(headers.map(({ block }) => block.header));
      assert.equal(chain.bestHeader.height, 8);
      const told = notes(chain);
      for (const block of [side[0]!, headers[1]!, headers[1]!]) await chain.invalidate(entryOf(chain, block));
      assert.deepEqual(told, []);
      assert.equal(chain.tip.height, 3);
      assert.equal(chain.bestHeader, entryOf(chain, headers[0]!));
      assert.deepEqual(statuses(chain, side), ['invalid', 'invalid']);
    }));

  it('is never the genesis block', () =>
    scene(async ({ kit, chain }) => {
      await assert.rejects(chain.invalidate(chain.tip), RangeError);
      assert.deepEqual(await feed(chain, kit.mineBlocks(kit.genesis, 1)), ['connected']);
    }));
});

describe('a block that is reconsidered', () => {
  it('comes back with all below and above it, as it was, also across restarts', () =>
    scene(async (here) => {
      const { kit } = here;
      const blocks = kit.mineBlocks(kit.genesis, 5);
      const unconnected = kit.mineBlocks(blocks[2]!, 1);
      await feed(here.chain, [...blocks, ...unconnected]);
      await here.chain.acceptHeaders(kit.mineBlocks(blocks[4]!, 1).map(({ block }) => block.header));
      const all = [...blocks, ...unconnected];
      const before = statuses(here.chain, all);
      await here.chain.invalidate(entryOf(here.chain, blocks[1]!));
      assert.equal(here.chain.tip.height, 1);
      await here.reopen();
      await here.chain.reconsider(entryOf(here.chain, blocks[1]!));
      assert.equal(here.chain.tip, entryOf(here.chain, blocks[4]!));
      assert.deepEqual(statuses(here.chain, all), before);
      assert.equal(here.chain.bestHeader.height, 6);
      await here.reopen();
      assert.deepEqual(statuses(here.chain, all), before);
      assert.equal(here.chain.tip.height, 5);
      assert.deepEqual(await chainTables(here.database), await replayedTables(kit, blocks[4]!));
    }));

  it('frees its ancestors, and not the branches beside it', () =>
    scene(async ({ kit, chain }) => {
      const trunk = kit.mineBlocks(kit.genesis, 2);
      const beside = kit.mineBlocks(trunk[0]!, 3);
      await feed(chain, [...trunk, ...beside]);
      await chain.invalidate(entryOf(chain, trunk[0]!));
      assert.equal(chain.tip.height, 0);
      await chain.reconsider(entryOf(chain, trunk[1]!));
      assert.equal(chain.tip, entryOf(chain, trunk[1]!));
      assert.deepEqual(statuses(chain, beside), ['invalid', 'invalid', 'invalid']);
      const tips = chain.tips().map(({ entry, status }) => [entry.height, status]);
      assert.deepEqual(tips, [
        [2, 'active'],
        [4, 'invalid'],
      ]);
    }));

  it('is found invalid again if it does break a rule', () =>
    scene(async ({ kit, chain }) => {
      const good = kit.mineBlocks(kit.genesis, 1);
      const bad = kit.mineBlock(kit.genesis, [], { coinbaseValue: 60n * COIN });
      const top = kit.mineBlock(bad);
      await feed(chain, [...good, bad]);
      assert.equal((await chain.accept(top.block)).error?.code, 'bad-prevblk');
      const told = notes(chain);
      await chain.reconsider(entryOf(chain, bad));
      assert.deepEqual(told, ['-1', '+1', '=1']);
      assert.deepEqual(statuses(chain, [bad, top]), ['invalid', 'invalid']);
      assert.equal(chain.tip, entryOf(chain, good[0]!));
    }));

  it('waits for the transactions that are missing below it, as before', () =>
    scene(async (here) => {
      const { kit } = here;
      const blocks = kit.mineBlocks(kit.genesis, 3);
      await here.chain.acceptHeaders(blocks.map(({ block }) => block.header));
      await feed(here.chain, [blocks[2]!, blocks[1]!]);
      await here.chain.invalidate(entryOf(here.chain, blocks[1]!));
      // The block below comes while those above it are out.
      assert.deepEqual(await feed(here.chain, [blocks[0]!]), ['connected']);
      assert.equal(here.chain.tip.height, 1);
      await here.reopen();
      await here.chain.reconsider(entryOf(here.chain, blocks[2]!));
      assert.equal(here.chain.tip, entryOf(here.chain, blocks[2]!));
    }));
});

describe('a block that is preferred', () => {
  it('is the tip although another of the same work came first, also after a restart', () =>
    scene(async (here) => {
      const { kit } = here;
      const branches = [1, 2, 3].map(() => kit.mineBlocks(kit.genesis, 2));
      await feed(here.chain, branches.flat());
      for (const at of [2, 1, 0, 2]) {
        const wanted = branches[at]![1]!;
        await here.chain.prefer(entryOf(here.chain, wanted));
        assert.equal(here.chain.tip, entryOf(here.chain, wanted));
        await here.reopen();
        assert.equal(here.chain.tip, entryOf(here.chain, wanted));
      }
      // More work wins all the same.
      const longer = kit.mineBlock(branches[0]![1]!);
      await feed(here.chain, [longer]);
      assert.equal(here.chain.tip, entryOf(here.chain, longer));
    }));

  it('changes nothing if it has less work than the tip, is invalid, or has not come', () =>
    scene(async ({ kit, chain }) => {
      const a = kit.mineBlocks(kit.genesis, 2);
      const less = kit.mineBlocks(kit.genesis, 1)[0]!;
      const invalid = kit.mineBlocks(kit.genesis, 2);
      const header = kit.mineBlock(less);
      await feed(chain, [...a, less, ...invalid]);
      await chain.invalidate(entryOf(chain, invalid[0]!));
      await chain.acceptHeader(header.block.header);
      const told = notes(chain);
      for (const block of [less, invalid[1]!, header]) await chain.prefer(entryOf(chain, block));
      assert.deepEqual(told, []);
      assert.equal(chain.tip, entryOf(chain, a[1]!));
      assert.deepEqual(await feed(chain, [header]), ['side-branch']);
    }));
});
