import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTip } from '../../../pool/jobs/tip.ts';
import { awaitsJob, deliverJob, showMessage } from '../../../pool/stratum/session.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';

const USER = 'dnilz1qexample.rig-01';
/** No bound for the difficulties of these tests. */
const HARD_BITS = 0x170355f0;
const tip = newTip(new Uint8Array(32).fill(7), 999);

function job(sequence: number) {
  return poolJob(sequence, someTemplate({ bits: HARD_BITS }), tip);
}

function withJob(): SessionUnderTest {
  const miner = new SessionUnderTest({ start: 1 });
  miner.jobs.push(job(1));
  return miner;
}

const SUBSCRIBED = {
  id: 1,
  result: [
    [
      ['mining.set_difficulty', 'ab'.repeat(16)],
      ['mining.notify', 'ab'.repeat(16)],
    ],
    '0000a7c3',
    4,
  ],
  error: null,
};
const difficulty = (value: number) => ({ id: null, method: 'mining.set_difficulty', params: [value] });
const yes = (id: unknown) => ({ id, result: true, error: null });

test('work comes after the authorize answer, the difficulty in front of it', () => {
  const miner = withJob();
  assert.deepEqual(told(miner.call('mining.subscribe', ['test'])), [SUBSCRIBED]);
  assert.deepEqual(told(miner.call('mining.authorize', [USER, 'x'], 2)), [yes(2), difficulty(1), 'notify']);
});

test('a miner that authorises before it subscribes gets its work after subscribing', () => {
  const miner = withJob();
  assert.deepEqual(told(miner.call('mining.authorize', [USER, 'x'], 2)), [yes(2)]);
  assert.deepEqual(told(miner.call('mining.subscribe', [])), [SUBSCRIBED, difficulty(1), 'notify']);
});

test('a second subscribe is answered again, with the same extranonce1 and no second job', () => {
  const miner = withJob();
  miner.login(USER);
  assert.deepEqual(told(miner.call('mining.subscribe', [])), [SUBSCRIBED]);
});

test('ids come back as they were, strings too', () => {
  const miner = withJob();
  for (const id of [0, -1, 1.5, 'a', '', 'zwölf', '7']) {
    assert.equal(answerIn(miner.call('mining.ping', [], id)).id, id);
  }
});

test('a notification of the miner does its work and is never answered', () => {
  const miner = withJob();
  assert.deepEqual(miner.call('mining.subscribe', [], null), []);
  assert.deepEqual(told(miner.say({ method: 'mining.authorize', params: [USER, 'x'] })), [
    difficulty(1),
    'notify',
  ]);
  assert.deepEqual(miner.call('mining.nonsense', [], null), []);
  assert.deepEqual(
    miner
      .call('mining.submit', [USER, 'no', '00000000', '00000000', '00000000'], null)
      .map(({ type }) => type),
    ['rejected'],
  );
});

test('small methods and unknown ones', () => {
  const miner = withJob();
  assert.deepEqual(told(miner.call('mining.ping', [])), [{ id: 1, result: 'pong', error: null }]);
  assert.deepEqual(told(miner.call('mining.extranonce.subscribe', [])), [yes(1)]);
  for (const method of ['eth_submitLogin', 'mining.get_transaction', '', 'constructor', '__proto__']) {
    assert.deepEqual(answerIn(miner.call(method, [])).error, [20, 'unknown method', null]);
  }
});

test('answers to our requests and a bare pong are no garbage', () => {
  const miner = withJob();
  assert.deepEqual(miner.say({ id: 5, result: 'bitaxe', error: null }), []);
  assert.deepEqual(miner.say({ method: 'pong' }), []);
});

test('a request with the wrong shape is refused under its id, junk without one is only counted', () => {
  const miner = withJob();
  assert.deepEqual(told(miner.say({ id: 3, method: 7, params: [] })), [
    'garbage',
    { id: 3, result: null, error: [20, 'method is not a string', null] },
  ]);
  assert.deepEqual(told(miner.say({ id: 'x', method: 'mining.ping', params: {} })), [
    'garbage',
    { id: 'x', result: null, error: [20, 'params is not an array', null] },
  ]);
  for (const line of ['{', '[]', '7', '"x"', 'null', 'GET / HTTP/1.1', '\u0000\u0001']) {
    assert.deepEqual(told(miner.say(line)), ['garbage'], line);
  }
});

test('a bad user is answered with false and the reason, and gets no work', () => {
  const miner = withJob();
  miner.call('mining.subscribe', []);
  const cases: [unknown, string][] = [
    ['', 'the user must be ADDRESS or ADDRESS.WORKER'],
    ['.rig', 'the user must be ADDRESS or ADDRESS.WORKER'],
    [7, 'the user is not a string'],
    [undefined, 'the user is not a string'],
    ['bc1qsomebody', 'this is not an address'],
    ['dnilz1qexample.', 'a worker name is 1 to 64 letters, digits, "." "_" or "-"'],
    ['dnilz1qexample.<b>', 'a worker name is 1 to 64 letters, digits, "." "_" or "-"'],
    [`dnilz1qexample.${'x'.repeat(65)}`, 'a worker name is 1 to 64 letters, digits, "." "_" or "-"'],
  ];
  for (const [user, reason] of cases) {
    assert.deepEqual(told(miner.call('mining.authorize', [user, 'x'])), [
      { id: 1, result: false, error: [24, reason, null] },
    ]);
  }
  miner.roomForWorkers = false;
  assert.equal(answerIn(miner.call('mining.authorize', [USER])).result, false);
  assert.deepEqual(deliverJob(miner.session, job(2), true, miner.context), []);
});

test('a worker is named after a dot or an underscore, and may be nameless', () => {
  const miner = withJob();
  for (const user of ['dnilz1qa', 'dnilz1qa.b.c_d-9', 'dnilz1qa_rig', `dnilz1qa.${'x'.repeat(64)}`]) {
    assert.equal(answerIn(miner.call('mining.authorize', [user])).result, true, user);
  }
  assert.deepEqual(
    [...miner.session.workers.values()].map(({ name }) => name),
    ['', 'b.c_d-9', 'rig', 'x'.repeat(64)],
  );
});

test('a connection has at most 32 workers; one that is named again takes no further place', () => {
  const miner = withJob();
  for (let index = 0; index < 32; index++) miner.call('mining.authorize', [`dnilz1qa.${index}`]);
  assert.equal(answerIn(miner.call('mining.authorize', ['dnilz1qa.0'])).result, true);
  assert.deepEqual(answerIn(miner.call('mining.authorize', ['dnilz1qa.32'])).error, [
    24,
    'a connection has at most 32 workers',
    null,
  ]);
});

test('the difficulty of the start: password before suggestion before the default, within the limits', () => {
  const start = (prepare: (miner: SessionUnderTest) => void): unknown => {
    const miner = withJob();
    prepare(miner);
    const effects = miner.call('mining.subscribe', []);
    effects.push(...miner.call('mining.authorize', [USER, 'x']));
    return (told(effects).find((line) => (line as { params?: unknown }).params) as { params: unknown[] })
      .params[0];
  };
  assert.equal(
    start(() => undefined),
    1,
  );
  assert.equal(
    start((miner) => miner.call('mining.suggest_difficulty', [0.0001])),
    0.0001,
  );
  assert.equal(
    start((miner) => miner.call('mining.suggest_difficulty', ['1000'])),
    1000,
  );
  assert.equal(
    start((miner) => miner.call('mining.suggest_difficulty', [1e9])),
    1e6,
  );
  assert.equal(
    start((miner) => miner.call('mining.suggest_difficulty', ['1e-300'])),
    1e-9,
  );
  const withFloor = (miner: SessionUnderTest) =>
    miner.call('mining.configure', [['minimum-difficulty'], { 'minimum-difficulty.value': 64 }]);
  assert.equal(start(withFloor), 64);

  const both = withJob();
  both.call('mining.suggest_difficulty', [1000]);
  both.call('mining.subscribe', []);
  assert.deepEqual(told(both.call('mining.authorize', [USER, 'x,d=0.01'])), [
    yes(1),
    difficulty(0.01),
    'notify',
  ]);
  assert.deepEqual(told(both.call('mining.suggest_difficulty', [5])), [yes(1)], 'the password stands');
});

test('a suggestion that is no number above zero is refused', () => {
  const miner = withJob();
  for (const value of [0, -1, 'x', '', '0', null, undefined, [], {}, true, '1x', ' 1', 'Infinity', '0x10']) {
    assert.deepEqual(
      answerIn(miner.call('mining.suggest_difficulty', [value])).error,
      [20, 'difficulty is not a number above 0', null],
      String(value),
    );
  }
});

for (const user of [{ toString: 1, valueOf: 1 }, [[[]]], null, 7]) {
  test(`a submission by ${JSON.stringify(user)} is refused, and no more`, () => {
    const miner = withJob().login(USER);
    const effects = miner.call('mining.submit', [user, '1', '00000000', '00000000', '00000000'], 9);
    assert.deepEqual(answerIn(effects).error, [24, 'this user is not authorized on this connection', null]);
    assert.deepEqual(
      effects.flatMap((effect) => (effect.type === 'rejected' ? [effect.worker] : [])),
      [undefined],
    );
  });
}

test('a changed difficulty waits for a job; two changes without a job between are one', () => {
  const miner = withJob().login(USER);
  assert.deepEqual(told(miner.call('mining.suggest_difficulty', [4], 7)), [yes(7), 'want-job']);
  assert.deepEqual(told(miner.call('mining.suggest_difficulty', [8], 8)), [yes(8), 'want-job']);
  assert.equal(awaitsJob(miner.session, miner.context), true);
  assert.deepEqual(told(deliverJob(miner.session, job(2), false, miner.context)), [difficulty(8), 'notify']);
  assert.equal(awaitsJob(miner.session, miner.context), false);
  assert.deepEqual(told(deliverJob(miner.session, job(3), false, miner.context)), ['notify']);
});

test('a difficulty that comes back before the next job is no change at all', () => {
  const miner = withJob().login(USER);
  miner.call('mining.suggest_difficulty', [4]);
  assert.deepEqual(told(miner.call('mining.suggest_difficulty', [1])), [yes(1)]);
  assert.deepEqual(told(deliverJob(miner.session, job(2), false, miner.context)), ['notify']);
});

test('a job id that went out is never sent again', () => {
  const miner = withJob().login(USER);
  assert.deepEqual(deliverJob(miner.session, job(1), true, miner.context), []);
});

test('the first job of a miner is clean, later ones as the pool says', () => {
  const miner = withJob();
  miner.call('mining.subscribe', []);
  const cleanOf = (effects: ReturnType<SessionUnderTest['say']>) =>
    effects.flatMap((effect) => (effect.type === 'notify' ? [effect.clean] : []));
  assert.deepEqual(cleanOf(miner.call('mining.authorize', [USER])), [true]);
  assert.deepEqual(cleanOf(deliverJob(miner.session, job(2), false, miner.context)), [false]);
  assert.deepEqual(cleanOf(deliverJob(miner.session, job(3), true, miner.context)), [true]);
});

test('configure switches on what both know, and says false to the rest', () => {
  const miner = withJob();
  const { result } = answerIn(
    miner.call('mining.configure', [
      ['version-rolling', 'minimum-difficulty', 'subscribe-extranonce', 'info', 'teleport'],
      { 'version-rolling.mask': 'FFFFFFFF', 'minimum-difficulty.value': 0.5, 'info.hw-version': 's9' },
    ]),
  );
  assert.deepEqual(result, {
    'version-rolling': true,
    'version-rolling.mask': '1fffe000',
    'minimum-difficulty': true,
    'subscribe-extranonce': true,
    info: true,
    teleport: false,
  });
});

test('configure with wrong types is refused or answered per extension', () => {
  const miner = withJob();
  const error = (params: unknown[]) => answerIn(miner.call('mining.configure', params)).error;
  assert.deepEqual(error([]), [20, 'extensions is not an array', null]);
  assert.deepEqual(error(['version-rolling']), [20, 'extensions is not an array', null]);
  assert.deepEqual(error([[1]]), [20, 'an extension is not a string', null]);
  assert.deepEqual(error([[], 7]), [20, 'extension parameters are not an object', null]);
  const answer = (params: unknown[]) => answerIn(miner.call('mining.configure', params)).result;
  assert.deepEqual(answer([['version-rolling'], { 'version-rolling.mask': 5 }]), {
    'version-rolling': 'version-rolling.mask is not hex of at most 8 digits',
  });
  assert.deepEqual(answer([['minimum-difficulty'], {}]), {
    'minimum-difficulty': 'minimum-difficulty.value is not a number of at least 0',
  });
  assert.deepEqual(answer([['version-rolling']]), {
    'version-rolling': true,
    'version-rolling.mask': '1fffe000',
  });
  assert.deepEqual(answer([[], {}]), {});
});

test('a message for the owner reaches only miners that are authorised', () => {
  const miner = withJob();
  assert.deepEqual(showMessage(miner.session, 'hello'), []);
  miner.login(USER);
  assert.deepEqual(told(showMessage(miner.session, 'hello')), [
    { id: null, method: 'client.show_message', params: ['hello'] },
  ]);
});

test('what a miner calls itself is shown without what would change the text around it', () => {
  const shown = [
    ['bitaxe/BM1370/v2.4.1', 'bitaxe/BM1370/v2.4.1'],
    ['<b>"Größe" 矿工 🪙', '<b>"Größe" 矿工 🪙'],
    ['a\u0000b\r\nc\u001b[31md', 'abc[31md'],
    ['\u202eevil\u2066x\ufeff\u200by', 'evilxy'],
    ['half \ud83e', 'half '],
    ['🪙'.repeat(64), '🪙'.repeat(64)],
    [`x${'🪙'.repeat(64)}`, `x${'🪙'.repeat(63)}`],
  ] as const;
  for (const [agent, expected] of shown) {
    const miner = withJob();
    miner.call('mining.subscribe', [agent]);
    assert.equal(miner.session.subscription?.agent, expected);
  }
});
