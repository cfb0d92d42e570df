import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, SEND_BACKLOG_MAX } from '../../../../miner/transport/connection.ts';
import { pageConnector, socketAddress } from '../../../../pool/web/mine/page-socket.ts';
import { MAX_POOL_LINE_BYTES } from '../../../../protocol/stratum.ts';

/** A browser's WebSocket whose other side is the test. */
class FakeSocket extends EventTarget {
  readonly sent: unknown[] = [];
  closings = 0;
  bufferedAmount = 0;

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.closings += 1;
  }

  opens(): void {
    this.dispatchEvent(new Event('open'));
  }

  says(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  ends(code: number, reason = ''): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

class Bench {
  readonly socket = new FakeSocket();
  readonly heard: string[] = [];
  readonly connection: Connection;
  onLine: (line: string) => void = () => undefined;

  constructor() {
    const connector = pageConnector(() => this.socket);
    const endpoint = { host: 'elsewhere', port: 3333 };
    this.connection = connector(endpoint, {
      onConnected: () => this.heard.push('connected'),
      onLine: (line) => {
        this.heard.push(`line ${line}`);
        this.onLine(line);
      },
      onClosed: (cause, detail) =>
        this.heard.push(`closed ${cause}${detail === undefined ? '' : ` ${detail}`}`),
    });
  }
}

test('the WebSocket is that of the host of the page, secure where the page is', () => {
  assert.equal(socketAddress({ protocol: 'http:', host: '127.0.0.1:8000' }), 'ws://127.0.0.1:8000/stratum');
  assert.equal(socketAddress({ protocol: 'https:', host: 'pool.example' }), 'wss://pool.example/stratum');
});

test('a frame is a line, with or without an end of line; what is sent goes out as it is', () => {
  const { socket, connection, heard } = new Bench();
  connection.send('too early');
  socket.opens();
  connection.send('{"id":1}');
  socket.says('{"id":1,"result":true}');
  socket.says('{"id":2}\r\n{"id":3}\n\n');
  assert.deepEqual(heard, ['connected', 'line {"id":1,"result":true}', 'line {"id":2}', 'line {"id":3}']);
  assert.deepEqual(socket.sent, ['{"id":1}']);
});

test('why a connection is no more is told once, as far as a browser knows it', () => {
  const long = 'x'.repeat(MAX_POOL_LINE_BYTES + 1);
  const beforeOpen: readonly (readonly [(socket: FakeSocket) => void, string])[] = [
    [(socket) => socket.ends(1006), 'closed unreachable'],
  ];
  const afterOpen: typeof beforeOpen = [
    [(socket) => socket.ends(1001), 'closed ended code 1001: going away'],
    [(socket) => socket.ends(1000), 'closed ended'],
    [(socket) => socket.ends(1006), 'closed lost'],
    [(socket) => socket.ends(1008, 'banned'), 'closed ended code 1008: banned'],
    [(socket) => socket.says(new ArrayBuffer(8)), 'closed not-text'],
    [(socket) => socket.says(long), 'closed line-too-long'],
    [(socket) => socket.says(`{}\n${long}`), 'closed line-too-long'],
  ];
  for (const [end, expected] of [...beforeOpen, ...afterOpen]) {
    const bench = new Bench();
    if (!beforeOpen.some(([each]) => each === end)) bench.socket.opens();
    end(bench.socket);
    bench.socket.says('{"id":9}');
    bench.socket.ends(1006);
    assert.equal(bench.heard.at(-1), expected);
    assert.equal(bench.heard.filter((word) => word.startsWith('closed')).length, 1, expected);
    assert.ok(bench.socket.closings > 0);
  }
});

test('after it was closed on this side nothing is heard of it any more', () => {
  const bench = new Bench();
  bench.socket.opens();
  bench.onLine = () => bench.connection.close();
  bench.socket.says('one\ntwo');
  bench.socket.says('three');
  bench.socket.ends(1006);
  bench.connection.send('four');
  assert.deepEqual(bench.heard, ['connected', 'line one']);
  assert.deepEqual(bench.socket.sent, []);
});

test('a pool that takes nothing any more is let go before much is waiting for it', () => {
  const { socket, connection, heard } = new Bench();
  socket.opens();
  socket.bufferedAmount = SEND_BACKLOG_MAX + 1;
  connection.send('{}');
  connection.send('{}');
  assert.deepEqual(heard, ['connected', 'closed stalled']);
  assert.deepEqual(socket.sent, ['{}']);
});

test('a connection that is given up before it is open never is', () => {
  const { socket, connection, heard } = new Bench();
  connection.close();
  socket.opens();
  socket.ends(1006);
  assert.deepEqual(heard, []);
  assert.equal(socket.closings, 1);
});
