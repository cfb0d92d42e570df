import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { type CoinStatistics, coinStatistics } from '../../../node/chain/coin-statistics.ts';
import { decodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { connectBlock, genesisCoins, MemoryCoins } from '../../../protocol/connect.ts';
import { verify } from '../../../protocol/verify.ts';
import {
  branchOf,
  ChainKit,
  coinOf,
  feed,
  type KitBlock,
  type OpenChain,
  openChain,
} from '../../kit/chain-kit.ts';

/** Of the coins on the disk; nobody breaks it off. */
async function counted({ database }: OpenChain, withHash = true): Promise<CoinStatistics> {
  const found = await coinStatistics(database, { withHash, signal: new AbortController().signal });
  assert.ok(found);
  return found;
}

/** A chain that pays to and fro, with its blocks. */
async function busyChain(t: TestContext, blocks: number) {
  const kit = new ChainKit();
  const open = await openChain(kit);
  t.after(() => open.close());
  let tip = kit.genesis;
  let coin = kit.funds('alice');
  for (let made = 0; made < blocks; made++) {
    const payment = kit.payment(coin, 'bob', 5_000n + BigInt(made));
    coin = coinOf(payment, 1, 'alice');
    tip = kit.mineBlock(tip, [payment], { fees: 1_000n });
  }
  await feed(open.chain, branchOf(tip));
  return { kit, open, tip };
}

/** The coins of a branch by the rules alone: no database, no cache. */
function coinsOf(kit: ChainKit, tip: KitBlock): MemoryCoins {
  const view = new MemoryCoins();
  for (const [key, coin] of genesisCoins(kit.profile)) view.add(key, coin);
  for (const { block, height } of branchOf(tip)) connectBlock(block, height, 0, view, kit.profile, verify);
  return view;
}

/** `hash_serialized_3` as Bitcoin Core's kernel/coinstats.cpp spells it, byte by byte. */
function independentHash(view: MemoryCoins): string {
  const coins = [...view.entries()].map(([key, coin]) => {
    const [txid = '', index = ''] = key.split(':');
    return { txid: Buffer.from(hexToBytes(txid)), index: Number(index), coin };
  });
  coins.sort((a, b) => Buffer.compare(a.txid, b.txid) || a.index - b.index);
  const bytes = coins.map(({ txid, index, coin }) => {
    const numbers = Buffer.alloc(16);
    numbers.writeUInt32LE(index, 0);
    numbers.writeUInt32LE(((coin.height << 1) | Number(coin.coinbase)) >>> 0, 4);
    numbers.writeBigInt64LE(coin.value, 8);
    assert.ok(coin.script.length < 0xfd);
    return Buffer.concat([txid, numbers, Buffer.of(coin.script.length), coin.script]);
  });
  const once = createHash('sha256').update(Buffer.concat(bytes)).digest();
  return createHash('sha256').update(once).digest('hex');
}

describe('the statistics of all coins', () => {
  test('are those of the rules alone, hash_serialized_3 included', async (t) => {
    const { kit, open, tip } = await busyChain(t, 40);
    await open.chain.flush();
    const found = await counted(open);
    const view = coinsOf(kit, tip);
    const coins = [...view.entries()];
    assert.deepEqual([found.tipHash, found.tipHeight], [tip.hash, 40]);
    assert.equal(found.coins, view.size);
    assert.equal(found.transactions, new Set(coins.map(([key]) => key.split(':')[0])).size);
    assert.equal(
      found.totalValue,
      coins.reduce((sum, [, { value }]) => sum + value, 0n),
    );
    assert.equal(
      found.bogoSize,
      coins.reduce((sum, [, { script }]) => sum + 50 + script.length, 0),
    );
    assert.equal(bytesToHex(found.hash!), independentHash(view));
  });

  test('are the same whichever way led to the tip, and others after a block', async (t) => {
    const { kit, open, tip } = await busyChain(t, 6);
    const { hash } = await counted(open);
    const fork = branchOf(tip)[2]!;
    await feed(open.chain, kit.mineBlocks(fork, 5));
    const other = await counted(open);
    assert.notDeepEqual(other.hash, hash);
    await feed(open.chain, kit.mineBlocks(tip, 3));
    assert.equal(open.chain.tip.height, 9);
    const replay = await openChain(kit);
    t.after(() => replay.close());
    for (let height = 1; height <= 9; height++) {
      const entry = open.chain.entryAt(height)!;
      await replay.chain.accept(decodeBlock((await open.chain.readBlock(entry.hash))!));
    }
    const back = await counted(open);
    assert.deepEqual(await counted(replay), back);
  });

  test('come without the hash where nobody asks for it, and end when the caller has gone', async (t) => {
    const { open } = await busyChain(t, 2);
    const { hash, coins } = await counted(open, false);
    assert.deepEqual([hash, coins > 0], [undefined, true]);
    const signal = AbortSignal.abort();
    assert.equal(await coinStatistics(open.database, { withHash: true, signal }), undefined);
  });

  test('are of one moment, however much is written while they are made', async (t) => {
    const { kit, open, tip } = await busyChain(t, 3);
    const before = await counted(open);
    const [found] = await Promise.all([counted(open), feed(open.chain, kit.mineBlocks(tip, 20))]);
    const heights = found.tipHeight - before.tipHeight;
    assert.equal(found.coins, before.coins + heights);
  });
});
