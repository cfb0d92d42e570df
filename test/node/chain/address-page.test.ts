import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressIndex } from '../../../node/chain/address-index.ts';
import { type AddressMark, readMark, showMark, VoidMarkError } from '../../../node/chain/address-mark.ts';
import type { AddressPage, PageWish } from '../../../node/chain/address-page.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { type Transaction, type TxOutput, txid } from '../../../protocol/transaction.ts';
import type { Hash } from '../../../protocol/units.ts';
import {
  accountKey,
  ChainKit,
  coinOf,
  feed,
  type KitBlock,
  type KitCoin,
  type OpenChain,
  openChain,
} from '../../kit/chain-kit.ts';

const ALICE = accountKey('alice').script;
const BOB = accountKey('bob').script;
const CAROL = accountKey('carol').script;
const POOL = accountKey('pool').script;
const NOBODY = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7));

interface Scene {
  readonly kit: ChainKit;
  readonly open: OpenChain;
  readonly index: AddressIndex;
}

async function scene(play: (scene: Scene) => Promise<void>): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit, { isVerified: () => true });
  try {
    await play({ kit, open, index: new AddressIndex(open) });
  } finally {
    await open.close();
  }
}

/** Blocks in which alice, bob and carol pay each other, some of it within a block, some back to themselves. */
function busyBlocks(kit: ChainKit, count: number): KitBlock[] {
  const names = ['alice', 'bob', 'carol'] as const;
  const coins: KitCoin[] = names.map((name) => kit.funds(name));
  const blocks: KitBlock[] = [];
  for (let made = 0; made < count; made++) {
    const transactions: Transaction[] = [];
    for (let at = 0; at < made % 4; at++) {
      const spent = coins.splice((made * 7 + at * 3) % coins.length, 1 + ((made + at) % 2));
      const value = spent.reduce((sum, coin) => sum + coin.value, 0n) / 3n;
      const owners = [0, 1, 2].map((shift) => names[(made * at + shift * (at + 1)) % 3]!);
      const transaction = kit.sign(
        spent,
        owners.map((owner) => ({ value, script: accountKey(owner).script })),
      );
      transactions.push(transaction);
      coins.push(...owners.map((owner, index) => coinOf(transaction, index, owner)));
    }
    blocks.push(kit.mineBlock(blocks.at(-1) ?? kit.genesis, transactions));
  }
  return blocks;
}

/** A transaction of many outputs to one script. */
function fan(kit: ChainKit, from: KitCoin, script: Uint8Array, count: number): Transaction {
  const outputs: TxOutput[] = Array.from({ length: count }, () => ({ value: 1_000n, script }));
  outputs.push({ value: from.value - 1_000n * BigInt(count), script: accountKey(from.owner).script });
  return kit.sign([from], outputs);
}

/** Rows of a script that no chain has made: received long ago, and spent since. */
async function addSpentRows({ open }: Scene, script: Uint8Array, count: number): Promise<void> {
  await open.database.run(
    `INSERT INTO deltas SELECT ?1, unhex(printf('%08x%016x', 0, value + 1000)), unhex(printf('%016x%064x', 7, value))
     FROM json_each(?2)`,
    [script, JSON.stringify(Array.from({ length: count }, (_, at) => at))],
  );
}

/** All items, page by page, each going on from the mark of the one before as text. */
async function paged<Item>(
  limit: number,
  read: (wish: PageWish) => Promise<AddressPage<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let mark: AddressMark | undefined;
  for (;;) {
    const page = await read({ limit, mark });
    assert.ok(page.items.length <= limit);
    items.push(...page.items);
    if (page.next === undefined) return items;
    mark = readMark(showMark(page.next));
    assert.deepEqual(mark, page.next);
  }
}

describe('pages of addresses', () => {
  it('hold together what the whole lists hold, whatever their size and for whichever addresses', () =>
    scene(async ({ kit, open, index }) => {
      await feed(open.chain, busyBlocks(kit, 40));
      for (const scripts of [[ALICE], [BOB, CAROL], [ALICE, NOBODY, BOB, CAROL, POOL, BOB], [NOBODY], []]) {
        const { items: coins } = await index.coins(scripts);
        const transactions = await index.transactions(scripts);
        const within = await index.transactions(scripts, { start: 10, end: 20 });
        const changes = new Map<string, bigint>();
        for (const { txid: id, value } of await index.deltas(scripts)) {
          changes.set(displayHash(id), (changes.get(displayHash(id)) ?? 0n) + value);
        }
        const history = transactions
          .map((each) => ({ ...each, value: changes.get(displayHash(each.txid)) }))
          .reverse();
        for (const limit of [1, 2, 7, 1_000]) {
          assert.deepEqual(await paged(limit, (wish) => index.coinsPage(scripts, wish)), coins);
          assert.deepEqual(await paged(limit, (wish) => index.transactionsPage(scripts, wish)), transactions);
          const range = { start: 10, end: 20 };
          const inRange = await paged(limit, (wish) => index.transactionsPage(scripts, wish, range));
          assert.deepEqual(inRange, within);
          assert.deepEqual(await paged(limit, (wish) => index.history(scripts, wish)), history);
        }
      }
      assert.equal((await index.coinsPage([NOBODY], { limit: 5 })).next, undefined);
    }));

  it('add a transaction up as one item, however many outputs it has', () =>
    scene(async ({ kit, open, index }) => {
      const many = fan(kit, kit.funds('alice'), BOB, 9_000);
      await feed(open.chain, [kit.mineBlock(kit.genesis, [many])]);
      const { items } = await index.history([BOB], { limit: 1 });
      assert.deepEqual(items, [{ txid: txid(many), height: 1, position: 1, value: 9_000_000n }]);
      assert.equal((await paged(500, (wish) => index.coinsPage([BOB], wish))).length, 9_001);
    }));

  it('are short, or empty, rather than late where most outputs are spent', () =>
    scene(async (here) => {
      const { kit, open, index } = here;
      await addSpentRows(here, NOBODY, 70_000);
      const pay = kit.payment(kit.funds('alice'), 'bob', COIN);
      const late = { ...pay, outputs: [...pay.outputs, { value: 0n, script: NOBODY }] };
      await feed(open.chain, [kit.mineBlock(kit.genesis, [late])]);
      const first = await index.coinsPage([NOBODY], { limit: 10 });
      assert.deepEqual(first.items, []);
      assert.ok(first.next !== undefined);
      const { items, next } = await index.coinsPage([NOBODY], { limit: 10, mark: first.next });
      assert.deepEqual(
        items.map(({ height, index: at }) => [height, at]),
        [[1, 2]],
      );
      assert.equal(next, undefined);
    }));

  it('go on where they were after new blocks', () =>
    scene(async ({ kit, open, index }) => {
      const blocks = kit.mineBlocks(kit.genesis, 6);
      await feed(open.chain, blocks.slice(0, 4));
      const newest = await index.history([POOL], { limit: 2 });
      const oldest = await index.transactionsPage([POOL], { limit: 3 });
      assert.deepEqual(heightsOf(newest), [4, 3]);
      assert.deepEqual(heightsOf(oldest), [0, 1, 2]);
      await feed(open.chain, blocks.slice(4));
      assert.deepEqual(heightsOf(await index.history([POOL], { limit: 9, mark: newest.next })), [2, 1, 0]);
      const rest = await index.transactionsPage([POOL], { limit: 9, mark: oldest.next });
      assert.deepEqual(heightsOf(rest), [3, 4, 5, 6]);
      assert.equal(rest.tip, open.chain.tip);
    }));

  it('cannot be gone on from when a reorganisation has taken back what they told, and can when it has not', () =>
    scene(async ({ kit, open, index }) => {
      const blocks = kit.mineBlocks(kit.genesis, 4);
      await feed(open.chain, blocks);
      const atFour = await index.history([POOL], { limit: 1 });
      const atTwo = await index.history([POOL], { limit: 3 });
      await feed(open.chain, kit.mineBlocks(blocks[2]!, 2));
      await assert.rejects(index.history([POOL], { limit: 1, mark: atFour.next }), (error) => {
        assert.ok(error instanceof VoidMarkError);
        assert.match(error.message, /^the mark is void: block …[0-9a-f]{16} at height 4 was replaced/);
        return true;
      });
      assert.deepEqual(heightsOf(await index.history([POOL], { limit: 9, mark: atTwo.next })), [1, 0]);
    }));
});

describe('a mark', () => {
  it('is read only as it is shown', () => {
    const text = '12.0.4294967295.00112233aabbccdd';
    assert.equal(showMark(readMark(text)!), text);
    for (const wrong of [
      '',
      '12',
      '12.0.0',
      `${text}0`,
      text.toUpperCase(),
      '12.0.4294967296.00112233aabbccdd',
    ]) {
      assert.equal(readMark(wrong), undefined);
    }
  });
});

function heightsOf({
  items,
}: {
  readonly items: readonly { readonly height: number; readonly txid: Hash }[];
}) {
  return items.map(({ height }) => height);
}
