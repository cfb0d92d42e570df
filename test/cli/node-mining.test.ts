import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { mineOnNode } from '../../cli/node-mining.ts';
import { systemClock } from '../../node/clock.ts';
import type { MiningOrder } from '../../node/main.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { PROFILES } from '../../protocol/network.ts';
import { txid } from '../../protocol/transaction.ts';
import { createLogger } from '../../service/log.ts';
import { startTestNode, type TestNode } from '../node/node-kit.ts';
import { addressOf, alice, bob, genesisFunds, payOn, stranger } from '../node/payment-kit.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const { dev } = PROFILES;

/** A new tip for which `isIt` holds. */
function tipWhere({ node }: TestNode, isIt: (height: number) => boolean): Promise<void> {
  return new Promise((resolve) => {
    node.chain.on('tip', ({ height }) => {
      if (isIt(height)) resolve();
    });
  });
}

/** What a miner of this node says, beside the node. */
async function mine(t: TestContext, { node }: TestNode, order: Partial<MiningOrder> = {}, entry?: URL) {
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const usual: MiningOrder = {
    rpcUrl: node.rpcUrl,
    credentials: node.credentials,
    address: addressOf(stranger, node.profile),
    threads: 1,
    paceMs: 0,
    dataDirectory: await temporaryDirectory(t),
    log: createLogger({ name: 'test', level: 'debug', pretty: false, destination }),
  };
  const miner = await mineOnNode({ ...usual, ...order }, entry);
  t.after(() => miner.stop());
  return { miner, lines };
}

describe('nilz node --mine', () => {
  test('mines to the address without a pause, payments included, while the RPC answers', async (t) => {
    const node = await startTestNode(t, { profile: dev, clock: systemClock });
    const third = tipWhere(node, (height) => height >= 3);
    const { miner, lines } = await mine(t, node);
    await third;
    const payment = payOn(genesisFunds(alice, dev), bob, 500n);
    const id = await node.send(payment);
    if (node.node.mempool.size > 0) await tipWhere(node, () => node.node.mempool.size === 0);
    const { blockhash } = await node.call('getrawtransaction', id, 1);
    const { tx } = await node.call('getblock', blockhash, 2);
    assert.equal(tx[1].txid, displayHash(txid(payment)));
    assert.equal(tx[0].vout[0].scriptPubKey.address, addressOf(stranger, dev));
    assert.equal(tx[0].vout[0].value, 50.000005);

    const started = performance.now();
    await miner.stop();
    assert.ok(performance.now() - started < 3_000);
    const tips = await node.call('getchaintips');
    assert.equal(tips.length, 1, 'no block stands beside the chain');
    const accepted = lines.filter(({ msg }) => msg.startsWith('block accepted'));
    assert.equal(accepted.length, await node.call('getblockcount'));
    assert.deepEqual(
      lines.filter(({ level }) => level > 30),
      [],
      'nothing to warn of',
    );
    for (const { msg } of lines) assert.ok(!msg.includes(node.node.credentials.password), msg);
  });

  test('keeps the pace of a network whose blocks cost nothing', async (t) => {
    const node = await startTestNode(t);
    const first = tipWhere(node, (height) => height === 1);
    await mine(t, node, { paceMs: 60_000 });
    await first;
    for (let call = 0; call < 20; call++) assert.equal(await node.call('getblockcount'), 1);
  });

  test('hashes with several threads without a block beside the chain', async (t) => {
    const node = await startTestNode(t);
    const twentieth = tipWhere(node, (height) => height >= 20);
    const { miner } = await mine(t, node, { threads: 3 });
    await twentieth;
    await miner.stop();
    assert.equal((await node.call('getchaintips')).length, 1);
  });

  test('a miner that dies is replaced, with a word in the log', async (t) => {
    const node = await startTestNode(t);
    const third = tipWhere(node, (height) => height >= 3);
    const entry = new URL('../kit/mortal-node-miner.ts', import.meta.url);
    const { lines } = await mine(t, node, {}, entry);
    await third;
    const failures = lines.filter(({ level }) => level >= 50);
    assert.match(failures[0]?.msg ?? '', /^the miner failed; another takes its place in \d\.\d s$/);
  });

  test('a miner that died and is not replaced yet is no hindrance to stopping', async (t) => {
    const node = await startTestNode(t);
    const entry = new URL('../kit/mortal-node-miner.ts', import.meta.url);
    let tellFailed = (): void => {};
    const failed = new Promise<void>((resolve) => {
      tellFailed = resolve;
    });
    const destination = { write: (line: string) => void (JSON.parse(line).level >= 50 && tellFailed()) };
    const log = createLogger({ name: 'test', level: 'debug', pretty: false, destination });
    const { miner } = await mine(t, node, { log }, entry);
    await failed;
    await miner.stop();
  });

  test('remembers the fastest kernel beside the chain, for the next start', async (t) => {
    const node = await startTestNode(t, { profile: dev, clock: systemClock });
    const dataDirectory = await temporaryDirectory(t);
    for (const words of ['is the fastest here', 'was the fastest here']) {
      const lines = new EventEmitter();
      const destination = { write: (line: string) => void lines.emit('line', JSON.parse(line).msg) };
      const log = createLogger({ name: 'test', level: 'debug', pretty: false, destination });
      const settled = new Promise<string>((resolve) => {
        lines.on('line', (text: string) => text.includes('kernel') && resolve(text));
      });
      const { miner } = await mine(t, node, { dataDirectory, log });
      assert.ok((await settled).endsWith(words));
      await miner.stop();
    }
  });

  test('says whom it cannot pay, and mines nothing', async (t) => {
    const node = await startTestNode(t);
    const { lines } = await mine(t, node, { address: addressOf(stranger, dev) });
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (lines.length > 0 && lines.some(({ level }) => level >= 50)) {
          clearInterval(timer);
          resolve();
        }
      }, 10);
    });
    assert.match(lines.find(({ level }) => level >= 50)?.msg ?? '', /cannot be paid on the network regtest/);
    assert.equal(await node.call('getblockcount'), 0);
  });
});
