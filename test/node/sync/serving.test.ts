import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locatorOf } from '../../../node/sync/chain-view.ts';
import { blockHash } from '../../../protocol/header.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';
import { ScriptedPeer } from '../../kit/scripted-peer.ts';
import { simulation } from './simulation.ts';

const VERSION = 70_016;
const NO_STOP = new Uint8Array(32);

function asked(length: number) {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, length);
  const full = node(blocks);
  const peer = new ScriptedPeer();
  network.connect(peer, full);
  network.run(100);
  return { store, network, genesis, blocks, full, peer };
}

test('headers follow the first hash of the locator that is on the best chain, two thousand at most', () => {
  const { network, blocks, peer } = asked(2_100);
  const unknown = new Uint8Array(32).fill(5);
  const locator = [unknown, blocks[9]!.hash, blocks[0]!.hash];
  peer.send({ type: 'getheaders', version: VERSION, locator, stop: NO_STOP });
  network.run(100);
  const headers = peer.of('headers').at(-1)!.headers;
  assert.equal(headers.length, 2_000);
  assert.deepEqual(blockHash(headers[0]!), blocks[10]!.hash);
});

test('headers end with the one asked for', () => {
  const { network, genesis, blocks, peer } = asked(20);
  peer.send({ type: 'getheaders', version: VERSION, locator: [genesis.hash], stop: blocks[4]!.hash });
  network.run(100);
  assert.equal(peer.of('headers').at(-1)!.headers.length, 5);
});

test('without a locator the header of one block is given', () => {
  const { network, blocks, peer } = asked(20);
  peer.send({ type: 'getheaders', version: VERSION, locator: [], stop: blocks[4]!.hash });
  network.run(100);
  assert.deepEqual(peer.of('headers').at(-1)!.headers.map(blockHash), [blocks[4]!.hash]);
});

test('getblocks is answered with hashes, five hundred at most', () => {
  const { network, genesis, blocks, peer } = asked(600);
  peer.send({ type: 'getblocks', version: VERSION, locator: [genesis.hash], stop: NO_STOP });
  network.run(100);
  const { items } = peer.of('inv').at(-1)!;
  assert.deepEqual([items.length, items[499]], [500, { kind: INVENTORY.block, hash: blocks[499]!.hash }]);
});

test('blocks are sent in the order they were asked for; what is not at hand is named', () => {
  const { store, network, blocks, peer } = asked(10);
  const missing = { kind: INVENTORY.witnessBlock, hash: new Uint8Array(32).fill(1) };
  const unheardOf = { kind: 77, hash: blocks[0]!.hash };
  const wanted = [blocks[3]!, blocks[1]!].map(({ hash }) => ({ kind: INVENTORY.witnessBlock, hash }));
  peer.send({ type: 'getdata', items: [missing, ...wanted, unheardOf] });
  network.run(100);
  assert.deepEqual(
    peer.of('block').map(({ bytes }) => bytes),
    [store.bytes(blocks[3]!.hash), store.bytes(blocks[1]!.hash)],
  );
  assert.deepEqual(peer.of('notfound').at(-1)!.items, [missing, unheardOf]);
});

test('who fetches a long chain by getblocks hears of the tip with the last block of each answer', () => {
  const { network, blocks, peer } = asked(1_200);
  const fetchAfter = (hash: Uint8Array) => {
    peer.send({ type: 'getblocks', version: VERSION, locator: [hash], stop: NO_STOP });
    network.run(100);
    const { items } = peer.of('inv').at(-1)!;
    const before = peer.received.length;
    peer.send({ type: 'getdata', items: [...items] });
    network.run(1_000);
    const told = peer.received.slice(before).map(({ type }) => type);
    return { last: items.at(-1)!.hash, blocks: told.filter((type) => type === 'block').length, told };
  };
  const first = fetchAfter(blocks[0]!.hash);
  assert.deepEqual([first.last, first.blocks, first.told.at(-1)], [blocks[500]!.hash, 500, 'inv']);
  assert.deepEqual(peer.of('inv').at(-1)!.items, [{ kind: INVENTORY.block, hash: blocks.at(-1)!.hash }]);
  const second = fetchAfter(first.last);
  assert.deepEqual([second.blocks, second.told.at(-1)], [500, 'inv']);
  const third = fetchAfter(second.last);
  assert.deepEqual([third.last, third.blocks, third.told.at(-1)], [blocks.at(-1)!.hash, 199, 'block']);
});

test('a block that was never tried is not given away', () => {
  const { store, network, genesis, full, peer } = asked(10);
  const [side] = store.mine(genesis, 1);
  full.take(side!);
  const items = [{ kind: INVENTORY.witnessBlock, hash: side!.hash }];
  peer.send({ type: 'getdata', items });
  network.run(100);
  assert.deepEqual(peer.of('notfound').at(-1)?.items, items);
});

test('a locator names the last ten blocks, then ever fewer, and the genesis block', () => {
  const { full, blocks, genesis } = asked(200);
  const locator = locatorOf(full.chain, full.chain.tip);
  const heights = locator.map((hash) => full.chain.entry(hash)!.height);
  assert.deepEqual(
    heights,
    [200, 199, 198, 197, 196, 195, 194, 193, 192, 191, 190, 188, 184, 176, 160, 128, 64, 0],
  );
  assert.deepEqual([locator[0], locator.at(-1)], [blocks.at(-1)!.hash, genesis.hash]);
});
