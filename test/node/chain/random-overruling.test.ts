import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { ChainKit, chainTables, type KitBlock, openChain, replayedTables } from '../../kit/chain-kit.ts';

/** What may happen next. `which` counts from the newest block. */
const event = fc.record({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant('mine' as const) },
    fc.constantFrom('invalidate' as const, 'reconsider' as const, 'prefer' as const, 'restart' as const),
  ),
  which: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, fc.nat(12)),
});

/** A block as the rules of overruling see it. */
interface Known {
  readonly mined: KitBlock;
  readonly parent: Known | undefined;
  isOut: boolean;
  sequence: number;
}

/** The plain model: every block is valid, its place in the order of arrival decides between equal heights. */
class Model {
  readonly blocks: Known[];
  #last = 0;
  #first = 0;

  constructor(genesis: KitBlock) {
    this.blocks = [{ mined: genesis, parent: undefined, isOut: false, sequence: 0 }];
  }

  get best(): Known {
    return this.blocks
      .filter(({ isOut }) => !isOut)
      .reduce((best, block) => {
        const higher = block.mined.height - best.mined.height;
        return higher > 0 || (higher === 0 && block.sequence < best.sequence) ? block : best;
      });
  }

  add(mined: KitBlock, parent: Known): void {
    this.blocks.push({ mined, parent, isOut: false, sequence: ++this.#last });
  }

  invalidate(root: Known): void {
    for (const block of this.blocks) if (isOn(block, root)) block.isOut = true;
  }

  reconsider(root: Known): void {
    for (const block of this.blocks) if (isOn(block, root) || isOn(root, block)) block.isOut = false;
  }

  prefer(block: Known): void {
    if (block.mined.height >= this.best.mined.height) block.sequence = --this.#first;
  }
}

/** Whether a block is the other one or stands on it. */
function isOn(block: Known, below: Known): boolean {
  for (let at: Known | undefined = block; at !== undefined; at = at.parent) if (at === below) return true;
  return false;
}

it('whatever is invalidated, reconsidered and preferred, the tip is the best of what is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 40 }), async (events) => {
      const kit = new ChainKit();
      const model = new Model(kit.genesis);
      const open = await openChain(kit);
      try {
        for (const { what, which } of events) {
          const { chain } = open;
          const known = model.blocks[Math.max(0, model.blocks.length - 1 - which)]!;
          const entry = chain.entry(known.mined.hash)!;
          if (what === 'mine') {
            const height = BigInt(model.blocks.length);
            const payment = kit.payment(kit.funds('alice'), 'bob', 1_000n + height);
            // Once on every branch, so that each takes and gives back coins.
            const mined = kit.mineBlock(known.mined, known.mined.height === 0 ? [payment] : []);
            const { outcome } = await chain.accept(mined.block);
            assert.equal(outcome === 'invalid', known.isOut);
            if (outcome !== 'invalid') model.add(mined, known);
          } else if (what === 'invalidate' && known.parent !== undefined) {
            model.invalidate(known);
            await chain.invalidate(entry);
          } else if (what === 'reconsider') {
            model.reconsider(known);
            await chain.reconsider(entry);
          } else if (what === 'prefer') {
            model.prefer(known);
            await chain.prefer(entry);
          } else if (what === 'restart') {
            await open.reopen();
          }
          assert.deepEqual(open.chain.tip.hash, model.best.mined.hash, what);
        }
        assert.equal(open.chain.bestHeader.height, model.best.mined.height);
        assert.deepEqual(await chainTables(open.database), await replayedTables(kit, model.best.mined));
      } finally {
        await open.close();
      }
    }),
    { numRuns: 20 },
  );
});
