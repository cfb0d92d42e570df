import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { packTemplate, unpackTemplate } from '../../../pool/nodes/packed-template.ts';
import { TemplateFetcher } from '../../../pool/nodes/template-fetcher.ts';
import { readTemplate, type Template, TemplateError } from '../../../protocol/template.ts';
import {
  createRpcClient,
  RpcCallError,
  type RpcClient,
  UnreachableError,
} from '../../../service/rpc-client.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

interface Setup {
  readonly node: FakeNode;
  readonly client: RpcClient;
  readonly fetcher: TemplateFetcher;
}

/** A node whose answers are all large enough for the other thread, which is up. */
async function setUp(t: TestContext): Promise<Setup> {
  const node = await FakeNode.start();
  const client = createRpcClient({ url: node.url });
  const fetcher = new TemplateFetcher(1);
  t.after(async () => {
    await fetcher.stop();
    client.close();
    await node.stop();
  });
  await fetcher.fetch(client, {}, undefined, {});
  while (!fetcher.readsElsewhere) await nextTurn();
  return { node, client, fetcher };
}

const sharedOf = (one: Template, other: Template) =>
  [...one.transactions].filter(([key, transaction]) => other.transactions.get(key) === transaction).length;

test('what the other thread reads is what this one would have read', async (t) => {
  const { node, client, fetcher } = await setUp(t);
  node.transactions = [1, 2, 3].map(someTransaction);
  const here = readTemplate(node.template());
  const there = await fetcher.fetch(client, {}, undefined, {});
  assert.deepEqual({ ...there, time: 0 }, { ...here, time: 0 });
});

test('transactions are shared with the template before, whoever has read it', async (t) => {
  const { node, client, fetcher } = await setUp(t);
  node.transactions = [1, 2].map(someTransaction);
  const first = await fetcher.fetch(client, {}, undefined, {});
  node.transactions = [3, 2, 1].map(someTransaction);
  const second = await fetcher.fetch(client, {}, first, {});
  assert.equal(sharedOf(first, second), 2);
  assert.deepEqual([...second.transactions.keys()], [...readTemplate(node.template()).transactions.keys()]);
  const elsewhere = readTemplate(node.template());
  const third = await fetcher.fetch(client, {}, elsewhere, {});
  assert.deepEqual(third.transactions, second.transactions, 'a template it never saw is no trouble');
});

for (const [what, answer, kind] of [
  ['a lie', { result: { bits: 7 } }, TemplateError],
  ['an error', { error: { code: -10, message: 'still downloading' } }, RpcCallError],
  ['nothing', { result: null }, TemplateError],
] as const) {
  test(`${what} is the same ${kind.name} from the other thread`, async (t) => {
    const { node, client, fetcher } = await setUp(t);
    node.interfere = (method): Interference | undefined =>
      method === 'getblocktemplate' ? answer : undefined;
    await assert.rejects(fetcher.fetch(client, {}, undefined, {}), kind);
    node.interfere = () => undefined;
    assert.ok(await fetcher.fetch(client, {}, undefined, {}), 'and the next one is read');
  });
}

test('what is no JSON is an answer that cannot be used', async (t) => {
  const { node, client, fetcher } = await setUp(t);
  node.rawAnswer = '<html>Bad gateway</html>';
  await assert.rejects(
    fetcher.fetch(client, {}, undefined, {}),
    (error) =>
      error instanceof UnreachableError && error.reason === 'answer' && /Bad gateway/.test(error.message),
  );
});

test('when the other thread is gone, this one reads until there is another', async (t) => {
  const { node, client, fetcher } = await setUp(t);
  await fetcher.stop();
  node.transactions = [someTransaction(1)];
  assert.equal((await fetcher.fetch(client, {}, undefined, {})).transactions.size, 1);
});

test('a template that refers to what we do not have is not made up', () => {
  const former = readTemplate({ ...templateOf([1]) });
  const packed = packTemplate(readTemplate(templateOf([1, 2]), former), former);
  assert.equal(unpackTemplate(packed, former).transactions.size, 2);
  assert.throws(() => unpackTemplate(packed, undefined), RangeError);
});

let nodeForTemplates: FakeNode | undefined;

test.before(async () => {
  nodeForTemplates = await FakeNode.start();
  await nodeForTemplates.stop();
});

function templateOf(marks: readonly number[]): Record<string, unknown> {
  if (nodeForTemplates === undefined) throw new Error('not started');
  nodeForTemplates.transactions = marks.map(someTransaction);
  return nodeForTemplates.template();
}

test('four megabytes are handed over whole, and the next template shares what has stayed', async (t) => {
  const { node, client, fetcher } = await setUp(t);
  node.transactions = Array.from({ length: 3_800 }, (_, index) => ({
    ...someTransaction(index % 251),
    lockTime: index,
    outputs: [{ value: 1_000n, script: new Uint8Array(800).fill(7) }],
  }));
  const former = await fetcher.fetch(client, {}, undefined, {});
  const size = [...former.transactions.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.ok(size > 3_500_000 && size <= 4_000_000, `${size}`);
  node.transactions = [...node.transactions.slice(1), someTransaction(250)];
  const next = await fetcher.fetch(client, {}, former, {});
  assert.equal(sharedOf(former, next), 3_799);
});
