import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayHash } from '../../../protocol/bytes.ts';
import { contentsSchema, newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import {
  findContact,
  isFrozen,
  withContact,
  withFrozen,
  withNote,
  withoutContact,
  withSettings,
  withWordsChecked,
} from '../../../wallet/keys/owner-notes.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';

const EMPTY = newContents(wordKeys('test test'));

function refusal(code: WalletErrorCode) {
  return (error: unknown) => error instanceof WalletError && error.code === code;
}

function outPoint(byte: number, index: number) {
  return { txid: new Uint8Array(32).fill(byte), index };
}

test('a contact is found by its name whatever the case, and gets a new address under the same name', () => {
  const contents = withContact(withContact(EMPTY, 'Bob', 'first'), 'Ann', 'other');
  assert.equal(findContact(contents, 'bob')?.address, 'first');
  const moved = withContact(contents, ' bob ', 'second');
  assert.deepEqual(moved.contacts, [
    { name: 'bob', address: 'second' },
    { name: 'Ann', address: 'other' },
  ]);
  assert.equal(findContact(moved, 'nobody'), undefined);
});

test('a contact that is removed is gone, one that is not there cannot be', () => {
  const contents = withContact(EMPTY, 'Bob', 'first');
  assert.deepEqual(withoutContact(contents, 'BOB').contacts, []);
  assert.throws(() => withoutContact(contents, 'Rob'), refusal('unknown-contact'));
});

test('a name that cannot be seen or told apart is refused', () => {
  for (const name of ['', '  ', 'a\u202eb', 'a\nb', 'a\u0000', 'x'.repeat(65)]) {
    assert.throws(() => withContact(EMPTY, name, 'address'), refusal('bad-name'), JSON.stringify(name));
  }
});

test('a note stands beside an address or a transaction until it is emptied', () => {
  const id = 'ab'.repeat(32);
  const noted = withNote(withNote(EMPTY, { txid: id }, ' for the roof '), { address: 'rnilz1' }, 'Ann’s');
  assert.deepEqual(noted.notes, { addresses: { rnilz1: 'Ann’s' }, transactions: { [id]: 'for the roof' } });
  assert.deepEqual(withNote(noted, { txid: id }, '').notes.transactions, {});
  assert.ok(contentsSchema.safeParse(noted).success);
});

test('a note about a thing called like a part of every object is a note like any other', () => {
  const noted = withNote(EMPTY, { address: '__proto__' }, 'odd');
  assert.deepEqual(Object.entries(noted.notes.addresses), [['__proto__', 'odd']]);
  assert.equal(Object.getPrototypeOf(noted.notes.addresses), Object.prototype);
});

test('a note of several lines, or a very long one, is refused', () => {
  for (const text of ['a\nb', 'a\u2028b', 'x'.repeat(501)]) {
    assert.throws(() => withNote(EMPTY, { address: 'a' }, text), refusal('bad-note'));
  }
});

test('a coin that is frozen twice is frozen once, and thawed at once', () => {
  const [a, b] = [outPoint(1, 0), outPoint(2, 7)];
  const frozen = withFrozen(withFrozen(EMPTY, [a, b], true), [a], true);
  assert.deepEqual([...frozen.frozen].sort(), [`${displayHash(a.txid)}:0`, `${displayHash(b.txid)}:7`]);
  assert.ok(isFrozen(frozen, b));
  assert.ok(!isFrozen(frozen, outPoint(1, 1)));
  assert.deepEqual(withFrozen(frozen, [a, b], false).frozen, []);
  assert.ok(contentsSchema.safeParse(frozen).success);
});

test('settings change one by one, within their bounds', () => {
  const changed = withSettings(withSettings(EMPTY, { autoLockMinutes: 0 }), { fee: 'fast' });
  assert.deepEqual(changed.settings, { autoLockMinutes: 0, fee: 'fast' });
  for (const autoLockMinutes of [-1, 0.5, 1_441, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => withSettings(EMPTY, { autoLockMinutes }),
      refusal('bad-setting'),
      `${autoLockMinutes}`,
    );
  }
  assert.throws(() => withSettings(EMPTY, { fee: 'free' as 'fast' }), refusal('bad-setting'));
});

test('when the words were last shown is kept', () => {
  assert.equal(withWordsChecked(EMPTY, 1_800_000_000).wordsChecked, 1_800_000_000);
});
