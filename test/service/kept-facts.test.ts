import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptFacts } from '../../service/kept-facts.ts';

test('a fact is found out once, for all who want it at the same time and later', async () => {
  const facts = new KeptFacts<number>(10);
  let found = 0;
  const find = async () => ++found;
  assert.deepEqual(await Promise.all([facts.get('a', find), facts.get('a', find)]), [1, 1]);
  assert.equal(await facts.get('a', find), 1);
  assert.equal(await facts.get('b', find), 2);
  facts.set('c', 7);
  assert.equal(await facts.get('c', find), 7);
});

test('a failure reaches all who asked and is not kept', async () => {
  const facts = new KeptFacts<number>(10);
  const fail = () => facts.get('a', () => Promise.reject(new Error('no')));
  for (const each of [fail(), fail()]) await assert.rejects(each, /no/);
  assert.equal(await facts.get('a', async () => 1), 1);
});

test('the least recently wanted leave when there is no room', async () => {
  const facts = new KeptFacts<number>(10, (weight) => weight);
  for (const key of ['a', 'b', 'c']) await facts.get(key, async () => 3);
  await facts.peek('a');
  await facts.get('d', async () => 3);
  assert.equal(facts.peek('b'), undefined);
  assert.equal(await facts.peek('a'), 3);
  await facts.get('huge', async () => 11);
  assert.equal(facts.size, 0, 'what is larger than the room is not kept either');
});

test('what was being found out when everything was forgotten is not kept', async () => {
  const facts = new KeptFacts<number>(10);
  let finish = (_: number): void => undefined;
  const old = facts.get('a', () => new Promise((resolve) => (finish = resolve)));
  facts.clear();
  finish(1);
  assert.equal(await old, 1);
  assert.equal(await facts.get('a', async () => 2), 2);
});
