import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type Inspectable, type Inspection, Inspector } from '../../../pool/inspector/inspector.ts';
import { readRecording } from '../../../pool/inspector/recording.ts';
import { replay } from '../../../pool/inspector/replay.ts';
import { newSession } from '../../../pool/stratum/session.ts';
import { MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { ManualClock } from '../../kit/session-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

class Connections {
  readonly open = new Map<string, Inspectable>();
  readonly clock = new ManualClock(1_000_000);
  readonly inspector = new Inspector({
    clock: this.clock,
    jobs: { find: () => undefined },
    session: (id) => this.open.get(id),
  });

  connect(id: string): Inspectable {
    const connection: Inspectable = { id, session: newSession(id), tap: undefined };
    this.open.set(id, connection);
    return connection;
  }
}

function say({ tap }: Inspectable, line: string, timeMs: number): void {
  tap?.('in', line, timeMs);
}

test('nothing is heard of a connection before it is switched on, and nothing after it is switched off', () => {
  const all = new Connections();
  const connection = all.connect('a');
  assert.equal(connection.tap, undefined);
  assert.equal(all.inspector.show('a'), undefined);
  assert.equal(all.inspector.set('a', true), undefined);
  say(connection, '{"id":1,"method":"mining.ping","params":[]}', 2_000);
  assert.equal(all.inspector.set('a', false), undefined);
  assert.equal(connection.tap, undefined);
  assert.equal(connection.session.onVerdict, undefined);
  const shown = all.inspector.show('a');
  assert.deepEqual([shown?.on, shown?.entries.length, shown?.entries[0]?.time], [false, 1, 2]);
});

test('a session that is not there is not inspected', () => {
  const all = new Connections();
  assert.match(all.inspector.set('nobody', true) ?? '', /no such session/);
  assert.match(all.inspector.set('nobody', false) ?? '', /no such session/);
});

test('a conversation can be looked at after the connection has closed', () => {
  const all = new Connections();
  const connection = all.connect('a');
  all.inspector.set('a', true);
  say(connection, 'junk', 0);
  all.open.delete('a');
  const shown = all.inspector.show('a');
  assert.deepEqual([shown?.on, shown?.entries.length], [false, 1]);
});

test('sixteen are kept at most: those that are over make room, those that go on do not', () => {
  const all = new Connections();
  for (let index = 0; index < 16; index++) {
    all.connect(`${index}`);
    assert.equal(all.inspector.set(`${index}`, true), undefined);
  }
  all.connect('more');
  assert.match(all.inspector.set('more', true) ?? '', /16 sessions are inspected/);
  all.open.delete('3');
  assert.equal(all.inspector.set('more', true), undefined);
  assert.equal(all.inspector.show('3'), undefined);
  assert.equal(all.inspector.size, 16);
});

test('a real conversation is explained, its refusals computed, and what it keeps can be replayed', async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const token = (await readFile(pool.adminTokenFile, 'utf8')).trim();
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(`${MINER_ADDRESS}.rig`, 'a-secret');
  const { sessions } = (await (await fetch(`${pool.httpUrl}/sessions`, { headers })).json()) as {
    sessions: { id: string }[];
  };
  const url = `${pool.httpUrl}/sessions/${sessions[0]?.id}/inspect`;
  await fetch(url, { method: 'POST', headers, body: '{"on":true}' });
  await miner.request('mining.authorize', [`${MINER_ADDRESS}.other`, 'another-secret']);
  const good = findShare(work).params;
  await miner.request('mining.submit', good);
  await miner.request('mining.submit', good);
  await miner.request('mining.submit', [...good.slice(0, 4), 'ffffffff']);
  const text = await (await fetch(url, { headers })).text();
  assert.ok(!text.includes('secret'));
  const inspection = JSON.parse(text) as Inspection;
  const reasons = inspection.entries.flatMap((entry) =>
    entry.kind === 'verdict'
      ? [(entry as unknown as { judgement: { reason: string } }).judgement.reason]
      : [],
  );
  assert.deepEqual(reasons, [null, 'duplicate', 'low-difficulty']);
  const shares = replay(readRecording(text));
  assert.deepEqual(
    shares.map(({ judgement, agrees }) => [judgement.reason, agrees]),
    [
      [null, true],
      ['duplicate', true],
      ['low-difficulty', true],
    ],
    'though its job was sent before it was switched on',
  );
});
