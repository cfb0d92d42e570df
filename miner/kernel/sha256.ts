/** SHA-256 (FIPS 180-4) as the kernels need it: the constants, and a compression that can stop half-way. */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4 §4.2.2). */
export const ROUND_CONSTANTS = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

/** The first 32 bits of the fractional parts of the square roots of the first eight primes (FIPS 180-4 §5.3.3). */
export const INITIAL_STATE = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** The bit after a message (FIPS 180-4 §5.1.1). */
export const PADDING_BIT = 0x80000000 | 0;
export const HEADER_BITS = 80 * 8;
export const HASH_BITS = 32 * 8;
/** Index of the nonce among the big-endian words of a header's second block. */
export const NONCE_WORD = 3;

/** Reverses the four bytes of a word. */
export function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Shift and rotation counts of the four sigma functions: three rotations, or two and a shift (§4.1.2). */
export const SIGMA = {
  upper0: { rotations: [2, 13, 22] },
  upper1: { rotations: [6, 11, 25] },
  lower0: { rotations: [7, 18], shift: 3 },
  lower1: { rotations: [17, 19], shift: 10 },
} as const;
export type Sigma = (typeof SIGMA)[keyof typeof SIGMA];

/** One of the four sigma functions of a word. */
export function sigma(word: number, kind: Sigma): number {
  const rotated = kind.rotations.reduce((sum, count) => sum ^ ((word >>> count) | (word << (32 - count))), 0);
  return 'shift' in kind ? rotated ^ (word >>> kind.shift) : rotated;
}

/** The 64 words of a block's message schedule (§6.2.2, step 1). */
export function scheduleOf(block: Int32Array): Int32Array {
  const words = new Int32Array(64);
  words.set(block);
  for (let t = 16; t < 64; t++) {
    const [w16, w15, w7, w2] = [words[t - 16], words[t - 15], words[t - 7], words[t - 2]] as [
      number,
      number,
      number,
      number,
    ];
    words[t] = w16 + sigma(w15, SIGMA.lower0) + w7 + sigma(w2, SIGMA.lower1);
  }
  return words;
}

/** The eight working variables after some rounds (§6.2.2, step 3); all 64 and the state added make a compression. */
export function afterRounds(state: Int32Array, schedule: Int32Array, rounds: number): Int32Array {
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < rounds; t++) {
    const choice = g ^ (e & (f ^ g));
    const majority = (a & b) | (c & (a | b));
    const first =
      h + sigma(e, SIGMA.upper1) + choice + (ROUND_CONSTANTS[t] as number) + (schedule[t] as number);
    const second = sigma(a, SIGMA.upper0) + majority;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  return Int32Array.of(a, b, c, d, e, f, g, h);
}

/** The state after a block. */
export function compressed(state: Int32Array, block: Int32Array): Int32Array {
  return afterRounds(state, scheduleOf(block), 64).map((word, index) => word + (state[index] as number));
}
