import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeProfile, PROFILES } from '../../../protocol/network.ts';
import { headersAfter, ScriptedPeer } from '../../kit/scripted-peer.ts';
import { simulation } from './simulation.ts';

/** Regtest where a chain counts from 4,500 blocks on: its genesis has work 2, each block 2 more. */
const REQUIRED = 4_500;
const profile = changeProfile(PROFILES.regtest, { minimumChainWork: (2 * (REQUIRED + 1)).toString(16) });

test('a chain that reaches the minimum is measured first, then stored and fetched', () => {
  const { store, network, genesis, node } = simulation({ profile });
  const blocks = store.mine(genesis, 4_600);
  const fresh = node();
  assert.equal(fresh.sync.status.phase, 'waiting');
  network.connect(fresh, node(blocks));
  network.runUntil(() => (fresh.sync.progress(fresh.peers[0]!)?.presyncedHeaders ?? -1) >= 4_000);
  assert.equal(fresh.chain.size, 1, 'nothing is stored yet');
  assert.equal(fresh.sync.status.phase, 'headers');
  network.runUntil(() => fresh.chain.tip.height === 4_600);
  network.run(1_000);
  assert.equal(fresh.sync.status.phase, 'synced');
});

test('a chain that does not is neither stored nor fetched, and the node goes on looking', () => {
  const { store, network, genesis, node } = simulation({ profile });
  const blocks = store.mine(genesis, 4_600);
  const fresh = node();
  const short = new ScriptedPeer((message, peer) => {
    if (message.type === 'getheaders') {
      peer.send({ type: 'headers', headers: headersAfter(message, blocks.slice(0, 4_400)) });
    }
  });
  network.connect(fresh, short);
  network.run(5_000);
  assert.equal(fresh.chain.size, 1);
  assert.deepEqual(short.of('getdata'), []);
  assert.equal(fresh.sync.status.initialBlockDownload, true);
  network.connect(fresh, node(blocks));
  network.runUntil(() => fresh.chain.tip.height === 4_600);
});

test('a node below the minimum has no headers to give', () => {
  const { store, network, genesis, node } = simulation({ profile });
  const poor = node(store.mine(genesis, 10));
  const peer = new ScriptedPeer();
  network.connect(peer, poor);
  peer.send({ type: 'getheaders', version: 70_016, locator: [genesis.hash], stop: new Uint8Array(32) });
  network.run(200);
  assert.deepEqual(peer.of('headers'), [{ type: 'headers', headers: [] }]);
});
