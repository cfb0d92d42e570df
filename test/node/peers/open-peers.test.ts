/** Several nodes' peers together, over real sockets. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { defaultP2pBind } from '../../../node/peers/open-peers.ts';
import { Subnet } from '../../../node/peers/subnet.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { ListenError } from '../../../service/http.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';
import { PROFILE, RawPeer, startTestPeers, type TestPeers } from './peers-kit.ts';

const at = ({ port }: TestPeers) => ({ host: '127.0.0.1', port });

/** Resolves when a node is connected to so many others. */
async function connected(node: TestPeers, count: number): Promise<void> {
  await node.until(() => node.peers.network.peers().length >= count);
}

/** Ports of the nodes that one has connected to itself. */
function outboundPorts({ peers }: TestPeers): number[] {
  const outbound = peers.network.peers().filter(({ kind }) => kind === 'outbound');
  return outbound.map(({ address }) => Number(address.split(':').at(-1)));
}

describe('two nodes', () => {
  test('tell each other who they are', async (context) => {
    const one = await startTestPeers(context);
    const two = await startTestPeers(context, { connect: [at(one)] });
    await Promise.all([connected(one, 1), connected(two, 1)]);
    const [[seen], [known]] = [one.peers.network.peers(), two.peers.network.peers()];
    assert.equal(seen!.kind, 'inbound');
    assert.equal(known!.kind, 'manual');
    assert.equal(known!.address, `127.0.0.1:${one.port}`);
    for (const facts of [seen!, known!]) {
      assert.equal(facts.version, 70_016);
      assert.equal(facts.services, 9n);
      assert.equal(facts.startHeight, 3);
      assert.equal(facts.loopback, true);
      assert.match(facts.userAgent, /^\/NilzCoin:\d+\.\d+\.\d+\/$/);
    }
  });

  test('find each other again when the connection is lost', async (context) => {
    const one = await startTestPeers(context);
    const two = await startTestPeers(context, { connect: [at(one)] });
    await connected(two, 1);
    one.peers.admin.disconnect(() => true);
    await two.until(() => two.heard.filter(([what]) => what === 'up').length === 2);
  });
});

test('nodes that know a boot node only come to know each other', async (context) => {
  const boot = await startTestPeers(context);
  const one = await startTestPeers(context, { bootNodes: [at(boot)] });
  await connected(one, 1);
  const two = await startTestPeers(context, { bootNodes: [at(boot)] });
  await two.until(() => outboundPorts(two).includes(one.port));
  await connected(one, 2);
});

test('a node that is led to itself notices it, and does not try again', async (context) => {
  const node = await startTestPeers(context);
  const self = { host: 'localhost', port: node.port };
  node.peers.admin.tryPeer(self);
  await node.until(() => node.log.filter(({ rule }) => rule === 'self-connection').length === 2);
  assert.deepEqual(node.heard, []);
  assert.deepEqual(node.peers.network.peers(), []);
});

test('a node of another network is told apart on both sides', async (context) => {
  const node = await startTestPeers(context);
  const other = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(PROFILES.main.magic));
  }).listen(0, '127.0.0.1');
  context.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  node.peers.admin.tryPeer({ host: '127.0.0.1', port: address.port });
  await node.until(() => node.log.some(({ rule }) => rule === 'wrong-magic'));
  const line = node.log.find(({ rule }) => rule === 'wrong-magic')!;
  assert.match(line.detail!, /^e36e696c \(NilzCoin main\), ours is e3726e69 \(regtest\)$/);
});

describe('the operator', () => {
  test('bans a range: who is in it goes, and does not come back until the ban is lifted', async (context) => {
    const node = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, node.port);
    await peer.settled();
    const subnet = Subnet.parse('127.0.0.0/8')!;
    assert.equal(await node.peers.admin.ban(subnet, node.peers.admin.nowSeconds() + 60), true);
    await peer.closed;
    assert.ok(node.log.some(({ rule, detail }) => rule === 'banned' && detail === '127.0.0.0/8'));
    const refused = await RawPeer.connect(context, node.port);
    await refused.closed;
    assert.equal(refused.receivedBytes, 0);
    assert.equal(await node.peers.admin.unban(subnet), true);
    await (await RawPeer.introduced(context, node.port)).settled();
  });

  test('switches the network off and on', async (context) => {
    const node = await startTestPeers(context);
    const peer = await RawPeer.introduced(context, node.port);
    await peer.settled();
    node.peers.admin.setActive(false);
    await peer.closed;
    await (await RawPeer.connect(context, node.port)).closed;
    node.peers.admin.setActive(true);
    await (await RawPeer.introduced(context, node.port)).settled();
  });
});

test('the address book and the bans outlive a restart', async (context) => {
  const directory = await temporaryDirectory(context);
  const first = await startTestPeers(context, {}, {}, directory);
  const peer = await RawPeer.introduced(context, first.port);
  const ip = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 9]);
  const lastSeenSeconds = Math.floor(Date.now() / 1000);
  peer.send({ type: 'addr', addresses: [{ ip, port: 5_009, services: 9n, lastSeenSeconds }] });
  await peer.settled();
  const untilSeconds = first.peers.admin.nowSeconds() + 60;
  await first.peers.admin.ban(Subnet.parse('2600::/16')!, untilSeconds);
  const known = first.peers.admin.addresses(0, () => true);
  assert.equal(known.length, 1);
  await first.peers.stop();

  const second = await startTestPeers(context, { listen: undefined, connect: [] }, {}, directory);
  const [again] = second.peers.admin.addresses(0, () => true);
  assert.deepEqual(again!.endpoint, { ip: '127.0.0.9', port: 5_009 });
  assert.deepEqual([again!.services, again!.source], [9n, known[0]!.source]);
  const bans = second.peers.admin.bans().map(({ subnet, untilSeconds: end }) => [subnet.text, end]);
  assert.deepEqual(bans, [['2600::/16', untilSeconds]]);
});

test('a node that is killed seconds after it has heard of others knows them at the next start', async (context) => {
  const { timers } = context.mock;
  timers.enable({ apis: ['setInterval'] });
  const directory = await temporaryDirectory(context);
  const killed = await startTestPeers(context, {}, {}, directory);
  const peer = await RawPeer.introduced(context, killed.port);
  const ip = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 9]);
  const lastSeenSeconds = Math.floor(Date.now() / 1000);
  peer.send({ type: 'addr', addresses: [{ ip, port: 5_009, services: 9n, lastSeenSeconds }] });
  await peer.settled();
  timers.tick(10_000);
  // A ban is written after what was to be written before it.
  await killed.peers.admin.ban(Subnet.parse('2600::/16')!, killed.peers.admin.nowSeconds() + 60);

  const next = await startTestPeers(context, { listen: undefined, connect: [] }, {}, directory);
  const [known] = next.peers.admin.addresses(0, () => true);
  assert.deepEqual(known?.endpoint, { ip: '127.0.0.9', port: 5_009 });
});

test('a port that is taken is told with the setting that changes it', async (context) => {
  const { port } = await startTestPeers(context);
  await assert.rejects(
    startTestPeers(context, { listen: { ip: '127.0.0.1', port } }),
    (error) => error instanceof ListenError && /--p2p-port/.test(error.message),
  );
});

test('networks for trying out are nobody’s business beyond this machine', () => {
  assert.equal(defaultP2pBind(PROFILES.main), '0.0.0.0');
  assert.equal(defaultP2pBind(PROFILES.test), '0.0.0.0');
  for (const profile of [PROFILES.dev, PROFILE, PROFILES['bitcoin-regtest']]) {
    assert.equal(defaultP2pBind(profile), '127.0.0.1');
  }
});
