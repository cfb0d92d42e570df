import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { CheckLevel } from '../../../node/chain/verify-chain.ts';
import { branchOf, ChainKit, coinOf, feed, openChain } from '../../kit/chain-kit.ts';

const LEVELS: readonly CheckLevel[] = [0, 1, 2, 3, 4];

/** Eight blocks: each spends a coin of the one before it, and makes and spends one within itself. */
async function spendingChain(t: TestContext) {
  const kit = new ChainKit();
  const open = await openChain(kit, { dbCacheMb: 4 });
  t.after(() => open.close());
  let tip = kit.genesis;
  let coin = kit.funds('alice');
  for (let made = 0; made < 8; made++) {
    const first = kit.payment(coin, 'bob', 9_000n);
    const second = kit.payment(coinOf(first, 0, 'bob'), 'carol', 3_000n);
    coin = coinOf(first, 1, 'alice');
    tip = kit.mineBlock(tip, [first, second], { fees: 2_000n });
  }
  assert.deepEqual(await feed(open.chain, branchOf(tip)), Array(8).fill('connected'));
  await open.chain.flush();
  return { kit, open, tip };
}

describe('checking the stored chain again', () => {
  test('finds nothing wrong with a chain that is right, at any level and depth', async (t) => {
    const { open } = await spendingChain(t);
    for (const level of LEVELS) {
      for (const depth of [0, 1, 3, 8, 1_000]) {
        const blocks = Math.min(depth, 8);
        const reconnected = level >= 3 ? blocks : 0;
        assert.deepEqual(await open.chain.recheck({ level, depth }), {
          blocks,
          reconnected,
          fault: undefined,
        });
      }
    }
  });

  test('also after a reorganisation and while blocks wait to come in', async (t) => {
    const { kit, open, tip } = await spendingChain(t);
    await feed(open.chain, kit.mineBlocks(branchOf(tip)[4]!, 6));
    const [check, outcomes] = await Promise.all([
      open.chain.recheck({ level: 4, depth: 100 }),
      feed(open.chain, kit.mineBlocks(tip, 5)),
    ]);
    assert.deepEqual(check, { blocks: 11, reconnected: 11, fault: undefined });
    assert.equal(outcomes.at(-1), 'connected');
    assert.equal((await open.chain.recheck({ level: 4, depth: 100 })).fault, undefined);
  });

  /** What each level finds of one kind of damage in the row of block 5. */
  const damages: readonly [what: string, sql: string, from: CheckLevel, says: RegExp][] = [
    ['a block that is gone', 'DELETE FROM bodies WHERE block_id = 6', 0, /height 5/],
    [
      'a block in the place of another',
      'UPDATE bodies SET body = (SELECT body FROM bodies WHERE block_id = 4) WHERE block_id = 6',
      0,
      /height 5: another block is in its place/,
    ],
    [
      'a block that is cut short',
      'UPDATE bodies SET body = CAST(substr(body, 1, length(body) - 1) AS BLOB) WHERE block_id = 6',
      0,
      /height 5/,
    ],
    [
      'a transaction that was changed',
      `UPDATE bodies SET body = CAST(substr(body, 1, 130) || x'77' || substr(body, 132) AS BLOB) WHERE block_id = 6`,
      1,
      /height 5: bad-/,
    ],
    [
      'undo data of another block',
      `UPDATE undo SET undo = x'00' WHERE block_id = 6`,
      2,
      /height 5: its undo data is that of another block/,
    ],
    [
      'undo data that makes a coin larger',
      `UPDATE undo SET undo = CAST(substr(undo, 1, 4) || x'01' || substr(undo, 6) AS BLOB) WHERE block_id = 6`,
      3,
      /undo data says otherwise/,
    ],
    [
      'a coin that is gone',
      "DELETE FROM coins WHERE substr(place, 1, 4) = x'00000005'",
      3,
      /neither there nor spent/,
    ],
  ];

  for (const [what, sql, from, says] of damages) {
    test(`finds ${what}, from level ${from} on`, async (t) => {
      const { open } = await spendingChain(t);
      // So that nothing of it is in memory.
      await open.reopen();
      await open.database.run(sql);
      for (const level of LEVELS) {
        const { fault } = await open.chain.recheck({ level, depth: 8 });
        if (level < from) assert.equal(fault, undefined, `level ${level}`);
        else assert.match(fault ?? 'nothing', says, `level ${level}`);
      }
      assert.equal((await open.chain.recheck({ level: 2, depth: 2 })).fault, undefined);
    });
  }
});
