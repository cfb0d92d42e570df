import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainKit } from '../../kit/chain-kit.ts';
import { BlockStore } from '../../kit/simulated-chain.ts';
import { SimulatedNetwork, SimulatedNode } from '../../kit/simulated-network.ts';

function simulation(seed = 1) {
  const store = new BlockStore(new ChainKit());
  const network = new SimulatedNetwork(store, seed);
  return { store, network, genesis: store.kit.genesis };
}

test('a new node fetches a long chain from one peer, headers first', () => {
  const { store, network, genesis } = simulation();
  const blocks = store.mine(genesis, 5_000);
  const full = new SimulatedNode(network).load(blocks);
  const fresh = new SimulatedNode(network);
  network.connect(fresh, full);
  assert.equal(fresh.sync.status.phase, 'headers');
  network.runUntil(() => fresh.chain.tip.height === 5_000);
  network.run(1_000);
  assert.equal(fresh.sync.status.phase, 'synced');
  assert.deepEqual(fresh.complaints, []);
});
