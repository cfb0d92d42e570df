import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { ROUTES } from '../../../node/relay/http/routes.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { txid } from '../../../protocol/transaction.ts';
import { addressOf, alice, bob, carol, genesisFunds, payOn } from '../payment-kit.ts';
import { startTestRelay, type TestRelay } from './relay-kit.ts';

/** What of the description is looked into here. */
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<
    string,
    { readonly content: { 'application/json': { readonly schema: object } } }
  >;
}

/** A request of each route and an answer it must have. */
interface Sample {
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
}

describe('/openapi.json', () => {
  let description: Description;
  const checks = new Map<string, ValidateFunction>();

  /** Checks what is sent against the description; nothing may be there that it does not name. */
  function validator(schema: object): ValidateFunction {
    const text = JSON.stringify(schema);
    const known = checks.get(text);
    if (known !== undefined) return known;
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    const check = ajv.compile({ ...schema, components: description.components });
    checks.set(text, check);
    return check;
  }

  function checkAnswer(route: string, method: string, status: number, body: unknown): void {
    const schema =
      description.paths[route]?.[method]?.responses[String(status)]?.content['application/json'].schema;
    assert.ok(schema, `${method} ${route} does not say that it answers ${status}`);
    const check = validator(schema);
    check(body);
    assert.deepEqual(
      check.errors ?? [],
      [],
      `${method} ${route} ${status}: ${JSON.stringify(body).slice(0, 400)}`,
    );
  }

  test('is a valid description, and every answer is as it says', { timeout: 120_000 }, async (t) => {
    const { relay, node } = await startTestRelay(t);
    description = await relay.ask('/openapi.json');
    const { valid, errors } = await new Validator().validate({ ...structuredClone(description) });
    assert.ok(valid, JSON.stringify(errors));
    const ids = Object.values(description.paths).flatMap((path) =>
      Object.values(path).map((each) => each.operationId),
    );
    assert.equal(new Set(ids).size, ids.length, `operation ids differ: ${ids.join(' ')}`);

    const samples = await samplesOf(relay, node);
    for (const { method, path } of ROUTES) {
      const some = samples[`${method} ${path}`];
      assert.ok(some && some.length > 0, `there is no sample of ${method} ${path}`);
      for (const sample of some) {
        const answer =
          sample.body === undefined
            ? await relay.get(sample.path)
            : await relay.post(sample.path, sample.body);
        assert.equal(answer.status, sample.status, `${method} ${sample.path}: ${answer.text.slice(0, 300)}`);
        checkAnswer(path, method, answer.status, answer.body);
      }
    }
    checkAnswer('/health', 'get', 200, await relay.ask('/health'));
    await node.node.stop();
    for (;;) {
      const health = await relay.get('/health');
      if (health.status !== 503) continue;
      checkAnswer('/health', 'get', 503, health.body);
      break;
    }
    const away = await relay.get('/chain');
    assert.equal(away.status, 502);
    checkAnswer('/chain', 'get', 502, away.body);
  });

  test('names every route that is served, its parameters and its body', () => {
    const served = ROUTES.map(({ method, path }) => `${method} ${path}`);
    const described = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(described.sort(), [...served, 'get /health'].sort());
    for (const { method, path, pathFields, query, body } of ROUTES) {
      const operation = description.paths[path]![method]!;
      const expected = [...Object.keys(pathFields.shape), ...Object.keys(query.shape)];
      assert.deepEqual(
        operation.parameters.map(({ name }) => name),
        expected,
        path,
      );
      assert.equal(operation.requestBody !== undefined, body !== undefined, path);
    }
  });

  test('describes the frames of /events too, and they are as it says', { timeout: 60_000 }, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const listener = await relay.listen(t);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    await listener.until('mempool', ({ added }) => added.length > 0);
    const [hash] = await node.mine(1);
    await listener.until('block_connected');
    await node.call('invalidateblock', hash);
    await listener.until('block_disconnected');
    await listener.until('template', ({ template }) => template.transactions > 0);
    await node.node.stop();
    await listener.until('node', ({ node }) => node.state === 'away');
    const check = validator({ $ref: '#/components/schemas/Event' });
    for (const frame of listener.heard) {
      check(frame);
      assert.deepEqual(check.errors ?? [], [], JSON.stringify(frame));
    }
    const types = new Set(listener.heard.map(({ type }) => type));
    for (const type of [
      'hello',
      'block_connected',
      'block_disconnected',
      'mempool',
      'template',
      'node',
    ] as const) {
      assert.ok(types.has(type), type);
    }
  });
});

/** For every route what it is asked here, with blocks, branches, confirmed and waiting payments behind it. */
async function samplesOf(
  relay: TestRelay,
  node: Awaited<ReturnType<typeof startTestRelay>>['node'],
): Promise<Record<string, Sample[]>> {
  const [staleHash = ''] = await node.mine(1, carol);
  await node.call('invalidateblock', staleHash);
  await node.mine(2, alice);
  await node.call('reconsiderblock', staleHash);
  const mined = payOn(genesisFunds(alice), bob, 700n);
  await node.send(mined);
  await node.mine(1, carol);
  const waiting = payOn(genesisFunds(bob), alice, 900n);
  await node.send(waiting);
  await relay.askUntil('/mempool', ({ size }) => size === 1);
  const id = displayHash(txid(mined));
  const waitingId = displayHash(txid(waiting));
  const address = addressOf(alice);
  const unknown = '00'.repeat(32);
  const get = (path: string, status = 200): Sample => ({ path, status });
  const post = (path: string, body: unknown, status = 200): Sample => ({ path, body, status });
  return {
    'get /chain': [
      get('/chain'),
      get('/chain?limit=1&before=2'),
      get('/chain?limit=0', 400),
      get('/chain?x=1', 400),
    ],
    'get /block/{id}': [
      get('/block/0'),
      get('/block/3?limit=1'),
      get(`/block/${staleHash}`),
      get('/block/3?after=9', 400),
      get('/block/99', 404),
      get(`/block/${unknown}`, 404),
      get('/block/xyz', 400),
    ],
    'get /block/{id}/header': [
      get('/block/3/header'),
      get(`/block/${staleHash}/header`),
      get('/block/99/header', 404),
    ],
    'get /block/{id}/hex': [get('/block/3/hex'), get(`/block/${unknown}/hex`, 404)],
    'get /tips': [get('/tips')],
    'get /charts': [get('/charts'), get('/charts?blocks=2'), get('/charts?blocks=-1', 400)],
    'get /tx/{txid}': [
      get(`/tx/${id}`),
      get(`/tx/${waitingId}`),
      get(`/tx/${unknown}`, 404),
      get('/tx/1', 400),
    ],
    'get /tx/{txid}/hex': [get(`/tx/${id}/hex`), get(`/tx/${unknown}/hex`, 404)],
    'post /txs': [post('/txs', { txids: [id, waitingId, unknown] }), post('/txs', { txids: [] }, 400)],
    'post /tx': [
      post('/tx', { hex: await node.call('getrawtransaction', waitingId) }),
      post('/tx', { hex: await node.call('getrawtransaction', id) }, 422),
      post('/tx', { hex: 'abc' }, 400),
      post('/tx', { hex: '00' }, 400),
      post('/tx', { hex: '00'.repeat(600_000) }, 413),
    ],
    'get /mempool': [get('/mempool'), get('/mempool?limit=1&before=1'), get('/mempool?limit=1000', 400)],
    'get /template': [get('/template')],
    'get /fees': [get('/fees')],
    'get /address/{address}': [
      get(`/address/${address}`),
      get(`/address/${address}?limit=1`),
      get(`/address/${address.toUpperCase()}`),
      get('/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 400),
    ],
    'get /address/{address}/utxos': [
      get(`/address/${address}/utxos`),
      get(`/address/${address}/utxos?limit=1`),
    ],
    'post /addresses': [
      post('/addresses', { addresses: [address, addressOf(bob)] }),
      post('/addresses', { addresses: ['x'] }, 400),
      post('/addresses', { adresses: [] }, 400),
    ],
    'post /addresses/used': [post('/addresses/used', { addresses: [address, addressOf(bob)] })],
    'post /addresses/utxos': [post('/addresses/utxos', { addresses: [address, addressOf(bob)] })],
    'post /addresses/txids': [post('/addresses/txids', { addresses: [address, addressOf(bob)] })],
    'get /peers': [get('/peers')],
    'get /search/{text}': [
      get('/search/2'),
      get(`/search/${id}`),
      get(`/search/${address}`),
      get('/search/nobody'),
    ],
  };
}
