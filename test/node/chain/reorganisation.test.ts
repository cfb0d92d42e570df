import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Chain } from '../../../node/chain/chain.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import {
  ChainKit,
  chainTables,
  coinOf,
  feed,
  type KitBlock,
  type OpenOptions,
  openChain,
  replayedTables,
} from '../../kit/chain-kit.ts';

/** Runs a scenario on a new chain, which is closed afterwards. */
async function withChain(
  scenario: (kit: ChainKit, open: Awaited<ReturnType<typeof openChain>>) => Promise<void>,
  options: OpenOptions = {},
): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit, options);
  try {
    await scenario(kit, open);
  } finally {
    await open.close();
  }
}

/** Notes what the chain tells its followers: "+3a" for a block of that name connected, "-" back, "=" settled. */
function notes(chain: Chain, names: ReadonlyMap<string, string>): string[] {
  const told: string[] = [];
  const name = (hash: Uint8Array) => names.get(displayHash(hash)) ?? 'genesis';
  chain.on('connected', ({ entry }) => void told.push(`+${name(entry.hash)}`));
  chain.on('disconnected', ({ entry }) => void told.push(`-${name(entry.hash)}`));
  chain.on('tip', (entry) => void told.push(`=${name(entry.hash)}`));
  return told;
}

function named(blocks: Readonly<Record<string, KitBlock>>): Map<string, string> {
  return new Map(Object.entries(blocks).map(([name, { hash }]) => [displayHash(hash), name]));
}

describe('reorganisation', () => {
  it('of 20 blocks with payments in both branches ends with exactly the coins of the longer branch', () =>
    withChain(async (kit, open) => {
      const common = kit.mineBlock(kit.genesis);
      const shared = kit.payment(kit.funds('alice'), 'bob', 5n * COIN);
      const branch = (length: number, tag: number): KitBlock[] => {
        const blocks: KitBlock[] = [];
        let bob = kit.funds('bob');
        let carol = kit.funds('carol');
        for (let made = 0; made < length; made++) {
          const fromBob = kit.payment(bob, 'carol', BigInt(tag * 1_000 + made + 1) * 10_000n);
          // Spends an output of the same block.
          const chained = kit.payment(coinOf(fromBob, 0, 'carol'), 'alice', 5_000n);
          const fromCarol = kit.payment(carol, 'faucet', BigInt(made + 1) * COIN);
          const payments = [fromBob, chained, fromCarol];
          // One payment stands in both branches, at different heights.
          if (made === 3 * tag) payments.push(shared);
          blocks.push(kit.mineBlock(blocks.at(-1) ?? common, payments, { tag: 100 * tag + made }));
          bob = coinOf(fromBob, 1, 'bob');
          carol = coinOf(fromCarol, 1, 'carol');
        }
        return blocks;
      };
      const first = branch(20, 1);
      const second = branch(21, 2);
      await feed(open.chain, [common, ...first]);
      assert.deepEqual(await chainTables(open.database), await replayedTables(kit, first.at(-1)!));

      const outcomes = await feed(open.chain, second);
      assert.deepEqual(outcomes, [...Array(20).fill('side-branch'), 'connected']);
      assert.deepEqual(open.chain.tip.hash, second.at(-1)!.hash);
      assert.deepEqual(await chainTables(open.database), await replayedTables(kit, second.at(-1)!));

      // And back again, when the first branch overtakes it.
      const more = kit.mineBlocks(first.at(-1)!, 2);
      assert.deepEqual(await feed(open.chain, more), ['side-branch', 'connected']);
      assert.deepEqual(await chainTables(open.database), await replayedTables(kit, more.at(-1)!));
    }));

  it('tells its followers every step in order, and the tip once', () =>
    withChain(async (kit, { chain }) => {
      const [a1, a2] = kit.mineBlocks(kit.genesis, 2) as [KitBlock, KitBlock];
      const [b1, b2, b3] = kit.mineBlocks(kit.genesis, 3) as [KitBlock, KitBlock, KitBlock];
      const told = notes(chain, named({ a1, a2, b1, b2, b3 }));
      await feed(chain, [a1, a2, b1, b2, b3]);
      assert.deepEqual(told, ['+a1', '=a1', '+a2', '=a2', '-a2', '-a1', '+b1', '+b2', '+b3', '=b3']);
    }));

  it('shows a follower the chain as it is after the step, and waits for it', () =>
    withChain(async (kit, { chain }) => {
      const a = kit.mineBlocks(kit.genesis, 1);
      const b = kit.mineBlocks(kit.genesis, 2);
      const seen: [number, boolean][] = [];
      const look = async (coinbase: KitBlock, height: number) => {
        assert.equal(chain.tip.height, height);
        const coin = await chain.coin(kit.reward(coinbase).outPoint);
        seen.push([height, coin !== undefined]);
      };
      chain.on('disconnected', ({ entry }) => look(a[0]!, entry.height - 1));
      chain.on('connected', ({ entry }) => look(a[0]!, entry.height));
      await feed(chain, [...a, ...b]);
      assert.deepEqual(seen, [
        [1, true],
        [0, false],
        [1, false],
        [2, false],
      ]);
    }));

  it('goes on when a follower throws', () =>
    withChain(async (kit, { chain, database }) => {
      const a = kit.mineBlocks(kit.genesis, 2);
      const b = kit.mineBlocks(kit.genesis, 3);
      const told: number[] = [];
      for (const name of ['connected', 'disconnected'] as const) {
        chain.on(name, () => {
          throw new Error('a follower with a bug');
        });
        chain.on(name, async ({ entry }) => void told.push(entry.height));
      }
      await feed(chain, [...a, ...b]);
      assert.deepEqual(told, [1, 2, 2, 1, 1, 2, 3]);
      assert.deepEqual(await chainTables(database), await replayedTables(kit, b.at(-1)!));
    }));

  it('keeps the branch that was seen first when both have the same work, across a restart', () =>
    withChain(async (kit, open) => {
      const a = kit.mineBlocks(kit.genesis, 2);
      const b = kit.mineBlocks(kit.genesis, 2);
      await feed(open.chain, [a[0]!, b[0]!, b[1]!, a[1]!]);
      assert.deepEqual(open.chain.tip.hash, b[1]!.hash);
      await open.reopen();
      assert.deepEqual(open.chain.tip.hash, b[1]!.hash);
      const c = kit.mineBlock(a[1]!);
      await feed(open.chain, [c]);
      assert.deepEqual(open.chain.tip.hash, c.hash);
    }));

  it('prefers fewer blocks with more work', async () => {
    const kit = new ChainKit({ ...PROFILES.regtest, retarget: true, window: 3 });
    const open = await openChain(kit);
    try {
      const start = kit.profile.genesis.header.time;
      const branch = (length: number, secondsPerBlock: number): KitBlock[] => {
        const blocks: KitBlock[] = [];
        for (let height = 1; height <= length; height++) {
          const options = { time: start + height * secondsPerBlock };
          blocks.push(kit.mineBlock(blocks.at(-1) ?? kit.genesis, [], options));
        }
        return blocks;
      };
      const long = branch(7, 10);
      // Blocks that come ten times as fast: from the fourth on they are ten times as hard.
      const short = branch(4, 1);
      await feed(open.chain, [...long, ...short]);
      assert.deepEqual(open.chain.tip.hash, short.at(-1)!.hash);
      assert.ok(open.chain.tip.chainWork > open.chain.entry(long.at(-1)!.hash)!.chainWork);
    } finally {
      await open.close();
    }
  });

  it('returns to the best valid branch when the other one breaks a rule half-way', () =>
    withChain(async (kit, open) => {
      const a = kit.mineBlocks(kit.genesis, 3);
      const b1 = kit.mineBlock(kit.genesis, [kit.payment(kit.funds('alice'), 'bob', COIN)]);
      const b2 = kit.mineBlock(b1, [], { coinbaseValue: 51n * COIN });
      const b3 = kit.mineBlock(b2);
      const b4 = kit.mineBlock(b3);
      const told = notes(open.chain, named({ a1: a[0]!, a2: a[1]!, a3: a[2]!, b1, b2, b3, b4 }));
      await feed(open.chain, [...a, b1, b2, b3]);
      told.length = 0;

      const result = await open.chain.accept(b4.block);
      assert.equal(result.outcome, 'invalid');
      assert.equal(result.error?.code, 'bad-prevblk');
      assert.deepEqual(told, ['-a3', '-a2', '-a1', '+b1', '-b1', '+a1', '+a2', '+a3', '=a3']);
      assert.deepEqual(open.chain.tip.hash, a[2]!.hash);
      assert.deepEqual(await chainTables(open.database), await replayedTables(kit, a[2]!));

      for (let round = 0; round < 2; round++) {
        const statuses = [b1, b2, b3, b4].map(({ hash }) => open.chain.entry(hash)?.status);
        assert.deepEqual(statuses, ['valid', 'invalid', 'invalid', 'invalid']);
        assert.equal((await open.chain.accept(b2.block)).outcome, 'duplicate-invalid');
        const child = await open.chain.accept(kit.mineBlock(b4).block);
        assert.equal(child.outcome, 'invalid');
        assert.equal(child.error?.code, 'bad-prevblk');
        await open.reopen();
      }
      // What is valid of that branch can still win.
      const c = kit.mineBlocks(b1, 3);
      await feed(open.chain, c);
      assert.deepEqual(open.chain.tip.hash, c.at(-1)!.hash);
    }));

  it('names the rule when the newest block of the branch breaks it', () =>
    withChain(async (kit, { chain }) => {
      const a = kit.mineBlocks(kit.genesis, 2);
      const b = kit.mineBlocks(kit.genesis, 2);
      const stolen = kit.payment({ ...kit.funds('alice'), owner: 'bob' }, 'bob', COIN);
      const b3 = kit.mineBlock(b[1]!, [stolen]);
      await feed(chain, [...a, ...b]);
      const result = await chain.accept(b3.block);
      assert.equal(result.outcome, 'invalid');
      assert.equal(result.error?.code, 'mandatory-script-verify-flag-failed');
      assert.deepEqual(chain.tip.hash, a[1]!.hash);
    }));

  it('takes the valid part of a branch if that is better than what it left', () =>
    withChain(async (kit, { chain }) => {
      const a = kit.mineBlocks(kit.genesis, 1);
      const b = kit.mineBlocks(kit.genesis, 3);
      const bad = kit.mineBlock(b[2]!, [], { coinbaseValue: 60n * COIN });
      await feed(chain, a);
      // The first block comes last, so that the whole branch becomes connectable at once.
      for (const { block } of [...b, bad]) await chain.acceptHeader(block.header);
      await feed(chain, [bad, b[2]!, b[1]!]);
      assert.deepEqual(chain.tip.hash, a[0]!.hash);
      assert.equal((await chain.accept(b[0]!.block)).outcome, 'connected');
      assert.deepEqual(chain.tip.hash, b[2]!.hash);
      assert.equal(chain.entry(bad.hash)?.status, 'invalid');
    }));

  it('lists the ends of all branches', () =>
    withChain(async (kit, { chain }) => {
      const a = kit.mineBlocks(kit.genesis, 3);
      const stored = kit.mineBlock(a[0]!);
      const invalid = kit.mineBlock(a[1]!, [], { coinbaseValue: 60n * COIN });
      const invalidChild = kit.mineBlock(invalid);
      const wasTip = kit.mineBlocks(kit.genesis, 1)[0]!;
      const headers = kit.mineBlocks(kit.genesis, 2);
      await feed(chain, [wasTip, ...a, stored, invalid, invalidChild]);
      for (const { block } of headers) await chain.acceptHeader(block.header);
      const tips = chain
        .tips()
        .map(({ entry, status, branchLength }) => [entry.height, status, branchLength]);
      assert.deepEqual(tips, [
        [3, 'active', 0],
        [4, 'invalid', 2],
        [2, 'valid-headers', 1],
        [2, 'headers-only', 2],
        [1, 'valid-fork', 1],
      ]);
    }));
});
