/** What the tests of synchronisation begin with. */
import type { NetworkProfile } from '../../../protocol/network.ts';
import { ChainKit, type KitBlock } from '../../kit/chain-kit.ts';
import { BlockStore } from '../../kit/simulated-chain.ts';
import { SimulatedNetwork, SimulatedNode } from '../../kit/simulated-network.ts';

export function simulation({ seed = 1, profile }: { seed?: number; profile?: NetworkProfile } = {}) {
  const store = new BlockStore(new ChainKit(profile));
  const network = new SimulatedNetwork(store, seed);
  return {
    store,
    network,
    genesis: store.kit.genesis,
    /** A node with these blocks. */
    node: (blocks: readonly KitBlock[] = []) => new SimulatedNode(network).load(blocks),
  };
}

/** Whether all have the same tip, and it is this one. */
export function agreeOn(nodes: readonly SimulatedNode[], { hash }: Pick<KitBlock, 'hash'>): boolean {
  return nodes.every(({ chain }) => chain.entry(hash) === chain.tip);
}
