import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressIndex } from '../../../node/chain/address-index.ts';
import { COIN } from '../../../protocol/amount.ts';
import { txid } from '../../../protocol/transaction.ts';
import { accountKey, ChainKit, coinOf, feed, type OpenChain, openChain } from '../../kit/chain-kit.ts';

const ALICE = accountKey('alice').script;
const BOB = accountKey('bob').script;
const CAROL = accountKey('carol').script;
const POOL = accountKey('pool').script;
const NOBODY = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20));

async function scene(
  play: (kit: ChainKit, open: OpenChain, index: AddressIndex) => Promise<void>,
): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit);
  try {
    await play(kit, open, new AddressIndex(open));
  } finally {
    await open.close();
  }
}

describe('the address index', () => {
  it('knows the funds of the genesis block, which can be spent at once', () =>
    scene(async (_kit, _open, index) => {
      const funds = 10_000n * COIN;
      assert.deepEqual(await index.balance([ALICE]), { spendable: funds, immature: 0n, received: funds });
      assert.deepEqual(await index.balance([ALICE, BOB, NOBODY, BOB]), {
        spendable: 2n * funds,
        immature: 0n,
        received: 2n * funds,
      });
      assert.deepEqual(await index.balance([NOBODY]), { spendable: 0n, immature: 0n, received: 0n });
      assert.deepEqual(await index.balance([]), { spendable: 0n, immature: 0n, received: 0n });
    }));

  it('tells coins, transactions and changes of several addresses in the order of the chain', () =>
    scene(async (kit, open, index) => {
      const first = kit.payment(kit.funds('alice'), 'bob', 3n * COIN, 500n);
      // In the same block: bob passes on what he has just received.
      const second = kit.payment(coinOf(first, 0, 'bob'), 'carol', 2n * COIN, 500n);
      const a = kit.mineBlock(kit.genesis, [first, second], { fees: 1_000n });
      const third = kit.payment(coinOf(first, 1, 'alice'), 'bob', COIN, 500n);
      const b = kit.mineBlock(a, [third], { fees: 500n });
      await feed(open.chain, [a, b]);

      const funds = 10_000n * COIN;
      const genesisTxid = txid(kit.profile.genesis.transactions[0]!);
      const [id1, id2, id3] = [first, second, third].map(txid);
      assert.deepEqual(
        (await index.coins([BOB])).items.map(({ txid: id, index: at, value, height, coinbase, mature }) => [
          id,
          at,
          value,
          height,
          coinbase,
          mature,
        ]),
        [
          [genesisTxid, 1, funds, 0, true, true],
          [id2, 1, COIN - 500n, 1, false, true],
          [id3, 0, COIN, 2, false, true],
        ],
      );
      assert.deepEqual(await index.balance([BOB]), {
        spendable: funds + 2n * COIN - 500n,
        immature: 0n,
        received: funds + 5n * COIN - 500n,
      });
      assert.deepEqual(await index.transactions([BOB]), [
        { txid: genesisTxid, height: 0, position: 0 },
        { txid: id1, height: 1, position: 1 },
        { txid: id2, height: 1, position: 2 },
        { txid: id3, height: 2, position: 1 },
      ]);
      assert.deepEqual(await index.transactions([BOB, CAROL], { start: 1, end: 1 }), [
        { txid: id1, height: 1, position: 1 },
        { txid: id2, height: 1, position: 2 },
      ]);
      assert.deepEqual(
        (await index.deltas([ALICE, BOB], { start: 1 })).map(
          ({ height, position, index: at, script, value }) => [
            height,
            position,
            at,
            script === ALICE ? 'alice' : 'bob',
            value,
          ],
        ),
        [
          [1, 1, 0, 'bob', 3n * COIN],
          [1, 1, 1, 'alice', funds - 3n * COIN - 500n],
          [1, 1, 0, 'alice', -funds],
          [1, 2, 1, 'bob', COIN - 500n],
          [1, 2, 0, 'bob', -3n * COIN],
          [2, 1, 0, 'bob', COIN],
          [2, 1, 1, 'alice', funds - 4n * COIN - 1_000n],
          [2, 1, 0, 'alice', -(funds - 3n * COIN - 500n)],
        ],
      );
    }));

  it('tells immature rewards apart until they may be spent', () =>
    scene(async (kit, open, index) => {
      const { maturity } = kit.profile;
      const blocks = kit.mineBlocks(kit.genesis, maturity);
      await feed(open.chain, blocks.slice(0, -1));
      const funds = 10_000n * COIN;
      assert.deepEqual(await index.balance([POOL]), {
        spendable: funds,
        immature: 50n * COIN * BigInt(maturity - 1),
        received: funds + 50n * COIN * BigInt(maturity - 1),
      });
      // The next block may spend what is `maturity` blocks below it.
      await feed(open.chain, blocks.slice(-1));
      const balance = await index.balance([POOL]);
      assert.deepEqual(
        [balance.spendable, balance.immature],
        [funds + 50n * COIN, 50n * COIN * BigInt(maturity - 1)],
      );
      const mature = (await index.coins([POOL])).items
        .filter((coin) => coin.mature)
        .map(({ height }) => height);
      assert.deepEqual(mature, [0, 1]);
      const spend = kit.payment(kit.reward(blocks[0]!), 'bob', COIN);
      assert.deepEqual(await feed(open.chain, [kit.mineBlock(blocks.at(-1)!, [spend])]), ['connected']);
    }));

  it('forgets what a reorganisation takes back', () =>
    scene(async (kit, open, index) => {
      const pay = kit.payment(kit.funds('alice'), 'bob', COIN);
      await feed(open.chain, [kit.mineBlock(kit.genesis, [pay])]);
      assert.equal((await index.transactions([ALICE])).length, 2);
      await feed(open.chain, kit.mineBlocks(kit.genesis, 2));
      assert.equal((await index.transactions([ALICE])).length, 1);
      assert.equal((await index.balance([ALICE])).spendable, 10_000n * COIN);
      assert.equal((await index.deltas([BOB])).length, 1);
    }));

  it('adds up amounts beyond 2^53 nits exactly', () =>
    scene(async (kit, open, index) => {
      // Rows that no valid chain of today could fill: as many coins of 21,000,000 NILZ, less one nit each.
      const value = 2_099_999_999_999_999n;
      const count = 1_000;
      await open.database.run(
        `INSERT INTO deltas (script, place, fact)
         SELECT ?1, unhex(printf('%024x', value)), unhex(printf('%016x%064x', ?2, value)) FROM json_each(?3)`,
        [NOBODY, Number(value), JSON.stringify(Array.from({ length: count }, (_, at) => at))],
      );
      const { spendable } = await index.balance([NOBODY]);
      assert.equal(spendable, value * BigInt(count));
      assert.ok(spendable > BigInt(Number.MAX_SAFE_INTEGER));
      assert.equal(kit.profile.name, 'regtest');
    }));
});
