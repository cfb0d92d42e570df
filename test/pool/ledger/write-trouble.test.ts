import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeTroubleOf } from '../../../pool/ledger/write-trouble.ts';
import { DatabaseError } from '../../../service/database.ts';

test('what passes by itself is told without advice to start anything again', () => {
  for (const [code, outcome, message] of [
    ['SQLITE_FULL', 'disk-full', /^no space left .* stored again as soon as there is some$/],
    ['SQLITE_BUSY', 'busy', /^another program .* stored again as soon as it lets go$/],
    ['SQLITE_LOCKED', 'busy', /^another program/],
  ] as const) {
    const trouble = writeTroubleOf(new DatabaseError(code, 'x', 'stop it and start again'));
    assert.equal(trouble.outcome, outcome);
    assert.match(trouble.message, message);
    assert.match(trouble.told, /^share not stored: the pool's /);
  }
});

test('any other failure is told in its own words', () => {
  assert.deepEqual(writeTroubleOf(new DatabaseError('SQLITE_IOERR', 'x', 'the disk is broken')), {
    outcome: 'disk-error',
    message: 'the disk is broken',
    told: "share not stored: the pool's disk does not take it",
  });
  assert.equal(writeTroubleOf(new DatabaseError('SQLITE_CORRUPT', 'x', 'damaged')).message, 'damaged');
  assert.deepEqual([writeTroubleOf('odd').outcome, writeTroubleOf('odd').message], ['failed', 'odd']);
});
