import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash } from '../../../protocol/header.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';
import type { KitBlock } from '../../kit/chain-kit.ts';
import { ScriptedPeer } from '../../kit/scripted-peer.ts';
import { simulation } from './simulation.ts';

/** A peer that has these blocks and says so. */
function peerWith(
  { network }: ReturnType<typeof simulation>,
  blocks: readonly KitBlock[],
  prefersHeaders: boolean,
) {
  return (node: Parameters<typeof network.connect>[1]) => {
    const peer = new ScriptedPeer((message, self) => {
      if (message.type === 'getheaders') {
        self.send({ type: 'headers', headers: blocks.slice(-1).map(({ block }) => block.header) });
      }
    });
    network.connect(peer, node);
    if (prefersHeaders) peer.send({ type: 'sendheaders' });
    network.run(500);
    return peer;
  };
}

test('new blocks are announced by headers to those that asked for it, by their hash to the others', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const blocks = store.mine(genesis, 10);
  const source = node(blocks);
  const modern = peerWith(simulated, blocks, true)(source);
  const old = peerWith(simulated, blocks, false)(source);
  const [next] = store.mine(blocks[9]!, 1);
  source.take(next!);
  network.run(200);
  assert.deepEqual(modern.of('headers').at(-1)?.headers.map(blockHash), [next!.hash]);
  assert.deepEqual(modern.of('inv'), []);
  assert.deepEqual(old.of('headers'), []);
  assert.deepEqual(old.of('inv').at(-1)?.items, [{ kind: INVENTORY.block, hash: next!.hash }]);
});

test('after a change of branch all its blocks are announced in one message, in their order', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const common = store.mine(genesis, 5);
  const losing = store.mine(common[4]!, 2);
  const winning = store.mine(common[4]!, 3);
  const source = node([...common, ...losing]);
  const peer = peerWith(simulated, common, true)(source);
  for (const made of winning) source.take(made);
  network.run(200);
  const announced = peer.of('headers').flatMap(({ headers }) => headers.map(blockHash));
  assert.deepEqual(
    announced,
    winning.map(({ hash }) => hash),
  );
});

test('a peer that has a block is not told of it', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const [a, b] = [node(), node()];
  network.connect(a, b);
  network.run(1_000);
  const before = network.sent;
  const [made] = store.mine(genesis, 1);
  a.take(made!);
  network.run(1_000);
  assert.equal(b.chain.tip.height, 1);
  assert.equal(network.sent - before, 3, 'headers, getdata, block');
});

test('more blocks than a few are announced by the last of them', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const common = store.mine(genesis, 5);
  const losing = store.mine(common[4]!, 20);
  const winning = store.mine(common[4]!, 30);
  const source = node([...common, ...losing]);
  const peer = peerWith(simulated, common, true)(source);
  for (const made of winning.slice(0, 20)) source.take(made);
  network.run(200);
  assert.deepEqual(peer.of('headers'), [], 'the branch is not better yet');
  source.take(winning[20]!);
  network.run(200);
  assert.deepEqual(peer.of('inv').at(-1)?.items, [{ kind: INVENTORY.block, hash: winning[20]!.hash }]);
});
