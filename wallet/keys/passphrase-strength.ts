/**
 * How long a passphrase would stand, for whoever got the wallet file and tries. An estimate for people, erring to
 * the low side: it is said and never forced. Pure, and runs in a browser as well.
 *
 * The passphrase is cut into pieces that a guesser tries first (known passwords, words, runs such as "abcd" or
 * "7777", years) and single characters, in the way that costs the guesser least; the bits of the pieces are added.
 * The idea is zxcvbn's (Wheeler, USENIX Security 2016); the lists are much shorter here.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';

/** How a passphrase would stand, from 0 (not at all) to 4 (out of reach). */
export type StrengthScore = 0 | 1 | 2 | 3 | 4;

export interface PassphraseStrength {
  /** About log2 of the guesses it takes. */
  readonly bits: number;
  readonly score: StrengthScore;
  /** One sentence for its owner. */
  readonly words: string;
}

/**
 * A guess costs about half a second and 128 MiB (`SCRYPT_COST`); so many a second are a large room of machines that
 * do nothing else.
 */
const GUESSES_PER_SECOND = 10_000;

const HOUR = 3_600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Up to which time each score reaches, and what to say. */
const SCORES: readonly { readonly seconds: number; readonly score: StrengthScore; readonly words: string }[] =
  [
    { seconds: HOUR, score: 0, words: 'Very weak: whoever gets the file finds it within the hour.' },
    { seconds: 30 * DAY, score: 1, words: 'Weak: whoever gets the file and tries finds it within days.' },
    { seconds: 5 * YEAR, score: 2, words: 'Fair: it holds for months against somebody with many machines.' },
    { seconds: 5_000 * YEAR, score: 3, words: 'Good: it holds for decades even against many machines.' },
    { seconds: Number.POSITIVE_INFINITY, score: 4, words: 'Strong: out of reach of trying.' },
  ];

/** More only adds strength, and the search grows with the square. */
const MAX_LOOKED_AT = 100;

/** What everybody tries first, in no particular order. */
const KNOWN: ReadonlySet<string> = new Set(
  [
    'password passwort passphrase passw0rd p@ssword pass secret geheim login admin root user test guest default',
    'qwerty qwertz azerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm 1q2w3e4r 1qaz2wsx qazwsx abc123 a1b2c3 trustno1',
    'letmein welcome iloveyou monkey dragon football baseball soccer hockey master sunshine shadow princess superman',
    'batman spiderman pokemon michael jordan jennifer thomas daniel andrew joshua charlie george hunter ranger buster',
    'starwars hello hallo hola freedom whatever flower summer winter spring autumn cheese computer internet killer',
    'lovely loveme babygirl angel jesus family chocolate butterfly purple orange silver golden ginger pepper cookie',
    'nilz nilzcoin bitcoin satoshi nakamoto wallet crypto hodl moon lambo blockchain money dollar coin',
    'changeme access mustang harley corvette ferrari mercedes matrix phoenix thunder tigger snoopy maggie schatz',
  ]
    .join(' ')
    .split(' '),
);

const WORDS: ReadonlySet<string> = new Set(wordlist);
const LONGEST_ENTRY = 12;
const KNOWN_BITS = 7;
/** Of a list of 2,048. */
const WORD_BITS = 11;

/** Phrases that are in every list although each of their words is good. */
const FAMOUS = /correct[\s._-]*horse[\s._-]*battery[\s._-]*staple/;

const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
];

/** Letters that stand for others in the passwords of people. */
const DISGUISES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

/** Estimates how long a passphrase stands against somebody who has the file. */
export function estimateStrength(passphrase: string): PassphraseStrength {
  const bits = Math.floor(bitsOf(passphrase.normalize('NFKC').trim()));
  const seconds = 2 ** (bits - 1) / GUESSES_PER_SECOND;
  const found = SCORES.find((row) => seconds < row.seconds);
  return { bits, score: found?.score ?? 4, words: found?.words ?? '' };
}

/** The least sum of bits over all ways to cut the text into pieces. */
function bitsOf(text: string): number {
  const lower = text.toLowerCase();
  if (FAMOUS.test(lower)) return KNOWN_BITS;
  const looked = [...lower].slice(0, MAX_LOOKED_AT);
  const original = [...text].slice(0, MAX_LOOKED_AT);
  const least = [0];
  for (let end = 1; end <= looked.length; end++) {
    let best = (least[end - 1] ?? 0) + characterBits(original, end - 1);
    for (let start = Math.max(0, end - 40); start < end; start++) {
      const piece = pieceBits(looked, start, end);
      if (piece !== undefined) {
        const capitals = original.slice(start, end).join('') === looked.slice(start, end).join('') ? 0 : 1;
        best = Math.min(best, (least[start] ?? 0) + piece + capitals);
      }
    }
    least.push(best);
  }
  return least[looked.length] ?? 0;
}

/** Bits of a piece that a guesser knows, undefined for any other. */
function pieceBits(letters: readonly string[], start: number, end: number): number | undefined {
  const length = end - start;
  if (length < 2) return undefined;
  const piece = letters.slice(start, end).join('');
  if (new Set(piece).size === 1) return 5 + Math.log2(length);
  if (length >= 3 && isRun(piece)) return 4 + Math.log2(length);
  if (/^(?:19|20)\d\d$/.test(piece)) return 7;
  if (length <= LONGEST_ENTRY) {
    if (KNOWN.has(piece)) return KNOWN_BITS;
    if (WORDS.has(piece)) return WORD_BITS;
    const plain = [...piece].map((letter) => DISGUISES[letter] ?? letter).join('');
    if (plain !== piece && KNOWN.has(plain)) return KNOWN_BITS + 1;
    if (plain !== piece && WORDS.has(plain)) return WORD_BITS + 1;
  }
  return repeatedBits(letters, start, end);
}

/** A piece that stands before itself already, as in "horsehorse". */
function repeatedBits(letters: readonly string[], start: number, end: number): number | undefined {
  const length = end - start;
  if (length < 3 || start < length) return undefined;
  const isRepeated = letters
    .slice(start - length, start)
    .every((letter, at) => letter === letters[start + at]);
  return isRepeated ? 2 : undefined;
}

function isRun(piece: string): boolean {
  const backwards = [...piece].reverse().join('');
  return RUNS.some((run) => run.includes(piece) || run.includes(backwards));
}

/** Bits of one character that belongs to no piece: less for a letter in what could be a word. */
function characterBits(letters: readonly string[], at: number): number {
  const letter = letters[at] ?? '';
  if (/\d/.test(letter)) return 3.3;
  if (/[a-z]/i.test(letter)) return looksSpoken(letters, at) ? 3.2 : /[A-Z]/.test(letter) ? 5.7 : 4.7;
  if (/\s/.test(letter)) return 1;
  return /[\x21-\x7e]/.test(letter) ? 5 : 6;
}

/** Whether the four letters up to here have vowels among them, and nothing but small letters. */
function looksSpoken(letters: readonly string[], at: number): boolean {
  const last = letters.slice(Math.max(0, at - 3), at + 1).join('');
  return last.length === 4 && /^[A-Za-z][a-z]{3}$/.test(last) && /[aeiouy]/.test(last);
}
