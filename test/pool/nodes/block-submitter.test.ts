import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseFee, type Terms } from '../../../pool/accounting/scheme.ts';
import { systemClock } from '../../../pool/clock.ts';
import { Jobs } from '../../../pool/jobs/jobs.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { BlockSubmitter } from '../../../pool/nodes/block-submitter.ts';
import type { BlockCandidate } from '../../../pool/stratum/share.ts';
import { displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { compactToTarget } from '../../../protocol/compact.ts';
import { headerFromRoot, jobMerkleRoot } from '../../../protocol/stratum.ts';
import { readTemplate } from '../../../protocol/template.ts';
import { meetsTarget } from '../../../protocol/work.ts';
import { DatabaseError } from '../../../service/database.ts';
import { createRpcClient, type RpcClient } from '../../../service/rpc-client.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { SILENT, temporaryDirectory } from '../../kit/pool-kit.ts';
import { JOB_SETTINGS } from '../../kit/session-kit.ts';
import { openLedger, share } from '../../kit/share-kit.ts';
import { findShare } from '../../kit/stratum-miner.ts';

const WORKER = { address: 'dnilz1qalice', name: 'rig' };
const EXTRANONCE1 = hexToBytes('a1a2a3a4');

const TERMS: Terms = { scheme: 'pplns', fee: parseFee('1') };

class Fixture {
  readonly node: FakeNode;
  readonly ledger: Ledger;
  readonly jobs = new Jobs(JOB_SETTINGS, { refreshMs: 30_000, ttlMs: 90_000 }, 1);
  readonly clients: RpcClient[];
  submitter: BlockSubmitter;
  hurried = 0;

  private constructor(node: FakeNode, ledger: Ledger) {
    this.node = node;
    this.ledger = ledger;
    this.clients = [createRpcClient({ url: node.url })];
    this.submitter = this.newSubmitter();
  }

  static async create(test: TestContext): Promise<Fixture> {
    const directory = await temporaryDirectory(test);
    const node = await FakeNode.start();
    const ledger = await Ledger.open({ file: join(directory, 'pool.sqlite'), network: 'dev', log: SILENT });
    const fixture = new Fixture(node, ledger);
    test.after(async () => {
      await fixture.submitter.stop();
      for (const client of fixture.clients) client.close();
      await ledger.close();
      await node.stop();
    });
    return fixture;
  }

  /** One more node, after the first in preference. */
  async addNode(test: TestContext): Promise<FakeNode> {
    const node = await FakeNode.start();
    test.after(() => node.stop());
    this.clients.push(createRpcClient({ url: node.url }));
    return node;
  }

  newSubmitter(): BlockSubmitter {
    return new BlockSubmitter({
      clients: this.clients,
      ledger: this.ledger,
      jobs: this.jobs,
      clock: systemClock,
      log: SILENT,
      terms: TERMS,
      own: JOB_SETTINGS,
      onAccepted: () => {
        this.hurried += 1;
      },
      retryMs: 1,
    });
  }

  /** A block on the node's tip; `mark` makes it another one. */
  candidate(mark = 0): BlockCandidate {
    const template = readTemplate(this.node.template());
    const job = this.jobs.offer(template, performance.now())?.job ?? this.jobs.currentJob();
    assert.ok(job);
    const extranonce2 = new Uint8Array(4).fill(mark);
    const target = compactToTarget(job.bits);
    const found = findShare(
      { user: 'u', extranonce1: EXTRANONCE1, difficulty: 1, job },
      { accepts: (hash) => meetsTarget(hash, target), extranonce2: Buffer.from(extranonce2).toString('hex') },
    );
    const root = jobMerkleRoot(job, EXTRANONCE1, extranonce2);
    const header = headerFromRoot(job, root, job.time, found.nonce, job.version);
    const proof = { header, extranonce1: EXTRANONCE1, extranonce2 };
    return { ...proof, job, worker: WORKER, hash: found.hash, credited: true };
  }

  /** What the ledger says when everything is settled. */
  async settled(): Promise<{ delivery: string; reason: string | undefined; height: number } | undefined> {
    await this.submitter.settled();
    const [block] = await this.ledger.blocks.last(1);
    return block && { delivery: block.delivery, reason: block.reason, height: block.height };
  }

  /** Resolves when the block is in the ledger. */
  async entered(): Promise<void> {
    while ((await this.ledger.blocks.last(1)).length === 0) await nextTurn();
  }
}

test('a block reaches the node and the ledger, and is remembered with its finder', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.equal(pool.node.tip, displayHash(candidate.hash));
  assert.equal(pool.hurried, 1);
  const [block] = await pool.ledger.blocks.last(1);
  assert.deepEqual(block?.worker, WORKER);
  assert.equal(block?.reward, 5_000_000_000n);
  assert.equal(block.endSequence, 1, 'its round ends with its own share, which is recorded next');
  assert.deepEqual(block.terms, TERMS);
  assert.deepEqual(await pool.ledger.blocks.pending(), []);
});

test('a block whose share is not credited ends its round with the last share before it', async (t) => {
  const pool = await Fixture.create(t);
  pool.submitter.submit({ ...pool.candidate(), credited: false });
  await pool.settled();
  assert.equal((await pool.ledger.blocks.last(1))[0]?.endSequence, 0);
});

test('the same header is submitted once', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.submitter.submit(candidate);
  pool.submitter.submit(candidate);
  await pool.settled();
  assert.equal(pool.node.calls.filter((method) => method === 'submitblock').length, 1);
});

test('a block beside the best chain is accepted as what it is', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.node.advance();
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: 'inconclusive', height: 1 });
});

test('a block the node refuses is entered with the reason', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.node.fees = 7n;
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'rejected', reason: 'bad-cb-amount', height: 1 });
  assert.equal(pool.hurried, 0);
});

test('an answer that got lost is asked for: the node has the block', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.node.interfere = (method) => (method === 'submitblock' ? 'lost' : undefined);
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.ok(pool.node.calls.includes('getblockheader'));
});

test('a node that is away gets the block when it is back', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  const { port } = pool.node;
  await pool.node.stop();
  pool.submitter.submit(candidate);
  await pool.entered();
  await pool.node.listen(port);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
});

for (const first of ['silence', 'lost', { error: { code: -28, message: 'Loading…' } }] as const) {
  test(`a block goes to all nodes at once: ${JSON.stringify(first)} of one hides nothing of the other`, async (t) => {
    const pool = await Fixture.create(t);
    const other = await pool.addNode(t);
    const candidate = pool.candidate();
    pool.node.interfere = (method) => (method === 'submitblock' ? first : undefined);
    pool.submitter.submit(candidate);
    assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
    assert.equal(other.tip, displayHash(candidate.hash));
    assert.equal(pool.hurried, 1);
  });
}

test('a refusal of one node does not hide that another has the block', async (t) => {
  const pool = await Fixture.create(t);
  const other = await pool.addNode(t);
  const candidate = pool.candidate();
  pool.node.interfere = (method) => (method === 'submitblock' ? { result: 'bad-txns' } : undefined);
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.equal(other.tip, displayHash(candidate.hash));
});

test('a block that all nodes refuse is refused, with what the preferred one says', async (t) => {
  const pool = await Fixture.create(t);
  const other = await pool.addNode(t);
  const candidate = pool.candidate();
  pool.node.interfere = (method) => (method === 'submitblock' ? { result: 'rejected: bad-txns' } : undefined);
  other.interfere = (method) => (method === 'submitblock' ? { result: 'high-hash' } : undefined);
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'rejected', reason: 'bad-txns', height: 1 });
});

test('a node that lacks the block before gets the block again until it can judge it', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  let asked = 0;
  pool.node.interfere = (method) => {
    if (method !== 'submitblock') return undefined;
    asked += 1;
    return asked === 1 ? { result: 'prev-blk-not-found' } : undefined;
  };
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.equal(asked, 2);
});

test('a header that the node knows of a block it has refused is no success', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  let submitted = 0;
  pool.node.interfere = (method) => {
    if (method === 'getblockheader') return { result: { confirmations: -1 } };
    if (method !== 'submitblock') return undefined;
    submitted += 1;
    return submitted === 1 ? 'lost' : { result: 'duplicate-invalid' };
  };
  pool.submitter.submit(candidate);
  assert.deepEqual(await pool.settled(), { delivery: 'rejected', reason: 'duplicate-invalid', height: 1 });
});

test('a block left open by a crash is delivered at the next start', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.node.interfere = (method) => (method === 'submitblock' ? 'silence' : undefined);
  pool.submitter.submit(candidate);
  await pool.entered();
  await pool.submitter.stop();
  assert.equal((await pool.ledger.blocks.pending()).length, 1);

  pool.node.interfere = () => undefined;
  pool.submitter = pool.newSubmitter();
  await pool.submitter.recover();
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.equal(pool.node.tip, displayHash(candidate.hash));
});

test('blocks of ours that only the chain knows are entered at the start, those of others are not', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.submitter.submit(candidate);
  await pool.settled();
  pool.node.advance();

  const other = await Ledger.open({
    file: join(await temporaryDirectory(t), 'other.sqlite'),
    network: 'dev',
    log: SILENT,
  });
  t.after(() => other.close());
  const submitter = new BlockSubmitter({
    clients: pool.clients,
    ledger: other,
    jobs: pool.jobs,
    clock: systemClock,
    log: SILENT,
    terms: TERMS,
    own: JOB_SETTINGS,
    onAccepted: () => undefined,
  });
  await submitter.recover();
  await submitter.recover();
  const blocks = await other.blocks.last(10);
  assert.deepEqual(
    blocks.map(({ height, worker, delivery, reward }) => ({ height, worker, delivery, reward })),
    [{ height: 1, worker: undefined, delivery: 'accepted', reward: 5_000_000_000n }],
  );
  assert.equal(displayHash(blocks[0]?.hash ?? new Uint8Array()), displayHash(candidate.hash));
});

test('a block that only the chain knows is its finder’s whose share is kept', async (t) => {
  const pool = await Fixture.create(t);
  const candidate = pool.candidate();
  pool.submitter.submit(candidate);
  await pool.settled();
  const { ledger } = await openLedger(t);
  const { job, hash } = candidate;
  await ledger.shares.record(share({ worker: WORKER, hash, tip: job.previousHash, tipHeight: 0 }));
  const options = { clients: pool.clients, jobs: pool.jobs, clock: systemClock, log: SILENT, terms: TERMS };
  const submitter = new BlockSubmitter({
    ...options,
    ledger,
    own: JOB_SETTINGS,
    onAccepted: () => undefined,
  });
  await submitter.recover();
  assert.deepEqual((await ledger.blocks.last(1))[0]?.worker, WORKER);
});

test('a node that cannot be searched does not keep the pool from starting', async (t) => {
  const pool = await Fixture.create(t);
  pool.node.interfere = (method) =>
    method === 'getblock' ? { error: { code: -1, message: 'pruned' } } : undefined;
  pool.node.advance();
  await pool.submitter.recover();
  assert.deepEqual(await pool.ledger.blocks.last(1), []);
});

test('a block that the ledger cannot take yet is written down when it can', async (t) => {
  const pool = await Fixture.create(t);
  const full = new DatabaseError('SQLITE_FULL', 'pool.sqlite', 'no space left');
  const enter = t.mock.method(pool.ledger.blocks, 'enter', () => {
    if (enter.mock.callCount() === 2) enter.mock.restore();
    return Promise.reject(full);
  });
  pool.submitter.submit(pool.candidate());
  assert.deepEqual(await pool.settled(), { delivery: 'accepted', reason: undefined, height: 1 });
  assert.equal(enter.mock.callCount(), 3);
});

test('after a long time the chain is searched from where the ledger has seen it last', async (t) => {
  const pool = await Fixture.create(t);
  const enter = t.mock.method(pool.ledger.blocks, 'enter', () => Promise.reject(new Error('killed')));
  const candidate = pool.candidate();
  pool.submitter.submit(candidate);
  while (pool.node.tip !== displayHash(candidate.hash)) await nextTurn();
  enter.mock.restore();
  for (let mined = 0; mined < 150; mined++) pool.node.advance();
  const submitter = pool.newSubmitter();
  t.after(() => submitter.stop());
  await submitter.recover(151);
  assert.deepEqual(await pool.ledger.blocks.last(1), [], 'too far below what was seen');
  await submitter.recover(100);
  assert.ok(await pool.ledger.blocks.has(candidate.hash));
});

test('a chain that a node cannot show at the start is searched as soon as it can', async (t) => {
  const pool = await Fixture.create(t);
  const submitter = pool.newSubmitter();
  t.after(() => submitter.stop());
  let asked = 0;
  pool.node.interfere = (method) => {
    if (method !== 'getblockcount') return undefined;
    asked += 1;
    return asked < 3 ? { error: { code: -28, message: 'Loading…' } } : undefined;
  };
  assert.equal(submitter.isRecovered, false);
  await submitter.recover();
  assert.deepEqual([asked, submitter.isRecovered], [3, true]);
});
