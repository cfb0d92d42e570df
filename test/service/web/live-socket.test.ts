import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { LiveSocket, type LiveState, type WebSocketLike } from '../../../service/web/live-socket.ts';

/** What a stream tells, as events that a test can wait for. */
class Heard extends EventEmitter<{ message: [unknown]; state: [LiveState] }> {
  readonly states: LiveState[] = [];
}

function listen(port = 0): Promise<WebSocketServer> {
  return new Promise((accept) => {
    const server: WebSocketServer = new WebSocketServer({ port, host: '127.0.0.1' }, () => accept(server));
  });
}

function close(server: WebSocketServer): Promise<void> {
  for (const client of server.clients) client.terminate();
  return new Promise((accept) => server.close(() => accept()));
}

function startLive(
  context: TestContext,
  port: number,
  options: { silenceMs?: number; greeting?: unknown } = {},
) {
  const heard = new Heard();
  const { greeting, ...others } = options;
  const live = new LiveSocket({
    connect: () => new WebSocket(`ws://127.0.0.1:${port}`) as unknown as WebSocketLike,
    onMessage: (message) => heard.emit('message', message),
    onState: (state) => {
      heard.states.push(state);
      heard.emit('state', state);
    },
    greeting: () => greeting,
    firstPauseMs: 5,
    longestPauseMs: 20,
    random: () => 0.5,
    ...others,
  });
  context.after(() => live.close());
  return { live, heard };
}

async function untilState(heard: Heard, wanted: LiveState): Promise<void> {
  while (heard.states.at(-1) !== wanted) await once(heard, 'state');
}

test('messages come through, and what is no JSON is passed over', async (context) => {
  const server = await listen();
  context.after(() => close(server));
  server.on('connection', (socket) => {
    socket.send('{broken');
    socket.send('{"type":"share"}');
  });
  const { heard } = startLive(context, (server.address() as AddressInfo).port);
  assert.deepEqual(await once(heard, 'message'), [{ type: 'share' }]);
  assert.deepEqual(heard.states, ['connecting', 'open']);
});

test('a server that goes away and comes back is found again, and greeted again', async (context) => {
  const first = await listen();
  const { port } = first.address() as AddressInfo;
  const greeted = once(first, 'connection').then(([socket]) => once(socket, 'message'));
  const { heard } = startLive(context, port, { greeting: { wallet: 'a' } });
  assert.equal(String((await greeted)[0]), '{"wallet":"a"}');
  await close(first);
  await untilState(heard, 'lost');

  const second = await listen(port);
  context.after(() => close(second));
  const again = once(second, 'connection').then(([socket]) => once(socket, 'message'));
  assert.equal(String((await again)[0]), '{"wallet":"a"}');
  await untilState(heard, 'open');
});

test('a connection over which nothing comes is given up, also one that never opens', async (context) => {
  const silent = await listen();
  context.after(() => close(silent));
  const { heard } = startLive(context, (silent.address() as AddressInfo).port, { silenceMs: 30 });
  await untilState(heard, 'open');
  await untilState(heard, 'lost');

  // Accepts connections and never answers.
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  context.after(() => mute.close());
  const other = startLive(context, (mute.address() as AddressInfo).port, { silenceMs: 30 });
  await untilState(other.heard, 'lost');
});

test('after it was closed nothing is tried and nothing heard', async (context) => {
  const server = await listen();
  const { port } = server.address() as AddressInfo;
  const { live, heard } = startLive(context, port);
  await untilState(heard, 'open');
  const [socket] = server.clients;
  live.close();
  if (socket !== undefined) await once(socket, 'close');
  live.hurry();
  assert.deepEqual(heard.states, ['connecting', 'open']);
  await close(server);
});
