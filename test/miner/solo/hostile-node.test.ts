import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { ProblemCode } from '../../../miner/problem.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { type SoloRig, solve, startSolo } from '../../kit/solo-kit.ts';

/** A source on a node that answers one method with something else; every other call gets the truth. */
async function startWith(t: TestContext, method: string, answer: Interference): Promise<SoloRig> {
  const node = await FakeNode.start();
  node.interfere = (called) => (called === method ? answer : undefined);
  return startSolo(t, { node });
}

/** The same, for an answer that is a template with something changed. */
async function startWithTemplate(t: TestContext, changes: Record<string, unknown>): Promise<SoloRig> {
  const node = await FakeNode.start();
  const template = { ...node.template(), ...changes };
  node.interfere = (called) => (called === 'getblocktemplate' ? { result: template } : undefined);
  return startSolo(t, { node });
}

describe('a node that cannot be mined on is told of in words, and asked again later', () => {
  const error = (code: number, message: string): Interference => ({ error: { code, message } });
  const cases: [string, Interference, ProblemCode, RegExp][] = [
    ['getblocktemplate', error(-10, 'is in initial sync'), 'not-ready', /is not ready: is in initial sync$/],
    ['getblocktemplate', error(-9, 'is not connected!'), 'not-ready', /not connected!$/],
    ['getblockchaininfo', error(-28, 'Loading blocks'), 'not-ready', /Loading blocks$/],
    [
      'getblocktemplate',
      error(-32601, 'Method not found'),
      'not-a-node',
      /lacks a method .*Method not found/,
    ],
    [
      'getblocktemplate',
      error(-8, 'no \u001b[31msegwit'),
      'node-refused',
      /refuses: no {2}\[31msegwit \(-8\)$/,
    ],
    ['getblockchaininfo', error(-32601, 'unknown'), 'not-a-node', /lacks a method/],
    ['getblockchaininfo', { result: null }, 'not-a-node', /answer to getblockchaininfo is unexpected/],
    ['getblockchaininfo', { result: { chain: 5 } }, 'not-a-node', /unexpected at chain/],
    ['getblockhash', { result: 17 }, 'not-a-node', /answer to getblockhash is unexpected/],
    [
      'getblocktemplate',
      { result: null },
      'bad-template',
      /gives no usable work: the template's form is wrong/,
    ],
    ['getblocktemplate', { result: 'work' }, 'bad-template', /form is wrong/],
    ['getblocktemplate', { result: [] }, 'bad-template', /form is wrong/],
    ['getblocktemplate', 'lost', 'unreachable', /cannot be reached \(socket hang up\)/],
  ];
  for (const [method, answer, code, words] of cases) {
    test(`${method}: ${JSON.stringify(answer)}`, async (t) => {
      const { listener } = await startWith(t, method, answer);
      const { problem } = await listener.event('disconnected', 3);
      assert.equal(problem.code, code);
      assert.match(problem.text, words);
      assert.deepEqual(listener.works, [], 'nothing is hashed');
      assert.deepEqual(listener.of('authorized'), []);
    });
  }

  const templates: [string, Record<string, unknown>][] = [
    ['previousblockhash', { previousblockhash: 'ff' }],
    ['bits', { bits: '00000000' }],
    ['bits', { bits: '1d00ffffff' }],
    ['target', { target: '00'.repeat(32) }],
    ['height', { height: -1 }],
    ['height', { height: 1e300 }],
    ['coinbasevalue', { coinbasevalue: -1 }],
    ['coinbasevalue', { coinbasevalue: '5' }],
    ['coinbasevalue', { coinbasevalue: 1e300 }],
    ['coinbasevalue', { coinbasevalue: undefined }],
    ['curtime', { curtime: 0 }],
    ['version', { version: 1e20 }],
    ['rule', { rules: ['!mystery'] }],
    ['noncerange', { noncerange: '00000000000000ff' }],
    ['transactions', { transactions: {} }],
    ['transactions.0', { transactions: [{}] }],
    ['transactions.0', { transactions: [null] }],
    ['commitment', { default_witness_commitment: '6a24aa21a9ed' }],
    ['coinbaseaux', { coinbaseaux: { flags: 'zz' } }],
  ];
  for (const [field, changes] of templates) {
    test(`a template with ${JSON.stringify(changes)}`, async (t) => {
      const { listener } = await startWithTemplate(t, changes);
      const { problem } = await listener.event('disconnected', 2);
      assert.equal(problem.code, 'bad-template');
      assert.ok(problem.text.includes(field), problem.text);
      assert.deepEqual(listener.works, []);
    });
  }
});

describe('what is no node at all', () => {
  async function startAt(t: TestContext, port: number): Promise<SoloRig> {
    const place = { url: `http://127.0.0.1:${port}`, shown: `gbt+http://127.0.0.1:${port}` };
    return startSolo(t, { place });
  }

  async function serve(t: TestContext, listener: RequestListener): Promise<number> {
    const server = createServer(listener);
    await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  const pages: [string, RequestListener, ProblemCode][] = [
    ['a web page', (_, response) => response.end('<html>hello</html>'), 'not-a-node'],
    ['nothing', (_, response) => response.end(), 'not-a-node'],
    ['an empty list', (_, response) => response.end('[]'), 'not-a-node'],
    ['a number', (_, response) => response.end('7'), 'not-a-node'],
    ['404', (_, response) => response.writeHead(404).end('no'), 'not-a-node'],
    ['403', (_, response) => response.writeHead(403).end(), 'unauthorized'],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'Content-Length': 99 }).end('{'),
      'unreachable',
    ],
    ['deep nesting', (_, response) => response.end('['.repeat(100_000)), 'not-a-node'],
  ];
  for (const [name, page, code] of pages) {
    test(`${name} is told of`, async (t) => {
      const { listener } = await startAt(t, await serve(t, page));
      const { problem } = await listener.event('disconnected', 2);
      assert.equal(problem.code, code, problem.text);
    });
  }

  test('a port where nothing listens', async (t) => {
    const port = await serve(t, () => undefined);
    const free = createServer();
    await new Promise<void>((accept) => free.listen(0, '127.0.0.1', accept));
    const { port: closed } = free.address() as AddressInfo;
    await new Promise((accept) => free.close(accept));
    assert.notEqual(closed, port);
    const { listener } = await startAt(t, closed);
    const { problem } = await listener.event('disconnected', 2);
    assert.equal(problem.code, 'connection-refused');
    assert.match(problem.text, /nothing listens at gbt\+http:.*: is the node running/);
  });

  test('a port that speaks no HTTP', async (t) => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0\r\n'));
    await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
    t.after(() => void server.close());
    const { listener } = await startAt(t, (server.address() as AddressInfo).port);
    const { problem } = await listener.event('disconnected', 2);
    assert.equal(problem.code, 'not-a-node');
    assert.match(problem.text, /does not answer as a node: Parse Error/);
  });
});

describe('a node that misbehaves while it is mined on', () => {
  test('and stops to answer: nothing is hashed until it does again', async (t) => {
    const { node, listener } = await startSolo(t, { times: { lookMs: 20, askMs: 80 } });
    await listener.nextWork();
    node.interfere = () => 'silence';
    const { problem } = await listener.event('disconnected');
    assert.equal(problem.code, 'silent');
    assert.equal(listener.work, undefined);
    node.interfere = () => undefined;
    await listener.until(() => listener.work);
    assert.equal(listener.of('authorized').length, 2);
  });

  test('answers long polls at once, news or none: it is not asked in a tight circle', async (t) => {
    const node = await FakeNode.start();
    let made = 0;
    const template = node.template.bind(node);
    node.interfere = (method) => {
      made += 1;
      // Another id and another time each.
      return method === 'getblocktemplate'
        ? { result: { ...template(), longpollid: `${made}`, curtime: 1_790_000_000 + made } }
        : undefined;
    };
    const { listener } = await startSolo(t, { node });
    await listener.nextWork();
    const before = node.calls.length;
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const halfSeconds = (performance.now() - startMs) / 500;
    const asked = node.calls.length - before;
    assert.ok(asked <= 12 * halfSeconds, `${asked} calls in ${halfSeconds} half seconds`);
    assert.ok(listener.works.length <= 5 * halfSeconds, `${listener.works.length} works`);
  });

  test('has a clock far from ours: it is said once, and mined as it is', async (t) => {
    const node = await FakeNode.start();
    node.nowSeconds = () => Math.floor(Date.now() / 1000) - 9_000;
    const { listener, source } = await startSolo(t, { node });
    source.submit(solve(await listener.nextWork()));
    await listener.event('share-accepted');
    assert.deepEqual(
      listener.of('problem').map(({ problem }) => problem.code),
      ['odd-time'],
    );
    assert.match(
      listener.of('problem')[0]?.problem.text ?? '',
      /dated 2\.5 hours behind this computer's clock/,
    );
  });

  test('has no long poll for all that it gives an id: it is looked at all the same', async (t) => {
    const node = await FakeNode.start();
    node.interfere = (method, [request]) =>
      method === 'getblocktemplate' && (request as { longpollid?: string }).longpollid !== undefined
        ? { error: { code: -1, message: 'no long poll' } }
        : undefined;
    const { listener } = await startSolo(t, { node, times: { lookMs: 20 } });
    const work = await listener.nextWork();
    node.advance();
    await listener.nextWork(work);
    assert.deepEqual(listener.of('disconnected'), []);
  });

  test('refuses every block: it gets one a second at most, and fewer with time', async (t) => {
    const { node, listener, source } = await startSolo(t);
    node.interfere = (method) => (method === 'submitblock' ? { result: 'bad-everything' } : undefined);
    source.submit(solve(await listener.nextWork()));
    const startMs = performance.now();
    await listener.event('share-refused');
    assert.equal(listener.work, undefined);
    source.submit(solve(await listener.until(() => listener.work)));
    assert.ok(performance.now() - startMs >= 450);
    await listener.event('share-refused', 2);
  });

  test('moves its tip with every answer: memory stays bounded', async (t) => {
    const node = await FakeNode.start();
    const { listener, source } = await startSolo(t, { node, times: { longPollPauseMs: 0 } });
    node.interfere = (method) => {
      if (method === 'submitblock') return 'silence';
      if (method === 'getblocktemplate') setImmediate(() => node.advance());
      return undefined;
    };
    // A block is found on each of them, and none is ever judged.
    for (let tips = 0, last = 0; tips < 20; ) {
      const work = await listener.until(() => (listener.work?.serial ?? 0) > last && listener.work);
      last = work.serial;
      source.submit(solve(work));
      tips += listener.of('share-found').length > tips ? 1 : 0;
    }
    await listener.until(() => listener.of('share-unanswered').length >= 12);
    assert.equal(
      listener.settled.length,
      listener.of('share-unanswered').length + listener.of('share-discarded').length,
    );
  });
});
