import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../../pool/clock.ts';
import { LiveFeed, type LiveFeedOptions } from '../../../pool/http/live-feed.ts';
import type { DurableShare } from '../../../pool/statistics/statistics.ts';
import { listenHttp } from '../../../service/http.ts';
import { Upgrades } from '../../../service/upgrade.ts';
import { LiveListener } from '../../kit/http-client.ts';
import { share } from '../../kit/share-kit.ts';
import { SILENT } from '../../kit/surroundings.ts';

const LIMITED = { timeout: 30_000 };

class SetClock implements Clock {
  ms = 0;
  wallMs(): number {
    return this.ms;
  }
  steadyMs(): number {
    return this.ms;
  }
}

/** A feed on a port of its own. */
async function serveFeed(t: TestContext, changes: Partial<LiveFeedOptions> = {}) {
  const clock = new SetClock();
  const feed = new LiveFeed({
    clock,
    log: SILENT,
    limits: { total: 100, perAddress: 100 },
    clientAddress: ({ socket }) => socket.remoteAddress ?? '',
    readAddress: (text) => text,
    hello: () => ({ type: 'hello' }),
    rates: (address) => ({ type: 'rates', address: address ?? null }),
    ...changes,
  });
  const http = await listenHttp({ host: '127.0.0.1', port: 0, handler: (_, response) => response.end() });
  const upgrades = new Upgrades();
  upgrades.route('/live', feed.upgrade);
  upgrades.attach(http.server);
  t.after(async () => {
    await feed.stop();
    await http.stop();
  });
  return { feed, clock, url: http.url };
}

function batch(count: number, address: string): DurableShare[] {
  const worker = { address, name: 'rig' };
  return Array.from({ length: count }, (_, sequence) => ({ ...share({ worker }), sequence }));
}

test('of many shares in a second a feed tells fifty, and how many it left out', LIMITED, async (t) => {
  const { feed, clock, url } = await serveFeed(t, { ratesMs: 20 });
  const all = await LiveListener.connect(url);
  const one = await LiveListener.connect(url);
  one.say({ wallet: 'alice' });
  await one.next('filter');
  feed.shares([...batch(300, 'bob'), ...batch(10, 'alice')]);
  let leftOut = 0;
  while (leftOut === 0) leftOut = Number((await all.next('rates')).left_out);
  assert.deepEqual([all.seen('share').length, leftOut], [50, 260]);
  while ((await one.next('rates')).left_out !== 0);
  assert.equal(one.seen('share').length, 10, 'a flood of others hides nothing from who listens to one');
  clock.ms = 1_000;
  feed.shares(batch(1, 'bob'));
  while (all.seen('share').length < 51) await all.next('rates');
});

test('a reader that reads nothing is dropped, and nobody else is', LIMITED, async (t) => {
  const { feed, url } = await serveFeed(t);
  const reader = await LiveListener.connect(url);
  const { hostname, port } = new URL(url);
  const stalled = connect(Number(port), hostname);
  stalled.pause();
  const key = randomBytes(16).toString('base64');
  const headers = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  stalled.write(['GET /live HTTP/1.1', ...headers, `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'));
  const gone = new Promise((accept) => stalled.once('close', accept));
  while (feed.open < 2) await reader.next('hello').then(() => feed.announce({ type: 'hello' }));
  const filler = 'x'.repeat(30_000);
  for (let count = 0; feed.counters.slow === 0; count++) {
    feed.announce({ type: 'block', count, filler });
    assert.equal((await reader.next('block')).count, count);
  }
  stalled.resume();
  await gone;
  assert.equal(feed.counters.slow, 1);
  while (feed.open > 1) await new Promise(setImmediate);
  assert.equal(reader.socket.readyState, reader.socket.OPEN);
});

test('who does not answer a ping is dropped', LIMITED, async (t) => {
  const { feed, url } = await serveFeed(t, { pingMs: 30 });
  const { hostname, port } = new URL(url);
  const dead = connect(Number(port), hostname);
  const key = randomBytes(16).toString('base64');
  const headers = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  dead.write(['GET /live HTTP/1.1', ...headers, `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'));
  dead.resume();
  const living = await LiveListener.connect(url);
  await new Promise((accept) => dead.once('close', accept));
  assert.equal(living.socket.readyState, living.socket.OPEN, 'a WebSocket answers pings by itself');
  assert.equal(feed.counters.opened, 2);
});
