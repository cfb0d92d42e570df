import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deliverJob } from '../../../pool/stratum/session.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { parseNotify } from '../../../protocol/stratum.ts';
import { difficultyOfHash } from '../../../protocol/work.ts';
import { answerIn, recordedJob, SessionUnderTest, told } from '../../kit/session-kit.ts';

interface RecordedShare {
  readonly params: readonly string[];
  readonly hash: string;
  readonly difficulty: number;
}

interface Recording {
  readonly client: string;
  readonly difficulty: number;
  readonly extranonce1: string;
  readonly lines: readonly (readonly ['client' | 'pool', string])[];
  readonly submits: readonly RecordedShare[];
}

function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../vectors/stratum/${name}.json`, import.meta.url), 'utf8'),
  ) as T;
}

function isClose(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= 1e-9 * expected;
}

for (const name of ['cpuminer', 'cpuminer-opt']) {
  test(`a recorded session of ${name} is answered as it was, and every share is accepted`, () => {
    const recording = read<Recording>(name);
    const notify = recording.lines.find(
      ([who, line]) => who === 'pool' && line.includes('"method":"mining.notify"'),
    );
    const { params } = JSON.parse(notify?.[1] ?? '') as { params: unknown[] };
    const job = recordedJob(parseNotify(params));
    const miner = new SessionUnderTest({
      start: recording.difficulty,
      extranonce1: recording.extranonce1,
      seconds: job.time,
    });
    miner.jobs.push(job);

    const shares = [...recording.submits];
    const answers: unknown[] = [];
    for (const [who, line] of recording.lines) {
      if (who === 'pool') continue;
      for (const effect of miner.say(line)) {
        assert.notEqual(effect.type, 'rejected', line);
        if (effect.type !== 'record') continue;
        const expected = shares.shift();
        assert.equal(displayHash(effect.share.hash), expected?.hash);
        assert.ok(isClose(difficultyOfHash(effect.share.hash), expected?.difficulty ?? 0));
        assert.equal(effect.share.difficulty, recording.difficulty);
        assert.equal(effect.share.weight, BigInt(Math.floor(recording.difficulty * 2 ** 32)));
        assert.deepEqual(effect.share.worker, { address: 'dnilz1qexample', name: 'rig-01' });
        answers.push(effect.id);
      }
    }
    assert.equal(shares.length, 0);
    assert.deepEqual(
      answers,
      recording.submits.map(() => 4),
    );
  });
}

test('shares with rolled version bits, a rolled time and an extranonce2 are accepted', () => {
  const vector = read<{
    extranonce1: string;
    mask: string;
    difficulty: number;
    notify: { params: unknown[] };
    submits: RecordedShare[];
  }>('version-rolling');
  const job = recordedJob(parseNotify(vector.notify.params));
  const miner = new SessionUnderTest({
    start: vector.difficulty,
    extranonce1: vector.extranonce1,
    seconds: job.time,
  });
  const [configured] = told(
    miner.call('mining.configure', [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }]),
  );
  assert.deepEqual(configured, {
    id: 1,
    result: { 'version-rolling': true, 'version-rolling.mask': vector.mask },
    error: null,
  });
  miner.login();
  deliverJob(miner.session, job, true, miner.context);
  miner.jobs.push(job);
  for (const { params, hash, difficulty } of vector.submits) {
    const [effect] = miner.call('mining.submit', params);
    assert.equal(effect?.type, 'record');
    assert.equal(displayHash(effect.share.hash), hash);
    assert.ok(isClose(difficultyOfHash(effect.share.hash), difficulty));
  }
});

test('a miner that never agreed on version rolling may send zero bits, and no others', () => {
  const vector = read<{ extranonce1: string; notify: { params: unknown[] }; submits: RecordedShare[] }>(
    'version-rolling',
  );
  const job = recordedJob(parseNotify(vector.notify.params));
  const miner = new SessionUnderTest({ start: 1e-9, extranonce1: vector.extranonce1, seconds: job.time });
  miner.jobs.push(job);
  miner.login();
  const [rolled] = vector.submits;
  const refused = miner.call('mining.submit', rolled?.params ?? []);
  assert.deepEqual(answerIn(refused).error, [20, 'version bits outside the agreed mask 00000000', null]);
  const zero = vector.submits.find(({ params }) => params[5] === '00000000');
  assert.equal(miner.call('mining.submit', zero?.params ?? [])[0]?.type, 'record');
});
