import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../../../pool/clock.ts';
import type { Job } from '../../../pool/jobs/job.ts';
import { Jobs } from '../../../pool/jobs/jobs.ts';
import { PoolNode } from '../../../pool/nodes/node.ts';
import { NodeGroup } from '../../../pool/nodes/node-group.ts';
import { askNetwork } from '../../../pool/nodes/node-network.ts';
import { TemplateFetcher } from '../../../pool/nodes/template-fetcher.ts';
import { TemplateWatcher } from '../../../pool/nodes/template-watcher.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { createRpcClient } from '../../../service/rpc-client.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { SILENT } from '../../kit/pool-kit.ts';
import { JOB_SETTINGS } from '../../kit/session-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

/** Nodes with what makes work of them, watched instead of mined on. */
class Fixture {
  readonly nodes: readonly FakeNode[];
  readonly group: NodeGroup;
  readonly watcher: TemplateWatcher;
  readonly notices: string[] = [];
  readonly news: { readonly job: Job; readonly clean: boolean }[] = [];

  private constructor(nodes: readonly FakeNode[], group: NodeGroup) {
    this.nodes = nodes;
    this.group = group;
    const jobs = new Jobs(JOB_SETTINGS, { refreshMs: 30_000, ttlMs: 90_000 }, 1);
    const common = { jobs, clock: systemClock, log: SILENT, pollMs: 20, jobTtlMs: 90_000 };
    this.watcher = new TemplateWatcher({ ...common, nodes: group, fetcher: new TemplateFetcher() });
    this.watcher.listen({
      onJob: (job, clean) => {
        if (job !== undefined) this.news.push({ job, clean });
      },
      onNotice: (text) => this.notices.push(text),
    });
  }

  static async create(
    test: TestContext,
    count: number,
    prepare: (nodes: readonly FakeNode[]) => void = () => undefined,
    answerMs = 5_000,
  ): Promise<Fixture> {
    const nodes = await Promise.all(Array.from({ length: count }, () => FakeNode.start()));
    const clients = nodes.map(({ url }) => createRpcClient({ url }));
    const network = await askNetwork(clients[0] as (typeof clients)[0], {});
    prepare(nodes);
    const group = new NodeGroup({
      nodes: clients.map((client) => new PoolNode(client, systemClock)),
      network,
      clock: systemClock,
      log: SILENT,
      pollMs: 20,
      patienceMs: 100,
      answerMs,
      returnMs: 60,
      behindMs: 100,
    });
    const fixture = new Fixture(nodes, group);
    test.after(async () => {
      await fixture.watcher.stop();
      for (const client of clients) client.close();
      await Promise.all(nodes.map((node) => node.stop()));
    });
    await fixture.watcher.start();
    return fixture;
  }

  node(index: number): FakeNode {
    return this.nodes[index] as FakeNode;
  }

  /** The place of the node that work comes from. */
  get active(): number {
    return this.group.states().findIndex(({ active }) => active);
  }

  get states(): string[] {
    return this.group.states().map(({ state }) => state);
  }

  /** The tip miners work on. */
  get tip(): string | undefined {
    const job = this.watcher.current();
    return job && displayHash(job.tip.hash);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await nextTurn();
  }
}

/** Somebody finds a block, and all nodes hear of it. */
function advance(...nodes: readonly FakeNode[]): string {
  return nodes.map((node) => node.advance()).at(-1) as string;
}

test('work comes from the preferred node, and its news at once', async (t) => {
  const pool = await Fixture.create(t, 2);
  assert.equal(pool.active, 0);
  await pool.until(() => pool.node(0).longPolls > 0);
  assert.equal(pool.node(1).longPolls, 0);
  const foundMs = performance.now();
  const tip = advance(...pool.nodes);
  await pool.until(() => pool.tip === tip);
  const elapsedMs = performance.now() - foundMs;
  assert.equal(pool.news.at(-1)?.clean, true);
  const { lastTipMs = Number.NaN } = pool.watcher;
  assert.ok(lastTipMs >= 0 && lastTipMs <= elapsedMs, `${lastTipMs} of ${elapsedMs}`);
  await pool.until(() => pool.states.every((state) => state === 'answers'));
});

test('when the preferred node goes, work comes from the next; when it is well again, from it', async (t) => {
  const pool = await Fixture.create(t, 2);
  const { port } = pool.node(0);
  await pool.node(0).stop();
  await pool.until(() => pool.active === 1);
  assert.equal(pool.states[0], 'away');
  assert.match(pool.group.states()[0]?.reason ?? '', /nothing listens there/);
  const tip = advance(...pool.nodes);
  await pool.until(() => pool.tip === tip);
  await pool.node(0).listen(port);
  await pool.until(() => pool.active === 0);
  const later = advance(...pool.nodes);
  await pool.until(() => pool.tip === later);
  assert.deepEqual(pool.notices, [], 'no miner was told of any trouble');
  await pool.until(() => pool.states.every((state) => state === 'answers'));
});

test('a node that is behind is not gone over to, until it has caught up', async (t) => {
  const pool = await Fixture.create(t, 2);
  const tip = pool.node(0).advance();
  await pool.until(() => pool.tip === tip && pool.states[1] === 'behind');
  await pool.node(0).stop();
  await pool.until(() => pool.notices.length === 1);
  assert.equal(pool.active, 0);
  assert.equal(pool.tip, tip, 'the last work stands');
  pool.node(1).advance();
  await pool.until(() => pool.active === 1 && pool.group.state.name === 'answers');
});

test('a preferred node that comes back without the latest blocks has to catch up first', async (t) => {
  const pool = await Fixture.create(t, 2);
  const { port } = pool.node(0);
  await pool.node(0).stop();
  await pool.until(() => pool.active === 1);
  const tip = pool.node(1).advance();
  await pool.until(() => pool.tip === tip);
  await pool.node(0).listen(port);
  await pool.until(() => pool.states[0] === 'behind');
  assert.match(pool.group.states()[0]?.reason ?? '', /it is at height 0, .* at 1/);
  assert.equal(pool.active, 1);
  pool.node(0).advance();
  await pool.until(() => pool.active === 0);
});

test('a node that falls behind the others is left', async (t) => {
  const pool = await Fixture.create(t, 2);
  const tip = pool.node(1).advance();
  await pool.until(() => pool.active === 1 && pool.tip === tip);
  assert.equal(pool.states[0], 'behind');
});

test('work counts more than height, where nodes tell it', async (t) => {
  const pool = await Fixture.create(t, 2, ([first, second]) => {
    if (first !== undefined) first.work = 'ff';
    if (second !== undefined) second.work = '01';
  });
  pool.node(1).advance();
  await pool.until(() => pool.states[1] === 'behind');
  assert.equal(pool.active, 0);
});

test('a node that says it is still catching up gives no work', async (t) => {
  const pool = await Fixture.create(t, 2, ([first]) => {
    if (first !== undefined) first.catchingUp = true;
  });
  assert.equal(pool.active, 1);
  assert.equal(pool.states[0], 'behind');
});

test('where all nodes are still catching up the first of them gives work', async (t) => {
  const pool = await Fixture.create(t, 2, (nodes) => {
    for (const node of nodes) node.catchingUp = true;
  });
  await pool.until(() => pool.active === 0 && pool.watcher.current() !== undefined);
  pool.node(1).catchingUp = false;
  await pool.until(() => pool.active === 1);
});

test('a node of another network is never taken', async (t) => {
  const pool = await Fixture.create(t, 2, ([, second]) => {
    if (second !== undefined) second.nilzcoin = { ...second.nilzcoin, network: 'main', magic: '00000000' };
  });
  await pool.until(() => pool.states[1] === 'foreign');
  await pool.node(0).stop();
  await pool.until(() => pool.notices.length === 1);
  assert.equal(pool.active, 0);
  assert.match(pool.group.states()[1]?.reason ?? '', /network "main", this pool is on "dev"/);
});

const FAILURES: readonly (readonly [string, Interference | 'lie', string])[] = [
  ['hangs', 'silence', 'away'],
  ['hangs up', 'lost', 'away'],
  ['has an error', { error: { code: -10, message: 'Bitcoin is downloading blocks...' } }, 'away'],
  ['gives nonsense', { result: { bits: 7 } }, 'lying'],
  ['gives nothing', { result: null }, 'lying'],
];

for (const [what, failure, state] of FAILURES) {
  test(`a node whose template ${what} is left for one that gives work`, async (t) => {
    const fail = ([first]: readonly FakeNode[]) => {
      if (first !== undefined) {
        first.interfere = (method) => (method === 'getblocktemplate' ? (failure as Interference) : undefined);
      }
    };
    const pool = await Fixture.create(t, 2, fail, failure === 'silence' ? 300 : undefined);
    await pool.until(() => pool.active === 1 && pool.watcher.current() !== undefined);
    assert.equal(pool.states[0], state);
    assert.deepEqual(pool.notices, []);
  });
}

test('a node alone that lies is told of, and believed as soon as it makes sense', async (t) => {
  const pool = await Fixture.create(t, 1);
  const before = pool.tip;
  const lie = { ...pool.node(0).template(), coinbasevalue: -1, previousblockhash: 'ab'.repeat(32) };
  pool.node(0).interfere = (method) => (method === 'getblocktemplate' ? { result: lie } : undefined);
  pool.node(0).advance();
  await pool.until(() => pool.notices.length === 1);
  assert.equal(pool.states[0], 'lying');
  assert.match(pool.group.states()[0]?.reason ?? '', /coinbasevalue/);
  assert.equal(pool.tip, before, 'no work is made of a lie');
  pool.node(0).interfere = () => undefined;
  await pool.until(() => pool.tip === pool.node(0).tip);
  assert.equal(pool.states[0], 'answers');
});

test('a template for another height than the tip has is a lie', async (t) => {
  const pool = await Fixture.create(t, 1, ([only]) => {
    if (only === undefined) return;
    only.interfere = (method) =>
      method === 'getblocktemplate' ? { result: { ...only.template(), height: 77 } } : undefined;
  });
  await pool.until(() => pool.states[0] === 'lying');
  assert.match(pool.group.states()[0]?.reason ?? '', /height 77, but the node's tip is at 0/);
});

test('a template that goes back behind the tip is a lie; when the tip goes back too, it is followed', async (t) => {
  const pool = await Fixture.create(t, 1);
  const first = advance(pool.node(0));
  await pool.until(() => pool.tip === first);
  const old = pool.node(0).template();
  const second = advance(pool.node(0));
  await pool.until(() => pool.tip === second);
  pool.node(0).interfere = (method) => (method === 'getblocktemplate' ? { result: old } : undefined);
  pool.node(0).news();
  await pool.until(() => pool.states[0] === 'lying');
  assert.match(pool.group.states()[0]?.reason ?? '', /builds on .*, but the node's tip is/);
  assert.equal(pool.tip, second);
  pool.node(0).interfere = () => undefined;
  pool.node(0).rewindTo(1);
  await pool.until(() => pool.tip === first);
});

test('when all nodes are away miners are told once, and get new work as soon as any answers', async (t) => {
  const pool = await Fixture.create(t, 3);
  const ports = pool.nodes.map(({ port }) => port);
  for (const node of pool.nodes) await node.stop();
  await pool.until(() => pool.notices.length === 1);
  const jobs = pool.news.length;
  await pool.node(2).listen(ports[2]);
  await pool.until(() => pool.news.length > jobs);
  assert.equal(pool.active, 2);
  assert.equal(pool.notices.length, 1);
  assert.equal(pool.group.state.name, 'answers');
});

test('the calls of others follow to the node that is chosen', async (t) => {
  const pool = await Fixture.create(t, 2);
  assert.equal(await pool.group.client.call('getblockcount'), 0);
  await pool.node(0).stop();
  await pool.until(() => pool.active === 1);
  pool.node(1).advance();
  assert.equal(await pool.group.client.call('getblockcount'), 1);
  assert.match(pool.group.client.url, new RegExp(`:${pool.node(1).port}$`));
});

test('transactions of a job can be asked for', async (t) => {
  const pool = await Fixture.create(t, 1, ([only]) => {
    if (only !== undefined) only.transactions = [someTransaction(1), someTransaction(2)];
  });
  const job = pool.watcher.current();
  assert.ok(job);
  assert.equal(pool.watcher.transactionsOf(job)?.length, 2);
});
