import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { HttpError } from '../../../service/http.ts';
import { Sessions } from '../../../wallet/gui/sessions.ts';

const HOUR_MS = 60 * 60_000;

class Desk {
  nowMs = 0;
  readonly ended: string[] = [];
  readonly sessions = new Sessions({
    random: randomBytes,
    steadyMs: () => this.nowMs,
    onEnd: (id) => this.ended.push(id),
  });
}

describe('a session', () => {
  test('is found by its secret alone, and never by its id', () => {
    const { sessions } = new Desk();
    const secret = sessions.open();
    assert.match(secret, /^[\w-]{43}$/);
    const id = sessions.require(`Bearer ${secret}`);
    assert.notEqual(id, secret);
    assert.equal(sessions.find(id), undefined);
    for (const header of ['', secret, `Basic ${secret}`, `Bearer ${secret}x`, `Bearer  ${secret}`]) {
      assert.throws(
        () => sessions.require(header),
        (error) => error instanceof HttpError && error.status === 401,
      );
    }
  });

  test('ends when nothing was heard of it for half a day', () => {
    const desk = new Desk();
    const [quiet, busy] = [desk.sessions.open(), desk.sessions.open()];
    desk.nowMs = 11 * HOUR_MS;
    assert.ok(desk.sessions.find(busy));
    desk.nowMs = 12 * HOUR_MS;
    assert.equal(desk.sessions.find(quiet), undefined);
    assert.equal(desk.ended.length, 1);
    assert.ok(desk.sessions.find(busy));
  });

  test('ends when it is closed, once', () => {
    const desk = new Desk();
    const secret = desk.sessions.open();
    const id = desk.sessions.require(`Bearer ${secret}`);
    desk.sessions.close(id);
    desk.sessions.close(id);
    assert.deepEqual(desk.ended, [id]);
    assert.equal(desk.sessions.find(secret), undefined);
  });

  test('that was quiet longest ends before there are too many', () => {
    const desk = new Desk();
    const secrets = Array.from({ length: 32 }, () => desk.sessions.open());
    assert.ok(desk.sessions.find(secrets[0] ?? ''));
    desk.sessions.open();
    assert.ok(desk.sessions.find(secrets[0] ?? ''), 'it was just heard of');
    assert.equal(desk.sessions.find(secrets[1] ?? ''), undefined);
  });
});
