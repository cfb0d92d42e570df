import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Recording, RecordingError, readRecording } from '../../../pool/inspector/recording.ts';
import { type ReplayedShare, replay } from '../../../pool/inspector/replay.ts';
import { replayText, summaryOf } from '../../../pool/inspector/replay-text.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { encodeNotify } from '../../../protocol/stratum.ts';
import { someJob } from '../../kit/stratum-job.ts';
import { findShare } from '../../kit/stratum-miner.ts';

function vector(name: string): string {
  return readFileSync(new URL(`../../vectors/stratum/${name}.json`, import.meta.url), 'utf8');
}

for (const [name, count] of [
  ['cpuminer', 6],
  ['cpuminer-opt', 6],
  ['version-rolling', 5],
] as const) {
  test(`the recorded session of ${name} is judged as it was`, () => {
    const summary = summaryOf(replay(readRecording(vector(name))));
    assert.deepEqual(summary, {
      submissions: count,
      accepted: count,
      rejected: 0,
      agree: count,
      differ: 0,
      uncompared: 0,
    });
  });
}

const EXTRANONCE1 = '0000a7c3';
const USER = 'dnilz1qexample.rig-01';
const DIFFICULTY = 1e-7;
const JOB = someJob({ jobId: 'a' });

type Line = NonNullable<Recording['lines']>[number];

const client = (message: object, timeMs?: number): Line =>
  timeMs === undefined ? ['client', JSON.stringify(message)] : ['client', JSON.stringify(message), timeMs];
const pool = (message: object | string, timeMs?: number): Line => {
  const line = typeof message === 'string' ? message : JSON.stringify(message);
  return timeMs === undefined ? ['pool', line] : ['pool', line, timeMs];
};

const LOGIN: readonly Line[] = [
  client({ id: 1, method: 'mining.subscribe', params: ['test'] }),
  pool({ id: 1, result: [[['mining.notify', 's']], EXTRANONCE1, 4], error: null }),
  client({ id: 2, method: 'mining.authorize', params: [USER, 'x'] }),
  pool({ id: 2, result: true, error: null }),
  pool({ id: null, method: 'mining.set_difficulty', params: [DIFFICULTY] }),
];

function shareOf(job = JOB, options: Parameters<typeof findShare>[1] = {}): string[] {
  const work = { user: USER, extranonce1: Buffer.from(EXTRANONCE1, 'hex'), difficulty: DIFFICULTY, job };
  return findShare(work, options).params;
}

function replayed(...lines: readonly Line[]): ReplayedShare[] {
  return replay(readRecording(JSON.stringify({ lines: [...LOGIN, ...lines] })));
}

const submit = (params: readonly unknown[], timeMs?: number) =>
  client({ id: 4, method: 'mining.submit', params }, timeMs);
const yes = pool({ id: 4, result: true, error: null });
const no = (code: number) => pool({ id: 4, result: null, error: [code, 'why', null] });
const notify = (job = JOB, timeMs?: number) => pool(encodeNotify(job), timeMs);

test('answers belong to submissions by their order, though all have one id', () => {
  const good = shareOf();
  const bad = [...good.slice(0, 4), 'ffffffff'];
  const shares = replayed(notify(), submit(good), submit(bad), submit(good), yes, no(23), no(22));
  assert.deepEqual(
    shares.map(({ judgement, agrees }) => [judgement.reason, agrees]),
    [
      [null, true],
      ['low-difficulty', true],
      ['duplicate', true],
    ],
  );
});

test('a verdict that differs from the recording is told in words', () => {
  const [share] = replayed(notify(), submit(shareOf()), no(23));
  assert.equal(share?.agrees, false);
  assert.equal(share.difference, 'refused (23: why) then, accepted here');
  assert.match(replayText([share], false), /DIFFERS/);
});

test('each refusal names the check, the ones before it passed', () => {
  const [share] = replayed(notify(), submit([...shareOf().slice(0, 4), 'ffffffff']), no(23));
  const checks = share?.judgement.checks.map(({ check, result }) => `${check} ${result}`);
  assert.deepEqual(checks?.slice(-3), [
    'duplicate passed',
    'low-difficulty failed',
    'not-recorded not reached',
  ]);
  assert.equal(share?.judgement.checks[0]?.result, 'passed');
});

test('the arithmetic shows every step from the coinbase to the difficulty', () => {
  const recording = readRecording(vector('version-rolling'));
  const vectors = JSON.parse(vector('version-rolling')) as { submits: { header: string; hash: string }[] };
  for (const [index, { judgement }] of replay(recording).entries()) {
    const { arithmetic } = judgement;
    assert.equal(arithmetic?.header.hex, vectors.submits[index]?.header);
    assert.equal(arithmetic?.hash, vectors.submits[index]?.hash);
    assert.equal(arithmetic?.merkle.at(-1)?.node, arithmetic?.header.merkleRoot);
    assert.equal(arithmetic?.isShare, true);
    assert.equal(arithmetic?.isBlock, false);
    assert.equal(arithmetic?.difficulty.network, 1);
  }
});

test('what is agreed on the way holds: masks, extranonces, difficulties', () => {
  const rolled = shareOf(JOB, { versionBits: 0x2000, versionMask: 0x1fffe000 });
  const mask = pool({ id: null, method: 'mining.set_version_mask', params: ['1fffe000'] });
  assert.equal(replayed(notify(), submit(rolled), no(20))[0]?.judgement.reason, 'version-bits');
  assert.equal(replayed(notify(), mask, submit(rolled), yes)[0]?.agrees, true);

  const moved = pool({ id: null, method: 'mining.set_extranonce', params: ['0000a7c4', 4] });
  const next = someJob({ jobId: 'b' });
  const work = { user: USER, extranonce1: Buffer.from('0000a7c4', 'hex'), difficulty: DIFFICULTY, job: next };
  const shares = replayed(
    notify(),
    moved,
    submit(shareOf()),
    yes,
    notify(next),
    submit(findShare(work).params),
    yes,
  );
  assert.deepEqual(
    shares.map(({ agrees }) => agrees),
    [true, true],
    'the job before keeps its extranonce1',
  );

  const harder = pool({ id: null, method: 'mining.set_difficulty', params: [1e9] });
  const later = replayed(
    notify(),
    harder,
    submit(shareOf()),
    yes,
    notify(next),
    submit(shareOf(next)),
    no(23),
  );
  assert.deepEqual(
    later.map(({ agrees }) => agrees),
    [true, true],
  );
});

test('times in the recording decide what is stale', () => {
  const other = someJob({ jobId: 'b', previousHash: new Uint8Array(32).fill(5) });
  const at = (seconds: number) => (JOB.time + seconds) * 1000;
  const reasons = (seconds: number) =>
    replayed(notify(JOB, at(0)), notify(other, at(1)), submit(shareOf(), at(1 + seconds))).map(
      ({ judgement }) => [judgement.reason, judgement.late],
    );
  assert.deepEqual(reasons(2), [[null, true]]);
  assert.deepEqual(reasons(3), [['stale', false]]);
});

test('a job of before the recording is nothing to compare', () => {
  const [share] = replayed(submit(shareOf()), yes);
  assert.equal(share?.agrees, null);
  assert.equal(share.difference, 'the job is not in the recording');
});

test('what was agreed before the first line stands beside the lines', () => {
  const recording = {
    extranonce1: EXTRANONCE1,
    extranonce2Size: 4,
    difficulty: DIFFICULTY,
    users: [USER],
    lines: [notify(), submit(shareOf()), yes],
  };
  const inspected = JSON.stringify({ session: '1', recording });
  assert.equal(replay(readRecording(inspected))[0]?.agrees, true);
});

test('lines that are no messages, and messages that make no sense, stop no replay', () => {
  const junk: Line[] = [
    pool('{'),
    client({ id: 4, method: 'mining.submit', params: [] }),
    no(24),
    pool({ id: null, method: 'mining.notify', params: ['x'] }),
    pool({ id: null, method: 'mining.set_difficulty', params: [1e300] }),
    pool({ id: null, method: 'mining.set_extranonce', params: [7, 'x'] }),
    pool({ id: 9, result: { 'version-rolling.mask': 5 }, error: null }),
    notify(),
    submit(shareOf()),
    yes,
  ];
  assert.deepEqual(
    replayed(...junk).map(({ agrees }) => agrees),
    [true, true],
  );
});

for (const [what, content, complaint] of [
  ['no JSON', '{', /no JSON/],
  ['a list', '[]', /no recording: the whole/],
  ['empty', '{}', /neither lines nor submits/],
  ['of lines nobody says', '{"lines":[["me","x"]]}', /lines\.0/],
  ['of a difficulty below all', '{"difficulty":-1,"lines":[["pool","x"]]}', /difficulty/],
  ['of an extranonce1 that is no hex', '{"extranonce1":"zz","lines":[["pool","x"]]}', /extranonce1/],
] as const) {
  test(`a file that is ${what} is refused in words`, () => {
    assert.throws(() => readRecording(content), complaint);
    assert.throws(() => readRecording(content), RecordingError);
  });
}

test('bytes of a header are the ones that were hashed', () => {
  const [share] = replayed(notify(), submit(shareOf()), yes);
  const parts = share?.judgement.arithmetic?.coinbaseParts.join('');
  assert.equal(parts, `${bytesToHex(JOB.coinbase1)}${EXTRANONCE1}00000000${bytesToHex(JOB.coinbase2)}`);
});
