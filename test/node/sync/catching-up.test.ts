import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeProfile, PROFILES } from '../../../protocol/network.ts';
import { send } from '../../service/raw-http.ts';
import { startTestNode } from '../node-kit.ts';

/** Main, but for the work its chain must have, which no test can do. */
const demanding = changeProfile(PROFILES.main, { minimumChainWork: 'f'.repeat(40) });

test('a node whose chain has too little work says so, and hands out no work', async (context) => {
  const node = await startTestNode(context, { profile: demanding });
  const { initialblockdownload, verificationprogress, headers } = await node.call('getblockchaininfo');
  assert.deepEqual([initialblockdownload, verificationprogress, headers], [true, 1, 0]);
  const { code, message } = await node.failure('getblocktemplate', { rules: ['segwit'] });
  assert.equal(code, -10);
  assert.match(message, /initial sync/);
  const { body } = await send({ url: `${node.node.rpcUrl}/health`, method: 'GET' });
  assert.equal(JSON.parse(body).sync_state, 'waiting');
});

test('on a network for trying out work is handed out at any time', async (context) => {
  const profile = changeProfile(PROFILES.regtest, { minimumChainWork: 'f'.repeat(40) });
  const node = await startTestNode(context, { profile });
  assert.equal((await node.call('getblockchaininfo')).initialblockdownload, true);
  assert.equal((await node.call('getblocktemplate', { rules: ['segwit'] })).height, 1);
});

test('a lone node has nothing to catch up with', async (context) => {
  const node = await startTestNode(context, { profile: PROFILES.main });
  assert.equal((await node.call('getblockchaininfo')).initialblockdownload, false);
  assert.equal((await node.call('getblocktemplate', { rules: ['segwit'] })).height, 1);
});
