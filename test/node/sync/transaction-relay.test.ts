import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransactionOutcome } from '../../../node/sync/sync-event.ts';
import { REQUEST_TIMEOUT_MS } from '../../../node/sync/transaction-requests.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';
import { RuleError } from '../../../protocol/rules.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { ScriptedPeer } from '../../kit/scripted-peer.ts';
import type { Link, SimulatedNode } from '../../kit/simulated-network.ts';
import { simulation } from './simulation.ts';

function spend(parent: Uint8Array, tag = 0): Transaction {
  const input = {
    previous: { txid: parent, index: tag },
    scriptSig: new Uint8Array(),
    sequence: 0,
    witness: [],
  };
  return { version: 2, inputs: [input], outputs: [{ value: 1n, script: new Uint8Array(22) }], lockTime: 0 };
}

const OLD_COIN = new Uint8Array(32).fill(3);
const item = (transaction: Transaction) => ({ kind: INVENTORY.transaction, hash: txid(transaction) });

/** A peer with no chain of its own, whose transactions are asked for. */
function synced(
  { network }: ReturnType<typeof simulation>,
  victim: SimulatedNode,
  answer: ConstructorParameters<typeof ScriptedPeer>[0] = () => undefined,
  direction: 'in' | 'out' = 'in',
): { peer: ScriptedPeer; link: Link } {
  const peer = new ScriptedPeer((message, self) => {
    if (message.type === 'getheaders') self.send({ type: 'headers', headers: [] });
    answer(message, self);
  });
  const link = direction === 'in' ? network.connect(peer, victim) : network.connect(victim, peer);
  network.run(500);
  return { peer, link };
}

test('a transaction is asked of one peer, and of the next when the first does not send it', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const payment = spend(OLD_COIN);
  const mute = synced(simulated, victim, undefined, 'out').peer;
  const honest = synced(simulated, victim, (message, self) => {
    if (message.type === 'getdata') self.send({ type: 'tx', transaction: payment });
  }).peer;
  mute.send({ type: 'inv', items: [item(payment)] });
  honest.send({ type: 'inv', items: [item(payment)] });
  network.run(REQUEST_TIMEOUT_MS / 2);
  assert.deepEqual(
    [mute.of('getdata').length, honest.of('getdata').length],
    [1, 0],
    'the one we chose is asked first',
  );
  network.run(REQUEST_TIMEOUT_MS);
  assert.ok(victim.mempool.has(payment));
});

for (const [what, code] of [
  ['refused', 'mandatory-script-verify-flag-failed'],
  ['refused', 'min relay fee not met'],
  ['known', undefined],
] as const) {
  test(`a copy with another witness that is ${what} (${code}) keeps nobody from having the transaction`, () => {
    const simulated = simulation();
    const { network, node } = simulated;
    const victim = node();
    const payment = spend(OLD_COIN);
    const copy = { ...payment, inputs: payment.inputs.map((input) => ({ ...input, witness: [OLD_COIN] })) };
    const { mempool } = victim;
    const take = mempool.take.bind(mempool);
    const result = code ? { outcome: what, error: new RuleError(code) } : { outcome: what };
    mempool.take = (transaction) =>
      transaction.inputs[0]?.witness.length === 0
        ? take(transaction)
        : { result: result as TransactionOutcome, entered: [] };
    const hostile = synced(simulated, victim, undefined, 'out').peer;
    const honest = synced(simulated, victim, (message, self) => {
      if (message.type === 'getdata') self.send({ type: 'tx', transaction: payment });
    }).peer;
    hostile.send({ type: 'inv', items: [item(payment)] });
    honest.send({ type: 'inv', items: [item(payment)] });
    network.run(1_000);
    assert.equal(hostile.of('getdata').length, 1);
    assert.equal(honest.of('getdata').length, 0, 'one at a time');
    hostile.send({ type: 'tx', transaction: copy });
    network.run(1_000);
    assert.ok(victim.mempool.has(payment));
  });
}

test('a new peer is told of the newest five thousand, and the rest of a large mempool is not looked at', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const payments = Array.from({ length: 5_300 }, (_, tag) => spend(OLD_COIN, tag));
  for (const payment of payments) victim.pay(payment);
  let looks = 0;
  const entries = [...victim.mempool.entries()].map((entry) => ({
    ...entry,
    get txid() {
      looks += 1;
      return entry.txid;
    },
  }));
  victim.mempool.entries = () => entries;
  const { peer } = synced(simulated, victim);
  network.run(20_000);
  assert.equal(looks, 5_000);
  const told = peer.of('inv').flatMap(({ items }) => items);
  assert.deepEqual(told, payments.slice(300).map(item));
});

test('a peer that no longer has it is not waited for', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const payment = spend(OLD_COIN);
  const forgetful = synced(simulated, victim, (message, self) => {
    if (message.type === 'getdata') self.send({ type: 'notfound', items: message.items });
  });
  const leaving = synced(simulated, victim);
  const honest = synced(simulated, victim, (message, self) => {
    if (message.type === 'getdata') self.send({ type: 'tx', transaction: payment });
  });
  for (const { peer } of [forgetful, leaving, honest]) peer.send({ type: 'inv', items: [item(payment)] });
  network.runUntil(() => leaving.peer.of('getdata').length > 0, 2_000);
  leaving.link.close();
  network.runUntil(() => victim.mempool.has(payment), 2_000);
});

test('parents of an orphan are asked of the peer that sent it, and then both are in the mempool', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const parent = spend(OLD_COIN);
  const child = spend(txid(parent));
  victim.mempool.unknown.add(hashKey(txid(parent)));
  const { peer } = synced(simulated, victim, (message, self) => {
    if (message.type !== 'getdata') return;
    for (const { hash } of message.items) {
      const wanted = [parent, child].find((each) => hashKey(txid(each)) === hashKey(hash));
      if (wanted) self.send({ type: 'tx', transaction: wanted });
    }
  });
  peer.send({ type: 'inv', items: [item(child)] });
  network.runUntil(() => victim.mempool.has(child), 5_000);
  assert.ok(victim.mempool.has(parent));
});

test('nobody is told what it has told, or what pays less than it asks for', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const [known, told] = [spend(OLD_COIN, 1), spend(OLD_COIN, 2)];
  const { peer } = synced(simulated, victim);
  const { peer: greedy } = synced(simulated, victim);
  greedy.send({ type: 'feefilter', rate: 1_000_000n });
  peer.send({ type: 'inv', items: [item(known)] });
  network.run(100);
  victim.pay(known);
  victim.pay(told);
  network.run(10_000);
  const announced = peer.of('inv').flatMap(({ items }) => items.map(({ hash }) => hashKey(hash)));
  assert.deepEqual(announced, [hashKey(txid(told))]);
  assert.deepEqual(greedy.of('inv'), []);
});

test('a transaction is given only to those who were told of something since it came', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const victim = node();
  const payment = spend(OLD_COIN);
  const { peer } = synced(simulated, victim);
  victim.pay(payment);
  const items = [{ kind: INVENTORY.witnessTransaction, hash: txid(payment) }];
  victim.message(victim.peers[0]!, { type: 'getdata', items });
  network.run(50);
  assert.equal(peer.of('notfound').length, 1);
  network.run(10_000);
  assert.equal(peer.of('inv').length, 1);
  peer.send({ type: 'getdata', items });
  network.run(100);
  assert.equal(peer.of('tx').length, 1);
});

test('a new peer hears of what has waited before it came', () => {
  const simulated = simulation();
  const { network, node } = simulated;
  const [first, second] = [node(), node()];
  const payment = spend(OLD_COIN);
  first.pay(payment);
  network.connect(second, first);
  network.runUntil(() => second.mempool.has(payment), 10_000);
});

test('while a node catches up it asks for no transactions and says so', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const blocks = store.mine(genesis, 2_000);
  const fresh = node();
  const rates: bigint[] = [];
  const watching = new ScriptedPeer((message) => {
    if (message.type === 'feefilter') rates.push(message.rate);
  });
  network.connect(fresh, node(blocks));
  network.connect(watching, fresh);
  network.run(300);
  watching.send({ type: 'inv', items: [item(spend(OLD_COIN))] });
  network.runUntil(() => fresh.chain.tip.height === 2_000);
  assert.equal(watching.of('getdata').length, 0);
  network.run(1_000);
  assert.deepEqual(rates, [2_100_000_000_000_000n, 1_000n]);
  assert.equal(watching.of('getdata').length, 1, 'what it was told meanwhile it asks for then');
});

test('payments of a block that is replaced are announced again', () => {
  const simulated = simulation();
  const { store, network, genesis, node } = simulated;
  const common = store.mine(genesis, 3);
  const payment = spend(OLD_COIN);
  const losing = store.add(store.kit.mineBlock(common[2]!, [payment]));
  const winning = store.mine(common[2]!, 2);
  const [loser, winner] = [node([...common, losing]), node([...common, ...winning])];
  network.connect(loser, winner);
  network.runUntil(() => winner.mempool.has(payment), 20_000);
  assert.ok(loser.mempool.has(payment));
});

test('what a peer announced is kept without the message it came in', () => {
  const simulated = simulation();
  const victim = simulated.node();
  const { peer } = synced(simulated, victim);
  const message = new Uint8Array(1_000_000);
  peer.send({ type: 'inv', items: [{ kind: INVENTORY.transaction, hash: message.subarray(7, 39) }] });
  simulated.network.run(1_000);
  const [asked] = peer.of('getdata');
  assert.equal(asked?.items[0]?.hash.buffer.byteLength, 32);
});
