import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressBook } from '../../../node/peers/address-book.ts';
import { Connector, type ConnectorOptions, type OpenedConnection } from '../../../node/peers/connector.ts';
import { rangeOf } from '../../../node/peers/ip-address.ts';
import { MAX_DIALS, MAX_OUTBOUND } from '../../../node/peers/limits.ts';
import { seededRandom } from './peers-kit.ts';

const NOW = 1_800_000_000;
const BOOT = { host: 'boot.example.org', port: 5001 };
const FRIEND = { host: '10.0.0.9', port: 6001 };

function newConnector(changes: Partial<ConnectorOptions> = {}) {
  const book = new AddressBook();
  const options: ConnectorOptions = {
    book,
    random: seededRandom(),
    bootNodes: [],
    manualOnly: false,
    isRefused: () => false,
    isOwn: () => false,
    ...changes,
  };
  return { book, connector: new Connector(options, NOW) };
}

function know(book: AddressBook, ...ips: readonly string[]): void {
  for (const ip of ips) {
    book.add({ endpoint: { ip, port: 5001 }, services: 9n, lastSeenSeconds: NOW }, ip, NOW);
  }
}

function opened(
  kind: OpenedConnection['kind'],
  ip: string,
  isComplete = true,
  port = 5001,
): OpenedConnection {
  return { kind, name: `${ip}:${port}`, remote: { ip, port }, isComplete };
}

/** Dials until nothing more is wanted; every dial succeeds. */
function connectAll(connector: Connector, nowSeconds = NOW): OpenedConnection[] {
  const connections: OpenedConnection[] = [];
  for (let turn = 0; turn < 100; turn++) {
    for (const { kind, host, port } of connector.next(connections, nowSeconds)) {
      connections.push(opened(kind, host, true, port));
    }
  }
  return connections;
}

describe('peers that are chosen', () => {
  test('are eight at most, each of another range', () => {
    const { book, connector } = newConnector();
    for (let n = 0; n < 30; n++) know(book, `20.${n >> 1}.1.${n}`);
    const connections = connectAll(connector);
    assert.equal(connections.length, MAX_OUTBOUND);
    assert.equal(new Set(connections.map(({ remote }) => rangeOf(remote!.ip))).size, MAX_OUTBOUND);
  });

  test('may all be of this machine or site, where there is one range', () => {
    const { book, connector } = newConnector();
    for (let port = 1; port <= 4; port++) {
      book.add({ endpoint: { ip: '127.0.0.1', port }, services: 9n, lastSeenSeconds: NOW }, '127.0.0.1', NOW);
    }
    know(book, '192.168.0.1', '192.168.0.2');
    assert.equal(connectAll(connector).length, 6);
  });

  test('are never this node, nor anybody who is refused or connected to', () => {
    const { book, connector } = newConnector({
      isOwn: ({ ip }) => ip === '20.1.1.1',
      isRefused: (ip) => ip === '20.2.1.1',
    });
    know(book, '20.1.1.1', '20.2.1.1', '20.3.1.1');
    assert.deepEqual(connector.next([opened('manual', '20.3.1.1')], NOW), []);
    assert.deepEqual(connector.next([], NOW), [{ kind: 'outbound', host: '20.3.1.1', port: 5001 }]);
  });

  test('are tried a few at a time', () => {
    const { book, connector } = newConnector();
    for (let n = 0; n < 30; n++) know(book, `20.${n}.1.1`);
    const underWay = Array.from({ length: MAX_DIALS }, (_, n) => opened('manual', `30.${n}.1.1`, false));
    assert.deepEqual(connector.next(underWay, NOW), []);
    assert.equal(connector.next(underWay.slice(1), NOW).length, 1);
  });
});

describe('a boot node', () => {
  test('is the way in when nobody is known, and is tried ever less often while it does not answer', () => {
    const { connector } = newConnector({ bootNodes: [BOOT] });
    const triedAt: number[] = [];
    for (let second = 0; second < 2_000; second++) {
      if (connector.next([], NOW + second).length > 0) triedAt.push(second);
    }
    assert.deepEqual(triedAt, [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023, 1_623]);
  });

  test('is not needed while another peer is connected', () => {
    const { connector } = newConnector({ bootNodes: [BOOT] });
    assert.deepEqual(connector.next([opened('outbound', '20.1.1.1')], NOW), []);
  });

  test('is tried after those that are known', () => {
    const { book, connector } = newConnector({ bootNodes: [BOOT] });
    know(book, '20.1.1.1');
    assert.equal(connector.next([], NOW)[0]?.host, '20.1.1.1');
    book.tried({ ip: '20.1.1.1', port: 5001 }, NOW);
    assert.deepEqual(connector.next([], NOW), [{ kind: 'outbound', ...BOOT }]);
  });

  test('that was connected is tried again at once', () => {
    const { connector } = newConnector({ bootNodes: [BOOT] });
    for (let second = 0; second < 40; second++) connector.next([], NOW + second);
    connector.succeeded('boot.example.org:5001', NOW + 40);
    assert.equal(connector.next([], NOW + 41).length, 1);
  });
});

describe('a peer that the operator named', () => {
  test('is connected to, and again at most a minute after it was lost', () => {
    const { connector } = newConnector();
    assert.equal(connector.addManual(FRIEND), true);
    assert.equal(connector.addManual(FRIEND), false);
    const triedAt: number[] = [];
    for (let second = 0; second < 300; second++) {
      if (connector.next([], NOW + second).length > 0) triedAt.push(second);
    }
    assert.deepEqual(triedAt, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    assert.deepEqual(connector.next([opened('manual', '10.0.0.9', true, 6001)], NOW + 999), []);
  });

  test('comes before all others, and is forgotten when the operator says so', () => {
    const { book, connector } = newConnector();
    know(book, '20.1.1.1');
    connector.addManual(FRIEND);
    assert.deepEqual(connector.next([], NOW), [{ kind: 'manual', ...FRIEND }]);
    assert.equal(connector.removeManual(FRIEND), true);
    assert.equal(connector.removeManual(FRIEND), false);
    assert.equal(connector.next([], NOW + 99)[0]?.host, '20.1.1.1');
  });

  test('is the only one with --connect', () => {
    const { book, connector } = newConnector({ manualOnly: true, bootNodes: [BOOT] });
    know(book, '20.1.1.1');
    assert.deepEqual(connector.next([], NOW), []);
  });

  test('takes no place of those that are chosen', () => {
    const { book, connector } = newConnector();
    for (let n = 0; n < 30; n++) know(book, `20.${n}.1.1`);
    connector.addManual(FRIEND);
    const connections = connectAll(connector);
    assert.equal(connections.filter(({ kind }) => kind === 'outbound').length, MAX_OUTBOUND);
  });
});

test('while there are enough peers, an address nobody has tried is tried every two minutes or so', () => {
  const { book, connector } = newConnector();
  for (let n = 0; n < 60; n++) know(book, `20.${n}.1.1`);
  const full = Array.from({ length: MAX_OUTBOUND }, (_, n) => opened('outbound', `20.${n}.1.1`));
  let feelers = 0;
  for (let second = 0; second < 3_600; second++) {
    for (const { kind, host } of connector.next(full, NOW + second)) {
      assert.equal(kind, 'feeler');
      assert.ok(!full.some(({ remote }) => remote?.ip === host));
      feelers += 1;
    }
  }
  assert.ok(feelers > 20 && feelers < 45, String(feelers));
});
