import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerCache } from '../../../service/http-server/answer-cache.ts';

test('an answer is worked out once for all who ask, and again when its time is over', async () => {
  let nowMs = 0;
  let worked = 0;
  const cache = new AnswerCache(1_000, () => nowMs);
  const ask = () => cache.get('q', async () => ({ worked: ++worked }));
  const [first, second] = await Promise.all([ask(), ask()]);
  assert.equal(first, second, 'the very same bytes');
  assert.equal(String(first), '{"worked":1}');
  nowMs = 999;
  assert.equal(String(await ask()), '{"worked":1}');
  nowMs = 1_000;
  assert.equal(String(await ask()), '{"worked":2}');
});

test('an answer that takes long is kept for twenty times as long', async () => {
  let nowMs = 0;
  const cache = new AnswerCache(1_000, () => nowMs);
  const slow = async () => {
    nowMs += 200;
    return { at: nowMs };
  };
  await cache.get('q', slow);
  nowMs = 200 + 3_999;
  assert.equal(String(await cache.get('q', slow)), '{"at":200}');
  nowMs = 200 + 4_000;
  assert.equal(String(await cache.get('q', slow)), '{"at":4400}');
});

test('a failure reaches all who asked and is not kept', async () => {
  const cache = new AnswerCache(1_000, () => 0);
  const fail = () => cache.get('q', () => Promise.reject(new Error('no')));
  const both = [fail(), fail()];
  for (const each of both) await assert.rejects(each, /no/);
  assert.equal(String(await cache.get('q', async () => ({ fine: true }))), '{"fine":true}');
});

test('neither many questions nor large answers take memory without bound', async () => {
  const cache = new AnswerCache(1e9, () => 0);
  let worked = 0;
  const ask = (question: string, characters: number) =>
    cache.get(question, async () => {
      worked += 1;
      return { filler: 'x'.repeat(characters) };
    });
  for (let index = 0; index < 300; index++) await ask(`small ${index}`, 1);
  worked = 0;
  await ask('small 299', 1);
  assert.equal(worked, 0, 'the newest is kept');
  await ask('small 0', 1);
  assert.equal(worked, 1, 'the oldest was forgotten');
  for (let index = 0; index < 20; index++) await ask(`large ${index}`, 1024 * 1024);
  worked = 0;
  await ask('large 19', 0);
  assert.equal(worked, 0);
  await ask('large 0', 0);
  assert.equal(worked, 1);
});
