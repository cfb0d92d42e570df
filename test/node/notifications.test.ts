import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { blockHash } from '../../protocol/header.ts';
import { txid } from '../../protocol/transaction.ts';
import { basic } from '../service/raw-http.ts';
import { startTestNode, type TestNode } from './node-kit.ts';
import { alice, bob, carol, genesisFunds, outputOf, payOn } from './payment-kit.ts';
import { startPeer } from './sync/peer-kit.ts';

interface Notification {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> & { readonly sequence: number };
}

/** A reader of the notifications of a node. */
class Reader {
  readonly socket: WebSocket;
  readonly heard: Notification[] = [];
  readonly #answers = new Map<number, (answer: { result?: unknown; error?: { code: number } }) => void>();
  #lastId = 0;
  #onHeard = (): void => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.id !== undefined) this.#answers.get(message.id)?.(message);
      else {
        this.heard.push(message);
        this.#onHeard();
      }
    });
  }

  static async connect(t: TestContext, { node }: TestNode): Promise<Reader> {
    const { user, password } = node.credentials;
    const socket = new WebSocket(`${node.rpcUrl.replace('http', 'ws')}/ws`, {
      headers: basic(user, password),
    });
    t.after(() => socket.terminate());
    const reader = new Reader(socket);
    await once(socket, 'open');
    return reader;
  }

  ask(method: string, params: unknown) {
    const id = ++this.#lastId;
    const answer = new Promise<{ result?: unknown; error?: { code: number; message: string } }>((resolve) =>
      this.#answers.set(id, resolve as never),
    );
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answer;
  }

  /** Subscribes; answers where the numbers are. */
  async subscribe(...topics: string[]): Promise<Record<string, number>> {
    const { result } = await this.ask('subscribe', { topics });
    return (result as { sequences: Record<string, number> }).sequences;
  }

  /** Resolves when so many notifications have come. */
  async count(count: number): Promise<Notification[]> {
    await this.until(() => this.heard.length >= count);
    return this.heard;
  }

  /** Resolves when what has come is what is waited for. */
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        this.#onHeard = resolve;
      });
    }
  }
}

/** The members of each notification in the table of docs/node-rpc.md. */
function documentedMembers(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL('../../docs/node-rpc.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `([a-z]+\.[a-z]+)` \| [a-z]+ \| (.*) \|$/gm);
  return new Map(
    [...rows].map(([, method = '', members = '']) => [
      method,
      [...members.matchAll(/`(\w+)`/g)].map(([, member = '']) => member),
    ]),
  );
}

describe('notifications', () => {
  test('have the members that are documented', async (t) => {
    const node = await startPeer(t);
    const reader = await Reader.connect(t, node);
    await reader.subscribe('blocks', 'mempool', 'peers');
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    const [hash] = await node.mine(1);
    await node.call('invalidateblock', hash);
    const other = await startPeer(t, [node]);
    const has = (method: string) => reader.heard.some((each) => each.method === method);
    await reader.until(() => has('peer.connected'));
    await other.node.stop();
    await reader.until(() => has('peer.disconnected'));
    const heard = new Map(reader.heard.map(({ method, params }) => [method, Object.keys(params)]));
    assert.deepEqual(heard, new Map([...documentedMembers()].filter(([method]) => heard.has(method))));
    assert.deepEqual([...heard.keys()].sort(), [...documentedMembers().keys()].sort());
  });

  test('tell of blocks and transactions, each topic with numbers that have no gap', async (t) => {
    const node = await startTestNode(t);
    const reader = await Reader.connect(t, node);
    assert.deepEqual(await reader.subscribe('blocks', 'mempool'), { blocks: 0, mempool: 0 });
    const payment = payOn(genesisFunds(alice), bob, 700n);
    const id = await node.send(payment);
    const [hash] = await node.mine(1);
    const heard = await reader.count(3);
    const { time, ...block } = heard.find(({ method }) => method === 'block.connected')!.params;
    assert.deepEqual(block, {
      sequence: 1,
      hash,
      height: 1,
      previousblockhash: await node.call('getblockhash', 0),
      nTx: 2,
    });
    assert.equal(time, (await node.call('getblockheader', hash)).time);
    const { time: added, wtxid, ...transaction } = heard[0]!.params;
    assert.equal(heard[0]!.method, 'transaction.added');
    assert.deepEqual(transaction, { sequence: 1, txid: id, vsize: 110, fee: 0.000007 });
    assert.equal(typeof added, 'number');
    assert.match(String(wtxid), /^[0-9a-f]{64}$/);
    assert.deepEqual(heard[1], {
      jsonrpc: '2.0',
      method: 'transaction.removed',
      params: { sequence: 2, txid: id, reason: 'confirmed' },
    });
  });

  test('tell both branches of a reorganisation, and what becomes of their payments', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 700n);
    await node.send(payment);
    const [lost] = await node.mine(1);
    const reader = await Reader.connect(t, node);
    assert.deepEqual(await reader.subscribe('blocks', 'mempool'), { blocks: 1, mempool: 2 });
    const rival = payOn(genesisFunds(alice), carol, 900n);
    const first = await node.blockOn(await node.call('getblockhash', 0), [rival], 1);
    await node.call('submitblock', bytesToHex(encodeBlock(first)));
    const second = await node.blockOn(displayHash(blockHash(first.header)), [], 2);
    await node.call('submitblock', bytesToHex(encodeBlock(second)));
    const heard = await reader.count(3);
    assert.deepEqual(
      heard.map(({ method, params }) => [method, params.sequence, params.hash]),
      [
        ['block.disconnected', 2, lost],
        ['block.connected', 3, displayHash(blockHash(first.header))],
        ['block.connected', 4, displayHash(blockHash(second.header))],
      ],
    );
    // The payment lost its coin to the new branch, so it did not come back; another one that does not conflict does.
    const next = payOn(outputOf(rival, 0, carol), bob, 500n);
    await node.send(next);
    const [hash] = await node.mine(1);
    await node.call('invalidateblock', hash);
    const later = (await reader.count(8)).slice(3).map(({ method, params }) => [method, params.sequence]);
    assert.deepEqual(later, [
      ['transaction.added', 3],
      ['transaction.removed', 4],
      ['block.connected', 5],
      ['block.disconnected', 6],
      ['transaction.added', 5],
    ]);
    assert.equal(reader.heard[7]?.params.txid, displayHash(txid(next)));
  });

  test('of the mempool have the numbers of getrawmempool, so that a reader can hold it whole', async (t) => {
    const node = await startTestNode(t);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    const reader = await Reader.connect(t, node);
    const { mempool } = await reader.subscribe('mempool');
    const { txids, mempool_sequence: sequence } = await node.call('getrawmempool', false, true);
    assert.equal(mempool, sequence);
    const id = await node.send(payOn(genesisFunds(bob), carol, 700n));
    const [added] = await reader.count(1);
    assert.equal(added?.params.sequence, sequence + 1);
    assert.deepEqual([...txids, id].sort(), (await node.call('getrawmempool')).sort());
  });

  test('come only of what was asked for, until it is no longer', async (t) => {
    const node = await startTestNode(t);
    const reader = await Reader.connect(t, node);
    await node.mine(2);
    assert.deepEqual(await reader.subscribe('mempool'), { mempool: 0 });
    assert.deepEqual(await reader.subscribe('blocks', 'blocks'), { blocks: 2, mempool: 0 });
    await node.mine(1);
    await reader.count(1);
    const { result } = await reader.ask('unsubscribe', [['blocks']]);
    assert.deepEqual((result as { sequences: unknown }).sequences, { mempool: 0 });
    await node.mine(1);
    await node.send(payOn(genesisFunds(alice), bob, 700n));
    const heard = (await reader.count(2)).map(({ method, params }) => [method, params.sequence]);
    assert.deepEqual(heard, [
      ['block.connected', 3],
      ['transaction.added', 1],
    ]);
    // Whoever comes back finds out how many it has missed.
    assert.deepEqual(await reader.subscribe('blocks'), { blocks: 4, mempool: 1 });
  });

  test('are of another instance after every start', async (t) => {
    const node = await startTestNode(t);
    const instanceOf = async (of: TestNode) => {
      const { result } = await (await Reader.connect(t, of)).ask('subscribe', [['blocks']]);
      return (result as { instance: string }).instance;
    };
    const first = await instanceOf(node);
    assert.match(first, /^[0-9a-f]{16}$/);
    assert.equal(await instanceOf(node), first);
    await node.node.stop();
    const again = await startTestNode(t, { dataDirectory: node.dataDirectory });
    assert.notEqual(await instanceOf(again), first);
  });

  test('end with the node, which says so', async (t) => {
    const node = await startTestNode(t);
    const reader = await Reader.connect(t, node);
    await reader.subscribe('blocks');
    const closed = once(reader.socket, 'close');
    await node.node.stop();
    const [code] = await closed;
    assert.equal(code, 1001);
  });
});
