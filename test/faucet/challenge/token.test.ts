import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Challenge, Tokens } from '../../../faucet/challenge/token.ts';

const SECRET = new Uint8Array(32).fill(7);
const tokens = new Tokens(SECRET);
const CHALLENGE: Challenge = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  issuedMs: 1_790_000_000_000,
  expiresMs: 1_790_000_600_000,
  attempts: 64,
  address: 'rnilz1qexample',
  clientTag: tokens.clientTag('192.0.2.1'),
};

describe('tokens of challenges', () => {
  test('are read as they were written, with the same secret', () => {
    const token = tokens.write(CHALLENGE);
    assert.deepEqual(tokens.read(token), CHALLENGE);
    assert.deepEqual(new Tokens(SECRET).read(token), CHALLENGE);
    assert.equal(new Tokens(new Uint8Array(32).fill(8)).read(token), undefined);
  });

  test('are worth nothing with any character changed, added or left out', () => {
    const token = tokens.write(CHALLENGE);
    for (let index = 0; index < token.length; index += 1) {
      for (const other of ['A', '0', '9', '.', '-']) {
        if (other === token[index]) continue;
        const changed = token.slice(0, index) + other + token.slice(index + 1);
        assert.equal(tokens.read(changed), undefined, changed);
      }
      assert.equal(tokens.read(token.slice(0, index) + token.slice(index + 1)), undefined);
    }
    assert.equal(tokens.read(`${token}A`), undefined);
    assert.equal(tokens.read(` ${token}`), undefined);
    assert.equal(tokens.read(`${token}\n`), undefined);
    assert.equal(tokens.read('1'.repeat(1_000_000)), undefined);
  });

  test('stand for clients without naming them', () => {
    assert.notEqual(tokens.clientTag('192.0.2.1'), tokens.clientTag('192.0.2.2'));
    assert.equal(tokens.clientTag('192.0.2.1'), new Tokens(SECRET).clientTag('192.0.2.1'));
    assert.doesNotMatch(tokens.write(CHALLENGE), /192/);
  });
});
