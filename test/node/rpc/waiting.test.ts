import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { basic, openSocket } from '../../service/raw-http.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';

/** Resolves when so many calls of a method are running. */
async function running(node: TestNode, method: string, count: number): Promise<void> {
  for (;;) {
    const { active_commands: calls } = await node.call('getrpcinfo');
    if (calls.filter((call: { method: string }) => call.method === method).length === count) return;
  }
}

describe('waiting for a block', () => {
  test('ends with the next tip, for everybody who waits', async (t) => {
    const node = await startTestNode(t);
    const waiting = [node.call('waitfornewblock'), node.call('waitfornewblock', 60_000)];
    const higher = node.call('waitforblockheight', 3, 60_000);
    await running(node, 'waitfornewblock', 2);
    await running(node, 'waitforblockheight', 1);
    const [first] = await node.mine(1);
    for (const tip of await Promise.all(waiting)) assert.deepEqual(tip, { hash: first, height: 1 });
    const [, third] = await node.mine(2);
    assert.deepEqual(await higher, { hash: third, height: 3 });
  });

  test('is over at once where it has come already', async (t) => {
    const node = await startTestNode(t);
    const genesis = await node.call('getbestblockhash');
    const [, hash] = await node.mine(2);
    const tip = { hash, height: 2 };
    assert.deepEqual(await node.call('waitforblockheight', 2), tip);
    assert.deepEqual(await node.call('waitforblockheight', -5), tip);
    assert.deepEqual(await node.call('waitfornewblock', 0, genesis), tip);
  });

  test('ends with the tip as it is when the time is over', async (t) => {
    const node = await startTestNode(t);
    const tip = { hash: await node.call('getbestblockhash'), height: 0 };
    assert.deepEqual(await node.call('waitfornewblock', 5), tip);
    assert.deepEqual(await node.call('waitfornewblock', 5, tip.hash), tip);
    assert.deepEqual(await node.call('waitforblockheight', 9, 5), tip);
  });

  test('takes a time that is none for an error, and an endless one for a long one', async (t) => {
    const node = await startTestNode(t);
    assert.deepEqual(await node.failure('waitfornewblock', -1), { code: -1, message: 'Negative timeout' });
    assert.deepEqual(await node.failure('waitforblockheight', 0, -1), {
      code: -1,
      message: 'Negative timeout',
    });
    assert.equal((await node.failure('waitfornewblock', 'long')).code, -3);
    assert.equal((await node.failure('waitfornewblock', 0, 'tip')).code, -8);
    const waiting = node.call('waitfornewblock', Number.MAX_SAFE_INTEGER);
    await running(node, 'waitfornewblock', 1);
    const [hash] = await node.mine(1);
    assert.deepEqual(await waiting, { hash, height: 1 });
  });

  test('is given up when the caller goes away', async (t) => {
    const node = await startTestNode(t);
    const body = '{"id":1,"method":"waitfornewblock","params":[]}';
    const { Authorization } = basic('tester', 'secret');
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${Authorization}\r\n`;
    const request = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
    const sockets = await Promise.all([1, 2, 3].map(() => openSocket(node.node.rpcPort, request)));
    await running(node, 'waitfornewblock', 3);
    for (const socket of sockets) socket.destroy();
    await running(node, 'waitfornewblock', 0);
  });

  test('ends with the node', async (t) => {
    const node = await startTestNode(t);
    const waiting = node.call('waitfornewblock');
    await running(node, 'waitfornewblock', 1);
    await node.node.stop();
    assert.equal((await waiting).height, 0);
  });
});
