import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JobListener } from '../../../pool/jobs/job-source.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { Statistics } from '../../../pool/statistics/statistics.ts';
import { DEFAULT_DIFFICULTY } from '../../../pool/stratum/difficulty.ts';
import { DEFAULT_LIMITS } from '../../../pool/stratum/limits.ts';
import { Roster } from '../../../pool/stratum/roster.ts';
import { VolatileMemory } from '../../../pool/stratum/session-memory.ts';
import type { Share } from '../../../pool/stratum/share.ts';
import { NotRecordedError, type ShareSink } from '../../../pool/stratum/share-sink.ts';
import { StratumServer } from '../../../pool/stratum/stratum-server.ts';
import { MINER_ADDRESS, SILENT } from '../../kit/pool-kit.ts';
import { ManualClock, poolJob, someTemplate } from '../../kit/session-kit.ts';
import { type Found, findShare, StratumMiner, type Work } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 20_000 };

/** A sink that keeps shares waiting until it is told what to do with them. */
class HeldSink implements ShareSink {
  readonly held: {
    readonly share: Share;
    readonly accept: () => void;
    readonly refuse: (error: Error) => void;
  }[] = [];
  #arrival: (() => void) | undefined;

  record(share: Share): Promise<void> {
    return new Promise((accept, refuse) => {
      this.held.push({ share, accept, refuse });
      this.#arrival?.();
    });
  }

  found(): void {
    throw new Error('there are no blocks here');
  }

  /** Resolves when at least `count` shares are held. */
  async holds(count: number): Promise<void> {
    while (this.held.length < count) await new Promise<void>((accept) => (this.#arrival = accept));
  }
}

/** A Stratum server with a single job and no pool behind it. */
async function serve(t: TestContext) {
  const clock = new ManualClock(1_795_132_800_000);
  const job = poolJob(1, someTemplate(), newTip(new Uint8Array(32).fill(7), 999), clock.steady);
  const sink = new HeldSink();
  const statistics = new Statistics(clock);
  const listeners: JobListener[] = [];
  const server = new StratumServer({
    host: '127.0.0.1',
    port: 0,
    jobs: {
      current: () => job,
      find: (id) => (id === job.jobId ? job : undefined),
      fresh: () => undefined,
      listen: (listener) => listeners.push(listener),
      perAddress: false,
      transactionsOf: () => undefined,
    },
    sink,
    context: {
      clock,
      difficulty: { ...DEFAULT_DIFFICULTY, shareIntervalMs: 0, start: 1e-9, minimum: 1e-10, maximum: 1 },
      readAddress: (address) => ({ address }),
    },
    extranonce2Size: 4,
    memory: new VolatileMemory(),
    roster: new Roster(),
    statistics,
    limits: { ...DEFAULT_LIMITS, messagesPerSecond: 10_000, messagesPerSecondPerAddress: 10_000 },
    log: SILENT,
  });
  await server.start();
  t.after(() => server.stop());
  const miner = await StratumMiner.connect(server.url);
  t.after(() => miner.close());
  return { url: server.url, sink, statistics, miner, work: await miner.login(MINER_ADDRESS) };
}

function findShares(work: Work, count: number): Found[] {
  const found: Found[] = [];
  while (found.length < count) found.push(findShare(work, { firstNonce: (found.at(-1)?.nonce ?? -1) + 1 }));
  return found;
}

test('a share that is not kept is not acknowledged, and may be handed in again', LIMITED, async (t) => {
  const { sink, statistics, miner, work } = await serve(t);
  const { params } = findShare(work);
  const first = miner.request('mining.submit', params);
  await sink.holds(1);
  sink.held[0]?.refuse(new NotRecordedError('share not stored: the disk is full'));
  assert.deepEqual(await first, {
    id: 103,
    result: null,
    error: [20, 'share not stored: the disk is full', null],
  });
  const second = miner.request('mining.submit', params);
  await sink.holds(2);
  sink.held[1]?.accept();
  assert.equal((await second).result, true);
  assert.equal(statistics.rejected['not-recorded'], 1);
});

test(
  'an error nobody foresaw is no acknowledgement either, and tells the miner nothing of the inside',
  LIMITED,
  async (t) => {
    const { sink, miner, work } = await serve(t);
    const answer = miner.request('mining.submit', findShare(work).params);
    await sink.holds(1);
    sink.held[0]?.refuse(new Error('/secret/path'));
    assert.deepEqual((await answer).error, [20, 'share not stored', null]);
  },
);

test('while a share is under way its twin is a duplicate', LIMITED, async (t) => {
  const { sink, miner, work } = await serve(t);
  const { params } = findShare(work);
  miner.send({ id: 'a', method: 'mining.submit', params }, { id: 'b', method: 'mining.submit', params });
  await sink.holds(1);
  sink.held[0]?.accept();
  assert.deepEqual(await miner.next(), { id: 'a', result: true, error: null });
  assert.deepEqual(await miner.next(), { id: 'b', result: null, error: [22, 'duplicate share', null] });
});

test('answers keep their order whatever the order shares become durable in', LIMITED, async (t) => {
  const { sink, miner, work } = await serve(t);
  miner.send(...findShares(work, 5).map(({ params }, id) => ({ id, method: 'mining.submit', params })));
  await sink.holds(5);
  for (const index of [3, 1, 4, 0, 2]) sink.held[index]?.accept();
  const ids = [];
  for (let index = 0; index < 5; index++) ids.push((await miner.next()).id);
  assert.deepEqual(ids, [0, 1, 2, 3, 4]);
});

test(
  'with too many shares under way nothing more is read, and all is answered in the end',
  LIMITED,
  async (t) => {
    const { url, sink, miner, work } = await serve(t);
    const count = 5_000;
    miner.send(...findShares(work, count).map(({ params }, id) => ({ id, method: 'mining.submit', params })));
    await sink.holds(1_024);
    // Another connection is served meanwhile; when it is, the first one's packets have had their chance.
    const other = await StratumMiner.connect(url);
    for (let index = 0; index < 20; index++) await other.request('mining.ping', []);
    other.close();
    assert.ok(sink.held.length < 2_048, `${sink.held.length} shares are held`);
    let answered = 0;
    for (let done = 0; done < count; done++) {
      await sink.holds(done + 1);
      sink.held[done]?.accept();
      if (done % 100 === 99) while (answered <= done) assert.equal((await miner.next()).id, answered++);
    }
    assert.equal(answered, count);
  },
);
