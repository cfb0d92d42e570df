/** Pools that know only what all pools have always known, and dislike everything else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from '../../kit/client-script.ts';

/** What the client has asked on its newest connection. */
function asked(script: Script): (string | undefined)[] {
  const from = script.effects.findLastIndex(({ type }) => type === 'connect');
  return script.effects.slice(from).flatMap((effect) => {
    return effect.type === 'send' ? [(JSON.parse(effect.line) as { method?: string }).method] : [];
  });
}

const NEW_WAYS = ['mining.configure', 'mining.subscribe', 'mining.authorize', 'mining.extranonce.subscribe'];
const OLD_WAYS = ['mining.subscribe', 'mining.authorize'];

test('a pool that hangs up on mining.configure is asked without it at the next attempt', () => {
  for (const cause of ['ended', 'lost'] as const) {
    const script = new Script().connect();
    assert.deepEqual(asked(script), ['mining.configure', 'mining.subscribe']);
    script.do({ type: 'closed', cause });
    script.expire();
    script.mine();
    assert.deepEqual(asked(script), OLD_WAYS);
    script.hit();
    assert.equal(script.sent.at(-1)!.params!.length, 5);
  }
});

test('a pool that dislikes what is new hears no suggestion of a difficulty either', () => {
  const script = new Script(undefined, { suggestedDifficulty: 0.001 }).connect();
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  assert.deepEqual(asked(script.mine()), OLD_WAYS);
});

test('so is one that falls silent at it', () => {
  const script = new Script().connect();
  script.expire();
  script.expire();
  assert.deepEqual(asked(script.mine()), OLD_WAYS);
});

test('so is one that hangs up on mining.extranonce.subscribe', () => {
  const script = new Script().mine();
  assert.deepEqual(asked(script), NEW_WAYS);
  script.nowMs += 200;
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  assert.deepEqual(asked(script.mine()), OLD_WAYS);
});

test('a pool that was only restarting is spoken to in the new way again', () => {
  const script = new Script().connect();
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  script.connect();
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  assert.deepEqual(asked(script.mine()), NEW_WAYS);
});

test('a pool that could not be reached, or let us go later, has not disliked anything', () => {
  const script = new Script();
  script.do({ type: 'start' });
  script.do({ type: 'closed', cause: 'refused' });
  script.expire();
  script.mine();
  script.nowMs += 20_000;
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  script.mine();
  script.hit();
  script.answer('mining.submit', true);
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  assert.deepEqual(asked(script.mine()), NEW_WAYS);
});

test('what worked is kept to', () => {
  const script = new Script().connect();
  script.do({ type: 'closed', cause: 'ended' });
  for (let i = 0; i < 3; i++) {
    script.expire();
    assert.deepEqual(asked(script.mine()), OLD_WAYS);
    script.hit();
    script.answer('mining.submit', true);
    script.do({ type: 'closed', cause: 'lost' });
  }
});

test('a pool that hangs up on a session of before is not asked for it again', () => {
  const script = new Script().mine();
  script.hit();
  script.answer('mining.submit', true);
  script.do({ type: 'closed', cause: 'lost' });
  script.expire();
  script.connect();
  assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0', 's1']);
  script.do({ type: 'closed', cause: 'ended' });
  script.expire();
  script.connect();
  assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0']);
});

test('an answer to mining.configure under no id, or after everything else, harms nothing', () => {
  const script = new Script().connect();
  const { id } = script.sent.find(({ method }) => method === 'mining.configure')!;
  script.pool({ id: null, result: null, error: [20, 'Unknown method', null] });
  script.mine();
  script.pool({ id, result: null, error: [-3, "Method 'configure' not found", null] });
  script.pool({ id, result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' }, error: null });
  assert.equal(script.job({ jobId: 'job-2' }).versionMask, 0, 'the first answer counts');
  assert.equal(script.client.phase, 'mining');
});
