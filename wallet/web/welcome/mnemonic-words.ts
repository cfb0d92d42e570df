/** Twelve words as people write them down and type them in (BIP 39). Pure. */
import { validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const COUNTS: readonly number[] = [12, 15, 18, 21, 24];
const KNOWN: ReadonlySet<string> = new Set(wordlist);
/** The first four letters of a word tell it from all others. */
const TELLING_LETTERS = 4;

/** The words of a text, in the form of the list: lower case, one blank between two. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').toLowerCase();
  // People number them: "1. abandon 2) ability".
  return plain
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^\d+[.):]?|[.:]$/g, ''))
    .filter((word) => word !== '');
}

/** What is wrong with words, as a sentence; undefined when they can be the words of a wallet. */
export function wordsComplaint(text: string): string | undefined {
  const words = wordsOf(text);
  if (words.length === 0) return 'The words are missing.';
  for (const [at, word] of words.entries()) {
    if (KNOWN.has(word)) continue;
    const meant = suggestions(word);
    const hint = meant.length === 0 ? '' : ` Is it ${meant.map((other) => `“${other}”`).join(' or ')}?`;
    return `Word ${at + 1}, “${word.slice(0, 20)}”, is not in the list of words.${hint}`;
  }
  if (!COUNTS.includes(words.length)) {
    return `These are ${words.length} words; a wallet has ${COUNTS.slice(0, -1).join(', ')} or ${COUNTS.at(-1)}.`;
  }
  if (!validateMnemonic(words.join(' '), wordlist)) {
    return 'All words are known, but they do not belong together: one is wrong, or two have changed places.';
  }
  return undefined;
}

/** Words of the list that may be meant, at most three. */
function suggestions(word: string): string[] {
  const byStart = wordlist.filter(
    (known) => known.slice(0, TELLING_LETTERS) === word.slice(0, TELLING_LETTERS),
  );
  if (byStart.length > 0) return byStart;
  return wordlist.filter((known) => isOneAway(known, word)).slice(0, 3);
}

/** Whether one letter too many, too few or wrong, or two that changed places, make one of the other. */
function isOneAway(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  const shorter = Math.min(one.length, other.length);
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [first, second] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  if (first.length <= 1 && second.length <= 1) return true;
  return first.length === 2 && first === [...second].reverse().join('');
}

/** Which words to ask for: so many different places, in order. @param random a whole number below its argument */
export function placesToAsk(count: number, asked: number, random: (end: number) => number): number[] {
  const places = new Set<number>();
  while (places.size < Math.min(asked, count)) places.add(random(count));
  return [...places].sort((one, other) => one - other);
}
