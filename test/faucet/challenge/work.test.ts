import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { scrypt } from '@noble/hashes/scrypt.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import {
  chanceAfter,
  isSolved,
  MAX_NONCE,
  readStamp,
  SALT,
  SCRYPT,
  stampOf,
} from '../../../faucet/challenge/work.ts';

/** RFC 7914, section 12. */
const RFC_7914 = [
  {
    password: 'password',
    salt: 'NaCl',
    n: 1_024,
    r: 8,
    p: 16,
    key: 'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
  {
    password: 'pleaseletmein',
    salt: 'SodiumChloride',
    n: 16_384,
    r: 8,
    p: 1,
    key: '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  },
];

describe('the work of a challenge', () => {
  test('scrypt of the server and of the page is that of RFC 7914', () => {
    for (const { password, salt, n, r, p, key } of RFC_7914) {
      const server = scryptSync(password, salt, 64, { N: n, r, p, maxmem: 256 * n * r });
      assert.equal(server.toString('hex'), key);
      assert.equal(bytesToHex(scrypt(password, salt, { N: n, r, p, dkLen: 64 })), key);
    }
  });

  test('page and server agree about a stamp', () => {
    const { n, r, p, bytes } = SCRYPT;
    const stamp = stampOf('1.some.token', 7);
    const server = scryptSync(stamp, SALT, bytes, { N: n, r, p, maxmem: 256 * n * r });
    assert.deepEqual(new Uint8Array(server), scrypt(stamp, SALT, { N: n, r, p, dkLen: bytes }));
  });

  test('one hash in so many is small enough, and one attempt always', () => {
    const hash = (first: number, second: number) => Uint8Array.of(first, second, 0, 0, 0, 0, 0xff, 0xff);
    assert.ok(isSolved(hash(0xff, 0xff), 1));
    // 2^48 / 256 is 01 00 00 00 00 00: below it is solved, at it is not.
    assert.ok(isSolved(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 0xff), 256));
    assert.ok(!isSolved(hash(1, 0), 256));
    assert.ok(!isSolved(hash(0x80, 0), 2));
    assert.ok(isSolved(hash(0x7f, 0xff), 2));
  });

  test('a stamp has one spelling', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_NONCE - 1 }), (nonce) => {
        assert.deepEqual(readStamp(stampOf('1.a.b', nonce)), { token: '1.a.b', nonce });
      }),
    );
    for (const wrong of [
      '',
      ':',
      't:',
      ':1',
      't:-1',
      't:01',
      't:1.0',
      't:1e3',
      't: 1',
      't:1 ',
      'a:b:1',
      't:１',
    ]) {
      assert.equal(readStamp(wrong), undefined, wrong);
    }
    assert.equal(readStamp(`t:${MAX_NONCE}`), undefined);
  });

  test('the chance grows from nothing towards certainty', () => {
    assert.equal(chanceAfter(0, 64), 0);
    assert.ok(Math.abs(chanceAfter(64, 64) - (1 - 1 / Math.E)) < 0.01);
    assert.ok(chanceAfter(1_000, 64) > 0.999);
  });
});
