import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { txid } from '../../../protocol/transaction.ts';
import { alice, bob, genesisFunds, payOn } from '../payment-kit.ts';
import { startTestRelay } from './relay-kit.ts';

const LIMITED = { timeout: 60_000 };

describe('/events', () => {
  test('begins with where things stand, and numbers every frame without a gap', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const listener = await relay.listen(t);
    const hello = await listener.until('hello');
    assert.deepEqual(
      [hello.id, hello.tip?.height, hello.network?.name, hello.node.state],
      ['tested', 0, 'regtest', 'ok'],
    );
    await node.mine(3);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    await listener.until('mempool', ({ added }) => added.length === 1);
    await listener.until('template', ({ template }) => template.transactions === 1);
    const numbers = listener.heard.map(({ sequence }) => sequence);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => hello.sequence + index),
    );
  });

  test(
    'lets a reader who comes back see that it has missed something, heard by anybody or not',
    LIMITED,
    async (t) => {
      const { relay, node } = await startTestRelay(t);
      const first = await relay.listen(t);
      const before = await first.until('hello');
      first.socket.terminate();
      await once(first.socket, 'close');
      await node.mine(1);
      await relay.askUntil('/chain', ({ tip }) => tip.height === 1);
      const second = await relay.listen(t);
      const after = await second.until('hello');
      assert.equal(after.instance, before.instance);
      assert.ok(after.sequence > before.sequence);
    },
  );

  test(
    'tells of a reorganisation block by block: what leaves before what takes its place',
    LIMITED,
    async (t) => {
      const { relay, node } = await startTestRelay(t);
      const [stale = ''] = await node.mine(1);
      const listener = await relay.listen(t);
      const genesis = await node.call('getblockhash', 0);
      const rival = await node.blockOn(genesis, [], 1);
      await node.call('submitblock', bytesToHex(encodeBlock(rival)));
      const tips = await node.call('getchaintips');
      const rivalHash = tips.find((tip: { hash: string }) => tip.hash !== stale).hash;
      await node.call('submitblock', bytesToHex(encodeBlock(await node.blockOn(rivalHash, [], 2))));
      await listener.until('block_connected', ({ block }) => block.height === 2);
      const told = listener.heard.flatMap((frame) => {
        if (frame.type === 'block_disconnected') return [`-${frame.height}`];
        return frame.type === 'block_connected' ? [`+${frame.block.height}`] : [];
      });
      assert.deepEqual(told, ['-1', '+1', '+2']);
      assert.equal((await relay.ask('/block/1')).hash, rivalHash, 'whoever is told of it finds it');
    },
  );

  test('tells what leaves the mempool and why', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const payment = payOn(genesisFunds(alice), bob, 700n);
    const replacement = payOn(genesisFunds(alice), bob, 70_000n);
    await node.send(payment);
    const listener = await relay.listen(t);
    await node.send(replacement);
    const replaced = await listener.until('mempool', ({ removed }) => removed.length > 0);
    assert.deepEqual(replaced.removed, [{ txid: displayHash(txid(payment)), reason: 'replaced' }]);
    await node.mine(1);
    const mined = await listener.until('mempool', ({ removed }) =>
      removed.some(({ reason }) => reason === 'confirmed'),
    );
    assert.deepEqual([mined.size, mined.vsize], [0, 0]);
  });

  test('says that it is alive while nothing happens', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, { timing: { feed: { beatMs: 50 } } });
    const listener = await relay.listen(t);
    const first = await listener.until('beat');
    await listener.until('beat', ({ sequence }) => sequence > first.sequence);
  });

  test('has room for so many of one client and tells the others to come back', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, {
      limits: { listeners: { total: 3, perAddress: 2 } },
      trustedProxies: 1,
    });
    const from = (address: string) => ({ 'X-Forwarded-For': `198.51.100.1, ${address}` });
    await relay.listen(t, from('2001:db8::1'));
    await relay.listen(t, from('2001:db8::2'));
    const refused = async (address: string): Promise<number | undefined> => {
      const socket = new WebSocket(`${relay.url.replace('http', 'ws')}/events`, { headers: from(address) });
      const [, response] = await once(socket, 'unexpected-response');
      assert.equal(response.headers['retry-after'], '30');
      response.resume();
      return response.statusCode;
    };
    assert.equal(await refused('2001:db8::3'), 429, 'a /64 is one client');
    await relay.listen(t, from('2001:db8:1::1'));
    assert.equal(await refused('192.0.2.1'), 429);
    assert.equal((await relay.ask('/health')).listeners, 3);
  });

  test('drops whoever talks, and nobody else', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const quiet = await relay.listen(t);
    const talker = await relay.listen(t);
    for (let count = 0; count < 20; count++) talker.socket.send('{"subscribe":"everything"}');
    const [code] = await once(talker.socket, 'close');
    assert.equal(code, 1008);
    const shouter = await relay.listen(t);
    shouter.socket.send('x'.repeat(10_000));
    assert.equal((await once(shouter.socket, 'close'))[0], 1009);
    await node.mine(1);
    await quiet.until('block_connected');
  });
});
