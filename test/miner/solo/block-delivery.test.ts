import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BlockVerdict, deliverBlock, type HandedBlock } from '../../../miner/solo/block-delivery.ts';
import { blockOf, makeSoloJob } from '../../../miner/solo/solo-job.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../../protocol/header.ts';
import { readTemplate } from '../../../protocol/template.ts';
import { createRpcClient } from '../../../service/rpc-client.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { PAYEE_SCRIPT, solve } from '../../kit/solo-kit.ts';

interface Rig {
  readonly node: FakeNode;
  readonly block: HandedBlock;
  deliver(signal?: AbortSignal): Promise<BlockVerdict>;
}

/** A node, and a block on its tip. */
async function rig(t: TestContext): Promise<Rig> {
  const node = await FakeNode.start();
  const client = createRpcClient({ url: node.url });
  t.after(async () => {
    client.close();
    await node.stop();
  });
  const template = readTemplate(node.template());
  const job = makeSoloJob({ template, script: PAYEE_SCRIPT, serial: 1, extranonce1: 1, isClean: true });
  const { header, raw } = blockOf(job, solve(job.work));
  const block = { hash: hashHeaderBytes(header), height: template.height, raw: raw() };
  const never = new AbortController();
  return { node, block, deliver: (signal = never.signal) => deliverBlock(client, block, signal) };
}

/** Answers the first calls of a method with these, and then with the truth. */
function first(method: string, ...answers: Interference[]): FakeNode['interfere'] {
  return (called) => (called === method ? answers.shift() : undefined);
}

test('a block that the node takes is accepted', async (t) => {
  const { node, block, deliver } = await rig(t);
  assert.deepEqual(await deliver(), { kind: 'accepted' });
  assert.equal(node.tip, displayHash(block.hash));
  assert.deepEqual(node.calls, ['submitblock', 'getblockhash']);
});

test('a block beside another one is stale', async (t) => {
  const { node, deliver } = await rig(t);
  node.advance();
  assert.deepEqual(await deliver(), { kind: 'stale', reason: 'another block came first' });
});

test('a block that is taken, but not into the best chain, is stale though no word says so', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = (method) => {
    if (method === 'submitblock') return { result: null };
    return method === 'getblockhash' ? { result: '00'.repeat(32) } : undefined;
  };
  assert.equal((await deliver()).kind, 'stale');
});

test('the word of the node stands where it does not say more', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = (method) =>
    method === 'getblockhash' ? { error: { code: -28, message: 'not now' } } : undefined;
  assert.deepEqual(await deliver(), { kind: 'accepted' });
});

test('a block that the node had already counts as it stands there', async (t) => {
  const { node, block, deliver } = await rig(t);
  await deliver();
  assert.deepEqual(await deliver(), { kind: 'accepted' }, 'duplicate');
  assert.equal(node.tip, displayHash(block.hash));
  node.rewindTo(0);
  node.advance();
  assert.equal((await deliver()).kind, 'stale');
});

for (const word of [
  'stale-prevblk',
  'bad-prevblk',
  'prev-blk-not-found',
  'rejected: bad-prevblk',
  'stale-work',
]) {
  test(`"${word}" is stale: the node no longer builds on the block before`, async (t) => {
    const { node, deliver } = await rig(t);
    node.interfere = first('submitblock', { result: word });
    assert.deepEqual(await deliver(), { kind: 'stale', reason: word.replace('rejected: ', '') });
  });
}

for (const word of [
  'bad-cb-amount',
  'high-hash',
  'duplicate-invalid',
  'rejected: bad-txns',
  'time-too-old',
  '',
]) {
  test(`"${word}" is a refusal with its reason`, async (t) => {
    const { node, deliver } = await rig(t);
    node.interfere = first('submitblock', { result: word });
    assert.deepEqual(await deliver(), { kind: 'rejected', reason: word.replace('rejected: ', '') });
  });
}

test('an answer that is no text is a refusal too', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = first('submitblock', { result: false });
  assert.equal((await deliver()).kind, 'rejected');
});

test('an error that judges the block is a refusal, one that does not is none', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = first('submitblock', { error: { code: -22, message: 'Block decode failed' } });
  assert.deepEqual(await deliver(), { kind: 'rejected', reason: 'Block decode failed' });
  node.interfere = first('submitblock', { error: { code: -28, message: 'Loading block index…' } });
  assert.deepEqual(await deliver(), { kind: 'accepted' });
});

test('when the answer is lost the node is asked for the block before it gets it again', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = first('submitblock', 'lost');
  assert.deepEqual(await deliver(), { kind: 'accepted' });
  assert.deepEqual(node.calls, ['submitblock', 'getblockhash']);
});

test('a block that was lost on its way is handed in again', async (t) => {
  const { node, block, deliver } = await rig(t);
  node.interfere = first('submitblock', { error: { code: -32603, message: 'out of breath' } });
  assert.deepEqual(await deliver(), { kind: 'accepted' });
  assert.deepEqual(node.calls, ['submitblock', 'getblockhash', 'submitblock', 'getblockhash']);
  assert.equal(node.tip, displayHash(block.hash));
});

test('a node that is away for a while gets the block when it is back', async (t) => {
  const { node, block, deliver } = await rig(t);
  const { port } = node;
  await node.stop();
  const verdict = deliver();
  await node.listen(port);
  assert.deepEqual(await verdict, { kind: 'accepted' });
  assert.equal(node.tip, displayHash(block.hash));
});

test('a node that has the block but says nothing of its place is asked on', async (t) => {
  const { node, deliver } = await rig(t);
  const answers: Interference[] = [{ result: 'inconclusive' }];
  node.interfere = (method) => {
    if (method === 'submitblock') return answers.shift();
    return method === 'getblockhash' && answers.length > 0 ? { result: 5 } : undefined;
  };
  answers.push({ result: 'inconclusive' });
  assert.equal((await deliver()).kind, 'accepted');
});

test('who has to stop learns nothing', async (t) => {
  const { node, deliver } = await rig(t);
  node.interfere = () => 'silence';
  const stopping = new AbortController();
  const verdict = deliver(stopping.signal);
  await node.nextCall();
  stopping.abort(new Error('enough'));
  await assert.rejects(verdict, /enough/);
});
