import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { awaitNetwork } from '../../../pool/nodes/first-network.ts';
import { NetworkError } from '../../../pool/nodes/node-network.ts';
import { createRpcClient, type RpcClient, UnreachableError } from '../../../service/rpc-client.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { SILENT } from '../../kit/pool-kit.ts';

async function nodes(t: TestContext, count: number): Promise<{ nodes: FakeNode[]; clients: RpcClient[] }> {
  const fakes = await Promise.all(Array.from({ length: count }, () => FakeNode.start()));
  const clients = fakes.map(({ url }) => createRpcClient({ url }));
  t.after(async () => {
    for (const client of clients) client.close();
    await Promise.all(fakes.map((node) => node.stop()));
  });
  return { nodes: fakes, clients };
}

const ask = (clients: readonly RpcClient[], expected?: string, stopping?: AbortSignal) =>
  awaitNetwork({ clients, expected, stopping, log: SILENT });

function onTest(node: FakeNode | undefined): void {
  if (node !== undefined) node.nilzcoin = { ...node.nilzcoin, network: 'test', address_prefix: 'tnilz' };
}

test('the network is that of the most preferred node that answers', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 3);
  await fakes[0]?.stop();
  onTest(fakes[1]);
  assert.equal((await ask(clients)).name, 'test');
});

test('a node of another network than the one expected is passed over for the next', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 2);
  onTest(fakes[0]);
  assert.equal((await ask(clients, 'dev')).name, 'dev');
});

test('when no node is of the network expected, that is told at once', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 2);
  for (const node of fakes) onTest(node);
  await assert.rejects(ask(clients, 'dev'), NetworkError);
});

test('a node that is not up yet is waited for, whatever is wrong with the others', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 2);
  const [first, second] = fakes;
  assert.ok(first && second);
  onTest(second);
  const { port } = first;
  await first.stop();
  const waiting = ask(clients, 'dev');
  await second.nextCall();
  await first.listen(port);
  assert.equal((await waiting).name, 'dev');
});

test('a chain nobody knows is refused by its name', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 1);
  const [node] = fakes;
  assert.ok(node);
  node.nilzcoin = undefined;
  node.chain = 'doge';
  await assert.rejects(ask(clients), /the chain "doge"/);
});

test('the wait can be ended', async (t) => {
  const { nodes: fakes, clients } = await nodes(t, 1);
  await fakes[0]?.stop();
  const stopping = new AbortController();
  const waiting = ask(clients, undefined, stopping.signal);
  stopping.abort(new Error('enough'));
  await assert.rejects(waiting, (error) => !(error instanceof UnreachableError));
});
