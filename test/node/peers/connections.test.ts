/** What becomes of a connection, over real sockets: every wrong thing a peer can do has an outcome with a name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { MESSAGE_RATE, QUEUE_BYTES } from '../../../node/peers/limits.ts';
import { concatBytes, hexToBytes } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { encodeFrame } from '../../../protocol/peer-frame.ts';
import { encodePeerMessage, type PeerMessage } from '../../../protocol/peer-message.ts';
import { MAGIC, RawPeer, startTestPeers, versionOf } from './peers-kit.ts';

const EMPTY = new Uint8Array(0);
const verack = encodeFrame(MAGIC, 'verack', EMPTY);
const version = encodePeerMessage(MAGIC, versionOf());
const ping = encodeFrame(MAGIC, 'ping', new Uint8Array(8));

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at]! ^= 1;
  return changed;
}

/** A frame's header that announces so many bytes. */
function announcing(command: string, length: number): Uint8Array {
  const header = encodeFrame(MAGIC, command, EMPTY);
  new DataView(header.buffer).setUint32(16, length, true);
  return header;
}

/** What a stranger sends, and the rule it breaks. `detail` is what the log says of it. */
const BEFORE_VERSION: readonly (readonly [string, Uint8Array, string, RegExp?])[] = [
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'wrong-magic', /an HTTP request/],
  ['a POST', Buffer.from('POST / HTTP/1.1\r\n\r\n{}'), 'wrong-magic', /an HTTP request/],
  ['a TLS handshake', hexToBytes('1603010200010001fc0303'), 'wrong-magic', /a TLS handshake/],
  [
    'Bitcoin main',
    hexToBytes('f9beb4d9'),
    'wrong-magic',
    /f9beb4d9 \(Bitcoin main\), ours is e3726e69 \(regtest\)/,
  ],
  [
    'NilzCoin dev',
    encodePeerMessage(PROFILES.dev.magic, versionOf()),
    'wrong-magic',
    /e3646e69 \(NilzCoin dev\)/,
  ],
  ['noise', hexToBytes('00000000'), 'wrong-magic', /no network known here/],
  ['verack first', verack, 'message-before-version'],
  ['ping first', ping, 'message-before-version'],
  ['an unknown message first', encodeFrame(MAGIC, 'hello', new Uint8Array(9)), 'message-before-version'],
  ['a block first', encodeFrame(MAGIC, 'block', new Uint8Array(100)), 'message-before-version'],
  ['a version that is cut short', encodeFrame(MAGIC, 'version', version.slice(24, 80)), 'malformed-message'],
  ['an empty version', encodeFrame(MAGIC, 'version', EMPTY), 'malformed-message', /version: ends early/],
  ['a version with a bad checksum', flipped(version, 30), 'bad-checksum'],
  ['a version of 2,000 bytes', announcing('version', 2_000), 'oversized-message'],
  ['a message of 4 GB', announcing('hello', 0xffff_ffff), 'oversized-message'],
  ['a name that is no text', flipped(encodeFrame(MAGIC, '\x02', EMPTY), 30), 'bad-command'],
  ['an old version', encodePeerMessage(MAGIC, versionOf({ version: 60_002 })), 'obsolete-version', /60002/],
];

const AFTER_HANDSHAKE: readonly (readonly [string, Uint8Array, string])[] = [
  ['version again', version, 'duplicate-version'],
  ['another magic', hexToBytes('f9beb4d9'), 'wrong-magic'],
  ['a bad checksum', flipped(ping, 24), 'bad-checksum'],
  ['a ping of 9 bytes', encodeFrame(MAGIC, 'ping', new Uint8Array(9)), 'oversized-message'],
  ['a ping of 7 bytes', encodeFrame(MAGIC, 'ping', new Uint8Array(7)), 'malformed-message'],
  ['a verack with a payload', encodeFrame(MAGIC, 'verack', new Uint8Array(1)), 'oversized-message'],
  [
    'an inv that claims more than it holds',
    encodeFrame(MAGIC, 'inv', hexToBytes('fdffff')),
    'malformed-message',
  ],
  ['an inv that is too long', announcing('inv', 1_800_004), 'oversized-message'],
  ['headers that are too long', announcing('headers', 162_004), 'oversized-message'],
  ['a transaction that is none', encodeFrame(MAGIC, 'tx', new Uint8Array(9)), 'malformed-message'],
  ['a transaction too large to relay', announcing('tx', 400_001), 'oversized-message'],
  ['1,001 addresses', announcing('addr', 30_004), 'oversized-message'],
  ['a locator of 102 hashes', announcing('getheaders', 37 + 102 * 32), 'oversized-message'],
];

describe('a stranger', () => {
  for (const [what, bytes, rule, detail = /./] of BEFORE_VERSION) {
    test(`that sends ${what} is told nothing, and logged with ${rule}`, async (context) => {
      const { port, log, until } = await startTestPeers(context);
      const peer = await RawPeer.connect(context, port);
      peer.write(bytes);
      await peer.closed;
      await until(() => log.some((line) => line.rule !== undefined));
      const lines = log.filter((line) => line.rule !== undefined);
      assert.equal(lines.length, 1);
      assert.equal(lines[0]!.rule, rule);
      assert.match(lines[0]!.detail!, detail);
      // On this machine: it may be anybody's proxy.
      assert.equal(lines[0]!.discouraged, false);
      assert.equal(peer.receivedBytes, 0);
    });
  }

  test('that leaves without a word, or in the middle of one, leaves nothing behind', async (context) => {
    const { port, peers, log, until } = await startTestPeers(context);
    for (const bytes of [EMPTY, version.subarray(0, 10), version.subarray(0, 60)]) {
      const peer = await RawPeer.connect(context, port);
      peer.socket.end(bytes);
      await peer.closed;
    }
    await until(() => log.filter(({ msg }) => msg === 'connection ended before its handshake').length === 3);
    assert.deepEqual(peers.network.peers(), []);
  });

  test('is heard only after verack: what comes before is without consequence', async (context) => {
    const { port, heard, until } = await startTestPeers(context);
    const peer = await RawPeer.connect(context, port);
    peer.write(concatBytes(version, ping, announcing('block', 100), new Uint8Array(100), verack));
    peer.send({ type: 'sendheaders' });
    await until(() => heard.length === 2);
    assert.deepEqual(heard, [
      ['up', 1],
      ['message', 1, { type: 'sendheaders' }],
    ]);
    await peer.settled();
    assert.ok(!peer.received.some(({ type }) => type === 'pong'));
  });
});

describe('a peer', () => {
  for (const [what, bytes, rule] of AFTER_HANDSHAKE) {
    test(`that sends ${what} is disconnected, and logged with ${rule}`, async (context) => {
      const { port, log, heard, until } = await startTestPeers(context);
      const peer = await RawPeer.introduced(context, port);
      peer.write(bytes);
      await peer.closed;
      await until(() => heard.length === 2);
      assert.deepEqual(heard, [
        ['up', 1],
        ['down', 1],
      ]);
      assert.deepEqual(
        log.flatMap((line) => line.rule ?? []),
        [rule],
      );
    });
  }

  test('gets an answer to each ping, and none to what is not understood', async (context) => {
    const { port, peers } = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, port);
    peer.write(encodeFrame(MAGIC, 'sendcmpct', new Uint8Array(9)));
    peer.write(encodeFrame(MAGIC, 'mempool', EMPTY));
    peer.write(verack);
    await peer.settled(123n);
    const [status] = peers.admin.statuses();
    assert.equal(status?.connection.ignoredMessages, 3);
    assert.equal(status?.connection.wire.received.byCommand()['*other*'], 24 + 9 + 24);
  });

  test('is pinged after the handshake, and the answer is timed', async (context) => {
    const { port, peers } = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, port);
    const { nonce } = await peer.next('ping');
    peer.send({ type: 'pong', nonce });
    await peer.settled();
    assert.ok(peers.admin.statuses()[0]!.connection.liveness.lastPingMs! >= 0);
  });

  for (const command of ['verack', 'block'])
    test(`that repeats ${command} without being asked is read ever more slowly, and costs no memory`, async (context) => {
      const { port, peers } = await startTestPeers(context);
      const peer = await RawPeer.introduced(context, port);
      const startedMs = performance.now();
      const beyond = 200;
      const once = encodeFrame(MAGIC, command, EMPTY);
      peer.write(concatBytes(...Array.from({ length: MESSAGE_RATE.burst + beyond }, () => once)));
      await peer.settled();
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs >= (beyond / MESSAGE_RATE.perSecond) * 1_000, `${tookMs} ms`);
      const { connection } = peers.admin.statuses()[0]!;
      assert.equal(connection.ignoredMessages, MESSAGE_RATE.burst + beyond);
      assert.equal(connection.wire.heldBytes, 0);
    });

  test('whose messages were handled has left nothing that waits for its end', async (context) => {
    const { port, peers } = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, port);
    await peer.settled();
    const { closed } = peers.admin.statuses()[0]!.connection.wire;
    // Every race with this promise would ask it for its outcome, and be kept until there is one.
    const waits = context.mock.method(closed, 'then');
    for (let nonce = 1n; nonce <= 50n; nonce++) await peer.settled(nonce);
    assert.equal(waits.mock.callCount(), 0);
  });

  test('whose messages are costly leaves everybody else a turn between them', async (context) => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    const handledAt: number[] = [];
    const { port, until } = await startTestPeers(
      context,
      {},
      {
        message: () => {
          const endMs = performance.now() + 4;
          while (performance.now() < endMs);
          handledAt.push(turns);
        },
      },
    );
    setImmediate(turn);
    const peers = [await RawPeer.introduced(context, port), await RawPeer.introduced(context, port)];
    const sendheaders = encodeFrame(MAGIC, 'sendheaders', EMPTY);
    for (const peer of peers) peer.write(concatBytes(...Array.from({ length: 30 }, () => sendheaders)));
    await until(() => handledAt.length >= 59);
    isOver = true;
    // A slice of 10 ms holds three of them.
    const most = Math.max(...handledAt.map((at) => handledAt.filter((other) => other === at).length));
    assert.ok(most <= 4, `${most} in one turn`);
  });

  test('over whose message the node stumbles is disconnected, and the node goes on', async (context) => {
    const { port, log, until } = await startTestPeers(
      context,
      {},
      {
        message: () => {
          throw new TypeError('a bug');
        },
      },
    );
    const peer = await RawPeer.introduced(context, port);
    peer.send({ type: 'sendheaders' });
    await peer.closed;
    await until(() => log.some(({ rule }) => rule === 'internal-error'));
    assert.ok(log.some(({ msg, level }) => msg === 'a message could not be handled' && level === 50));
    await (await RawPeer.introduced(context, port)).settled();
  });

  test('may call itself what it likes: the log shows text only', async (context) => {
    const { port, peers, heard, until } = await startTestPeers(context);
    await RawPeer.introduced(context, port, { userAgent: '/\x1b[31m<b>évil</b>"\n:1.0/' });
    await until(() => heard.length === 1);
    assert.equal(peers.network.peers()[0]!.userAgent, '/31mbvil/b:1.0/');
  });
});

const BLOCK: PeerMessage = { type: 'block', bytes: new Uint8Array(3_000_000).fill(1) };

describe('a block', () => {
  test('that nobody asked for is skipped while it arrives', async (context) => {
    const { port, heard, peers } = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, port);
    peer.send(BLOCK);
    await peer.settled();
    assert.deepEqual(heard, [['up', 1]]);
    assert.equal(peers.admin.statuses()[0]!.connection.ignoredMessages, 1);
  });

  test('that was asked for is handed on as it is', async (context) => {
    const { port, heard } = await startTestPeers(context, {}, { wantsBlock: () => true });
    const peer = await RawPeer.introduced(context, port);
    peer.send(BLOCK);
    await peer.settled();
    assert.deepEqual(heard.at(-1), ['message', 1, BLOCK]);
  });
});

describe('backpressure', () => {
  test('a busy node does not read on: the next message waits until the last is done with', async (context) => {
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { port, heard, peers, until } = await startTestPeers(context, {}, { message: () => done });
    const peer = await RawPeer.introduced(context, port);
    peer.send({ type: 'sendheaders' });
    await until(() => heard.length === 2);
    // Far more than all buffers between them can hold: what the node has not read cannot be written.
    const payload = encodeFrame(
      MAGIC,
      'notfound',
      concatBytes(hexToBytes('fd50c3'), new Uint8Array(1_800_000)),
    );
    let isWritten = false;
    for (let time = 0; time < 10; time++) {
      peer.socket.write(payload, () => {
        isWritten = time === 9;
      });
    }
    const other = await RawPeer.introduced(context, port);
    await other.settled();
    assert.equal(heard.length, 3);
    assert.equal(isWritten, false);
    assert.ok(peers.admin.statuses()[0]!.connection.wire.heldBytes < 200_000);
    finish();
    await until(() => heard.length === 13);
  });

  test('a peer that does not read is sent no more than its queue, is not listened to, and goes on when it reads', async (context) => {
    const { port, heard, peers } = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, port);
    await peer.settled();
    const [{ id } = { id: 0 }] = peers.network.peers();
    peer.socket.pause();
    const part: PeerMessage = { type: 'block', bytes: new Uint8Array(200_000) };
    const other = await RawPeer.introduced(context, port);
    // The system's own buffers are filled first.
    do {
      while (peers.network.send(id, part));
      await other.settled();
    } while (peers.network.queued(id) < QUEUE_BYTES);
    assert.ok(peers.network.queued(id) >= QUEUE_BYTES);
    assert.ok(peers.network.queued(id) <= QUEUE_BYTES + 200_024);
    assert.equal(peers.network.send(id, { type: 'sendheaders' }), false);

    // The first message is handled, then the queue is found full; the second waits.
    for (let time = 0; time < 2; time++) peer.send({ type: 'sendheaders' });
    await other.settled();
    const isHeard = () => heard.filter(([what, of]) => what === 'message' && of === id).length;
    assert.equal(isHeard(), 1);

    const drained = peers.network.drained(id);
    peer.socket.resume();
    await drained;
    assert.equal(peers.network.queued(id), 0);
    await peer.settled();
    assert.equal(isHeard(), 2);
    assert.equal(peers.network.send(id, { type: 'sendheaders' }), true);
  });

  test('a peer that owes us a block is listened to even while it does not read: it may be waiting for us', async (context) => {
    const { port, peers, heard } = await startTestPeers(context, {}, { wantsBlock: (id) => id === 1 });
    const peer = await RawPeer.introduced(context, port);
    await peer.settled();
    const other = await RawPeer.introduced(context, port);
    peer.socket.pause();
    do {
      while (peers.network.send(1, { type: 'block', bytes: new Uint8Array(200_000) }));
      await other.settled();
    } while (peers.network.queued(1) < QUEUE_BYTES);
    for (let time = 0; time < 3; time++) peer.send({ type: 'block', bytes: new Uint8Array(300_000) });
    const blocks = () => heard.filter(([what, of]) => what === 'message' && of === 1).length;
    while (blocks() < 3) await other.settled();
    assert.ok(peers.network.queued(1) >= QUEUE_BYTES);
  });

  test('of peers that are gone nothing waits', async (context) => {
    const { peers } = await startTestPeers(context);
    assert.equal(peers.network.send(99, { type: 'sendheaders' }), false);
    assert.equal(peers.network.queued(99), 0);
    await peers.network.drained(99);
    peers.network.disconnect(99, 'nothing');
    peers.network.delivered(99, 'block');
  });
});

test('a node that stops closes every connection, complete or not', async (context) => {
  const { port, peers } = await startTestPeers(context);
  const known = await RawPeer.introduced(context, port);
  await known.settled();
  const stranger = connect(port, '127.0.0.1');
  stranger.on('error', () => undefined);
  await once(stranger, 'connect');
  const closed = once(stranger, 'close');
  await peers.stop();
  await Promise.all([known.closed, closed]);
});

test('a connection ends though what its peer asked for is never done', async (context) => {
  const never = new Promise<void>(() => undefined);
  const { port, heard, peers, until } = await startTestPeers(context, {}, { message: () => never });
  const peer = await RawPeer.introduced(context, port);
  peer.send({ type: 'sendheaders' });
  await until(() => heard.length === 2);
  await peers.stop();
  assert.deepEqual(heard.at(-1), ['down', 1]);
});
