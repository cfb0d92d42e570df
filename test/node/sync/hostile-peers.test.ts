import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_TIMEOUT_MS } from '../../../node/sync/block-download.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';
import { RuleError } from '../../../protocol/rules.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import type { KitBlock } from '../../kit/chain-kit.ts';
import { headersAfter, ScriptedPeer } from '../../kit/scripted-peer.ts';
import type { SimulatedNode } from '../../kit/simulated-network.ts';
import { simulation } from './simulation.ts';

const headersOf = (blocks: readonly KitBlock[]) => blocks.map(({ block }) => block.header);

/** A peer that has a branch, and sends the blocks it is asked for as `bytesOf` has them. */
function withBranch(branch: readonly KitBlock[], bytesOf: (made: KitBlock) => Uint8Array) {
  const byHash = new Map(branch.map((made) => [made.hash.toString(), made]));
  return new ScriptedPeer((message, peer) => {
    if (message.type === 'getheaders') peer.send({ type: 'headers', headers: headersAfter(message, branch) });
    if (message.type !== 'getdata') return;
    for (const { hash } of message.items) {
      const made = byHash.get(hash.toString());
      if (made) peer.send({ type: 'block', bytes: bytesOf(made) });
    }
  });
}

function rules({ complaints }: SimulatedNode): [rule: string, discourage: boolean][] {
  return complaints.map(({ rule, discourage }) => [rule, discourage]);
}

test('a header without proof of work ends the connection, and nothing of it is kept', () => {
  const { store, network, genesis, node } = simulation();
  const [made] = store.mine(genesis, 1);
  const victim = node();
  const liar = new ScriptedPeer();
  network.connect(liar, victim);
  let { header } = made!.block;
  // A nonce that does not fit is found at once where every second one does.
  for (let nonce = 0; victim.chain.acceptHeaders([header]).stored > 0; nonce++) header = { ...header, nonce };
  liar.send({ type: 'headers', headers: [header] });
  network.run(1_000);
  assert.deepEqual(rules(victim), [['high-hash', true]]);
});

test('headers that do not follow each other end the connection', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 5);
  const victim = node();
  const liar = new ScriptedPeer();
  network.connect(liar, victim);
  liar.send({ type: 'headers', headers: headersOf([blocks[0]!, blocks[2]!]) });
  network.run(1_000);
  assert.deepEqual(rules(victim), [['headers-not-continuous', true]]);
});

test('a long branch of little work is followed to its end and not stored', () => {
  const { store, network, genesis, node } = simulation();
  const honest = store.mine(genesis, 6_000);
  const junk = store.mine(genesis, 5_000);
  const victim = node(honest);
  const known = victim.chain.size;
  const liar = withBranch(junk, ({ hash }) => store.bytes(hash));
  network.connect(liar, victim);
  network.run(10_000);
  assert.equal(liar.of('getheaders').length >= 3, true);
  assert.equal(victim.chain.size, known);
  assert.deepEqual(liar.of('getdata'), []);
  assert.deepEqual(rules(victim), [], 'to have less work is no crime');
});

test('headers with work but an invalid block behind them cost their sender the connection, and the node goes on', () => {
  const { store, network, genesis, node } = simulation();
  const common = store.mine(genesis, 20);
  const bad = store.mine(common.at(-1)!, 30);
  const good = store.mine(common.at(-1)!, 10);
  store.spoil(bad[4]!);
  const victim = node(common);
  const liar = withBranch(bad, ({ hash }) => store.bytes(hash));
  network.connect(liar, victim);
  network.run(5_000);
  assert.equal(liar.isConnected, false);
  assert.deepEqual(rules(victim)[0]?.[1], true);
  assert.equal(victim.chain.tip.height, 24, 'what was valid of it stays');
  network.connect(node([...common, ...good]), victim);
  network.runUntil(() => victim.chain.tip.height === 30);
  assert.equal(victim.chain.entry(good.at(-1)!.hash), victim.chain.tip);
});

test('who brings a block that spends what is spent is disconnected for that rule, however long it is looked at', () => {
  const { store, network, genesis, node } = simulation();
  const [bad] = store.mine(genesis, 1);
  store.spoil(bad!);
  const victim = node();
  const { chain, sync } = victim;
  const accept = chain.accept.bind(chain);
  const meanwhile: string[] = [];
  chain.accept = (hash) => {
    const result = accept(hash);
    // The chain knows already; who brought it has not been told of.
    for (const { type } of sync.handle({ type: 'tick' }, network.nowMs)) meanwhile.push(type);
    return { ...result, error: new RuleError('bad-txns-inputs-missingorspent') };
  };
  const liar = withBranch([bad!], ({ hash }) => store.bytes(hash));
  network.connect(liar, victim);
  liar.send({ type: 'headers', headers: headersOf([bad!]) });
  network.run(5_000);
  assert.ok(!meanwhile.includes('misbehaved'));
  assert.deepEqual(rules(victim), [['bad-txns-inputs-missingorspent', true]]);
});

test('who brought the invalid block is to blame, not who brought the next ones', () => {
  const { store, network, genesis, node } = simulation();
  const branch = store.mine(genesis, 40);
  store.spoil(branch[0]!);
  const victim = node();
  let first: number | undefined;
  const sources = [1, 2].map(() => withBranch(branch, ({ hash }) => store.bytes(hash)));
  const handle = victim.sync.handle.bind(victim.sync);
  victim.sync.handle = (event, nowMs) => {
    const effects = handle(event, nowMs);
    for (const effect of effects) {
      if (effect.type === 'take-block' && effect.hash.toString() === branch[0]!.hash.toString())
        first ??= effect.peer;
    }
    return effects;
  };
  for (const source of sources) network.connect(victim, source);
  network.run(5_000);
  const blamed = victim.complaints.filter(({ discourage }) => discourage).map(({ peer }) => peer);
  assert.deepEqual(blamed, [first]);
});

test('bytes that are no block, or another one, bring nobody further', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 3);
  const victim = node();
  const other = store.mine(genesis, 1)[0]!;
  const liar = withBranch(blocks, () => encodeBlock(other.block));
  network.connect(victim, liar);
  network.run(1_000);
  assert.equal(victim.chain.tip.height, 0);
  network.run(2 * BLOCK_TIMEOUT_MS);
  assert.deepEqual(rules(victim), [['block-timeout', false]], 'it never sent what was asked for');
});

test('unrequested blocks are ignored, and a flood of them ends the connection', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 10);
  const victim = node();
  const flooder = new ScriptedPeer();
  network.connect(flooder, victim);
  for (const { hash } of blocks) flooder.send({ type: 'block', bytes: store.bytes(hash) });
  network.run(1_000);
  assert.equal(victim.chain.tip.height, 0);
  assert.equal(flooder.isConnected, true, 'a few may be late answers');
  for (let count = 0; count < 20_000; count++) {
    flooder.send({ type: 'block', bytes: store.bytes(blocks[0]!.hash) });
  }
  network.run(1_000);
  assert.deepEqual(rules(victim), [['unrequested-data', false]]);
});

test('unrequested headers and transactions by the thousand end the connection', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 100);
  const payment: Transaction = {
    version: 2,
    inputs: [
      {
        previous: { txid: new Uint8Array(32).fill(1), index: 0 },
        scriptSig: new Uint8Array(),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [{ value: 1n, script: new Uint8Array(22) }],
    lockTime: 0,
  };
  for (const message of [
    { type: 'headers', headers: headersOf(blocks) },
    { type: 'tx', transaction: payment },
  ] as const) {
    const victim = node();
    const flooder = new ScriptedPeer();
    network.connect(flooder, victim);
    for (let count = 0; count < 10_000; count++) flooder.send(message);
    network.run(1_000);
    assert.deepEqual(rules(victim), [['unrequested-data', false]]);
    assert.equal(victim.mempool.size + victim.chain.tip.height, 0);
  }
});

test('announcements of blocks that do not exist cost one question each at most', () => {
  const { network, node } = simulation();
  const victim = node();
  const liar = new ScriptedPeer();
  network.connect(liar, victim);
  network.run(500);
  for (let count = 0; count < 1_000; count++) {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, count + 1);
    liar.send({ type: 'inv', items: [{ kind: INVENTORY.block, hash }] });
  }
  network.run(30_000);
  assert.ok(liar.of('getheaders').length < 10, `${liar.of('getheaders').length} questions`);
  assert.equal(victim.sync.status.phase, 'synced');
});

test('transactions announced by the thousand and never sent take up bounded room', () => {
  const { network, node } = simulation();
  const victim = node();
  const liar = withBranch([], () => new Uint8Array());
  network.connect(liar, victim);
  network.run(500);
  for (let batch = 0; batch < 10; batch++) {
    const items = Array.from({ length: 5_000 }, (_, number) => {
      const hash = new Uint8Array(32).fill(7);
      new DataView(hash.buffer).setUint32(0, batch * 5_000 + number);
      return { kind: INVENTORY.transaction, hash };
    });
    liar.send({ type: 'inv', items });
  }
  network.run(10_000);
  const asked = liar.of('getdata').flatMap(({ items }) => items).length;
  assert.equal(asked, 100, 'so many are asked for at a time');
  assert.deepEqual(rules(victim), []);
});

test('known headers and answers to nothing, repeated without end, end the connection', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 10);
  for (const message of [
    { type: 'headers', headers: headersOf(blocks.slice(-1)) },
    { type: 'notfound', items: [{ kind: INVENTORY.witnessBlock, hash: genesis.hash }] },
  ] as const) {
    const victim = node(blocks);
    const bore = withBranch(blocks, ({ hash }) => store.bytes(hash));
    network.connect(bore, victim);
    network.run(500);
    for (let count = 0; count < 10_000; count++) bore.send(message);
    network.run(1_000);
    assert.deepEqual(rules(victim), [['unrequested-data', false]]);
  }
});

test('a peer that answers every question with the same headers is not asked for ever', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 2_500);
  const victim = node(blocks);
  const parrot = new ScriptedPeer((message, peer) => {
    if (message.type === 'getheaders')
      peer.send({ type: 'headers', headers: headersOf(blocks.slice(0, 2_000)) });
  });
  network.connect(parrot, victim);
  network.run(10_000);
  assert.ok(parrot.of('getheaders').length <= 3, `${parrot.of('getheaders').length} questions`);
});

test('a peer that answers with headers that follow nothing is not asked for ever', () => {
  const { store, network, genesis, node } = simulation();
  const victim = node();
  const nowhere = headersOf(store.mine(genesis, 2_001)).slice(1);
  const liar = new ScriptedPeer((message, self) => {
    if (message.type === 'getheaders') self.send({ type: 'headers', headers: nowhere });
  });
  network.connect(liar, victim);
  network.run(10_000);
  assert.deepEqual(rules(victim), [['unrequested-data', false]]);
  assert.ok(liar.of('getheaders').length < 100);
});

test('headers of little work are not stored because the last one claims to have much', () => {
  const { store, network, genesis, node } = simulation();
  const honest = store.mine(genesis, 3_000);
  const junk = headersOf(store.mine(genesis, 100));
  const victim = node(honest);
  const known = victim.chain.size;
  // A target of one, none at all, and one that no number of 256 bits can hold.
  for (const bits of [0x01010000, 0, 0x607fffff]) {
    const liar = new ScriptedPeer((message, self) => {
      if (message.type !== 'getheaders') return;
      self.send({ type: 'headers', headers: [...junk.slice(0, -1), { ...junk.at(-1)!, bits }] });
    });
    network.connect(liar, victim);
    network.run(1_000);
    assert.equal(liar.isConnected, false);
  }
  assert.equal(victim.chain.size, known);
  assert.deepEqual(rules(victim), [
    ['high-hash', true],
    ['bad-diffbits', true],
    ['bad-diffbits', true],
  ]);
});
