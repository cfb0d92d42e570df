import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { placesToAsk, wordsComplaint, wordsOf } from '../../../../wallet/web/welcome/mnemonic-words.ts';

const GOOD = 'test test test test test test test test test test test junk';

test('words are read in whatever form people keep them', () => {
  const expected = ['abandon', 'ability', 'able'];
  for (const text of [
    'abandon ability able',
    '  Abandon\nABILITY\table ',
    '1. abandon 2. ability 3. able',
    '1) abandon, 2) ability, 3) able',
    '1 abandon\n2 ability\n3 able\n',
  ]) {
    assert.deepEqual(wordsOf(text), expected, text);
  }
});

test('the words of a wallet have nothing wrong with them, of any length that there is', () => {
  assert.equal(wordsComplaint(GOOD), undefined);
  for (const bits of [128, 160, 192, 224, 256]) {
    assert.equal(wordsComplaint(generateMnemonic(wordlist, bits)), undefined);
  }
});

test('a word that is none is named by its place, with what may be meant', () => {
  assert.match(wordsComplaint('test tets') ?? '', /^Word 2, “tets”, .*“test”/);
  assert.match(wordsComplaint('abandn') ?? '', /^Word 1, “abandn”, .*Is it “abandon”\?$/);
  assert.match(wordsComplaint('xqzxqz') ?? '', /^Word 1, “xqzxqz”, is not in the list of words\.$/);
  assert.match(wordsComplaint(`${'x'.repeat(300)}`) ?? '', /^Word 1, “x{20}”/);
});

test('too few words, and known ones that do not belong together, are told apart', () => {
  assert.equal(wordsComplaint(''), 'The words are missing.');
  assert.match(wordsComplaint('test test') ?? '', /^These are 2 words/);
  assert.match(wordsComplaint(GOOD.replace('junk', 'test')) ?? '', /do not belong together/);
});

test('no text makes the check fail itself', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => wordsComplaint(text) !== ''));
});

test('the words that are asked for are different ones, in order', () => {
  const places = fc.integer({ min: 1, max: 24 });
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 24 }), (count, asked) => {
      let state = 7;
      const random = (end: number) => {
        state = (state * 48_271) % 2_147_483_647;
        return state % end;
      };
      const found = placesToAsk(count, asked, random);
      assert.equal(found.length, Math.min(count, asked));
      assert.deepEqual(
        found,
        [...new Set(found)].sort((a, b) => a - b),
      );
      assert.ok(found.every((place) => place >= 0 && place < count));
    }),
  );
});
