import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, genesisFunds, payOn } from '../payment-kit.ts';
import { loginOf, startLoneRelay, startTestRelay, TestListener, type TestRelay } from './relay-kit.ts';

const LIMITED = { timeout: 60_000 };

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Resolves when the relay has found out that its node is away, and why. */
async function untilAway(relay: TestRelay, reason: RegExp): Promise<void> {
  const listener = new TestListener(relay.eventSocket());
  const hello = await listener.until('hello');
  if (!reason.test(hello.node.reason ?? '')) {
    await listener.until('node', ({ node }) => reason.test(node.reason ?? ''));
  }
  listener.socket.terminate();
}

describe('without its node the relay', () => {
  test('is there all the same, and says what is wrong', LIMITED, async (t) => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const relay = await startLoneRelay(t, { node: { url, credentials: { user: 'u', password: 'geheim' } } });
    await untilAway(relay, /nothing listens there/);
    const health = await relay.get('/health');
    assert.equal(health.status, 503);
    assert.deepEqual(
      [health.body.status, health.body.node.state, health.body.tip],
      ['trouble', 'away', null],
    );
    for (const path of ['/chain', '/block/0', `/tx/${'00'.repeat(32)}`, '/mempool', '/fees', '/search/1']) {
      const { status, body, text } = await relay.get(path);
      assert.equal(status, 502, path);
      assert.equal(body.error.code, 'node-away');
      assert.match(body.error.message, /the node is away: cannot reach http/);
      assert.doesNotMatch(text, /geheim/);
    }
    assert.equal((await relay.get('/')).status, 200, 'the explorer can be looked at');
    assert.match((await relay.get('/metrics')).text, /nilz_relay_node_up 0\n/);
  });

  test('finds it when it comes, and again after it was away', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    await node.mine(2, alice);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    await relay.askUntil('/mempool', ({ size }) => size === 1);
    const listener = await relay.listen(t);
    const port = Number(new URL(node.node.rpcUrl).port);
    await node.node.stop();
    const away = await listener.until('node', ({ node }) => node.state === 'away');
    assert.ok(away.node.reason);
    assert.equal((await relay.get('/block/1')).status, 502);
    const again = await startTestNode(t, { dataDirectory: node.dataDirectory, rpcPort: port });
    await listener.until('node', ({ node, sequence }) => node.state === 'ok' && sequence > away.sequence);
    const { tip } = await relay.ask('/chain');
    assert.equal(tip.height, 2);
    assert.equal((await relay.askUntil('/mempool', ({ size }) => size === 1)).rows.length, 1);
    await again.mine(1);
    await listener.until('block_connected', ({ block }) => block.height === 3);
    const { size } = await relay.askUntil('/mempool', (body) => body.size === 0);
    assert.equal(size, 0);
  });

  test('says that a wrong password is refused, and nothing of the password', LIMITED, async (t) => {
    const node = await startTestNode(t);
    const { url } = loginOf(node);
    const relay = await startLoneRelay(t, {
      node: { url, credentials: { user: 'tester', password: 'falsch' } },
    });
    await untilAway(relay, /refuses the user and password/);
    const { text } = await relay.get('/health');
    assert.doesNotMatch(text, /falsch/);
  });

  test('does not take another server for a node', LIMITED, async (t) => {
    const server = createServer((_, response) => response.end('{"hello":1}'));
    server.on('upgrade', (_, socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const relay = await startLoneRelay(t, {
      node: { url: `http://127.0.0.1:${port}`, credentials: { user: '', password: '' } },
    });
    await untilAway(relay, /answers with HTTP 404 instead of notifications/);
    assert.equal((await relay.get(`/address/${addressOf(alice)}`)).status, 502);
  });
});
