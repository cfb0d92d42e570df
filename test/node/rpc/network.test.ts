import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { NO_PEERS } from '../../../node/peers/open-peers.ts';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../../protocol/rpc.ts';
import { openSocket, readUntilClosed } from '../../service/raw-http.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';
import { RawPeer } from '../peers/peers-kit.ts';

const LISTENING = { ...NO_PEERS, listen: { ip: '127.0.0.1', port: 0 } };

/** A node that takes peers. */
function listeningNode(context: TestContext): Promise<TestNode> {
  return startTestNode(context, { peers: LISTENING });
}

function portOf({ node }: TestNode): number {
  assert.ok(node.p2pPort !== undefined);
  return node.p2pPort;
}

describe('a node without peers', () => {
  test('says so', async (context) => {
    const node = await startTestNode(context);
    assert.equal(node.node.p2pPort, undefined);
    assert.equal(await node.call('getconnectioncount'), 0);
    assert.deepEqual(await node.call('getpeerinfo'), []);
    assert.deepEqual(await node.call('getnodeaddresses', 0), []);
    assert.deepEqual(await node.call('listbanned'), []);
    assert.deepEqual(await node.call('getaddednodeinfo'), []);
    const info = await node.call('getnetworkinfo');
    assert.equal(info.protocolversion, 70_016);
    assert.equal(info.localservices, '0000000000000009');
    assert.deepEqual(info.localservicesnames, ['NETWORK', 'WITNESS']);
    assert.deepEqual([info.networkactive, info.connections], [true, 0]);
    const totals = await node.call('getnettotals');
    assert.deepEqual([totals.totalbytesrecv, totals.totalbytessent], [0, 0]);
  });
});

describe('getpeerinfo', () => {
  test('tells what there is to know of a peer', async (context) => {
    const node = await listeningNode(context);
    const peer = await RawPeer.introduced(context, portOf(node), { startHeight: 7, relay: false });
    await peer.settled();
    const [info] = await node.call('getpeerinfo');
    assert.equal(info.addr, `127.0.0.1:${peer.socket.localPort}`);
    assert.equal(info.addrbind, `127.0.0.1:${portOf(node)}`);
    assert.equal(info.addrlocal, undefined);
    assert.equal(info.network, 'not_publicly_routable');
    assert.deepEqual([info.services, info.servicesnames], ['0000000000000009', ['NETWORK', 'WITNESS']]);
    assert.deepEqual([info.relaytxes, info.inbound, info.connection_type], [false, true, 'inbound']);
    assert.deepEqual([info.version, info.subver, info.startingheight], [70_016, '/test:1.0/', 7]);
    // Its clock stands still; ours may have ticked between the two.
    assert.ok(Math.abs(info.timeoffset - (1_795_132_800 - info.conntime)) <= 5);
    assert.equal(info.bytesrecv_per_msg.ping, 32);
    assert.equal(info.bytessent_per_msg.verack, 24);
    const bytes = Object.values<number>(info.bytesrecv_per_msg).reduce((sum, each) => sum + each, 0);
    assert.equal(info.bytesrecv, bytes);
    const totals = await node.call('getnettotals');
    assert.equal(totals.totalbytesrecv, info.bytesrecv);
    assert.ok(Math.abs(totals.timemillis - Date.now()) < 60_000);
  });

  test('shows a peer only when it has introduced itself', async (context) => {
    const node = await listeningNode(context);
    await RawPeer.connect(context, portOf(node));
    assert.equal(await node.call('getconnectioncount'), 0);
    assert.deepEqual(await node.call('getpeerinfo'), []);
  });

  test('shows the time of the ping that was asked for', async (context) => {
    const node = await listeningNode(context);
    const peer = await RawPeer.introduced(context, portOf(node));
    peer.send({ type: 'pong', nonce: (await peer.next('ping')).nonce });
    await peer.settled();
    assert.equal(await node.call('ping'), null);
    const { nonce } = await peer.next('ping');
    assert.ok((await node.call('getpeerinfo'))[0].pingwait >= 0);
    peer.send({ type: 'pong', nonce });
    await peer.settled();
    const [info] = await node.call('getpeerinfo');
    assert.ok(info.pingtime >= info.minping && info.minping >= 0);
    assert.equal(info.pingwait, undefined);
  });
});

describe('addnode', () => {
  test('connects two nodes, which sync, and keeps them so', async (context) => {
    const one = await listeningNode(context);
    const two = await startTestNode(context);
    await one.mine(3);
    const arrived = new Promise<void>((resolve) => {
      two.node.chain.on('tip', ({ height }) => {
        if (height === 3) resolve();
      });
    });
    const place = `127.0.0.1:${portOf(one)}`;
    assert.equal(await two.call('addnode', place, 'add'), null);
    await arrived;
    assert.equal(await two.call('getbestblockhash'), await one.call('getbestblockhash'));
    assert.deepEqual(await two.call('getaddednodeinfo', place), [
      { addednode: place, connected: true, addresses: [{ address: place, connected: 'outbound' }] },
    ]);
    const [info] = await two.call('getpeerinfo');
    assert.deepEqual([info.connection_type, info.inbound, info.addr], ['manual', false, place]);
    const { connections_in, connections_out } = await two.call('getnetworkinfo');
    assert.deepEqual([connections_in, connections_out], [0, 1]);

    // Whom it is connected to it does not connect to again.
    for (let tries = 0; tries < 3; tries++) await two.call('addnode', place, 'onetry');
    const next = new Promise<void>((resolve) => {
      two.node.chain.on('tip', () => resolve());
    });
    await one.mine(1);
    await next;
    assert.equal(await one.call('getconnectioncount'), 1);
  });

  test('names what is wrong, with the codes of Bitcoin Core', async (context) => {
    const node = await startTestNode(context);
    assert.equal(await node.call('addnode', '127.0.0.1:1', 'add'), null);
    const cases: [unknown[], number, RegExp][] = [
      [['addnode', '127.0.0.1:1', 'add'], RPC_ERRORS.peerAlreadyAdded, /already added/],
      [['addnode', '127.0.0.1:2', 'remove'], RPC_ERRORS.peerNotAdded, /not been added/],
      [['addnode', 'no host', 'add'], RPC_ERRORS.invalidIpOrSubnet, /no host/],
      [['addnode', '127.0.0.1:1', 'fly'], RPC_ERRORS.invalidParameter, /command/],
      [['addnode', '127.0.0.1:1', 'onetry', true], RPC_ERRORS.invalidParameter, /v2transport/],
      [['getaddednodeinfo', '127.0.0.1:2'], RPC_ERRORS.peerNotAdded, /not been added/],
    ];
    for (const [[method, ...params], code, message] of cases) {
      const failure = await node.failure(String(method), ...params);
      assert.equal(failure.code, code, String(method));
      assert.match(failure.message, message);
    }
    for (let port = 2; port <= 64; port++) await node.call('addnode', `127.0.0.1:${port}`, 'add');
    assert.equal((await node.failure('addnode', '127.0.0.1:65', 'add')).code, RPC_ERRORS.tooManyPeersAdded);
    assert.equal(await node.call('addnode', '127.0.0.1:1', 'remove'), null);
    assert.equal((await node.call('getaddednodeinfo')).length, 63);
  });
});

describe('disconnectnode', () => {
  test('closes a connection by its address or its id', async (context) => {
    const node = await listeningNode(context);
    for (const by of ['address', 'id']) {
      const peer = await RawPeer.introduced(context, portOf(node));
      await peer.settled();
      const [{ addr, id }] = await node.call('getpeerinfo');
      const params = by === 'address' ? [addr] : ['', id];
      assert.equal(await node.call('disconnectnode', ...params), null);
      await peer.closed;
    }
  });

  test('refuses both, neither, and what is not connected', async (context) => {
    const node = await startTestNode(context);
    assert.equal((await node.failure('disconnectnode')).code, RPC_ERRORS.invalidParams);
    assert.equal((await node.failure('disconnectnode', '127.0.0.1:1', 1)).code, RPC_ERRORS.invalidParams);
    assert.equal((await node.failure('disconnectnode', '127.0.0.1:1')).code, RPC_ERRORS.peerNotConnected);
    assert.equal((await node.failure('disconnectnode', '', 9)).code, RPC_ERRORS.peerNotConnected);
  });
});

describe('bans', () => {
  test('are listed with their times, and lifted one by one or all at once', async (context) => {
    const node = await startTestNode(context);
    const later = Math.floor(Date.now() / 1000) + 1_000;
    assert.equal(await node.call('setban', '192.0.2.0/24', 'add'), null);
    assert.equal(await node.call('setban', '2001:db8::/32', 'add', 100), null);
    assert.equal(await node.call('setban', '198.51.100.7', 'add', later, true), null);
    const bans = await node.call('listbanned');
    assert.deepEqual(
      bans.map(({ address }: { address: string }) => address),
      ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7/32'],
    );
    assert.deepEqual(
      [bans[0].ban_duration, bans[1].ban_duration, bans[2].banned_until],
      [86_400, 100, later],
    );
    assert.ok(bans[1].time_remaining <= 100 && bans[1].time_remaining > 0);
    assert.equal(await node.call('setban', '192.0.2.0/24', 'remove'), null);
    assert.equal((await node.call('listbanned')).length, 2);
    assert.equal(await node.call('clearbanned'), null);
    assert.deepEqual(await node.call('listbanned'), []);
  });

  test('are refused with a reason', async (context) => {
    const node = await startTestNode(context);
    await node.call('setban', '192.0.2.0/24', 'add');
    const cases: [unknown[], number][] = [
      [['192.0.2.99/24', 'add'], RPC_ERRORS.peerAlreadyAdded],
      [['192.0.2.99', 'add'], RPC_ERRORS.peerAlreadyAdded],
      [['192.0.2.99', 'remove'], RPC_ERRORS.invalidIpOrSubnet],
      [['192.0.2.0/25', 'remove'], RPC_ERRORS.invalidIpOrSubnet],
      [['192.0.2.0/99', 'add'], RPC_ERRORS.invalidIpOrSubnet],
      [['192.0.2.0/24', 'forgive'], RPC_ERRORS.invalidParameter],
      [['10.0.0.1', 'add', 1, true], RPC_ERRORS.invalidParameter],
      [['10.0.0.1', 'add', -1], RPC_ERRORS.invalidParameter],
    ];
    for (const [params, code] of cases) assert.equal((await node.failure('setban', ...params)).code, code);
  });
});

test('setnetworkactive closes all connections, and lets them come again', async (context) => {
  const node = await listeningNode(context);
  const peer = await RawPeer.introduced(context, portOf(node));
  await peer.settled();
  assert.equal(await node.call('setnetworkactive', false), false);
  await peer.closed;
  assert.equal((await node.call('getnetworkinfo')).networkactive, false);
  assert.equal(await node.call('setnetworkactive', true), true);
  await (await RawPeer.introduced(context, portOf(node))).settled();
  assert.equal(await node.call('getconnectioncount'), 1);
});

test('getnodeaddresses tells what peers have told', async (context) => {
  const node = await listeningNode(context);
  const peer = await RawPeer.introduced(context, portOf(node));
  const ip = hexToBytes('00000000000000000000ffff7f000009');
  const lastSeenSeconds = Math.floor(Date.now() / 1000);
  peer.send({ type: 'addr', addresses: [{ ip, port: 6_001, services: 9n, lastSeenSeconds }] });
  await peer.settled();
  const [known, ...others] = await node.call('getnodeaddresses', 0);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [known.address, known.port, known.services, known.network],
    ['127.0.0.9', 6_001, 9, 'ipv4'],
  );
  assert.deepEqual(await node.call('getnodeaddresses', 5, 'ipv6'), []);
  assert.equal((await node.failure('getnodeaddresses', -1)).code, RPC_ERRORS.invalidParameter);
  assert.deepEqual(await node.call('getnodeaddresses', 0, 'onion'), []);
  assert.equal((await node.failure('getnodeaddresses', 1, 'Foo')).code, RPC_ERRORS.invalidParameter);
});

test('a browser that is led to the port of the peers gets nothing', async (context) => {
  const node = await listeningNode(context);
  const socket = await openSocket(portOf(node));
  socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://example.org\r\n\r\n');
  assert.equal(await readUntilClosed(socket), '');
});
