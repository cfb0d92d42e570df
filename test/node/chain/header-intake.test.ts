import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Header } from '../../../protocol/header.ts';
import { ChainKit, feed, type KitBlock, openChain } from '../../kit/chain-kit.ts';

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

function headersOf(blocks: readonly KitBlock[]): Header[] {
  return blocks.map(({ block }) => block.header);
}

describe('headers in bulk', () => {
  it('are stored up to the first one that is refused, with the reason', () =>
    scene(async ({ kit, chain }) => {
      const blocks = kit.mineBlocks(kit.genesis, 5);
      const early = kit.mineBlock(blocks[4]!, [], { time: kit.profile.genesis.header.time });
      const after = kit.mineBlocks(early, 2);
      const result = await chain.acceptHeaders(headersOf([...blocks, early, ...after]), { durable: false });
      assert.equal(result.stored, 5);
      assert.deepEqual(
        result.entries.map(({ height }) => height),
        [1, 2, 3, 4, 5],
      );
      assert.equal(result.refused?.error?.code, 'time-too-old');
      assert.equal(chain.entry(after[0]!.hash), undefined);

      const again = await chain.acceptHeaders(headersOf(blocks));
      assert.deepEqual([again.entries, again.stored, again.refused], [result.entries, 0, undefined]);
      const orphans = await chain.acceptHeaders(headersOf(after));
      assert.deepEqual([orphans.entries, orphans.refused?.outcome], [[], 'orphan']);
    }));

  it('say which blocks are missing, also after a restart', () =>
    scene(async (here) => {
      const { kit } = here;
      const blocks = kit.mineBlocks(kit.genesis, 6);
      await feed(here.chain, blocks.slice(0, 2));
      assert.equal(here.chain.bestHeader, here.chain.tip);
      await here.chain.acceptHeaders(headersOf(blocks), { durable: false });
      await feed(here.chain, [blocks[4]!]);
      const missing = () => {
        const { chain } = here;
        assert.equal(chain.bestHeader.height, 6);
        return [1, 2, 3, 4, 5, 6].filter(
          (height) => chain.ancestor(chain.bestHeader, height)?.transactionCount === 0,
        );
      };
      assert.deepEqual(missing(), [3, 4, 6]);
      await here.reopen();
      assert.deepEqual(missing(), [3, 4, 6]);
      assert.deepEqual(await feed(here.chain, [blocks[2]!, blocks[3]!, blocks[5]!]), [
        'connected',
        'connected',
        'connected',
      ]);
      assert.equal(here.chain.bestHeader, here.chain.tip);
    }));

  it('lose the lead when a block below them breaks a rule', () =>
    scene(async ({ kit, chain }) => {
      const [good] = kit.mineBlocks(kit.genesis, 1) as [KitBlock];
      const greedy = kit.mineBlock(kit.genesis, [], { coinbaseValue: 51n * 100_000_000n });
      const above = kit.mineBlocks(greedy, 3);
      await chain.acceptHeaders(headersOf([greedy, ...above]));
      assert.deepEqual(chain.bestHeader.hash, above[2]!.hash);
      await chain.accept(greedy.block);
      assert.deepEqual(chain.bestHeader.hash, kit.genesis.hash);
      assert.deepEqual(await feed(chain, [good]), ['connected']);
      assert.equal(chain.bestHeader, chain.tip);
      const refused = await chain.acceptHeaders(headersOf(above));
      assert.equal(refused.refused?.outcome, 'duplicate-invalid');
    }));

  it('let others have their turn', () =>
    scene(async ({ kit, chain }) => {
      const headers = headersOf(kit.mineBlocks(kit.genesis, 2_000));
      let turns = 0;
      let done = false;
      const count = (): void => {
        turns += 1;
        if (!done) setImmediate(count);
      };
      setImmediate(count);
      await chain.acceptHeaders(headers, { durable: false });
      done = true;
      assert.ok(turns > 0);
      assert.equal(chain.bestHeader.height, 2_000);
    }));
});
