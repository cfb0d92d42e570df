/** The client over real sockets, against a pool that checks every share by its own arithmetic. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MinerEvent } from '../../../miner/event.ts';
import { extranonce2Bytes } from '../../../miner/hashing/nonce-lane.ts';
import { type Hit, headerOfWork, type Work } from '../../../miner/hashing/work.ts';
import type { WorkSource } from '../../../miner/source/work-source.ts';
import { createStratumSource } from '../../../miner/stratum/stratum-source.ts';
import { connectTcp } from '../../../miner/transport/tcp-connection.ts';
import { hashHeaderBytes } from '../../../protocol/header.ts';
import { meetsTarget } from '../../../protocol/work.ts';
import { type MockPool, type MockPoolOptions, startMockPool } from '../../kit/mock-pool.ts';

/** Difficulty at which a few hundred hashes make a share. */
const DIFFICULTY = 1e-7;

/** A source with its pool, and someone who finds shares when asked to. */
class Rig {
  readonly pool: MockPool;
  readonly source: WorkSource;
  readonly events: MinerEvent[] = [];
  readonly works: (Work | undefined)[] = [];
  #listeners: (() => void)[] = [];
  #serial = 0;
  #extranonce2 = 0;

  constructor(pool: MockPool) {
    this.pool = pool;
    this.source = createStratumSource(
      {
        host: '127.0.0.1',
        port: pool.port,
        user: 'dnilz1address.rig',
        password: 'x',
        agent: 'tester/1.0',
        connector: connectTcp,
        backOff: { firstDelayMs: 20, maxDelayMs: 200 },
      },
      { nextSerial: () => ++this.#serial, nowMs: () => performance.now(), unixMs: Date.now, random: () => 0 },
      {
        onWork: (work) => {
          this.works.push(work);
          this.#changed();
        },
        onRest: () => {},
        onSettled: () => {},
        onEvent: (event) => {
          this.events.push(event);
          this.#changed();
        },
      },
    );
    this.source.start();
  }

  get work(): Work | undefined {
    return this.works.at(-1);
  }

  /** Resolves when a condition holds after some event or work. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#listeners = this.#listeners.filter((listener) => listener !== check);
        resolve();
      };
      this.#listeners.push(check);
      check();
    });
  }

  count(type: MinerEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** Finds a share of the present work under chosen version bits, and hands it in. */
  mine(versionBits = 0): void {
    const { work } = this;
    assert.ok(work, 'there is work');
    this.#extranonce2 += 1;
    const extranonce2 = extranonce2Bytes(this.#extranonce2, work.extranonce2Size);
    const chosen = { extranonce2, ntime: work.job.time, versionBits };
    for (let nonce = 0; ; nonce++) {
      const hit: Hit = { serial: work.serial, thread: 0, ...chosen, nonce };
      if (!meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target)) continue;
      this.source.submit(hit);
      return;
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async stop(): Promise<void> {
    await this.source.stop();
    await this.pool.stop();
  }
}

async function startRig(options: MockPoolOptions = {}): Promise<Rig> {
  return new Rig(await startMockPool({ difficulty: DIFFICULTY, ...options }));
}

test('shares with rolled versions are what the pool makes of them', async () => {
  const rig = await startRig({ versionMask: 0x1fffe000 });
  await rig.until(() => rig.work !== undefined);
  for (const bits of [0, 0x2000, 0x1fffe000, 0x0a55a000]) rig.mine(bits);
  await rig.until(() => rig.count('share-accepted') === 4);
  assert.deepEqual(
    rig.pool.shares.map(({ versionBits }) => versionBits),
    ['00000000', '00002000', '1fffe000', '0a55a000'],
  );
  await rig.stop();
});

test('a mask that is taken away in mid-job costs no share', async () => {
  const rig = await startRig({ versionMask: 0x1fffe000 });
  await rig.until(() => rig.work !== undefined);
  const before = rig.work!;
  rig.pool.setVersionMask(0x00006000);
  await rig.until(() => rig.work !== before);
  assert.equal(rig.work!.versionMask, 0x00006000);
  rig.mine(0x4000);
  await rig.until(() => rig.count('share-accepted') === 1);
  rig.pool.setVersionMask(0);
  await rig.until(() => rig.work!.versionMask === 0);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 2);
  await rig.stop();
});

test('a pool that hangs up on everything new is mined for at the next attempt', async () => {
  const rig = await startRig({
    intercept: ({ method, connection }) => {
      const isNew = !['mining.subscribe', 'mining.authorize', 'mining.submit'].includes(method);
      if (isNew) connection.close();
      return isNew;
    },
  });
  await rig.until(() => rig.work !== undefined);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 1);
  assert.equal(rig.count('disconnected'), 1);
  await rig.stop();
});

test('client.reconnect leads to another port, where mining goes on', async () => {
  const next = await startMockPool({ difficulty: DIFFICULTY });
  const rig = await startRig();
  await rig.until(() => rig.work !== undefined);
  rig.pool.connections[0]!.notify('client.reconnect', '127.0.0.1', String(next.port), 0);
  await rig.until(() => rig.count('authorized') === 2 && rig.work !== undefined);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 1);
  assert.equal(next.shares.length, 1);
  await rig.stop();
  await next.stop();
});

test('a flood is cut off, and the pool mined for when it is over', async () => {
  let connections = 0;
  const rig = await startRig({
    onConnection: (connection) => {
      connections += 1;
      if (connections > 1) return;
      const params = ['flood', '00'.repeat(32), '11', '22', [], '20000000', '1d00ffff', '6aff8d80', true];
      const job = JSON.stringify({ id: null, method: 'mining.notify', params });
      const flood = `${job}\n`.repeat(500);
      const pump = (): void => {
        while (connection.socket.writable && connection.socket.write(flood)) {}
      };
      connection.socket.on('drain', pump);
      setImmediate(pump);
    },
  });
  await rig.until(() => rig.count('disconnected') === 1);
  const left = rig.events.find((event) => event.type === 'disconnected')!;
  assert.equal(left.problem.code, 'flood');
  await rig.until(() => rig.work !== undefined);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 1);
  await rig.stop();
});

test('a line that breaks off with its connection is nothing, and mining goes on after it', async () => {
  const rig = await startRig();
  await rig.until(() => rig.work !== undefined);
  rig.pool.connections[0]!.write('{"id":null,"method":"mining.notify","params":["half');
  rig.pool.connections[0]!.socket.end();
  await rig.until(() => rig.count('authorized') === 2 && rig.work !== undefined);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 1);
  assert.equal(rig.count('problem'), 0);
  await rig.stop();
});

test('a pool that takes its miners in but gives no job keeps them, and they begin when one comes', async () => {
  const rig = await startRig({
    intercept: ({ method, id, connection }) => {
      if (method !== 'mining.authorize') return false;
      connection.isAuthorized = true;
      connection.send({ id, result: true, error: null });
      connection.notify('mining.set_difficulty', DIFFICULTY);
      return true;
    },
  });
  await rig.until(() => rig.count('authorized') === 1);
  assert.equal(rig.work, undefined);
  rig.pool.newJob();
  await rig.until(() => rig.work !== undefined);
  rig.mine();
  await rig.until(() => rig.count('share-accepted') === 1);
  await rig.stop();
});
