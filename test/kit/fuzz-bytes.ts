/** Changes to bytes, as chance and malice make them. */
import { concatBytes } from '../../protocol/bytes.ts';
import type { FuzzRandom } from './fuzz-random.ts';

type Change = (bytes: Uint8Array, random: FuzzRandom) => Uint8Array;

/** CompactSizes that announce more than there is, or are written longer than needed. */
const BAD_COUNTS = [
  [0xfd, 0xff, 0xff],
  [0xfd, 0x01, 0x00],
  [0xfe, 0xff, 0xff, 0xff, 0xff],
  [0xfe, 0x00, 0x09, 0x3d, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00],
  [0x00],
  [0xfc],
];

const overwrite = (bytes: Uint8Array, at: number, patch: ArrayLike<number>): Uint8Array => {
  const changed = bytes.slice();
  for (let index = 0; index < patch.length && at + index < changed.length; index++) {
    changed[at + index] = patch[index]!;
  }
  return changed;
};

/** The beginning of most payloads is where their counts are. */
const place = (bytes: Uint8Array, random: FuzzRandom): number =>
  random.int(0, random.once(2) ? Math.min(8, bytes.length) : bytes.length);

const CHANGES: readonly Change[] = [
  // A bit
  (bytes, random) => {
    const at = random.int(0, Math.max(0, bytes.length - 1));
    return overwrite(bytes, at, [(bytes[at] ?? 0) ^ (1 << random.int(0, 7))]);
  },
  (bytes, random) => overwrite(bytes, place(bytes, random), [random.pick([0, 1, 0x7f, 0x80, 0xfd, 0xff])]),
  (bytes, random) => overwrite(bytes, place(bytes, random), random.pick(BAD_COUNTS)),
  (bytes, random) => overwrite(bytes, place(bytes, random), random.bytes(random.int(1, 40))),
  // Truncated
  (bytes, random) => bytes.slice(0, random.int(0, bytes.length)),
  // Longer
  (bytes, random) => concatBytes(bytes, random.bytes(random.int(1, 40))),
  // A count in between
  (bytes, random) => {
    const at = place(bytes, random);
    return concatBytes(bytes.slice(0, at), Uint8Array.from(random.pick(BAD_COUNTS)), bytes.slice(at));
  },
  // A piece twice, or missing
  (bytes, random) => {
    const from = place(bytes, random);
    const to = Math.min(bytes.length, from + random.int(0, 100));
    return concatBytes(bytes.slice(0, to), bytes.slice(from));
  },
  (bytes, random) => {
    const from = place(bytes, random);
    return concatBytes(bytes.slice(0, from), bytes.slice(from + random.int(0, 100)));
  },
];

/** One to three changes. */
export function mutated(bytes: Uint8Array, random: FuzzRandom): Uint8Array {
  let changed = bytes;
  for (let left = random.int(1, 3); left > 0; left--) changed = random.pick(CHANGES)(changed, random);
  return changed;
}

/** The bytes in pieces, as a network may bring them. */
export function* inPieces(bytes: Uint8Array, random: FuzzRandom): Generator<Uint8Array> {
  const longest = random.pick([1, 7, 24, 1_000, 65_536]);
  // A byte at a time only what is short.
  const atMost = bytes.length > 20_000 ? 65_536 : longest;
  for (let at = 0; at < bytes.length; ) {
    const length = random.int(1, atMost);
    yield bytes.slice(at, at + length);
    at += length;
  }
}
