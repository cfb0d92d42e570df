import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import pino from 'pino';
import { WebSocket } from 'ws';
import { parseFee } from '../../../pool/accounting/scheme.ts';
import { startEdge } from '../../../pool/edge/edge.ts';
import { EdgeRefusedError } from '../../../pool/edge/pool-link.ts';
import type { WireJob } from '../../../pool/edge/wire.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../../pool/ledger/ledger-schema.ts';
import { type PoolOptions, startPool } from '../../../pool/pool.ts';
import { decodeBlock } from '../../../protocol/block.ts';
import { displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { openDatabase } from '../../../service/database.ts';
import { edgeToken, findEdgeShare, ScriptedEdge, type ShareWork } from '../../kit/edge-kit.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import {
  HARD_BITS,
  MINER_ADDRESS,
  poolOptions,
  SILENT,
  startPoolUnderTest,
  temporaryDirectory,
} from '../../kit/pool-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

const USER = `${MINER_ADDRESS}.rig`;
const LIMITED = { timeout: 30_000 };

/** A job of the welcome, or of the last news. */
function shareOf(job: WireJob | null, prefix: number, sequence: number, changes: Partial<ShareWork> = {}) {
  assert.ok(job !== null);
  return findEdgeShare({ job, prefix, sequence, user: USER, firstNonce: 100_000 * sequence, ...changes });
}

/** Hashes of all shares in a ledger that nobody uses any more. */
async function hashesIn(options: PoolOptions): Promise<string[]> {
  const ledger = await Ledger.open({ file: options.ledgerFile, network: NETWORK, log: SILENT });
  const shares = await ledger.shares.after(0, 1_000_000);
  await ledger.close();
  return shares.map(({ hash }) => displayHash(hash));
}

const NETWORK = `dev e3646e69 ${'0f'.repeat(32)}`;

/** A pool that the test may stop and start again over the same ledger. */
async function restartable(t: TestContext, prepare: (node: FakeNode) => void = () => undefined) {
  const directory = await temporaryDirectory(t);
  const node = await FakeNode.start();
  node.bits = HARD_BITS;
  prepare(node);
  t.after(() => node.stop());
  const options = poolOptions(node, directory);
  return { node, options, start: () => startPool(options) };
}

test(
  'without the token nobody gets in, and the token is in a file for its owner alone',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    assert.equal((await stat(pool.edgeTokenFile)).mode & 0o777, 0o600);
    const token = await edgeToken(pool);
    const url = `${pool.httpUrl.replace('http', 'ws')}/edge`;
    for (const header of [undefined, 'Bearer ', `Bearer ${token}x`, `Basic ${token}`, token]) {
      const headers = header === undefined ? {} : { Authorization: header };
      const socket = new WebSocket(url, { headers });
      socket.on('error', () => undefined);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      assert.equal(response.statusCode, 401, String(header));
      socket.terminate();
    }
    assert.match(await (await fetch(`${pool.httpUrl}/metrics`)).text(), /nilz_pool_edges_refused_total 5/);
    await ScriptedEdge.enter(pool);
  },
);

test(
  'the admin token opens nothing for an edge, and an edge with a wrong token says what to do',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const token = (await readFile(pool.adminTokenFile, 'utf8')).trim();
    const options = {
      id: 'edge-1',
      poolUrl: pool.httpUrl,
      token,
      stratum: { host: '127.0.0.1', port: 0 },
      http: { host: '127.0.0.1', port: 0 },
      allow: [],
      maxOfflineMs: 1_000,
      maxHeld: 10,
      log: SILENT,
    };
    await assert.rejects(startEdge(options), (error) => {
      assert.ok(error instanceof EdgeRefusedError);
      assert.match(error.message, /copy pool-edge\.token/);
      return !error.message.includes(token);
    });
  },
);

test('the token is in no line of the log, however much is told', LIMITED, async (t) => {
  let told = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      told += String(chunk);
      done();
    },
  });
  const { pool } = await startPoolUnderTest(t, { log: pino({ level: 'trace' }, stream) });
  const token = await edgeToken(pool);
  await ScriptedEdge.enter(pool);
  const socket = new WebSocket(`${pool.httpUrl.replace('http', 'ws')}/edge`, {
    headers: { Authorization: `Bearer ${token}wrong` },
  });
  socket.on('error', () => undefined);
  await once(socket, 'unexpected-response');
  assert.match(told, /edge connected/);
  assert.match(told, /without the right token/);
  assert.ok(!told.includes(token));
});

test('a share is counted once however often it is delivered', LIMITED, async (t) => {
  const { options, start } = await restartable(t);
  const pool = await start();
  const { edge, welcome } = await ScriptedEdge.enter(pool);
  const [first, second, third] = [1, 2, 3].map((sequence) => shareOf(welcome.job, welcome.prefix, sequence));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.deepEqual(await edge.deliver(first.share, second.share), [true, true]);
  // The answer to these was lost, for all the pool knows.
  const again = await ScriptedEdge.enter(pool, { first: 1, next: 4 });
  assert.equal((await edge.closed).code, 1006, 'the former connection is dropped');
  assert.deepEqual(await again.edge.deliver(first.share, second.share, third.share), [true, true, true]);
  await pool.stop();
  const after = await start();
  t.after(() => after.stop());
  const restarted = await ScriptedEdge.enter(after, { first: 1, next: 4 });
  assert.equal(restarted.welcome.prefix, welcome.prefix);
  assert.deepEqual(await restarted.edge.deliver(first.share, second.share, third.share), [true, true, true]);
  const metrics = await (await fetch(`${after.httpUrl}/metrics`)).text();
  assert.match(metrics, /nilz_pool_shares_accepted_total 0/);
  await after.stop();
  const expected = [first, second, third].map(({ hash }) => displayHash(hash));
  assert.deepEqual(await hashesIn(options), expected);
});

test('the same work under another number, or through another edge, is a duplicate', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const { edge, welcome } = await ScriptedEdge.enter(pool);
  const { share } = shareOf(welcome.job, welcome.prefix, 1);
  const outcomes = await edge.deliver(share, { ...share, sequence: 2 });
  assert.deepEqual(outcomes, [true, { reason: 'duplicate', message: 'duplicate share' }]);
  const other = await ScriptedEdge.enter(pool, { edge: 'other' });
  assert.notEqual(other.welcome.prefix, welcome.prefix);
  const [stolen] = await other.edge.deliver(share);
  assert.equal(stolen !== true && stolen?.reason, 'malformed');
});

test('shares come in their order, or the connection ends', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const { edge, welcome } = await ScriptedEdge.enter(pool);
  const { share } = shareOf(welcome.job, welcome.prefix, 5);
  await edge.deliver(share);
  const { error } = await edge.request('shares', { shares: [{ ...share, sequence: 4 }] });
  assert.match(error?.message ?? '', /4 after 5/);
  assert.equal((await edge.closed).code, 1008);
});

test('two edges of one name: the second is told, and gets in when the first is gone', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const { edge } = await ScriptedEdge.enter(pool, { edge: 'north', instance: '1111111111111111' });
  const second = await ScriptedEdge.connect(pool);
  const { error } = await second.hello({ edge: 'north', instance: '2222222222222222' });
  assert.match(error?.message ?? '', /"north" is connected from 127\.0\.0\.1: choose another with --id/);
  await second.closed;
  edge.socket.close();
  await edge.closed;
  await ScriptedEdge.enter(pool, { edge: 'north', instance: '2222222222222222' });
});

test('a connection that the pool is ending keeps its name from nobody', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const { edge } = await ScriptedEdge.enter(pool, { edge: 'north', instance: '1111111111111111' });
  // It does not read, and so it never hears that it broke a rule.
  edge.send({ jsonrpc: '2.0', id: 9, method: 'shares', params: {} });
  edge.socket.pause();
  const enter = () => ScriptedEdge.enter(pool, { edge: 'north', instance: '2222222222222222' });
  let welcome: unknown;
  while (welcome === undefined) welcome = await enter().catch(() => undefined);
  assert.ok(welcome);
  edge.socket.terminate();
});

test('a job that renews one is on the disk before edges work on it', LIMITED, async (t) => {
  const { options } = await restartable(t);
  const pool = await startPool({ ...options, jobRefreshSeconds: 1 });
  t.after(() => pool.stop());
  const { edge } = await ScriptedEdge.enter(pool);
  const form = { applicationId: APPLICATION_ID, migrations: MIGRATIONS };
  const database = await openDatabase(options.ledgerFile, form);
  t.after(() => database.close());
  const [data] = (await once(edge.socket, 'message')) as [Buffer];
  const { params } = JSON.parse(String(data)) as { params: { job: WireJob; clean: boolean } };
  assert.equal(params.clean, false);
  const row = await database.get('SELECT job FROM edge_jobs WHERE job = ?', [params.job.id]);
  assert.deepEqual(row, { job: params.job.id });
});

test(
  'in solo, and with another version of the protocol, an edge is told why it cannot work',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const edge = await ScriptedEdge.connect(pool);
    assert.match((await edge.hello({ protocol: 99 })).error?.message ?? '', /version 1 .* the edge 99/);
    const solo = await startPoolUnderTest(t, { terms: { scheme: 'solo', fee: parseFee('0') } });
    const refused = await ScriptedEdge.connect(solo.pool);
    assert.match((await refused.hello()).error?.message ?? '', /solo.*choose --scheme pplns or prop/);
  },
);

test(
  'work of before a restart counts after it: shares, and the block with its transactions',
  LIMITED,
  async (t) => {
    const { node, options, start } = await restartable(t, (each) => {
      each.bits = 0x207fffff;
      each.transactions = [someTransaction(1), someTransaction(2)];
    });
    const pool = await start();
    const { edge, welcome } = await ScriptedEdge.enter(pool);
    await edge.request('shares', {
      shares: [shareOf(welcome.job, welcome.prefix, 1, { accepts: isNoBlock, difficulty: 1e-10 }).share],
    });
    await pool.stop();
    const after = await start();
    t.after(() => after.stop());
    const again = await ScriptedEdge.enter(after, { first: 2, next: 2 });
    const found = node.nextBlock();
    const block = shareOf(welcome.job, welcome.prefix, 2, {
      accepts: (hash) => !isNoBlock(hash),
      difficulty: 1e-10,
    });
    const { result } = await again.edge.request('block', { block: block.share });
    assert.deepEqual(result, { outcome: true });
    const { hash, raw } = await found;
    assert.equal(hash, displayHash(block.hash));
    assert.equal(decodeBlock(hexToBytes(raw)).transactions.length, 3);
    const share = shareOf(welcome.job, welcome.prefix, 3, { accepts: isNoBlock, difficulty: 1e-10 });
    assert.deepEqual(await again.edge.deliver(share.share), [true]);
    await after.stop();
    assert.equal((await hashesIn(options)).length, 3);
  },
);

/** Half of all hashes are blocks at the easiest target. */
function isNoBlock(hash: Uint8Array): boolean {
  return (hash[31] ?? 0) > 0x7f;
}

test(
  'a block whose share is not credited is brought to the network all the same, and once',
  LIMITED,
  async (t) => {
    const { pool, node } = await startPoolUnderTest(t, {}, (each) => {
      each.bits = 0x207fffff;
    });
    const { edge, welcome } = await ScriptedEdge.enter(pool);
    const block = shareOf(welcome.job, welcome.prefix, 1, { accepts: (hash) => !isNoBlock(hash) });
    const found = node.nextBlock();
    for (let time = 0; time < 2; time++) {
      const { result } = await edge.request('block', { block: { ...block.share, sequence: null } });
      assert.deepEqual(result, { outcome: true });
    }
    assert.equal((await found).hash, displayHash(block.hash));
    assert.equal(node.calls.filter((method) => method === 'submitblock').length, 1);
  },
);

test('new work reaches edges at once', LIMITED, async (t) => {
  const { pool, node } = await startPoolUnderTest(t);
  const { edge, welcome } = await ScriptedEdge.enter(pool);
  const told = once(edge.socket, 'message');
  node.advance();
  const news = JSON.parse(String((await told)[0])) as {
    method: string;
    params: { clean: boolean; job: WireJob };
  };
  assert.equal(news.method, 'job');
  assert.equal(news.params.clean, true);
  assert.notEqual(news.params.job.previous, welcome.job?.previous);
  const { share } = shareOf(news.params.job, welcome.prefix, 1);
  assert.deepEqual(await edge.deliver(share), [true]);
});

test('whatever an edge with the token says, the pool names what is wrong, ends that connection and goes on', {
  timeout: 60_000,
}, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const honest = await ScriptedEdge.enter(pool, { edge: 'honest' });
  const { share } = shareOf(honest.welcome.job, honest.welcome.prefix, 1);
  const junk = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({
      jsonrpc: fc.constant('2.0'),
      method: fc.string(),
      params: fc.jsonValue(),
      id: fc.jsonValue(),
    }),
    fc.record({
      jsonrpc: fc.constant('2.0'),
      id: fc.nat(),
      method: fc.constantFrom('hello', 'shares', 'block', 'status'),
      params: fc.oneof(
        fc.jsonValue(),
        fc.record({ shares: fc.array(fc.oneof(fc.jsonValue(), mutated(share)), { maxLength: 5 }) }),
        fc.record({ block: fc.oneof(fc.jsonValue(), mutated(share)) }),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(junk, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (messages, greets) => {
        const edge = greets ? (await ScriptedEdge.enter(pool)).edge : await ScriptedEdge.connect(pool);
        for (const message of messages) {
          if (edge.socket.readyState === WebSocket.OPEN) edge.send(message);
        }
        edge.socket.close();
        await edge.closed;
      },
    ),
    { numRuns: 60 },
  );
  assert.deepEqual(await honest.edge.deliver(share), [true]);
});

/** A share of which one field is something else. */
function mutated(share: object): fc.Arbitrary<object> {
  const fields = Object.keys(share);
  return fc
    .tuple(fc.constantFrom(...fields, 'other'), fc.oneof(fc.jsonValue(), fc.string(), fc.double()))
    .map(([field, value]) => ({ ...share, [field]: value }));
}

test('a message over the limit, and one in binary, end the connection', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const large = await ScriptedEdge.connect(pool);
  large.send('x'.repeat(300 * 1024));
  assert.equal((await large.closed).code, 1009);
  const binary = await ScriptedEdge.connect(pool);
  binary.socket.send(Buffer.from('{}'));
  assert.equal((await binary.closed).code, 1008);
  const batch = await ScriptedEdge.connect(pool);
  batch.send([{ jsonrpc: '2.0', id: 1, method: 'hello', params: {} }]);
  assert.equal((await batch.closed).code, 1008);
});

test(
  'a ledger on which nothing can be written refuses the shares of edges, and takes them again later',
  LIMITED,
  async (t) => {
    const { pool, directory } = await startPoolUnderTest(t);
    const { edge, welcome } = await ScriptedEdge.enter(pool);
    const other = await openDatabase(join(directory, 'pool.sqlite'), {
      applicationId: APPLICATION_ID,
      migrations: MIGRATIONS,
    });
    t.after(() => other.close());
    let release: () => void = () => undefined;
    const held = new Promise<void>((accept) => {
      release = accept;
    });
    let isHeld: () => void = () => undefined;
    const holding = new Promise<void>((accept) => {
      isHeld = accept;
    });
    const transaction = other.transaction(async () => {
      isHeld();
      await held;
    });
    await holding;
    const { share } = shareOf(welcome.job, welcome.prefix, 1);
    const [refused] = await edge.deliver(share);
    assert.equal(refused !== true && refused?.reason, 'not-recorded');
    release();
    await transaction;
    assert.deepEqual(await edge.deliver({ ...share, sequence: 2 }), [true]);
  },
);
