/** Mining straight on a node, with real processes: `nilz node --mine`, and `nilz miner` on a node that dies. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { profileByName } from '../../protocol/network.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { childEnvironment } from '../kit/surroundings.ts';
import { addressOf, stranger } from '../node/payment-kit.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
const LIMITED = { timeout: 300_000 };
/** Of `Ctrl-C`: the node's own two seconds, and a machine that is busy with other tests. */
const STOP_MS = 5_000;

const Tips = z.array(z.object({ status: z.string(), height: z.int() }));

type Line = Readonly<Record<string, unknown>>;

/** A `nilz` process that says JSON lines on standard output. */
class Speaker {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  stderr = '';
  readonly exit: Promise<number | null>;
  readonly #news = new EventEmitter().setMaxListeners(0);

  constructor(t: TestContext, words: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [NILZ, ...words], { env: childEnvironment(env) });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      this.#news.emit('news');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.exit = once(child, 'close').then(([code]) => {
      this.#news.emit('news');
      return code;
    });
    t.after(() => child.kill('SIGKILL'));
  }

  /** Waits for so many lines of a kind. */
  async until(isIt: (line: Line) => boolean, count = 1): Promise<Line> {
    for (;;) {
      const found = this.lines.filter(isIt)[count - 1];
      if (found !== undefined) return found;
      assert.equal(this.child.exitCode, null, `ended before its time: ${this.stderr}`);
      await once(this.#news, 'news');
    }
  }

  type(type: string, count = 1): Promise<Line> {
    return this.until((line) => line.type === type, count);
  }

  /** Ctrl-C; answers the exit code. */
  async interrupt(): Promise<number | null> {
    const startMs = performance.now();
    this.child.kill('SIGINT');
    const code = await this.exit;
    assert.ok(performance.now() - startMs < STOP_MS, 'ends soon');
    return code;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  server.close();
  await once(server, 'close');
  return address.port;
}

function nodeWords(network: string, datadir: string, rpcPort: number): string[] {
  const places = ['--network', network, '--datadir', datadir, '--rpc-port', `${rpcPort}`, '--no-listen'];
  return ['node', ...places, '--json', '--log-level', 'warn'];
}

/** A client that ends with the test. */
function clientOf(t: TestContext, url: string, datadir: string, network: string): RpcClient {
  const client = createRpcClient({ url, cookieFile: join(datadir, network, '.cookie') });
  t.after(() => client.close());
  return client;
}

test('nilz miner mines on a node, through its death and return with another cookie', LIMITED, async (t) => {
  const datadir = await temporaryDirectory(t);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = nodeWords('dev', datadir, port);
  const node = new Speaker(t, words);
  await node.until(({ ready }) => ready === true);

  const dev = profileByName('dev');
  const user = `${addressOf(stranger, dev)}.rig`;
  const cookie = ['--node-cookie', join(datadir, 'dev', '.cookie')];
  const where = ['--url', `gbt+${url}`, ...cookie, '--datadir', datadir];
  const rest = ['--threads', '1', '--json', '--log-level', 'silent'];
  const miner = new Speaker(t, ['miner', ...where, '--user', user, ...rest]);
  await miner.type('share-accepted', 3);
  assert.equal((await miner.type('authorized')).user, user);

  node.child.kill('SIGKILL');
  const { problem } = await miner.type('disconnected');
  assert.match(JSON.stringify(problem), /connection-refused|unreachable/);
  const accepted = miner.lines.filter(({ type }) => type === 'share-accepted').length;

  const again = new Speaker(t, words);
  await again.until(({ ready }) => ready === true);
  await miner.type('share-accepted', accepted + 3);
  assert.equal(await miner.interrupt(), 0);
  const statistics = miner.lines.filter(({ type }) => type === 'statistics').at(-1);
  assert.match(JSON.stringify(statistics?.shares), /"stale":0,"rejected":0/);

  const client = clientOf(t, url, datadir, 'dev');
  assert.equal(((await client.call('getchaintips')) as unknown[]).length, 1);
  const counted = miner.lines.filter(({ type }) => type === 'share-accepted').length;
  const height = Number(await client.call('getblockcount'));
  // What the node was told in its last moment is in its chain or is not; nothing else may be missing.
  assert.ok(Math.abs(height - counted) <= 1, `height ${height}, accepted ${counted}`);
  assert.equal(await again.interrupt(), 0);
  for (const { stderr } of [node, again, miner]) assert.equal(stderr, '');
});

test('nilz node --mine mines with two threads, and all of it ends with one Ctrl-C', LIMITED, async (t) => {
  const datadir = await temporaryDirectory(t);
  const port = await freePort();
  const dev = profileByName('dev');
  const words = ['--mine', addressOf(stranger, dev), '--mine-threads', '2'];
  const node = new Speaker(t, [...nodeWords('dev', datadir, port), ...words]);
  await node.until(({ ready }) => ready === true);
  const client = clientOf(t, `http://127.0.0.1:${port}`, datadir, 'dev');
  await client.call('waitforblockheight', [5, 60_000]);
  const hash = String(await client.call('getbestblockhash'));
  const block = JSON.stringify(await client.call('getblock', [hash, 2]));
  assert.ok(block.includes(addressOf(stranger, dev)));
  const tips = Tips.parse(await client.call('getchaintips'));
  const best = tips.find(({ status }) => status === 'active')?.height ?? 0;
  // The next block may be on its way into the chain at this moment; then it is above the tip.
  assert.deepEqual(
    tips.filter(({ status, height }) => status !== 'active' && height <= best),
    [],
  );
  assert.equal(await node.interrupt(), 0);
  assert.equal(node.stderr, '');
});

test(
  'nilz node --mine on bitcoin-regtest makes a block at once and then keeps a pace',
  LIMITED,
  async (t) => {
    const datadir = await temporaryDirectory(t);
    const port = await freePort();
    const regtest = profileByName('bitcoin-regtest');
    const words = ['--mine', addressOf(stranger, regtest)];
    const node = new Speaker(t, [...nodeWords('bitcoin-regtest', datadir, port), ...words]);
    await node.until(({ ready }) => ready === true);
    const client = clientOf(t, `http://127.0.0.1:${port}`, datadir, 'bitcoin-regtest');
    await client.call('waitforblockheight', [1, 60_000]);
    assert.equal(await client.call('getblockcount'), 1);
    // Told to end by its own RPC, it takes its miner with it.
    await client.call('stop');
    assert.equal(await node.exit, 0);
    assert.equal(node.stderr, '');
  },
);
