import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayedMessage } from '../../../node/peers/peer-network.ts';
import { BLOCK_TIMEOUT_MS } from '../../../node/sync/block-download.ts';
import { HEADERS_TIMEOUT_MS } from '../../../node/sync/header-sync.ts';
import { headersAfter, ScriptedPeer } from '../../kit/scripted-peer.ts';
import { agreeOn, simulation } from './simulation.ts';

test('a new node fetches a long chain from one peer, headers first', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 5_000);
  const full = node(blocks);
  const fresh = node();
  network.connect(fresh, full);
  assert.equal(fresh.sync.status.phase, 'headers');
  assert.equal(fresh.sync.status.initialBlockDownload, true);
  network.runUntil(() => fresh.chain.bestHeader.height > 100);
  assert.ok(fresh.sync.status.verificationProgress < 1);
  network.runUntil(() => fresh.chain.tip.height === 5_000);
  network.run(1_000);
  const { phase, initialBlockDownload, verificationProgress } = fresh.sync.status;
  assert.deepEqual([phase, initialBlockDownload, verificationProgress], ['synced', false, 1]);
  assert.deepEqual(fresh.complaints, []);
});

test('blocks come from several peers at the same time, each once', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 3_000);
  const sources = [1, 2, 3, 4].map(() => node(blocks));
  const fresh = node();
  for (const source of sources) network.connect(fresh, source, { latencyMs: 50 });
  const asked = new Map<number, number>();
  const { sync } = fresh;
  const handle = sync.handle.bind(sync);
  sync.handle = (event, nowMs) => {
    if (event.type === 'message' && event.message.type === 'block') {
      asked.set(event.peer, (asked.get(event.peer) ?? 0) + 1);
    }
    return handle(event, nowMs);
  };
  network.runUntil(() => fresh.chain.tip.height === 3_000);
  const counts = [...asked.values()];
  assert.equal(counts.length, 4, 'every peer sends some');
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    3_000,
  );
  assert.ok(Math.min(...counts) > 150, `shares are ${counts.join(', ')}`);
});

test('headers are asked of one peer only, until it has sent all', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 4_500);
  const scripted = [1, 2].map(
    () =>
      new ScriptedPeer((message, peer) => {
        if (message.type === 'getheaders')
          peer.send({ type: 'headers', headers: headersAfter(message, blocks) });
      }),
  );
  const fresh = node();
  for (const peer of scripted) network.connect(fresh, peer);
  network.run(200);
  const [first, second] = scripted.map((peer) => peer.of('getheaders').length);
  assert.deepEqual(
    [first! >= 3, second],
    [true, 1],
    'the second one is asked what it has once the first is done',
  );
});

test('a peer that announces and never delivers is dropped, and another one asked', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 300);
  const fresh = node();
  const mute = new ScriptedPeer((message, peer) => {
    if (message.type === 'getheaders') peer.send({ type: 'headers', headers: headersAfter(message, blocks) });
  });
  network.connect(fresh, mute);
  network.run(1_000);
  const asked = mute.of('getdata').flatMap(({ items }) => items).length;
  assert.ok(asked > 0 && asked < blocks.length);
  network.connect(fresh, node(blocks));
  // The blocks that the mute one was asked for are asked of the other soon, long before the mute one is given up.
  const tookMs = network.runUntil(() => fresh.chain.tip.height === 300);
  assert.ok(tookMs < BLOCK_TIMEOUT_MS, `took ${tookMs} ms`);
  network.run(2 * BLOCK_TIMEOUT_MS);
  assert.equal(mute.isConnected, false);
  assert.deepEqual(
    fresh.complaints.map(({ rule, discourage }) => [rule, discourage]),
    [['block-timeout', false]],
    'being slow is no crime',
  );
});

test('a peer that keeps the window from moving is dropped within seconds', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 3_000);
  const fresh = node();
  const withHeaders = (message: RelayedMessage, peer: ScriptedPeer): void => {
    if (message.type === 'getheaders') {
      peer.send({ type: 'headers', headers: headersAfter(message, blocks) });
    }
  };
  // The lowest block is asked of three peers, none of which sends it, so that no other one can help out.
  const mute = [1, 2, 3].map(() => new ScriptedPeer(withHeaders));
  const selective = new ScriptedPeer((message, peer) => {
    withHeaders(message, peer);
    if (message.type !== 'getdata') return;
    for (const { hash } of message.items) {
      if (store.get(hash).height > 40) peer.send({ type: 'block', bytes: store.bytes(hash) });
    }
  });
  for (const peer of [...mute, selective]) network.connect(fresh, peer);
  network.run(20_000);
  assert.equal(fresh.chain.tip.height, 0);
  const rules = fresh.complaints.map(({ rule }) => rule);
  assert.ok(rules.includes('block-stalled'), rules.join(', '));
  network.connect(fresh, node(blocks));
  network.runUntil(() => fresh.chain.tip.height === 3_000, 120_000);
  assert.ok(fresh.complaints.every(({ discourage }) => !discourage));
});

test('when the first peer falls silent another one is asked for headers', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 50);
  const fresh = node();
  const silent = new ScriptedPeer();
  network.connect(fresh, silent, { kind: 'manual' });
  network.connect(fresh, node(blocks), { kind: 'manual' });
  network.run(HEADERS_TIMEOUT_MS - 1_000);
  assert.equal(fresh.chain.tip.height, 0);
  network.run(2_000);
  assert.equal(fresh.chain.tip.height, 50);
  assert.equal(silent.isConnected, true, 'the operator named it');
});

test('a node that lacks the last blocks fetches them from whoever has them', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 400);
  const nodes = [node(blocks.slice(0, 390)), node(blocks), node(blocks.slice(0, 10))];
  network.connect(nodes[0]!, nodes[1]!);
  network.connect(nodes[0]!, nodes[2]!);
  network.runUntil(() => agreeOn(nodes, blocks.at(-1)!));
});

test("a block that is too far in the future is nobody's fault, and taken when its time has come", () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 3);
  const { futureLimitSeconds } = store.kit.profile;
  const fresh = node();
  const time = fresh.clock.seconds + futureLimitSeconds + 60;
  const early = store.add(store.kit.mineBlock(blocks[2]!, [], { time }));
  const source = node(blocks);
  source.clock.seconds += 120;
  source.take(early);
  network.connect(fresh, source);
  network.run(20_000);
  assert.equal(fresh.chain.tip.height, 3);
  fresh.clock.seconds += 120;
  network.runUntil(() => fresh.chain.tip.height === 4, 10_000);
  assert.deepEqual(fresh.complaints, []);
});

test('a peer that has no more than this node may leave getheaders unanswered, and nobody waits for it', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 30);
  const older = node(blocks.slice(0, 20));
  const young = new ScriptedPeer(() => undefined, 0);
  network.connect(older, young, { kind: 'outbound' });
  network.run(1_000);
  assert.equal(young.of('getheaders').length, 1, 'it may have another branch with more work');
  const { phase, initialBlockDownload } = older.sync.status;
  assert.deepEqual([phase, initialBlockDownload], ['synced', false]);
  older.take(blocks[20]!);
  network.run(1_000);
  assert.deepEqual(
    young.of('inv').flatMap(({ items }) => items.map(({ hash }) => hash)),
    [blocks[20]!.hash],
    'it hears of new blocks meanwhile',
  );
  network.run(HEADERS_TIMEOUT_MS + 1_000);
  assert.deepEqual([young.isConnected, older.complaints], [true, []]);
});

test('who says that it has more is asked for the first headers in place of a peer that does not', () => {
  const { store, network, genesis, node } = simulation();
  const blocks = store.mine(genesis, 30);
  const fresh = node();
  const young = new ScriptedPeer(() => undefined, 0);
  network.connect(fresh, young);
  network.run(1_000);
  network.connect(fresh, node(blocks));
  assert.equal(fresh.sync.status.phase, 'headers');
  network.run(2_000);
  const { phase, initialBlockDownload } = fresh.sync.status;
  assert.deepEqual([phase, initialBlockDownload, fresh.chain.tip.height], ['synced', false, 30]);
});

test('a chosen peer that says it has more and sends no headers is given up', () => {
  const { network, node } = simulation();
  const fresh = node();
  const silent = new ScriptedPeer(() => undefined, 30);
  network.connect(fresh, silent, { kind: 'outbound' });
  network.run(HEADERS_TIMEOUT_MS + 1_000);
  assert.deepEqual(
    [silent.isConnected, fresh.complaints.map(({ rule }) => rule)],
    [false, ['headers-timeout']],
  );
});
