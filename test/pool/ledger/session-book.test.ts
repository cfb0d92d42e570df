import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLedger, tamper } from '../../kit/share-kit.ts';

const ALICE = { address: 'dnilz1qalice', name: 'rig' };
const extranonce1 = Uint8Array.of(1, 2, 3, 4);

test('sessions and difficulties are there again after a restart', async (t) => {
  const { ledger, file } = await openLedger(t);
  ledger.sessions.keepSession('a'.repeat(32), extranonce1);
  ledger.sessions.keepDifficulty(ALICE, 0.125);
  ledger.sessions.keepDifficulty({ ...ALICE, name: '' }, 7);
  assert.deepEqual(ledger.sessions.session('a'.repeat(32))?.extranonce1, extranonce1);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  const { sessions } = reopened;
  assert.deepEqual(sessions.session('a'.repeat(32))?.extranonce1, extranonce1);
  assert.equal(sessions.session('b'.repeat(32)), undefined);
  assert.equal(sessions.difficultyOf(ALICE), 0.125);
  assert.equal(sessions.difficultyOf({ ...ALICE, name: '' }), 7);
  assert.equal(sessions.difficultyOf({ ...ALICE, name: 'other' }), undefined);
});

test('of too many the ones unused for longest go, in memory and in the file', async (t) => {
  let nowMs = 1_795_132_800_000;
  const clock = { wallMs: () => nowMs, steadyMs: () => nowMs };
  const { ledger, file } = await openLedger(t, { clock });
  const { sessions } = ledger;
  const keep = (index: number) => {
    nowMs += 1;
    sessions.keepSession(`session ${index}`, extranonce1);
    sessions.keepDifficulty({ address: 'dnilz1qalice', name: `w${index}` }, index);
  };
  for (let index = 0; index < 50_000; index++) keep(index);
  await sessions.flush();
  nowMs += 1;
  sessions.touchSession('session 0');
  keep(50_000);
  assert.equal(sessions.session('session 1'), undefined);
  assert.equal([...sessions.sessions()].length, 50_000);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  assert.equal([...reopened.sessions.sessions()].length, 50_000);
  assert.ok(reopened.sessions.session('session 0'));
  assert.equal(reopened.sessions.session('session 1'), undefined);
  assert.equal(reopened.sessions.difficultyOf({ address: 'dnilz1qalice', name: 'w0' }), undefined);
  assert.equal(reopened.sessions.difficultyOf({ address: 'dnilz1qalice', name: 'w1' }), 1);
});

test('what could not be written is written with the next change', async (t) => {
  const { ledger, file } = await openLedger(t);
  await tamper(file, (database) => database.exec('ALTER TABLE sessions RENAME TO elsewhere'));
  ledger.sessions.keepSession('one', extranonce1);
  await ledger.sessions.flush();
  await tamper(file, (database) => database.exec('ALTER TABLE elsewhere RENAME TO sessions'));
  ledger.sessions.keepSession('two', extranonce1);
  await ledger.close();
  const { ledger: reopened } = await openLedger(t, { file });
  assert.deepEqual(
    [...reopened.sessions.sessions()].map(([id]) => id),
    ['one', 'two'],
  );
});
