import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashKey } from '../../../protocol/bytes.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import type { KitBlock } from '../../kit/chain-kit.ts';
import type { Link, SimulatedNode } from '../../kit/simulated-network.ts';
import { agreeOn, simulation } from './simulation.ts';

type Simulation = ReturnType<typeof simulation>;

/** Connects every node to a few random others, those before it, so that all hang together. */
function mesh({ network }: Simulation, nodes: readonly SimulatedNode[], degree = 4, loss = 0): void {
  for (const [index, node] of nodes.entries()) {
    for (let made = 0; made < Math.min(degree, index); made++) {
      const other = nodes[Math.floor(network.random() * index)]!;
      network.connect(node, other, { latencyMs: 10 + 90 * network.random(), loss });
    }
  }
}

/** Mines a block at a node, on what is its tip then. */
function mineAt({ store }: Simulation, node: SimulatedNode): KitBlock {
  const [made] = store.mine(store.get(node.chain.tip.hash), 1);
  node.take(made!);
  return made!;
}

function payment(number: number): Transaction {
  const id = new Uint8Array(32).fill(9);
  new DataView(id.buffer).setUint32(0, number);
  const input = { previous: { txid: id, index: 0 }, scriptSig: new Uint8Array(), sequence: 0, witness: [] };
  return { version: 2, inputs: [input], outputs: [{ value: 1n, script: new Uint8Array(22) }], lockTime: 0 };
}

test('two hundred nodes agree on every block within seconds, though messages get lost', () => {
  const simulated = simulation({ seed: 7 });
  const { network, node } = simulated;
  const nodes = Array.from({ length: 200 }, () => node());
  mesh(simulated, nodes, 4, 0.05);
  const tookMs: number[] = [];
  for (let round = 0; round < 15; round++) {
    const miner = nodes[Math.floor(network.random() * nodes.length)]!;
    const made = mineAt(simulated, miner);
    tookMs.push(network.runUntil(() => agreeOn(nodes, made), 20_000));
    network.run(2_000);
  }
  tookMs.sort((a, b) => a - b);
  assert.ok(tookMs[7]! < 3_000, `median ${tookMs[7]} ms`);
  assert.deepEqual(
    nodes.flatMap(({ complaints }) => complaints),
    [],
  );
});

test('two groups that mined apart agree on the branch with more work, and the payments of the losers are back', () => {
  const simulated = simulation({ seed: 3 });
  const { store, network, genesis, node } = simulated;
  const common = store.mine(genesis, 10);
  const left = Array.from({ length: 60 }, () => node(common));
  const right = Array.from({ length: 40 }, () => node(common));
  mesh(simulated, left);
  mesh(simulated, right);
  network.run(3_000);

  const lost = payment(1);
  const waiting = payment(2);
  right[3]!.pay(lost);
  left[5]!.pay(waiting);
  network.run(5_000);
  assert.ok(right.every(({ mempool }) => mempool.has(lost)));
  assert.ok(left.every(({ mempool }) => mempool.has(waiting)));

  const tip = store.get(right[0]!.chain.tip.hash);
  const confirming = store.add(store.kit.mineBlock(tip, [lost]));
  right[0]!.take(confirming);
  for (let round = 0; round < 60; round++) {
    const groups = round % 2 === 0 ? [left] : [left, right];
    for (const group of groups) mineAt(simulated, group[round % group.length]!);
    network.run(3_000);
  }
  assert.equal(left[0]!.chain.tip.height, 70);
  assert.equal(right[0]!.chain.tip.height, 41);
  assert.ok(right.every(({ mempool }) => !mempool.has(lost)));

  // Three links between the groups are enough.
  for (let made = 0; made < 3; made++) network.connect(left[made]!, right[made]!);
  const all = [...left, ...right];
  const { hash } = left[0]!.chain.tip;
  network.runUntil(() => agreeOn(all, { hash }), 30_000);
  network.runUntil(() => all.every(({ mempool }) => mempool.has(lost) && mempool.has(waiting)), 30_000);
  assert.deepEqual(
    all.flatMap(({ complaints }) => complaints),
    [],
  );
});

test('groups with equally long branches keep theirs until one of them finds a block', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const [a] = store.mine(genesis, 1);
  const [b] = store.mine(genesis, 1);
  const left = [node([a!]), node([a!])];
  const right = [node([b!]), node([b!])];
  mesh(simulated, [...left, ...right], 3);
  network.run(5_000);
  assert.ok(agreeOn(left, a!) && agreeOn(right, b!), 'the first seen one stays');
  const made = mineAt(simulated, right[1]!);
  network.runUntil(() => agreeOn([...left, ...right], made));
});

test('a network whose links break and come back all the time still agrees', () => {
  const simulated = simulation({ seed: 11 });
  const { network, node } = simulated;
  const nodes = Array.from({ length: 30 }, () => node());
  let links: Link[] = [];
  const reconnect = (): void => {
    for (const link of links) if (network.random() < 0.3) link.close();
    links = links.filter(({ isOpen }) => isOpen);
    while (links.length < 60) {
      const [one, other] = [0, 0].map(() => nodes[Math.floor(network.random() * nodes.length)]!);
      if (one !== other) links.push(network.connect(one!, other!, { latencyMs: 30, loss: 0.1 }));
    }
  };
  for (let round = 0; round < 40; round++) {
    reconnect();
    mineAt(simulated, nodes[Math.floor(network.random() * nodes.length)]!);
    network.run(1_000 + 2_000 * network.random());
  }
  reconnect();
  const last = mineAt(simulated, nodes[0]!);
  network.run(20_000);
  const tips = new Set(nodes.map(({ chain }) => hashKey(chain.tip.hash)));
  assert.equal(tips.size, 1, `${tips.size} tips, the last block has height ${last.height}`);
});

test('what a transaction pays is known everywhere soon', () => {
  const simulated = simulation({ seed: 5 });
  const { network, node } = simulated;
  const nodes = Array.from({ length: 100 }, () => node());
  mesh(simulated, nodes, 4, 0.05);
  network.run(3_000);
  const payments = Array.from({ length: 20 }, (_, number) => payment(number));
  for (const [index, each] of payments.entries()) nodes[(index * 7) % nodes.length]!.pay(each);
  const tookMs = network.runUntil(
    () => nodes.every(({ mempool }) => mempool.size === payments.length),
    60_000,
  );
  assert.ok(tookMs < 15_000, `took ${tookMs} ms`);
  assert.ok(payments.every((each) => nodes[50]!.mempool.get(hashKey(txid(each))) !== undefined));
});
