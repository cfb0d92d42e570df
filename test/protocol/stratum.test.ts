import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { sha256d } from '../../protocol/hash.ts';
import {
  encodeError,
  encodeNotify,
  encodeRequest,
  encodeResult,
  encodeSetDifficulty,
  encodeSetVersionMask,
  headerFromRoot,
  headerOf,
  hexWord,
  isInsideMask,
  jobMerkleRoot,
  MAX_LINE_BYTES,
  type NotifyParams,
  parseLine,
  parseNotify,
  parseSubmit,
  rolledVersion,
  STRATUM_ERRORS,
  StratumError,
  type StratumMessage,
  submitParams,
  swapWords,
  VERSION_ROLLING_MASK,
} from '../../protocol/stratum.ts';
import { difficultyOfHash } from '../../protocol/work.ts';
import { readVectors } from './vectors.ts';

interface Submission {
  params: string[];
  coinbaseTxidBytes?: string;
  header: string;
  hash: string;
  difficulty: number;
}

interface Session {
  extranonce1: string;
  extranonce2Size: number;
  previousBlockHashHeaderBytes: string;
  submits: Submission[];
}

interface Recorded extends Session {
  lines: [side: 'client' | 'pool', line: string][];
}

interface Computed extends Session {
  mask: string;
  notify: { params: unknown[] };
}

const parsed = (line: string, kind: StratumMessage['kind']) => {
  const message = parseLine(line);
  assert.equal(message.kind, kind, line);
  return message;
};

/** Rebuilds the header of a submission and compares every byte, the hash and the difficulty. */
function replay(session: Session, job: NotifyParams, mask: number): void {
  assert.equal(bytesToHex(job.previousHash), session.previousBlockHashHeaderBytes);
  assert.ok(session.submits.length > 0);
  for (const submission of session.submits) {
    const share = parseSubmit(submission.params, session.extranonce2Size);
    assert.equal(share.jobId, job.jobId);
    const version =
      share.versionBits === undefined ? job.version : rolledVersion(job.version, mask, share.versionBits);
    assert.ok(isInsideMask(share.versionBits ?? 0, mask));
    const extranonce1 = hexToBytes(session.extranonce1);
    const header = headerOf(job, extranonce1, share.extranonce2, share.time, share.nonce, version);
    assert.equal(bytesToHex(header), submission.header);
    const root = jobMerkleRoot(job, extranonce1, share.extranonce2);
    assert.deepEqual(headerFromRoot(job, root, share.time, share.nonce, version), header);
    const hash = sha256d(header);
    assert.equal(displayHash(hash), submission.hash);
    assert.ok(Math.abs(difficultyOfHash(hash) / submission.difficulty - 1) < 1e-9);
    assert.deepEqual(submitParams(share), submission.params);
  }
}

for (const name of ['cpuminer', 'cpuminer-opt']) {
  const session = readVectors<Recorded>(`stratum/${name}.json`);

  test(`the recorded session of ${name} is read line by line`, () => {
    for (const [side, line] of session.lines) {
      const { method } = JSON.parse(line) as { method?: string };
      parsed(line, side === 'client' ? 'request' : method === undefined ? 'response' : 'notification');
    }
  });

  test(`the shares of ${name} give its headers, hashes and difficulties`, () => {
    const notify = session.lines
      .map(([, line]) => parseLine(line))
      .find((message) => message.kind === 'notification' && message.method === 'mining.notify');
    assert.ok(notify?.kind === 'notification');
    replay(session, parseNotify(notify.params), 0);
  });

  test(`what the pool sent ${name} is what we would write`, () => {
    for (const [side, line] of session.lines.filter(([side]) => side === 'pool')) {
      assert.equal(side, 'pool');
      const message = parseLine(line);
      if (message.kind === 'response' && message.id !== null) {
        assert.equal(encodeResult(message.id, message.result), line);
      } else if (message.kind === 'notification') {
        const ours =
          message.method === 'mining.notify'
            ? encodeNotify(parseNotify(message.params))
            : encodeSetDifficulty(message.params[0] as number);
        assert.equal(ours, line);
      }
    }
  });
}

test('rolled versions, a rolled time and an extranonce2 give the computed headers (BIP 310)', () => {
  const session = readVectors<Computed>('stratum/version-rolling.json');
  const mask = Number.parseInt(session.mask, 16);
  assert.equal(mask, VERSION_ROLLING_MASK);
  replay(session, parseNotify(session.notify.params), mask);
});

test('the previous hash is written with the bytes of every word reversed', () => {
  const bytes = hexToBytes('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
  assert.equal(
    bytesToHex(swapWords(bytes)),
    '03020100070605040b0a09080f0e0d0c13121110171615141b1a19181f1e1d1c',
  );
  assert.deepEqual(swapWords(swapWords(bytes)), bytes);
});

test('version bits count inside the mask only, and outside it they are seen', () => {
  assert.equal(rolledVersion(0x20000000, 0x1fffe000, 0x00002000), 0x20002000);
  assert.equal(rolledVersion(0x20000000, 0x1fffe000, 0xffffffff) >>> 0, 0x3fffe000);
  assert.equal(rolledVersion(0x20002000, 0x1fffe000, 0), 0x20000000);
  assert.ok(isInsideMask(0x1fffe000, 0x1fffe000));
  assert.ok(!isInsideMask(0x20000000, 0x1fffe000));
  assert.ok(!isInsideMask(0x80000000, 0x1fffe000));
  assert.ok(isInsideMask(0, 0));
});

test('ids are kept as they are, and a null id makes a notification', () => {
  for (const id of [0, 4, -1, 'abc', '']) {
    const message = parseLine(JSON.stringify({ id, method: 'mining.ping', params: [] }));
    assert.deepEqual(message, { kind: 'request', id, method: 'mining.ping', params: [] });
    assert.equal(encodeResult(id, 'pong'), JSON.stringify({ id, result: 'pong', error: null }));
  }
  assert.equal(parseLine('{"id":null,"method":"mining.ping"}').kind, 'notification');
  assert.equal(parseLine('{"method":"pong"}').kind, 'notification');
});

for (const id of ['9007199254740993', '18446744073709551615', '-9223372036854775808']) {
  test(`the id ${id}, more than a number holds, is echoed digit by digit`, () => {
    const lines = [
      `{"id":${id},"method":"mining.ping","params":[{"id":7}]}`,
      `{ "params" : [":", "\\"id\\":1"], "\\u0069d" : ${id} , "method":"mining.ping"}\r`,
      `{"id":1,"method":"mining.ping","id":${id}}`,
    ];
    for (const line of lines) {
      const message = parsed(line, 'request');
      assert.ok(message.kind === 'request');
      assert.equal(encodeResult(message.id, 'pong'), `{"id":${id},"result":"pong","error":null}`);
      const refusal = encodeError(message.id, { code: 20, message: 'no' });
      assert.equal(refusal, `{"id":${id},"result":null,"error":[20,"no",null]}`);
    }
  });
}

test('what is nested too deeply to be written out again is not read', () => {
  const deep = '['.repeat(7_000) + ']'.repeat(7_000);
  for (const field of ['"params"', '"method":"mining.submit","params"', '"error"', '"result"', '"id"']) {
    const message = parsed(`{"id":1,${field}:${deep}}`, 'garbage');
    assert.ok(message.kind === 'garbage');
  }
  parsed('{"id":1,"method":"x","params":[[[[[[[[1]]]]]]]]}', 'request');
});

test('absent parameters are an empty list', () => {
  const message = parsed('{"id":1,"method":"mining.subscribe"}\r', 'request');
  assert.deepEqual(message.kind === 'request' && message.params, []);
});

test('errors come as a list, and as objects or text from some pools', () => {
  const errorOf = (error: unknown) => {
    const message = parseLine(JSON.stringify({ id: 1, result: null, error }));
    return message.kind === 'response' ? message.error : undefined;
  };
  assert.deepEqual(errorOf([21, 'job not found', null]), { code: 21, message: 'job not found' });
  assert.deepEqual(errorOf({ code: -3, message: 'no' }), { code: -3, message: 'no' });
  assert.deepEqual(errorOf('busy'), { code: 20, message: 'busy' });
  assert.deepEqual(errorOf([]), { code: 20, message: '[]' });
  assert.equal(errorOf(null), null);
  const refusal = new StratumError('lowDifficulty', 'difficulty 0.93 under the job’s 1.00');
  assert.equal(refusal.code, 23);
  assert.deepEqual(JSON.parse(encodeError('x', refusal)), {
    id: 'x',
    result: null,
    error: [23, 'difficulty 0.93 under the job’s 1.00', null],
  });
});

test('the codes of refusals', () => {
  assert.deepEqual(STRATUM_ERRORS, {
    other: 20,
    jobNotFound: 21,
    stale: 21,
    duplicate: 22,
    lowDifficulty: 23,
    unauthorized: 24,
    notSubscribed: 25,
  });
});

for (const [line, reason] of [
  ['', 'line is not JSON'],
  ['GET / HTTP/1.1', 'line is not JSON'],
  ['{"id":1,"method":"mining.subscribe"', 'line is not JSON'],
  ['[]', 'line is not an object'],
  ['null', 'line is not an object'],
  ['17', 'line is not an object'],
  ['{}', 'neither method nor result'],
  ['{"id":{},"method":"x"}', 'id is not a string, a number or null'],
  ['{"id":1e400,"method":"x"}', 'id is not a string, a number or null'],
  ['{"id":1,"method":5}', 'method is not a string'],
  ['{"id":1,"method":"x","params":{"a":1}}', 'params is not an array'],
  [`{"id":1,"method":"${'x'.repeat(MAX_LINE_BYTES)}"}`, `line is longer than ${MAX_LINE_BYTES} bytes`],
] as const) {
  test(`garbage is told apart: ${line.slice(0, 40)} (${reason})`, () => {
    const message = parsed(line, 'garbage');
    assert.equal(message.kind === 'garbage' && message.reason, reason);
  });
}

const GOOD = ['dnilz1qexample.rig', '1', '00000000', '6955b900', '74943e00', '00002000'];

for (const [place, value, complaint] of [
  [0, 5, 'user is not a string'],
  [1, null, 'job id is not a string'],
  [2, '000000', 'extranonce2 is not 8 hex digits'],
  [2, '0000000000', 'extranonce2 is not 8 hex digits'],
  [2, '0000000g', 'extranonce2 is not 8 hex digits'],
  [3, '6955b90', 'ntime is not 8 hex digits'],
  [3, 1767225600, 'ntime is not 8 hex digits'],
  [4, '0x943e00', 'nonce is not 8 hex digits'],
  [5, ' 0002000', 'version bits is not 8 hex digits'],
] as const) {
  test(`a submission is refused: ${complaint} (${JSON.stringify(value)})`, () => {
    const params: unknown[] = [...GOOD];
    params[place] = value;
    assert.throws(() => parseSubmit(params, 4), { name: 'StratumError', code: 20, message: complaint });
  });
}

test('a submission has five parameters or six', () => {
  assert.equal(parseSubmit(GOOD, 4).versionBits, 0x2000);
  assert.equal(parseSubmit(GOOD.slice(0, 5), 4).versionBits, undefined);
  assert.throws(() => parseSubmit(GOOD.slice(0, 4), 4), /4 parameters, not 5 or 6/);
  assert.throws(() => parseSubmit([...GOOD, ''], 4), /7 parameters, not 5 or 6/);
});

test('a job that is not a job is refused with the field that is wrong', () => {
  const { notify } = readVectors<Computed>('stratum/version-rolling.json');
  const wrong = (place: number, value: unknown) => {
    const params = [...notify.params];
    params[place] = value;
    return () => parseNotify(params);
  };
  assert.throws(wrong(0, 1), /job id is not a string/);
  assert.throws(wrong(1, '00'), /previous hash is not 64 hex digits/);
  assert.throws(wrong(2, 'zz'), /coinbase1 is not hex/);
  assert.throws(wrong(3, '0'), /coinbase2 is not hex/);
  assert.throws(wrong(4, 'x'), /merkle branch is not an array/);
  assert.throws(wrong(4, ['00']), /merkle branch is not 64 hex digits/);
  assert.throws(
    wrong(
      4,
      Array.from({ length: 33 }, () => '00'.repeat(32)),
    ),
    /at most 32/,
  );
  assert.throws(wrong(6, '1d00fff'), /bits is not 8 hex digits/);
  assert.throws(wrong(8, 'true'), /clean_jobs is not a boolean/);
});

test('words are eight hex digits, big-endian', () => {
  assert.equal(hexWord(0x20000000), '20000000');
  assert.equal(hexWord(-1), 'ffffffff');
  assert.equal(
    encodeSetVersionMask(0x1fffe000),
    '{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}',
  );
  assert.equal(encodeRequest(1, 'mining.ping', []), '{"id":1,"method":"mining.ping","params":[]}');
});
