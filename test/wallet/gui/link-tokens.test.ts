import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { HttpError } from '../../../service/http.ts';
import { LinkTokens } from '../../../wallet/gui/link-tokens.ts';

const MINUTE_MS = 60_000;

class Desk {
  nowMs = 0;
  readonly tokens = new LinkTokens({ random: randomBytes, steadyMs: () => this.nowMs });

  /** The status with which a token is refused; undefined when it is taken. */
  refusal(token: string): number | undefined {
    try {
      this.tokens.redeem(token);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof HttpError);
      return error.status;
    }
  }
}

describe('the token of a link', () => {
  test('has 256 random bits, and is another one every time', () => {
    const { tokens } = new Desk();
    const issued = Array.from({ length: 10 }, () => tokens.issue());
    for (const token of issued) assert.match(token, /^[\w-]{43}$/);
    assert.equal(new Set(issued).size, issued.length);
  });

  test('opens once', () => {
    const desk = new Desk();
    const token = desk.tokens.issue();
    assert.equal(desk.refusal(token), undefined);
    assert.equal(desk.refusal(token), 403);
  });

  test('opens nothing after ten minutes', () => {
    const desk = new Desk();
    const [early, late] = [desk.tokens.issue(), desk.tokens.issue()];
    desk.nowMs = 10 * MINUTE_MS - 1;
    assert.equal(desk.refusal(early), undefined);
    desk.nowMs += 1;
    assert.equal(desk.refusal(late), 403);
  });

  test('is forgotten when many newer ones wait', () => {
    const desk = new Desk();
    const first = desk.tokens.issue();
    const later = Array.from({ length: 20 }, () => desk.tokens.issue());
    assert.equal(desk.refusal(first), 403);
    for (const token of later) assert.equal(desk.refusal(token), undefined);
  });
});

describe('wrong tokens', () => {
  test('are told to wait after ten of them, and the right one is taken all the same', () => {
    const desk = new Desk();
    const token = desk.tokens.issue();
    for (let guess = 0; guess < 10; guess++) assert.equal(desk.refusal(`guess ${guess}`), 403);
    assert.equal(desk.refusal('one more'), 429);
    assert.equal(desk.refusal(token), undefined);
    desk.nowMs += 5_000;
    assert.equal(desk.refusal('again'), 403);
    assert.equal(desk.refusal('and again'), 429);
  });
});
