import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressBook } from '../../../node/peers/address-book.ts';
import { Gossip, type GossipEffect, type NewGossipPeer } from '../../../node/peers/gossip.ts';
import { type Endpoint, endpointText, ipBytes, ipText } from '../../../node/peers/ip-address.ts';
import type { TimedAddress } from '../../../protocol/peer-message.ts';
import { seededRandom } from './peers-kit.ts';

const START = 1_800_000_000;
const DAY = 86_400;

/** Gossip with a book and a clock of its own. */
function newGossip(refused: readonly string[] = []) {
  const book = new AddressBook();
  const clock = { nowSeconds: START };
  const gossip = new Gossip({
    book,
    random: seededRandom(),
    nowSeconds: () => clock.nowSeconds,
    isRefused: (ip) => refused.includes(ip),
    isOwn: ({ ip }) => ip === '77.7.7.7',
  });
  return { book, clock, gossip };
}

function peer(id: number, changes: Partial<NewGossipPeer> = {}): NewGossipPeer {
  return { id, kind: 'inbound', ip: `8.${id}.1.1`, own: undefined, ...changes };
}

function timed(ip: string, port = 5001, lastSeenSeconds = START): TimedAddress {
  return { ip: ipBytes(ip)!, port, services: 9n, lastSeenSeconds };
}

const addr = (...addresses: TimedAddress[]) => ({ type: 'addr', addresses }) as const;
const GETADDR = { type: 'getaddr' } as const;

/** Effects in words: `2: getaddr`, `3: 8.8.8.8:5001 …`. */
function told(effects: readonly GossipEffect[]): string[] {
  return effects.map(({ peer: id, message }) => {
    const words =
      message.type === 'getaddr'
        ? ['getaddr']
        : message.addresses.map(({ ip, port }) => endpointText({ ip: ipText(ip), port }));
    return `${id}: ${words.join(' ')}`;
  });
}

/** The n-th address of many ranges. */
const many = (n: number): string => `${20 + (n >> 8)}.${n & 0xff}.1.1`;

describe('a new peer', () => {
  test('that we chose is asked for addresses; one that came is not', () => {
    const { gossip } = newGossip();
    assert.deepEqual(told(gossip.up(peer(1))), []);
    assert.deepEqual(told(gossip.up(peer(2, { kind: 'outbound' }))), ['2: getaddr']);
    assert.deepEqual(told(gossip.up(peer(3, { kind: 'manual' }))), ['3: getaddr']);
  });

  test('is told where we can be reached, at first and about once a day', () => {
    const { gossip, clock } = newGossip();
    const own = { endpoint: { ip: '9.9.9.9', port: 5001 }, services: 9n };
    assert.deepEqual(told(gossip.up(peer(1, { own }))), ['1: 9.9.9.9:5001']);
    assert.deepEqual(gossip.tick(), []);
    clock.nowSeconds += 2 * DAY;
    assert.deepEqual(told(gossip.tick()), ['1: 9.9.9.9:5001']);
  });

  test('is not told of an address that is no use to it', () => {
    const { gossip } = newGossip();
    const at = (ip: string): Endpoint => ({ ip, port: 5001 });
    const cases: [string, string, boolean][] = [
      ['8.8.8.8', '192.168.0.5', false],
      ['8.8.8.8', '127.0.0.1', false],
      ['192.168.0.9', '192.168.0.5', true],
      ['192.168.0.9', '127.0.0.1', false],
      ['127.0.0.1', '127.0.0.1', true],
      ['127.0.0.1', '192.168.0.5', true],
      ['127.0.0.1', '0.0.0.0', false],
    ];
    for (const [id, [ip, ownIp, isTold]] of cases.entries()) {
      const effects = gossip.up(peer(id, { ip, own: { endpoint: at(ownIp), services: 9n } }));
      assert.equal(effects.length === 1, isTold, `${ownIp} to ${ip}`);
    }
  });
});

describe('an address that a peer tells', () => {
  test('goes into the book, unless it is of no use, refused, our own, or has no port', () => {
    const { gossip, book } = newGossip(['66.6.6.6']);
    gossip.up(peer(1, { kind: 'outbound' }));
    const addresses = [
      '20.1.1.1',
      '66.6.6.6',
      '77.7.7.7',
      '127.0.0.1',
      '10.0.0.1',
      '0.0.0.0',
      '2001:db8::1',
      '2600::1',
    ];
    gossip.message(1, addr(...addresses.map((ip) => timed(ip)), timed('21.1.1.1', 0)));
    assert.deepEqual(
      book
        .all()
        .map(({ endpoint }) => endpoint.ip)
        .sort(),
      ['20.1.1.1', '2600::1'],
    );
  });

  test('of this machine is believed of a peer on this machine', () => {
    const { gossip, book } = newGossip();
    gossip.up(peer(1, { ip: '127.0.0.1' }));
    gossip.message(1, addr(timed('127.0.0.1', 6001)));
    assert.deepEqual(
      book.all().map(({ endpoint }) => endpointText(endpoint)),
      ['127.0.0.1:6001'],
    );
  });

  test('is taken one in ten seconds if nobody asked, and by the thousand once we have', () => {
    const { gossip, book, clock } = newGossip();
    const flood = Array.from({ length: 1_000 }, (_, n) => timed(many(n)));
    gossip.up(peer(1));
    gossip.message(1, addr(...flood));
    assert.equal(book.size, 1);
    assert.deepEqual([gossip.counts(1)?.processed, gossip.counts(1)?.rateLimited], [1, 999]);
    clock.nowSeconds += 100;
    gossip.message(1, addr(...flood));
    assert.equal(gossip.counts(1)?.processed, 11);
    gossip.up(peer(2, { kind: 'outbound' }));
    for (let time = 0; time < 1_000; time++) gossip.message(2, addr(...flood));
    assert.equal(gossip.counts(2)?.processed, 1_001);
  });

  test('is passed on to two others while it is news, and never back', () => {
    const { gossip } = newGossip();
    for (let id = 1; id <= 5; id++) gossip.up(peer(id));
    gossip.message(1, addr(timed('20.1.1.1')));
    const news = told(gossip.tick());
    assert.equal(news.length, 2);
    for (const line of news) assert.match(line, /^[2-5]: 20\.1\.1\.1:5001$/);
    assert.deepEqual(gossip.tick(), []);
  });

  test('is not passed on when it is old, or came in a long list', () => {
    const { gossip } = newGossip();
    gossip.up(peer(1, { kind: 'outbound' }));
    gossip.up(peer(2));
    gossip.message(1, addr(timed('20.1.1.1', 5001, START - 601)));
    gossip.message(1, addr(...Array.from({ length: 11 }, (_, n) => timed(many(n)))));
    assert.deepEqual(gossip.tick(), []);
  });

  test('is passed on to nobody it means nothing to', () => {
    const { gossip } = newGossip();
    gossip.up(peer(1, { ip: '127.0.0.1' }));
    gossip.up(peer(2, { ip: '8.8.8.8' }));
    gossip.up(peer(3, { ip: '127.0.0.1' }));
    gossip.message(1, addr(timed('127.0.0.1', 6001)));
    assert.deepEqual(told(gossip.tick()), ['3: 127.0.0.1:6001']);
  });

  test('of nobody we know is ignored', () => {
    const { gossip, book } = newGossip();
    assert.deepEqual(gossip.message(9, addr(timed('20.1.1.1'))), []);
    gossip.up(peer(1));
    gossip.down(1);
    assert.deepEqual(gossip.message(1, addr(timed('20.1.1.1'))), []);
    assert.equal(book.size, 0);
  });
});

describe('who asks for addresses', () => {
  /** A book with so many addresses. */
  function filled(count: number) {
    const parts = newGossip();
    for (let n = 0; n < count; n++) {
      const source = `${100 + (n % 80)}.${n % 250}.3.3`;
      parts.book.add(
        { endpoint: { ip: many(n), port: 5001 }, services: 9n, lastSeenSeconds: START },
        source,
        START,
      );
    }
    return parts;
  }

  const countOf = ([effect]: readonly GossipEffect[]): number =>
    effect?.message.type === 'addr' ? effect.message.addresses.length : 0;

  test('is answered once, and only if it has connected to us', () => {
    const { gossip } = filled(10);
    gossip.up(peer(1));
    gossip.up(peer(2, { kind: 'outbound' }));
    assert.equal(countOf(gossip.message(1, GETADDR)), 10);
    for (let time = 0; time < 1_000; time++) assert.deepEqual(gossip.message(1, GETADDR), []);
    assert.deepEqual(gossip.message(2, GETADDR), []);
  });

  test('is told a small book whole, and a quarter of a large one, never more than a thousand', () => {
    for (const [known, expected] of [
      [100, 100],
      [400, 100],
      [1_000, 230],
      [5_000, 1_000],
    ] as const) {
      const { gossip } = filled(known);
      gossip.up(peer(1));
      assert.equal(countOf(gossip.message(1, GETADDR)), expected);
    }
  });

  test('is told the same as everybody else that day', () => {
    const { gossip, clock } = filled(1_000);
    for (let id = 1; id <= 3; id++) gossip.up(peer(id));
    const [first, second] = [1, 2].map((id) => gossip.message(id, GETADDR)[0]?.message);
    assert.deepEqual(first, second);
    clock.nowSeconds += DAY;
    assert.notDeepEqual(gossip.message(3, GETADDR)[0]?.message, first);
  });

  test('hears of nothing on this machine unless it is there itself', () => {
    const { gossip, book } = newGossip();
    const endpoint = { ip: '127.0.0.1', port: 6001 };
    book.add({ endpoint, services: 9n, lastSeenSeconds: START }, '127.0.0.1', START);
    gossip.up(peer(1));
    gossip.up(peer(2, { ip: '127.0.0.1' }));
    assert.deepEqual(gossip.message(1, GETADDR), []);
    assert.deepEqual(told(gossip.message(2, GETADDR)), ['2: 127.0.0.1:6001']);
  });
});
