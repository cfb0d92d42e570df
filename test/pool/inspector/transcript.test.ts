import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainLine } from '../../../pool/inspector/explanation.ts';
import { OpenRequests } from '../../../pool/inspector/open-requests.ts';
import { REDACTED, redactLine } from '../../../pool/inspector/redaction.ts';
import { Transcript } from '../../../pool/inspector/transcript.ts';
import { encodeNotify } from '../../../protocol/stratum.ts';
import { someJob } from '../../kit/stratum-job.ts';

const line = (message: object) => JSON.stringify(message);
const meaningOf = (fields: readonly { name: string; meaning: string }[], name: string) =>
  fields.find((field) => field.name === name)?.meaning;

test('a job is explained field by field', () => {
  const job = someJob({ previousHash: new Uint8Array(32).fill(0).fill(0xab, 31) });
  const { method, summary, fields } = explainLine(encodeNotify(job));
  assert.equal(method, 'mining.notify');
  assert.equal(summary, 'the pool sends a job');
  assert.deepEqual(
    fields.map(({ name }) => name),
    [
      'id',
      'job',
      'prevhash',
      'coinbase1',
      'coinbase2',
      'merkle_branch',
      'version',
      'nbits',
      'ntime',
      'clean_jobs',
    ],
  );
  assert.match(meaningOf(fields, 'prevhash') ?? '', /as shown elsewhere: ab0{62}$/);
  assert.match(meaningOf(fields, 'nbits') ?? '', /difficulty 1$/);
  assert.match(meaningOf(fields, 'ntime') ?? '', /2026-11-20T00:00:00/);
  assert.match(meaningOf(fields, 'coinbase1') ?? '', /42 bytes/);
  assert.match(meaningOf(fields, 'merkle_branch') ?? '', /: 2$/);
  assert.match(meaningOf(fields, 'clean_jobs') ?? '', /stale/);
});

test('every kind of line has its words, also those that are wrong', () => {
  const words = (text: string, answers?: string) => explainLine(text, answers).summary;
  assert.equal(
    words(line({ id: 1, method: 'mining.made_up', params: [] })),
    'a method this pool does not know',
  );
  assert.match(words('{'), /no message/);
  assert.equal(words(line({ id: 1, result: true, error: null }), 'mining.submit'), 'answer to mining.submit');
  const refused = explainLine(line({ id: 1, result: null, error: [23, 'low', null] }), 'mining.submit');
  assert.equal(refused.summary, 'mining.submit is refused');
  assert.equal(meaningOf(refused.fields, 'code'), 'low difficulty');
  const subscribed = explainLine(
    line({ id: 1, result: [[], 'aabbccdd', 4], error: null }),
    'mining.subscribe',
  );
  assert.match(meaningOf(subscribed.fields, 'extranonce1') ?? '', /4 bytes/);
  const short = explainLine(line({ id: 1, method: 'mining.submit', params: ['u'] }));
  assert.match(meaningOf(short.fields, 'nonce') ?? '', /^not sent/);
  const long = explainLine(line({ id: 1, method: 'mining.ping', params: [1] }));
  assert.match(long.fields.at(-1)?.meaning ?? '', /nobody knows/);
  const wrong = explainLine(line({ id: null, method: 'mining.notify', params: Array(9).fill({}) }));
  assert.match(meaningOf(wrong.fields, 'nbits') ?? '', /no valid target/);
  const overflow = ['', '', '', '', [], '', 'ff00ffff', '', true];
  const absurd = explainLine(line({ id: null, method: 'mining.notify', params: overflow }));
  assert.match(meaningOf(absurd.fields, 'nbits') ?? '', /no valid target/);
});

test('passwords and session ids are not kept, the difficulty in a password is', () => {
  const authorize = (password: unknown) =>
    redactLine(line({ id: 2, method: 'mining.authorize', params: ['user.rig', password] }));
  for (const password of ['secret', 'x', { a: 'secret' }, ['secret'], 'secret,d=abc']) {
    assert.ok(!authorize(password).includes('secret'), JSON.stringify(password));
    assert.ok(authorize(password).includes('user.rig'));
  }
  assert.ok(authorize('secret,d=0.5').includes(`${REDACTED},d=0.5`));
  const answer = line({ id: 1, result: [[['mining.notify', 'sss']], 'aabbccdd', 4], error: null });
  assert.ok(!redactLine(answer, 'mining.subscribe').includes('sss'));
  assert.ok(redactLine(answer, 'mining.subscribe').includes('aabbccdd'));
  const again = redactLine(line({ id: 1, method: 'mining.subscribe', params: ['agent', 'sss'] }));
  assert.ok(again.includes('agent') && !again.includes('sss'));
  const broken = redactLine('{"method":"mining.authorize","params":["u","secret"');
  assert.equal(broken, REDACTED);
  assert.ok(
    !redactLine(line({ method: 'mining.authorize', params: { password: 'secret' } })).includes('secret'),
  );
  assert.ok(
    !redactLine(line({ id: 1, method: 'MINING.AUTHORIZE', params: ['u', 'secret'] })).includes('secret'),
  );
  assert.equal(redactLine('x'.repeat(5_000)).length, 200);
});

test('an answer belongs to the oldest request of its id', () => {
  const requests = new OpenRequests();
  requests.hear('miner', line({ id: 4, method: 'mining.authorize', params: [] }));
  requests.hear('miner', line({ id: 4, method: 'mining.submit', params: [] }));
  requests.hear('pool', line({ id: 4, method: 'client.get_version', params: [] }));
  assert.equal(requests.hear('pool', line({ id: 4, result: true })), 'mining.authorize');
  assert.equal(requests.hear('miner', line({ id: 4, result: 'cgminer' })), 'client.get_version');
  assert.equal(requests.hear('pool', line({ id: 4, result: true })), 'mining.submit');
  assert.equal(requests.hear('pool', line({ id: 4, result: true })), undefined);
});

test('a transcript is bounded by entries and by characters, the oldest go first', () => {
  const transcript = new Transcript(0, { entries: 3, characters: 1_000 });
  for (let id = 1; id <= 5; id++) transcript.hear('miner', line({ id, method: 'mining.ping' }), id);
  assert.deepEqual(
    transcript.show().map(({ sequence }) => sequence),
    [2, 3, 4],
  );
  assert.equal(transcript.dropped, 2);
  transcript.hear('pool', line({ id: 9, method: 'client.show_message', params: ['x'.repeat(930)] }), 6);
  assert.equal(transcript.lines().length, 1);
  transcript.hear('pool', line({ id: 9, method: 'client.show_message', params: ['x'.repeat(2_000)] }), 6);
  assert.equal(transcript.lines().length, 0, 'a line over all bounds is not kept at all');
});
