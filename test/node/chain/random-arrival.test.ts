import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import {
  ChainKit,
  chainTables,
  coinOf,
  type KitBlock,
  type KitCoin,
  openChain,
  replayedTables,
} from '../../kit/chain-kit.ts';

/** One block of a random tree. */
interface Sprout {
  /** Which of the blocks before it is its parent: 0 is the newest. */
  readonly above: number;
  /** Which of the branch's coins its payments spend; the same one twice is a chain of payments. */
  readonly payments: readonly number[];
  /** Whether its coinbase takes too much. */
  readonly greedy: boolean;
}

interface Grown {
  readonly mined: KitBlock;
  /** Whether it and all blocks below it keep the rules. */
  readonly valid: boolean;
  /** Whether all blocks below it keep the rules. */
  readonly onValid: boolean;
  /** What the funded accounts own on this branch. */
  readonly coins: readonly KitCoin[];
}

const sprout: fc.Arbitrary<Sprout> = fc.record({
  // Mostly near the top, so that branches grow long.
  above: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(20)),
  payments: fc.array(fc.nat(4), { maxLength: 3 }),
  greedy: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.boolean()),
});

/** How the blocks are handed in. */
const arrival = fc.record({
  order: fc.infiniteStream(fc.nat()),
  durable: fc.infiniteStream(fc.boolean()),
  restart: fc.infiniteStream(fc.nat(9).map((one) => one === 0)),
  /** From no room for a single coin to room for all. */
  dbCacheMb: fc.constantFrom(0, 0.002, 32),
});

function grow(kit: ChainKit, sprouts: readonly Sprout[]): Grown[] {
  const coins = (['alice', 'bob', 'carol', 'pool', 'faucet'] as const).map((owner) => kit.funds(owner));
  const tree: Grown[] = [{ mined: kit.genesis, valid: true, onValid: true, coins }];
  for (const { above, payments, greedy } of sprouts) {
    const below = tree[Math.max(0, tree.length - 1 - above)]!;
    const owned = [...below.coins];
    const transactions = payments.map((which) => {
      const coin = owned[which]!;
      const payment = kit.payment(coin, 'bob', 1_000n + BigInt(tree.length));
      owned[which] = coinOf(payment, 1, coin.owner);
      return payment;
    });
    const fees = 1_000n * BigInt(payments.length);
    const mined = kit.mineBlock(below.mined, transactions, { fees: greedy ? fees + 1n : fees });
    tree.push({ mined, valid: below.valid && !greedy, onValid: below.valid, coins: owned });
  }
  return tree.slice(1);
}

it('in whatever order blocks come, the coins are those of the best valid branch', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sprout, { minLength: 4, maxLength: 24 }), arrival, async (sprouts, how) => {
      const kit = new ChainKit();
      const tree = grow(kit, sprouts);
      const waiting = [...tree];
      let best: Grown = { mined: kit.genesis, valid: true, onValid: true, coins: [] };
      const open = await openChain(kit, { dbCacheMb: how.dbCacheMb });
      const next = <T>(stream: fc.Stream<T>): T => stream.next().value;
      try {
        while (waiting.length > 0) {
          const [grown] = waiting.splice(next(how.order) % waiting.length, 1);
          const { mined, valid } = grown!;
          const { outcome } = await open.chain.accept(mined.block, { durable: next(how.durable) });
          if (outcome === 'orphan') {
            // It comes again when its parent has; on an invalid one, which nobody keeps, it never will.
            if (grown!.onValid) waiting.push(grown!);
            continue;
          }
          if (valid && mined.height > best.mined.height) best = grown!;
          assert.deepEqual(open.chain.tip.hash, best.mined.hash);
          if (next(how.restart)) await open.reopen();
        }
        await open.chain.flush();
        assert.deepEqual(open.chain.tip.hash, best.mined.hash);
        assert.deepEqual(await chainTables(open.database), await replayedTables(kit, best.mined));
      } finally {
        await open.close();
      }
    }),
    { numRuns: 15 },
  );
});
