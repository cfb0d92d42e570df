import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { basicAuth, listenHttp } from '../../service/http.ts';
import { createLogger } from '../../service/log.ts';
import { NotificationFeed, type NotificationFeedOptions } from '../../service/notification-feed.ts';
import { Upgrades } from '../../service/upgrade.ts';
import { basic } from './raw-http.ts';

const AUTH = basic('alice', 'secret');

/** A feed of two topics on a free port. */
async function openFeed(t: TestContext, options: Partial<NotificationFeedOptions> = {}) {
  const logged: string[] = [];
  const feed = new NotificationFeed({
    topics: { news: 0, weather: 41 },
    authorize: basicAuth([{ user: 'alice', password: 'secret' }]),
    allowedOrigins: ['https://friend.example'],
    log: createLogger({
      name: 'feed',
      level: 'info',
      pretty: false,
      destination: { write: (line) => logged.push(line) },
    }),
    unauthorizedDelayMs: 5,
    ...options,
  });
  const handler = () => undefined;
  const listener = await listenHttp({ host: '127.0.0.1', port: 0, handler, onStop: () => feed.stop() });
  t.after(() => listener.stop());
  const upgrades = new Upgrades();
  upgrades.route('/ws', feed.upgrade);
  upgrades.attach(listener.server);
  return { feed, logged, url: `${listener.url.replace('http', 'ws')}/ws` };
}

async function connect(t: TestContext, url: string): Promise<{ socket: WebSocket; lines: string[] }> {
  const socket = new WebSocket(url, { headers: AUTH });
  t.after(() => socket.terminate());
  const lines: string[] = [];
  socket.on('message', (data) => lines.push(String(data)));
  await once(socket, 'open');
  return { socket, lines };
}

/** Sends a text and gives the next message. */
async function ask(socket: WebSocket, text: string) {
  const answer = once(socket, 'message');
  socket.send(text);
  return JSON.parse(String((await answer)[0]));
}

const subscribe = (...topics: string[]) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: [topics] });

/** The status with which an upgrade is refused. */
async function refusal(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('a feed of notifications', () => {
  test('is for those with the password, and for pages of allowed origins', async (t) => {
    const { feed, url } = await openFeed(t);
    assert.equal(await refusal(url, {}), 401);
    assert.equal(await refusal(url, basic('alice', 'wrong')), 401);
    assert.equal(await refusal(url, { ...AUTH, Origin: 'https://evil.example' }), 403);
    assert.equal(feed.counters.refused, 3);
    const friend = new WebSocket(url, { headers: { ...AUTH, Origin: 'https://friend.example' } });
    await once(friend, 'open');
    friend.terminate();
  });

  test('counts on from where its topics are, also while nobody listens', async (t) => {
    const { feed, url } = await openFeed(t);
    feed.publish('weather', 'rain', () => assert.fail('nobody listens'));
    const { socket, lines } = await connect(t, url);
    const { result } = await ask(socket, subscribe('weather'));
    assert.deepEqual(result.sequences, { weather: 42 });
    const heard = once(socket, 'message');
    feed.publish('news', 'peace', () => assert.fail('nobody listens'));
    feed.publish('weather', 'snow', () => ({ cm: 3 }));
    await heard;
    assert.equal(lines[1], '{"jsonrpc":"2.0","method":"snow","params":{"sequence":43,"cm":3}}');
    assert.throws(() => feed.publish('sport', 'goal', () => ({})), /no topic sport/);
  });

  test('answers a subscription before it tells of anything', async (t) => {
    const { feed, url } = await openFeed(t);
    const { socket, lines } = await connect(t, url);
    const heard = new Promise<void>((resolve) => {
      socket.on('message', () => lines.length >= 52 && resolve());
    });
    socket.send(subscribe('news'));
    socket.send(subscribe('weather'));
    // As fast as the server turns, so that some come while the requests are being answered.
    let told = 0;
    const tell = (): void => {
      feed.publish('news', 'peace', () => ({}));
      if (++told < 5_000 && lines.length < 52) setImmediate(tell);
    };
    tell();
    await heard;
    const messages = lines.map((line) => JSON.parse(line));
    assert.equal(messages[0].id, 1);
    const from: number = messages[0].result.sequences.news;
    const numbers = messages.filter(({ method }) => method === 'peace').map(({ params }) => params.sequence);
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => from + 1 + at),
    );
  });

  test('answers what it does not understand with an error', async (t) => {
    const { url } = await openFeed(t);
    const { socket } = await connect(t, url);
    const codeOf = async (text: string) => (await ask(socket, text)).error.code;
    assert.equal(await codeOf('hello'), -32700);
    assert.equal(await codeOf('{"id":1,"method":"subscribe"}'), -32600);
    assert.equal(await codeOf('{"jsonrpc":"2.0","id":1,"method":"fly"}'), -32601);
    assert.equal(await codeOf('{"jsonrpc":"2.0","id":1,"method":"subscribe"}'), -1);
    assert.equal(await codeOf('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":["news"]}'), -3);
    const { error } = await ask(socket, subscribe('sport'));
    assert.deepEqual([error.code, error.message], [-8, 'Invalid topics.0: there are: news, weather']);
  });

  test('answers a batch with an array, also one of a single request', async (t) => {
    const { url } = await openFeed(t);
    const { socket } = await connect(t, url);
    const answers = (await ask(socket, ` [${subscribe('news')}]`)) as unknown as { id: number }[];
    assert.deepEqual(
      answers.map(({ id }) => id),
      [1],
    );
    assert.equal((await ask(socket, '[')).error.code, -32700);
  });

  test('drops a reader that does not read, and says so in the log', async (t) => {
    const { feed, logged, url } = await openFeed(t, { maxBacklogBytes: 100_000 });
    const slow = await connect(t, url);
    const quick = await connect(t, url);
    await ask(slow.socket, subscribe('news'));
    await ask(quick.socket, subscribe('news'));
    slow.socket.pause();
    const heard = quick.lines;
    const facts = { text: 'x'.repeat(10_000) };
    while (feed.counters.slow === 0) {
      const next = once(quick.socket, 'message');
      feed.publish('news', 'peace', () => facts);
      await next;
    }
    assert.equal(feed.open, 1);
    assert.equal(logged.filter((line) => /too slow/.test(line)).length, 1);
    assert.equal(JSON.parse(heard.at(-1)!).params.sequence, heard.length - 1);
    slow.socket.resume();
    await once(slow.socket, 'close');
  });

  test('keeps a reader that reads, also when ten thousand things happen at once', async (t) => {
    const { feed, url } = await openFeed(t);
    const { socket, lines } = await connect(t, url);
    await ask(socket, subscribe('news'));
    const all = new Promise<void>((resolve) => {
      socket.on('message', () => lines.length === 10_001 && resolve());
    });
    const facts = { text: 'x'.repeat(150) };
    for (let told = 0; told < 10_000; told++) feed.publish('news', 'peace', () => facts);
    await all;
    assert.equal(JSON.parse(lines.at(-1)!).params.sequence, 10_000);
    assert.equal(feed.counters.slow, 0);
  });

  test('forgets a reader that goes away while it is being answered', async (t) => {
    const { feed, url } = await openFeed(t);
    const { socket } = await connect(t, url);
    for (let sent = 0; sent < 50; sent++) socket.send(subscribe('news', 'weather'));
    socket.terminate();
    while (feed.open > 0) await new Promise(setImmediate);
    feed.publish('news', 'peace', () => assert.fail('nobody listens'));
  });

  test('closes a connection that says too much, or too much at once', async (t) => {
    const { feed, url } = await openFeed(t);
    const busy = await connect(t, url);
    const closed = once(busy.socket, 'close');
    for (let sent = 0; sent < 200; sent++) busy.socket.send(subscribe('news'));
    assert.equal((await closed)[0], 1008);
    assert.equal(feed.counters.misused, 1);
    const loud = await connect(t, url);
    loud.socket.send('x'.repeat(20_000));
    assert.equal((await once(loud.socket, 'close'))[0], 1009);
  });

  test('takes so many connections and no more', async (t) => {
    const { feed, url } = await openFeed(t, { limits: { total: 3, perAddress: 2 } });
    const first = await connect(t, url);
    await connect(t, url);
    assert.equal(await refusal(url, AUTH), 429);
    const closed = once(first.socket, 'close');
    first.socket.close();
    await closed;
    while (feed.open > 1) await new Promise(setImmediate);
    await connect(t, url);
  });

  test('ends connections whose other side is gone without a word', async (t) => {
    const { feed, url } = await openFeed(t, { pingMs: 20 });
    const gone = new WebSocket(url, { headers: AUTH, autoPong: false });
    const there = await connect(t, url);
    await once(gone, 'close');
    while (feed.open > 1) await new Promise(setImmediate);
    assert.equal(there.socket.readyState, WebSocket.OPEN);
  });
});
