/** Whether a kernel finds what it has to, before its silence is believed. */
import { sha256d } from '../../protocol/hash.ts';
import { hashToNumber } from '../../protocol/work.ts';
import { type Hasher, NONCE_COUNT } from './hasher.ts';

/** More than any kernel looks at together, so that the planted hits meet every lane. */
const NONCES = 16;
const RANGES = [0, 0x7fff_fff8, NONCE_COUNT - NONCES];

/**
 * Plants a hit at every nonce of some ranges, computed by `@noble/hashes`, and has the kernel look for it. The kernel
 * has other work afterwards.
 */
export function findsPlantedHits(hasher: Hasher): boolean {
  return RANGES.every((start) => {
    // Another header for each range, the same at every check.
    const header = Uint8Array.from({ length: 80 }, (_, index) => (start + index * 37) & 0xff);
    const nonces = Array.from({ length: NONCES }, (_, index) => start + index);
    return nonces.every((nonce) => {
      const target = hashOf(header, nonce);
      hasher.setWork(header, target);
      const expected = nonces.filter((other) => hashOf(header, other) <= target);
      const { hits } = hasher.search(start, NONCES);
      return hits.length === expected.length && hits.every((hit, index) => hit === expected[index]);
    });
  });
}

function hashOf(header80: Uint8Array, nonce: number): bigint {
  const bytes = header80.slice();
  new DataView(bytes.buffer).setUint32(76, nonce, true);
  return hashToNumber(sha256d(bytes));
}
