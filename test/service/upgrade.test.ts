import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type HttpListener, listenHttp } from '../../service/http.ts';
import { Upgrades } from '../../service/upgrade.ts';

async function listener(t: TestContext, upgrades: Upgrades): Promise<HttpListener> {
  const http = await listenHttp({
    host: '127.0.0.1',
    port: 0,
    handler: (_request, response) => response.end('plain'),
  });
  t.after(() => http.stop());
  upgrades.attach(http.server);
  return http;
}

/** All that the server says to a request for an upgrade until it closes. */
async function ask(port: number, path: string, protocol = 'websocket'): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
  await once(socket, 'close');
  return text;
}

test('a path has one handler, found exactly and without regard to the query', async (t) => {
  const upgrades = new Upgrades();
  const seen: string[] = [];
  upgrades.route('/live', (request, socket) => {
    seen.push(request.url ?? '');
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  const { port } = await listener(t, upgrades);
  assert.match(await ask(port, '/live'), /^HTTP\/1\.1 101/);
  assert.match(await ask(port, '/live?wallet=x'), /^HTTP\/1\.1 101/);
  assert.deepEqual(seen, ['/live', '/live?wallet=x']);
  assert.throws(() => upgrades.route('/live', () => undefined), /\/live has two handlers/);
});

test('any other path is answered with 404, which names the paths there are, and closed', async (t) => {
  const upgrades = new Upgrades();
  upgrades.route('/live', () => assert.fail('not this one'));
  const { port } = await listener(t, upgrades);
  for (const path of ['/', '/live/', '/LIVE', '//live', '/live2']) {
    const answer = await ask(port, path);
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
    assert.match(answer, /there are: \/live/);
  }
});

test('a protocol other than WebSocket is answered with 426', async (t) => {
  const upgrades = new Upgrades();
  upgrades.route('/live', () => assert.fail('not this one'));
  const { port } = await listener(t, upgrades);
  const answer = await ask(port, '/live', 'h2c');
  assert.match(answer, /^HTTP\/1\.1 426 /);
  assert.match(answer, /\r\nUpgrade: websocket\r\n/);
});
