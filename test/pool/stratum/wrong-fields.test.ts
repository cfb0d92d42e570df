import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTip } from '../../../pool/jobs/tip.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate } from '../../kit/session-kit.ts';

/** Every field of every method with every kind of wrong value, and what each is answered with. */

const USER = 'dnilz1qexample.rig-01';
const TIME = (1_795_132_800).toString(16);
const tip = newTip(new Uint8Array(32).fill(7), 999);

/** Values of each type that no field of Stratum has. */
const TYPES: readonly unknown[] = [true, false, 0, -1, 1.5, 1e308, [], ['x'], {}, { toString: 1 }, [[[]]]];
const NUMBERS = TYPES.filter((value) => typeof value === 'number');
const OTHERS = TYPES.filter((value) => typeof value !== 'number');

interface Field {
  readonly method: string;
  /** Good parameters, one of which is replaced. */
  readonly params: readonly unknown[];
  readonly index: number;
  readonly name: string;
  /** Wrong values with the code and message of their refusal. */
  readonly refused: readonly (readonly [values: readonly unknown[], code: number, message: string])[];
  readonly accepted: readonly unknown[];
}

const SUBMIT = [USER, '1', '00000000', TIME, '00000000', '00000000'];
const NO_WORD = [
  '',
  '0',
  '0000000',
  '000000000',
  '0x000000',
  '-0000001',
  '+0000001',
  ' 0000000',
  'gggggggg',
  '１２３４５６７８',
  null,
];
const LONG = 'x'.repeat(5_000);

const FIELDS: readonly Field[] = [
  {
    method: 'mining.subscribe',
    params: ['agent', ''],
    index: 0,
    name: 'agent',
    refused: [[TYPES, 20, 'agent is not a string']],
    accepted: [null, undefined, '', LONG, '<script>', '\u0000'],
  },
  {
    method: 'mining.subscribe',
    params: ['agent', ''],
    index: 1,
    name: 'session',
    refused: [[TYPES, 20, 'session is not a string']],
    accepted: [null, undefined, '', LONG, 'AB'.repeat(16), '-1'],
  },
  {
    method: 'mining.authorize',
    params: [USER, 'x'],
    index: 0,
    name: 'user',
    refused: [
      [[...TYPES, null, undefined], 24, 'the user is not a string'],
      [['', '.rig', '_rig'], 24, 'the user must be ADDRESS or ADDRESS.WORKER'],
      [
        ['dnilz1qa.', 'dnilz1qa.a b', 'dnilz1qa.\u0000', 'dnilz1qa.ü'],
        24,
        'a worker name is 1 to 64 letters, digits, "." "_" or "-"',
      ],
      [['bc1q', ' dnilz1qa', '-dnilz1qa'], 24, 'this is not an address'],
      [[`dnilz1q${LONG}`], 24, 'the user is longer than 256 characters'],
    ],
    accepted: ['dnilz1qa', 'dnilz1qa.RIG', 'dnilz1qa_rig'],
  },
  {
    method: 'mining.authorize',
    params: [USER, 'x'],
    index: 1,
    name: 'password',
    refused: [],
    // It proves nothing, so that nothing in it can be wrong.
    accepted: [...TYPES, null, undefined, '', LONG, 'd=', 'd=-1', 'D=1/8'],
  },
  {
    method: 'mining.suggest_difficulty',
    params: [1],
    index: 0,
    name: 'difficulty',
    refused: [
      [
        [...OTHERS, 0, -1, null, undefined, '', '0', '-1', '+1', 'x', '0x10', ' 1', '1/0', '1e999', '１'],
        20,
        'difficulty is not a number above 0',
      ],
    ],
    accepted: [1.5, 1e308, 5e-324, '1000', '1/8', '1E3', '.5'],
  },
  {
    method: 'mining.configure',
    params: [['version-rolling'], {}],
    index: 0,
    name: 'extensions',
    refused: [
      [[true, false, 0, -1, 'version-rolling', {}, null, undefined], 20, 'extensions is not an array'],
      [[[1], [null], [['version-rolling']], [{}]], 20, 'an extension is not a string'],
    ],
    accepted: [[], ['VERSION-ROLLING'], ['', '__proto__', 'constructor'], [LONG]],
  },
  {
    method: 'mining.configure',
    params: [['version-rolling'], {}],
    index: 1,
    name: 'extension parameters',
    refused: [[[true, 0, -1, 'x', [], [[]]], 20, 'extension parameters are not an object']],
    accepted: [undefined, null, {}, { other: 1 }],
  },
  {
    method: 'mining.get_transactions',
    params: ['1'],
    index: 0,
    name: 'job',
    refused: [
      [[...TYPES, null, undefined], 20, 'job id is not a string'],
      [['', '-1', '0', '01', LONG], 21, 'job not found: unknown here, or too old'],
    ],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 0,
    name: 'user',
    refused: [
      [
        [...TYPES, null, undefined, '', 'DNILZ1QEXAMPLE.RIG-01', `${USER} `, LONG],
        24,
        'this user is not authorized on this connection',
      ],
    ],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 1,
    name: 'job',
    refused: [
      [[...TYPES, null, undefined], 20, 'job id is not a string'],
      [['', '-1', '01', ' 1', '2', LONG, '__proto__'], 21, 'job not found: unknown here, or too old'],
    ],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 2,
    name: 'extranonce2',
    refused: [[[...TYPES, ...NO_WORD, undefined, LONG], 20, 'extranonce2 is not 8 hex digits']],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 3,
    name: 'ntime',
    refused: [
      [[...TYPES, ...NO_WORD, undefined, LONG], 20, 'ntime is not 8 hex digits'],
      [['00000000'], 20, "ntime is 1795132800 s before the job's"],
      [['ffffffff', 'FFFFFFFF'], 20, 'ntime is 2499834465 s too far ahead'],
    ],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 4,
    name: 'nonce',
    refused: [[[...TYPES, ...NO_WORD, undefined, LONG], 20, 'nonce is not 8 hex digits']],
    accepted: [],
  },
  {
    method: 'mining.submit',
    params: SUBMIT,
    index: 5,
    name: 'version bits',
    refused: [
      [[...TYPES, ...NO_WORD, LONG], 20, 'version bits is not 8 hex digits'],
      [['00000001', '20000000', 'FFFFFFFF', '80000000'], 20, 'version bits outside the agreed mask 1fffe000'],
    ],
    accepted: [],
  },
];

/** A miner that everything goes well with until its next message; every hash is a share to it. */
function miner(): SessionUnderTest {
  const session = new SessionUnderTest({ start: 1e-9, limits: { shareIntervalMs: 0 } });
  session.jobs.push(poolJob(1, someTemplate(), tip));
  session.call('mining.configure', [['version-rolling'], {}]);
  return session.login(USER);
}

for (const { method, params, index, name, refused, accepted } of FIELDS) {
  const withField = (value: unknown) => params.map((param, at) => (at === index ? value : param));
  test(`${method}, ${name}: each wrong value is refused by its name`, () => {
    for (const [values, code, message] of refused) {
      for (const value of values) {
        const session = miner();
        const answer = answerIn(session.call(method, withField(value), 'id'));
        const result = method === 'mining.authorize' ? false : null;
        assert.deepEqual(answer, { id: 'id', result, error: [code, message, null] }, JSON.stringify(value));
      }
    }
  });
  if (accepted.length === 0) continue;
  test(`${method}, ${name}: what is merely odd is taken`, () => {
    for (const value of accepted) {
      assert.equal(answerIn(miner().call(method, withField(value))).error, null, JSON.stringify(value));
    }
  });
}

/** `mining.configure` answers for each extension by itself. */
const OPTIONS: readonly (readonly [
  extension: string,
  option: string,
  values: readonly unknown[],
  complaint: string,
])[] = [
  [
    'version-rolling',
    'mask',
    [...TYPES, null, '', '0x1fffe000', '-1fffe00', '1fffe0000', ' 1fffe00', 'x'],
    'version-rolling.mask is not hex of at most 8 digits',
  ],
  [
    'version-rolling',
    'min-bit-count',
    [...OTHERS, -1, 1.5, 33, 1e308, null, '', '-2', '99999999', 'x'],
    'version-rolling.min-bit-count is not a whole number from 0 to 32',
  ],
  [
    'version-rolling',
    'min-bit-count',
    [17, 32, '20'],
    'only 16 of these version bits may be rolled, fewer than ',
  ],
  [
    'minimum-difficulty',
    'value',
    [...OTHERS, -1, null, undefined, '', 'x', '-1'],
    'minimum-difficulty.value is not a number of at least 0',
  ],
  ['info', 'connection-url', [...TYPES, null], 'info.connection-url is not a string'],
  ['info', 'hw-version', [...TYPES, null], 'info.hw-version is not a string'],
  ['info', 'sw-version', [...TYPES, null], 'info.sw-version is not a string'],
  ['info', 'hw-id', [...TYPES, null], 'info.hw-id is not a string'],
];

for (const [extension, option, values, complaint] of OPTIONS) {
  test(`mining.configure, ${extension}.${option}: ${complaint}…`, () => {
    for (const value of values) {
      const session = new SessionUnderTest();
      const params = [[extension, 'subscribe-extranonce'], { [`${extension}.${option}`]: value }];
      const { result, error } = answerIn(session.call('mining.configure', params));
      assert.equal(error, null);
      const answer = result as Record<string, unknown>;
      assert.ok(
        String(answer[extension]).startsWith(complaint),
        `${JSON.stringify(value)}: ${answer[extension]}`,
      );
      assert.equal(answer['subscribe-extranonce'], true, 'the others are switched on');
      assert.equal(session.session.rolling, undefined);
    }
  });
}

test('mining.configure takes every spelling of a good value', () => {
  const masks: [unknown, string][] = [
    ['1FFFE000', '1fffe000'],
    ['ffffffff', '1fffe000'],
    ['2000', '00002000'],
    ['0', '00000000'],
  ];
  for (const [mask, granted] of masks) {
    const session = new SessionUnderTest();
    const options = { 'version-rolling.mask': mask, 'version-rolling.min-bit-count': 0 };
    assert.deepEqual(answerIn(session.call('mining.configure', [['version-rolling'], options])).result, {
      'version-rolling': true,
      'version-rolling.mask': granted,
    });
  }
  for (const value of [0, 1, 0.5, '64', '1/8', ...NUMBERS.filter((number) => Number(number) > 0)]) {
    const params = [['minimum-difficulty'], { 'minimum-difficulty.value': value }];
    assert.deepEqual(answerIn(new SessionUnderTest().call('mining.configure', params)).result, {
      'minimum-difficulty': true,
    });
  }
});

test('ids of other types are no requests; those that are come back as they were', () => {
  const session = miner();
  for (const id of ['[]', '{}', 'true', '[1]']) {
    const effects = session.say(`{"id":${id},"method":"mining.ping","params":[]}`);
    assert.deepEqual(effects, [{ type: 'garbage', reason: 'id is not a string, a number or null' }], id);
  }
  for (const id of ['0', '-7', '1.5', '18446744073709551615', '"auth"', '""', '"\\u0000"']) {
    const [answer] = session.say(`{"id":${id},"method":"mining.ping","params":[]}`);
    assert.equal(answer?.type === 'answer' && answer.line, `{"id":${id},"result":"pong","error":null}`);
  }
});

test('params that are no array, and methods in another case, are refused', () => {
  const session = miner();
  for (const params of ['{}', '"x"', '7', 'true']) {
    const effects = session.say(`{"id":1,"method":"mining.submit","params":${params}}`);
    assert.deepEqual(answerIn(effects).error, [20, 'params is not an array', null]);
  }
  assert.equal(answerIn(session.say('{"id":1,"method":"mining.ping"}')).result, 'pong');
  for (const method of ['MINING.PING', 'mining.Submit', ' mining.ping', 'toString']) {
    assert.deepEqual(answerIn(session.call(method, [])).error, [20, 'unknown method', null]);
  }
});
